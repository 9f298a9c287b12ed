// Times are written in UTC by the server; whoever looks sees their own.
const show = () => {
  for (const element of document.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(element.dateTime);
    const now = new Date();
    const day = at.toDateString() === now.toDateString() ? {} : { day: "numeric", month: "short", ...(at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) };
    element.textContent = at.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit" });
    element.dataset.local = "";
    element.title = at.toLocaleString([], { dateStyle: "full", timeStyle: "long" });
  }
};
show();
document.addEventListener("htmx:afterSettle", show);

// A page that refreshes itself says when it no longer can: a board on a wall would look right for ever.
let lost = null;
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.requestConfig?.verb !== "get" || detail.xhr?.getResponseHeader("hx-redirect")) return;
  if (detail.successful) {
    lost?.remove();
    lost = null;
  } else if (lost === null) {
    lost = document.createElement("p");
    lost.className = "complaint card";
    lost.setAttribute("role", "alert");
    lost.textContent = `No connection since ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}: what is shown here may be out of date.`;
    document.querySelector("h1")?.after(lost);
  }
});

// What somebody is writing in is not replaced under their hands.
document.addEventListener("htmx:beforeRequest", (event) => {
  const asker = event.detail.elt;
  if (asker.id === "found" && asker.contains(document.activeElement)) event.preventDefault();
});

// What the server refuses is said where somebody tried it, not swallowed.
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.requestConfig?.verb === "get" || detail.xhr.getResponseHeader("hx-redirect")) return;
  document.querySelector("#refused")?.remove();
  const said = document.createElement("p");
  said.id = "refused";
  said.className = "refusal card";
  said.setAttribute("role", "alert");
  try { said.textContent = JSON.parse(detail.xhr.response).detail; } catch { said.textContent = `The server answered ${detail.xhr.status}.`; }
  document.querySelector("h1")?.after(said);
});
