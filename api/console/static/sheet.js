// Times are written in UTC by the server; whoever looks sees their own.
const show = () => {
  for (const element of document.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(element.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    element.textContent = at.toLocaleString([], today ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    element.dataset.local = "";
    element.title = at.toLocaleString();
  }
};
show();
document.addEventListener("htmx:afterSettle", show);

// What somebody is writing in is not replaced under their hands.
document.addEventListener("htmx:beforeRequest", (event) => {
  const asker = event.detail.elt;
  if (asker.id === "found" && asker.contains(document.activeElement)) event.preventDefault();
});
