// Zones on the map and in a list; who may plan chooses one, or draws one, and keeps it.

import { read } from "../live/api.js";
import { $, make, say, toast } from "../live/dom.js";
import { zoneShapes } from "../live/shapes.js";
import { openSurface } from "../live/surface.js";
import { counted } from "../live/words.js";
import { Editor } from "./editor.js";

const MOST_ROWS = 300;
const { map } = await openSurface($("#map"));
const editor = $("#zone") && new Editor(map, { kept });
let zones = [];
let chosen = null;

const nameOf = (zone) => zone.properties.name || zone.id;

async function readZones() {
  zones = (await read("/zones")).features;
  map.getSource("zones").setData(zoneShapes({ features: zones }));
  list();
}

async function kept(said) {
  chosen = null;
  toast(said);
  await readZones().catch((error) => toast(error.message));
}

function list() {
  const wanted = $("#search").value.trim().toLowerCase();
  const found = zones.filter((zone) => `${zone.id} ${nameOf(zone)} ${zone.properties.kind}`.toLowerCase().includes(wanted));
  $("#zones").replaceChildren(...found.slice(0, MOST_ROWS).map(row));
  say($("#count"), found.length > MOST_ROWS ? `${MOST_ROWS} of ${found.length}: search to find the others` : counted(found.length, "zone"));
}

const row = (zone) => make("li", {},
  make("button", { type: "button", class: "row", "aria-pressed": String(zone.id === chosen), data: { zone: zone.id }, onclick: () => choose(zone) },
    make("span", { class: "name" }, nameOf(zone)), make("span", { class: "speed" }, zone.properties.kind)));

function choose(zone) {
  chosen = zone.id;
  list();
  frame(corners(zone.geometry), zone.properties.radius_m ?? 0);
  editor?.edit(zone);
}

/** Every point of a geometry. */
function corners({ coordinates }) {
  return typeof coordinates[0] === "number" ? [coordinates] : coordinates.flatMap((part) => corners({ coordinates: part }));
}

function frame(points, metres = 0) {
  if (!points.length) return;
  const pad = metres / 100_000;
  const [x, y] = [points.map(([longitude]) => longitude), points.map(([, latitude]) => latitude)];
  const least = (values) => values.reduce((a, b) => Math.min(a, b)) - pad;
  const most = (values) => values.reduce((a, b) => Math.max(a, b)) + pad;
  const isNarrow = map.getContainer().clientWidth < 900;
  const padding = isNarrow ? { top: 80, bottom: map.getContainer().clientHeight / 2, left: 30, right: 30 } : { top: 90, bottom: 50, left: 390, right: 60 };
  map.fitBounds([[least(x), least(y)], [most(x), most(y)]], { padding, maxZoom: 16, duration: 0 });
}

for (const button of document.querySelectorAll("[data-draw]")) {
  button.addEventListener("click", () => {
    chosen = null;
    editor.begin(button.dataset.draw);
    list();
  });
}
$("#search").addEventListener("input", list);
map.on("click", ({ point }) => {
  if (editor?.isDrawing()) return;
  const [hit] = map.queryRenderedFeatures(point, { layers: ["zone-fill", "zone-corridor"] });
  const zone = hit && zones.find((one) => one.id === hit.properties.id);
  if (zone) choose(zone);
});

await readZones().catch((error) => toast(error.message));
frame(zones.flatMap((zone) => corners(zone.geometry)));
document.body.dataset.ready = "true";
