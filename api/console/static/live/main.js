// The live page: reads what is there, then follows the stream. Each part below knows nothing of the others.

import { read, readAll, change } from "./api.js";
import { signInAddress } from "./sign_in.js";
import { $, make, toast } from "./dom.js";
import { Fleet } from "./fleet.js";
import { Alerts } from "./alerts.js";
import { Trips } from "./trips.js";
import { showDetail } from "./detail.js";
import { openMap } from "./map.js";
import { listenToKeys, listenToTabs } from "./keys.js";
import { VehicleList } from "./vehicle_list.js";
import { follow } from "./stream.js";

const DAY_MS = 86_400_000;

const fleet = new Fleet();
const trips = new Trips();
const list = new VehicleList(fleet, choose);
const alerts = new Alerts({ acknowledge, show: showAlert });
const map = await openMap(fleet, choose).catch((error) => {
  $("#map").append(Object.assign(document.createElement("p"), { className: "no-map", textContent: `The map cannot be drawn here: ${error.message}. Lists and alerts work.` }));
  return null;
});
let chosen = null;
let isFollowed = false; // the map stays with the chosen vehicle

function choose(vehicleId, { fly = true } = {}) {
  if (vehicleId !== chosen) isFollowed = false;
  chosen = vehicleId;
  list.choose(vehicleId);
  map?.choose(vehicleId, trips.of(vehicleId));
  detail();
  if (vehicleId && fly) map?.flyTo(fleet.get(vehicleId)?.position);
  if (vehicleId) showTrack(vehicleId);
}

function detail() {
  showDetail(fleet.get(chosen), trips.of(chosen), { close: () => choose(null), follow: () => keepInView(!isFollowed), isFollowed });
}

function keepInView(wanted) {
  isFollowed = wanted;
  if (isFollowed) map?.stayWith(fleet.get(chosen)?.position);
  detail();
}

async function showTrack(vehicleId) {
  const newest = fleet.get(vehicleId)?.position?.fix_time;
  if (!newest) return;
  const since = new Date(new Date(newest) - 2 * 3_600_000).toISOString();
  const track = await read(`/vehicles/${encodeURIComponent(vehicleId)}/track`, { since, limit: 5000 }).catch(() => null);
  if (track && chosen === vehicleId) map?.showTrack(track.points);
}

async function acknowledge(alert) {
  try {
    alerts.heard([await change(`/alerts/${alert.alert_id}/acknowledge`)]);
  } catch (error) {
    toast(error.message);
  }
}

function showAlert(alert) {
  document.body.dataset.show = "map";
  if (alert.vehicle_id && fleet.get(alert.vehicle_id)) choose(alert.vehicle_id, { fly: false });
  map?.showSpot(alert);
}

async function readEverything() {
  const since = new Date(Date.now() - DAY_MS / 2).toISOString();
  const until = new Date(Date.now() + DAY_MS / 2).toISOString();
  await Promise.all([
    readAll("/vehicles").then((items) => heard("positions", { positions: items })),
    read("/zones").then((zones) => map?.showZones(zones)),
    readAll("/trips", { since, until, routes: true }, 1000).then((items) => {
      trips.read(items);
      map?.showTrips(items);
    }),
    alerts.readAll((parameters) => readAll("/alerts", parameters, 300)),
  ]);
  map?.frame(fleet.all());
  document.body.dataset.ready = "true";
}

let again = null;

/** Vehicles or rounds that were planned after the page had been read: read it again, once for all that comes within a second. */
function readAgain() {
  again ??= setTimeout(() => {
    again = null;
    readEverything().catch((error) => toast(error.message));
  }, 1000);
}

function heard(kind, data) {
  if (kind === "hello" && !data.resumed) return readEverything().catch((error) => toast(error.message));
  if (kind === "reset") return readEverything().catch((error) => toast(error.message));
  const ready = document.body.dataset.ready === "true";
  if (kind === "positions") {
    if (ready && data.positions.some((vehicle) => !fleet.get(vehicle.vehicle_id))) readAgain();
    fleet.heard(data.positions);
    if (ready) map?.frame(fleet.all());
    if (fleet.all().length < 300) list.refresh(); // else once a second
    if (data.positions.some((vehicle) => vehicle.vehicle_id === chosen)) {
      detail();
      map?.lengthenTrack(fleet.get(chosen).position);
      if (isFollowed) map?.stayWith(fleet.get(chosen).position);
    }
  }
  if (kind === "visits" && ready && data.visits.some((visit) => !trips.has(visit.trip_id))) readAgain();
  if (kind === "visits" && trips.heard(data.visits)) {
    map?.showTrips(trips.all());
    if (chosen) detail();
  }
  if (kind === "alerts") {
    alerts.heard(data.alerts, { fresh: true });
    fleet.alerted(alerts.openVehicles());
  }
}

function state(value) {
  const element = $("#connection");
  element.dataset.state = value;
  element.querySelector("span").textContent = { live: "live", connecting: "connecting", lost: "connection lost", signed_out: "signed out" }[value];
  if (value !== "signed_out" || element.querySelector("a")) return;
  element.append(" ", make("a", { href: signInAddress() }, "sign in again"));
}

alerts.onCount = () => fleet.alerted(alerts.openVehicles());
map?.onDragged(() => isFollowed && keepInView(false));
listenToTabs();
listenToKeys({ close: () => choose(null), list, frame: () => map?.frame(fleet.all(), true) });
setInterval(() => {
  list.refresh();
  alerts.refreshAges();
}, 1000);
const stream = follow("/live", { heard, state, refused: () => read("/me").catch(() => {}) });
document.addEventListener("signed_out", (event) => {
  event.preventDefault();
  stream.end();
});
