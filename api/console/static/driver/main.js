// The driver's day: trips with their stops in order. What is done shows at once, and is sent when there is a network.
import { $, make, say, toast } from "../live/dom.js";
import * as deeds from "./deeds.js";
import { deliveryForm, proofForm } from "./delivery_form.js";
import { ask, breakdownForm, failureForm, loadForm } from "./forms.js";
import { keepPage } from "./keeping.js";
import { shown } from "./money.js";
import { watchRefusal } from "./place.js";
import * as queue from "./queue.js";
import { signIn } from "./session.js";
import { OVER, stopCard } from "./stop_card.js";
import { brief, counted } from "../live/words.js";

const KEPT = "beatwatch-trips";
const EVERY_MS = 30_000;
const ON_THE_ROAD = new Set(["dispatched", "in_progress", "breakdown"]);
const BACK = new Set(["returning", "unloading"]);

if (history.state?.sheet) history.replaceState(null, ""); // reloaded while a form was open
let trips = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
let waiting = [];
let sent = []; // deeds that the server took and that are not in `trips` yet
let drawn = "";

const told = (is) => [...sent, ...waiting].findLast((deed) => is(deed) && deed.shows && !deed.refusal)?.shows;
const stateOf = (stop) => told((deed) => deed.deliveryId === stop.delivery_id) ?? stop.state;
const stateOfTrip = (trip) => told((deed) => deed.tripId === trip.trip_id) ?? trip.state;
const isHeld = (stop) => waiting.some((deed) => deed.deliveryId === stop.delivery_id && !deed.refusal);

async function read() {
  const before = sent.length;
  try {
    const answer = await fetch("/me/trips", { headers: { accept: "application/json" } });
    if (answer.status === 401) signIn();
    if (!answer.ok) return;
    trips = await answer.json();
    sent = sent.slice(before);
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

async function sheet(form, act, name) {
  await ask(form, act, name);
  draw();
  send();
}

async function countLoad(trip) {
  const answer = await fetch(`/trips/${encodeURIComponent(trip.trip_id)}/load-out`, { headers: { accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return toast("The load cannot be read now.");
  const load = await answer.json();
  await sheet(loadForm(load), (form) => deeds.receive(trip, load, form), `load-${trip.trip_id}`);
}

const deedsAt = (stop) => ({
  arrive: () => did(deeds.arrive(stop)),
  fail: () => sheet(failureForm(stop), (form) => deeds.fail(stop, form)),
  deliver: () => sheet(deliveryForm(stop), (form) => deeds.deliver(stop, form), `delivery-${stop.delivery_id}`),
  prove: () => sheet(proofForm(stop), (form) => deeds.addProof(stop, form), `proof-${stop.delivery_id}`),
});

function tripSection(trip) {
  const state = stateOfTrip(trip);
  const next = trip.stops.find((stop) => !OVER.has(stateOf(stop)));
  const done = trip.stops.filter((stop) => OVER.has(stateOf(stop))).length;
  const cards = trip.stops.map((stop) => stopCard(stop, { state: stateOf(stop), isHeld: isHeld(stop), isNext: stop === next }, deedsAt(stop)));
  return make("section", { data: { trip: trip.trip_id, state } },
    make("h2", {}, `${trip.vehicle_id} · `, make("span", { title: trip.trip_id }, brief(trip.trip_id))),
    make("p", { class: "lead" }, trip.stops.length ? `${done} of ${counted(trip.stops.length, "stop")} done` : `The van is not dispatched yet (${state.replaceAll("_", " ")}).`),
    notice(trip, state),
    make("ol", { class: "stops" }, ...cards),
    make("div", { class: "acts" }, ...acts(trip, state, next)));
}

function acts(trip, state, next) {
  const button = (label, act, kind = "button") => make("button", { type: "button", class: kind, onclick: act }, label);
  const isStanding = Boolean(trip.breakdown) || waiting.some((deed) => !deed.refusal && deed.path.endsWith(`${encodeURIComponent(trip.trip_id)}/breakdowns`));
  return [
    state === "loading" ? button("Count the load", () => countLoad(trip), "button primary") : null,
    ON_THE_ROAD.has(state) && !isStanding ? button("The van stands", () => sheet(breakdownForm(), (form) => deeds.breakDown(trip, form))) : null,
    state === "dispatched" ? button("Set off", () => did(deeds.setOff(trip)), "button primary") : null,
    !next && state === "in_progress" ? button("On the way back", () => did(deeds.comeBack(trip)), "button primary") : null,
  ];
}

function notice(trip, state) {
  const card = (text) => make("p", { class: "card notice", role: "status" }, text);
  if (BACK.has(state)) {
    const sum = (what) => trip.stops.reduce((total, stop) => total + stop[what], 0);
    return card(`At the depot hand in ${shown(sum("cash"))} in cash (UPI ${shown(sum("upi"))}) and what is left on the van.`);
  }
  if (!trip.breakdown) return null;
  return card(trip.breakdown.state === "reported" ? `Reported: ${trip.breakdown.reason}. Somebody looks at it.` : `The breakdown is known (${trip.breakdown.state}): wait for help.`);
}

/** Anew only when something changed: a thumb may be on its way to a button. */
function draw() {
  const now = JSON.stringify([trips, sent.length, ...[...sent, ...waiting].map(({ blob, ...deed }) => deed)]);
  if (now === drawn) return;
  drawn = now;
  const held = document.activeElement;
  const [stop, label] = [held?.closest?.("[data-stop]")?.dataset.stop, held?.textContent];
  $("#trips").replaceChildren(...(trips.length ? trips.map(tripSection) : [make("p", { class: "card empty" }, "No trip is yours today.")]));
  if (stop) {
    const buttons = [...document.querySelectorAll(`[data-stop="${CSS.escape(stop)}"] button`)];
    (buttons.find((button) => button.textContent === label) ?? buttons[0])?.focus();
  }
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
  const left = new Set(deeds.map(({ no }) => no));
  sent = [...sent, ...waiting.filter((deed) => !left.has(deed.no) && !deed.refusal)];
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
const catchUp = () => (waiting.length ? send() : read());
addEventListener("online", catchUp);
setInterval(catchUp, EVERY_MS);
watchRefusal((isRefused) => ($("#no-place").hidden = !isRefused));
if ("serviceWorker" in navigator) keepPage(navigator.serviceWorker).catch(() => {});
waiting = await queue.pending();
draw();
await read();
await send();
document.body.dataset.ready = "true";
