// The worker that keeps the page on the phone. At the first visit the page was loaded before its worker was there: what it is
// drawn with is fetched once more, past the worker.
export async function keepPage(workers) {
  const isFirst = workers.controller === null;
  await workers.register("/driver/worker.js", { scope: "/driver" });
  await workers.ready;
  if (workers.controller === null) await new Promise((known) => workers.addEventListener("controllerchange", known, { once: true }));
  if (isFirst) await Promise.all([location.href, ...loaded()].map((address) => fetch(address)));
  document.body.dataset.kept = "true";
}

function loaded() {
  const addresses = performance.getEntriesByType("resource").map(({ name }) => name);
  return addresses.filter((address) => new URL(address).pathname.startsWith("/static/"));
}
