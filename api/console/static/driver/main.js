// The driver's day: trips with their stops in order. What is done shows at once, and is sent when there is a network.
import { $, make, say, toast } from "../live/dom.js";
import * as deeds from "./deeds.js";
import { ask, breakdownForm, deliveryForm, failureForm, loadForm } from "./forms.js";
import * as queue from "./queue.js";

const KEPT = "beatwatch-trips";
const OVER = new Set(["delivered", "partially_delivered", "failed"]);
const WORDS = { pending: "to do", arrived: "there", delivered: "delivered", partially_delivered: "delivered in part", failed: "not delivered" };
const EVERY_MS = 30_000;

let trips = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
let waiting = [];

const clock = (moment) => new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const stateOf = (stop) => waiting.findLast((deed) => deed.deliveryId === stop.delivery_id && deed.shows && !deed.refusal)?.shows ?? stop.state;

async function read() {
  try {
    const answer = await fetch("/me/trips", { headers: { accept: "application/json" } });
    if (answer.status === 401) location.assign(`/sign-in?then=${encodeURIComponent(location.pathname)}`);
    if (!answer.ok) return;
    trips = await answer.json();
    localStorage.setItem(KEPT, JSON.stringify(trips));
  } catch { /* no network: what was read last still holds */ }
  draw();
}

async function send() {
  if (waiting.length && (await queue.send())) await read();
}

async function did(deed) {
  await deed;
  draw();
  send();
}

function stopCard(trip, stop, isNext) {
  const state = stateOf(stop);
  const open = !OVER.has(state);
  const windowText = [stop.window_start && `from ${clock(stop.window_start)}`, stop.window_end && `until ${clock(stop.window_end)}`].filter(Boolean).join(" ");
  const expected = stop.estimate ? `expected ${clock(stop.estimate.arrival_at)}` : null;
  const isHeld = deedsOf(stop).length > 0;
  const place = `geo:${stop.latitude_deg},${stop.longitude_deg}?q=${stop.latitude_deg},${stop.longitude_deg}`;
  return make("li", { class: "card stop", data: { stop: stop.stop_id, state } },
    make("div", { class: "what" },
      make("h3", {}, `${stop.position_no + 1}. ${stop.outlet_name ?? stop.outlet_id ?? stop.stop_id}`),
      make("span", { class: "state" }, WORDS[state], isHeld ? " (not sent yet)" : null)),
    make("p", { class: "when" }, [windowText, expected, stop.order_id].filter(Boolean).join(" · ")),
    open && isNext ? make("ul", { class: "lines" }, ...stop.lines.map((line) => make("li", {}, make("b", {}, String(line.loaded)), ` ${line.name}`))) : null,
    open ? make("div", { class: "acts" },
      make("a", { class: "button", href: place }, "Way"),
      state === "pending" ? make("button", { type: "button", class: "button", onclick: () => did(deeds.arrive(stop)) }, "I am there") : null,
      make("button", { type: "button", class: "button", onclick: () => sheet(failureForm(stop), (form) => deeds.fail(stop, form)) }, "Not possible"),
      make("button", { type: "button", class: "button primary", onclick: () => sheet(deliveryForm(stop), (form) => deeds.deliver(stop, form)) }, "Deliver")) : null);
}

async function countLoad(trip) {
  const answer = await fetch(`/trips/${encodeURIComponent(trip.trip_id)}/load-out`, { headers: { accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return toast("The load cannot be read now.");
  const load = await answer.json();
  await sheet(loadForm(load), (form) => deeds.receive(trip, load, form));
}

const deedsOf = (stop) => waiting.filter((deed) => deed.deliveryId === stop.delivery_id && !deed.refusal);

async function sheet(form, act) {
  const filled = await ask(form);
  if (filled) await did(act(filled).catch((error) => toast(error.message)));
}

function tripSection(trip) {
  const next = trip.stops.find((stop) => !OVER.has(stateOf(stop)));
  const done = trip.stops.filter((stop) => OVER.has(stateOf(stop))).length;
  const onTheRoad = ["dispatched", "in_progress", "breakdown"].includes(trip.state);
  return make("section", { data: { trip: trip.trip_id, state: trip.state } },
    make("h2", {}, `${trip.vehicle_id} · ${trip.trip_id}`),
    make("p", { class: "lead" }, trip.stops.length ? `${done} of ${trip.stops.length} stops done` : `The van is not dispatched yet (${trip.state.replaceAll("_", " ")}).`),
    trip.state === "loading" ? make("div", { class: "acts" },
      make("button", { type: "button", class: "button primary", onclick: () => countLoad(trip) }, "Count the load")) : null,
    trip.state === "breakdown" ? make("p", { class: "card notice", role: "status" }, "The breakdown is known: wait for help.") : null,
    make("ol", { class: "stops" }, ...trip.stops.map((stop) => stopCard(trip, stop, stop === next))),
    onTheRoad ? make("div", { class: "acts" },
      make("button", { type: "button", class: "button", onclick: () => sheet(breakdownForm(), (form) => deeds.breakDown(trip, form)) }, "The van stands"),
      !next && trip.state === "in_progress" ? make("button", { type: "button", class: "button primary", onclick: () => did(deeds.comeBack(trip)) }, "On the way back") : null) : null);
}

function draw() {
  const sections = trips.length ? trips.map(tripSection) : [make("p", { class: "card empty" }, "No trip is yours today.")];
  const held = document.activeElement?.closest?.("[data-stop]")?.dataset.stop;
  $("#trips").replaceChildren(...sections);
  if (held) $(`[data-stop="${CSS.escape(held)}"] button`)?.focus();
  const refused = waiting.filter((deed) => deed.refusal);
  $("#refused").replaceChildren(...refused.map((deed) => make("div", { class: "card notice" },
    make("b", {}, `${deed.what}: `), deed.refusal, " ",
    make("button", { type: "button", class: "button", onclick: () => queue.forget(deed.no) }, "Forget it"))));
  const count = waiting.length - refused.length;
  const button = $("#pending");
  button.dataset.count = count;
  say(button, count ? `${count} not sent` : "all sent");
}

queue.watch((deeds) => {
  waiting = deeds;
  draw();
});
$("#pending").addEventListener("click", send);
$("#sign-out")?.addEventListener("submit", (event) => {
  if (waiting.length) {
    event.preventDefault();
    toast("Not everything is sent yet: sign out when it is.");
  } else localStorage.removeItem(KEPT); // the next driver of this phone has other trips
});
addEventListener("online", send);
setInterval(() => (waiting.length ? send() : read()), EVERY_MS);
/** At the first visit the page was loaded before its worker was there: what it is drawn with is fetched once more, past the worker. */
async function keepPage(workers) {
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

if ("serviceWorker" in navigator) keepPage(navigator.serviceWorker).catch(() => {});
waiting = await queue.pending();
draw();
await read();
await send();
document.body.dataset.ready = "true";
