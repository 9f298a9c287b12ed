// Shows what the server pushes, also while no page of the console is open.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("push", (event) => {
  const said = event.data?.json() ?? {};
  const isUrgent = said.severity === "critical" || said.severity === "high";
  event.waitUntil(registration.showNotification(said.title ?? "Beatwatch", {
    body: said.text ?? "",
    tag: said.tag,
    requireInteraction: isUrgent,
    data: { alert: said.alert_id, acknowledge: said.acknowledge },
    actions: said.acknowledge ? [{ action: "acknowledge", title: "Acknowledge" }] : [],
  }));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { alert, acknowledge } = event.notification.data ?? {};
  const address = event.action === "acknowledge" && acknowledge ? acknowledge : alert ? `/alerts/${alert}/map` : "/console/alerts";
  event.waitUntil(clients.openWindow(address));
});
