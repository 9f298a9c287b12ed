// Keeps the driver's page and what it is drawn with on the phone, so that it opens without a network.
const KEPT = "beatwatch-driver";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const isOurs = origin === location.origin && event.request.method === "GET";
  if (isOurs && (pathname === "/driver" || pathname.startsWith("/static/"))) event.respondWith(fresh(event.request));
});

/** From the network, and where there is none as it was last. */
async function fresh(request) {
  const kept = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await kept.put(request, answer.clone());
    return answer;
  } catch (error) {
    const known = await kept.match(request);
    if (known) return known;
    throw error;
  }
}
