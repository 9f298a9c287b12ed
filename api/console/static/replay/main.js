// A past day on the map: where every van was at each moment, and what was told of it.

import { readAll, read } from "../live/api.js";
import { $, make, say, toast } from "../live/dom.js";
import { standstill } from "../live/motion.js";
import { collection, routeShapes, stopShapes, trackShapes } from "../live/shapes.js";
import { openSurface } from "../live/surface.js";
import { Tags } from "../live/tags.js";
import { VehicleLayer } from "../live/vehicle_layer.js";
import { counted, sentence, speed } from "../live/words.js";
import { clockOf, spanOf } from "./days.js";
import { Player } from "./player.js";
import { drivenUntil, stateAt, trackOf } from "./tracks.js";

const DAY_MS = 86_400_000;
const AT_ONCE = 4; // tracks that are read side by side
const MOST_EVENTS = 500;

const asked = $("#asked").elements;
const zone = $("#asked").dataset.zone;
const clock = clockOf(zone, { hour: "2-digit", minute: "2-digit" });
const { map } = await openSurface($("#map"));
const vans = { version: 0, shown: [], all: () => vans.shown, get: (id) => vans.shown.find((van) => van.vehicle_id === id), marked: () => [] };
const layer = new VehicleLayer(vans);
map.addLayer(layer);
const tags = new Tags(map, vans, $("#tags"));
map.on("render", () => tags.draw(performance.now()));
let tracks = [];
let reading = 0;
const player = new Player(show, clockOf(zone, { timeStyle: "medium" }));

function show(moment) {
  const now = performance.now();
  vans.shown = tracks.flatMap((track) => {
    const at = stateAt(track, moment);
    if (!at) return [];
    return [{ vehicle_id: track.vehicleId, glide: standstill(at.place, at.course, now), position: {}, heardAt: Date.now() - (at.state === "silent" ? DAY_MS : 0), state: at.state, alerted: false, speedMps: at.speedMps }];
  });
  vans.version += 1;
  map.getSource("track").setData(tracks.length === 1 ? trackShapes(drivenUntil(tracks[0], moment)) : collection([]));
  if (tracks.length === 1) say($("#said"), vans.shown.length ? [sentence(vans.shown[0].state), speed(vans.shown[0].speedMps)].filter(Boolean).join(", ") : "Not heard of yet");
  map.triggerRepaint();
}

async function readTrack(vehicleId, span) {
  const parts = [];
  let cursor = null;
  do {
    const part = await read(`/vehicles/${encodeURIComponent(vehicleId)}/track/places`, { ...span, limit: 100_000, cursor });
    parts.push(part);
    cursor = part.next_cursor;
  } while (cursor);
  const joined = (name) => parts.flatMap((part) => part[name]);
  return trackOf({ vehicle_id: vehicleId, ...Object.fromEntries(["fix_at", "longitude_e7", "latitude_e7", "speed_mps", "course_deg"].map((name) => [name, joined(name)])) });
}

async function readDay() {
  const mine = ++reading;
  const { since, until } = spanOf(asked.day.value, zone);
  const span = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
  const wanted = asked.vehicle.value ? [asked.vehicle.value] : [...asked.vehicle.options].map((option) => option.value).filter(Boolean);
  history.replaceState(history.state, "", `?${new URLSearchParams({ day: asked.day.value, vehicle: asked.vehicle.value })}`);
  player.stop();
  say($("#said"), "Reading…");
  const [found, trips, events] = await Promise.all([
    readTracks(wanted, span),
    readAll("/trips", { ...span, routes: true, vehicle_id: asked.vehicle.value || null }, 1000),
    read("/events", { ...span, vehicle_id: asked.vehicle.value || null, limit: MOST_EVENTS }),
  ]);
  if (mine !== reading) return; // another day was asked for meanwhile
  tracks = found.filter((track) => track.at.length > 0);
  const only = trips.length === 1 ? trips[0].trip_id : null;
  map.getSource("routes").setData(routeShapes(trips, only));
  map.getSource("stops").setData(stopShapes(trips, only));
  list(events.items);
  say($("#said"), tracks.length ? `${counted(tracks.length, "van")}, ${counted(trips.length, "trip")}` : "Nothing was heard on that day.");
  const times = tracks.flatMap((track) => [track.at[0], track.at.at(-1)]);
  frame();
  player.begin(times.length ? Math.min(...times) : 0, times.length ? Math.ceil(Math.max(...times)) : 0);
}

async function readTracks(vehicles, span) {
  const found = [];
  const left = [...vehicles];
  const work = async () => {
    while (left.length) found.push(await readTrack(left.shift(), span));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

function list(events) {
  const told = events.filter((event) => event.severity !== "info").sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
  $("#events").replaceChildren(...told.map((event) => make("li", {},
    make("button", { type: "button", class: "row", data: { severity: event.severity }, onclick: () => go(event) },
      make("span", { class: "name" }, sentence(event.rule)), make("span", { class: "speed" }, clock(event.started_at)),
      make("span", { class: "sub" }, make("span", {}, event.vehicle_id ?? ""))))));
  $("#no-events").hidden = told.length > 0;
}

function go(event) {
  player.stop();
  player.seek(Date.parse(event.started_at) / 1000);
  const track = tracks.find((one) => one.vehicleId === event.vehicle_id);
  const at = track && stateAt(track, player.moment);
  if (!at) return;
  map.getSource("spot").setData(collection([{ type: "Feature", geometry: { type: "Point", coordinates: at.degrees }, properties: {} }]));
  map.easeTo({ center: at.degrees, zoom: Math.max(14, map.getZoom()), duration: 0 });
}

function frame() {
  const degrees = tracks.flatMap((track) => track.degrees);
  if (!degrees.length) return;
  const cut = Math.floor(degrees.length / 50); // a lost tracker far away shall not make everybody small
  const ends = (axis) => {
    const sorted = degrees.map((place) => place[axis]).sort((a, b) => a - b);
    return [sorted[cut], sorted.at(-1 - cut)];
  };
  const [[west, east], [south, north]] = [ends(0), ends(1)];
  const isNarrow = map.getContainer().clientWidth < 900;
  const padding = isNarrow ? { top: 80, bottom: map.getContainer().clientHeight / 2, left: 30, right: 30 } : { top: 90, bottom: 60, left: 390, right: 60 };
  map.fitBounds([[west, south], [east, north]], { padding, maxZoom: 16, duration: 0 });
}

const tryDay = () => readDay().catch((error) => toast(error.message));
$("#asked").addEventListener("change", () => $("#asked").reportValidity() && tryDay());
$("#asked").addEventListener("submit", (event) => event.preventDefault());
await tryDay();
document.body.dataset.ready = "true";
