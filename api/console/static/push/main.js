// The button on the page of alerts by which a browser is told of them, also when the page is closed.
const button = document.querySelector("#push");
const state = document.querySelector("#push-state");

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const asked = async (method, address, body) => {
  const answer = await fetch(address, { method, headers: body ? { "content-type": "application/json" } : {}, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return answer.status === 204 ? null : answer.json();
};

const show = (subscription, said = "") => {
  button.textContent = subscription ? "Notify me here no more" : "Notify me here";
  button.setAttribute("aria-pressed", String(Boolean(subscription)));
  state.textContent = said;
};

const turn = async (registration) => {
  const known = await registration.pushManager.getSubscription();
  if (known) {
    await asked("DELETE", `/push/subscriptions?endpoint=${encodeURIComponent(known.endpoint)}`).catch(() => null);
    await known.unsubscribe();
    return show(null);
  }
  const { public_key } = await asked("GET", "/push/key");
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(public_key) });
  await asked("POST", "/push/subscriptions", subscription.toJSON());
  show(subscription, "This browser will be told of alerts.");
};

if (button && "serviceWorker" in navigator && "PushManager" in window) {
  const registration = await navigator.serviceWorker.register("/console/push-worker.js", { scope: "/console/" });
  await navigator.serviceWorker.ready;
  button.hidden = false;
  show(await registration.pushManager.getSubscription());
  button.addEventListener("click", () => turn(registration).catch((error) => { state.textContent = error.message; }));
}
