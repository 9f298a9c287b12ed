// The card of the chosen vehicle.

import { $, make } from "./dom.js";
import { Fleet } from "./fleet.js";
import { ago, compass, sentence, speed } from "./words.js";

const VISITED = new Set(["serviced", "arrived", "probable", "out_of_sequence"]);

export function showDetail(vehicle, trip, { close, follow, isFollowed }) {
  const element = $("#detail");
  element.hidden = !vehicle;
  if (!vehicle) return element.replaceChildren();
  element.dataset.vehicle = vehicle.vehicle_id;
  element.dataset.state = Fleet.state(vehicle);
  element.replaceChildren(
    make(
      "header",
      {},
      make("h3", {}, vehicle.vehicle_id, make("small", {}, vehicle.registration ? ` ${vehicle.registration}` : "")),
      make("button", { type: "button", class: "close", "aria-label": "Close", onclick: close }, "×"),
    ),
    facts(vehicle),
    ...progress(trip),
    make(
      "div",
      { class: "actions" },
      make("button", { type: "button", class: "button", "aria-pressed": String(isFollowed), onclick: follow }, isFollowed ? "Following" : "Follow"),
      trip ? make("a", { class: "button", href: `/trips/${encodeURIComponent(trip.trip_id)}/map` }, "Trip map") : null,
      make("a", { class: "button", href: `/console/replay?vehicle=${encodeURIComponent(vehicle.vehicle_id)}` }, "Past days"),
      make("a", { class: "button", href: `/vehicles/${encodeURIComponent(vehicle.vehicle_id)}/track?format=geojson`, download: `${vehicle.vehicle_id}.geojson` }, "Track"),
    ),
  );
}

function facts(vehicle) {
  const { position } = vehicle;
  if (!position) return make("p", { class: "empty" }, "Never heard.");
  const said = [
    ["State", `${sentence(Fleet.state(vehicle))}, ${ago(position.fix_time)}`],
    ["Speed", [speed(position.speed_mps), compass(position.course_deg)].filter(Boolean).join(" ")],
    ["Ignition", yes(position.ignition, "on", "off")],
    ["Door", yes(position.door_open, "open", "closed")],
    ["Cargo", position.cargo_kg === null ? "" : `${Math.round(position.cargo_kg)} kg`],
    ["Fuel", position.fuel_pct !== null ? `${Math.round(position.fuel_pct)} %` : position.fuel_l !== null ? `${Math.round(position.fuel_l)} l` : ""],
  ];
  return make("dl", {}, ...said.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function progress(trip) {
  if (!trip?.stops.length) return [];
  const visited = trip.stops.filter((stop) => VISITED.has(stop.visit.state)).length;
  const cells = trip.stops.map((stop) => make("i", { data: { visit: stop.visit.state }, title: `${stop.name}: ${sentence(stop.visit.state)}` }));
  const label = `${visited} of ${trip.stops.length} stops visited`;
  return [make("p", { class: "stops-line" }, label), make("div", { class: "progress", role: "img", "aria-label": label }, ...cells)];
}

const yes = (value, one, other) => (value === null || value === undefined ? "" : value ? one : other);
