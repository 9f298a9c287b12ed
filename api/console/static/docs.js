addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#content", deepLinking: true, tryItOutEnabled: true, validatorUrl: null });
});
