// The map's style: our own ground, no tiles unless an address was set, and a layer for each thing that is planned or driven.

import { colours } from "./palette.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const ROUND = { "line-cap": "round", "line-join": "round" };
const byZoom = (...stops) => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops];
const choice = (property, table, other) => ["match", ["get", property], ...Object.entries(table).flat(), other];
const isArea = ["any", ["==", ["geometry-type"], "Polygon"], ["==", ["geometry-type"], "MultiPolygon"]];
const kindIn = (...kinds) => ["in", ["get", "kind"], ["literal", kinds]];
const REACHES = ["all", isArea, kindIn("territory", "speed", "dead")]; // large: their edge says enough
const OUTLETS = ["all", isArea, kindIn("outlet")]; // many: their stops are drawn anyway
const AREAS = ["all", isArea, ["!", kindIn("territory", "speed", "dead", "outlet")]];
const faded = (full, faint) => ["case", ["get", "chosen"], full, faint];

export const SOURCES = ["land", "borders", "grid", "zones", "routes", "stops", "track", "spot"];

export function styleOf(theme, tiles) {
  const c = colours(theme);
  const sources = Object.fromEntries(SOURCES.map((name) => [name, { type: "geojson", data: EMPTY }]));
  const tileLayers = [];
  if (tiles) {
    sources.tiles = { type: "raster", tiles: [tiles], tileSize: 256 };
    tileLayers.push({ id: "tiles", type: "raster", source: "tiles", paint: { "raster-saturation": -0.5, "raster-opacity": 0.85 } });
  }
  return { version: 8, sources, layers: [...ground(c), ...tileLayers, ...planned(c), ...driven(c)] };
}

function ground(c) {
  // Coasts are drawn for continents: close up, everything is land.
  const sea = byZoom(5, c.water, 8, c.land);
  return [
    { id: "sea", type: "background", paint: { "background-color": sea } },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": c.land } },
    { id: "borders", type: "line", source: "borders", paint: { "line-color": c.border, "line-width": 1, "line-opacity": byZoom(7, 1, 10, 0) } },
    { id: "grid", type: "line", source: "grid", paint: { "line-color": c.grid, "line-width": 1 } },
  ];
}

function planned(c) {
  const zone = choice("kind", c.zones, c.zones.other);
  const wide = byZoom(10, ["*", 0.5, ["get", "px"]], 22, ["*", 2048, ["get", "px"]]);
  return [
    { id: "kerbs", type: "line", source: "routes", layout: ROUND, paint: { "line-color": c.kerb, "line-width": byZoom(9, 2, 13, 7.5, 17, 30) } },
    { id: "streets", type: "line", source: "routes", layout: ROUND, paint: { "line-color": c.street, "line-width": byZoom(9, 1, 13, 5.5, 17, 25) } },
    { id: "zone-fill", type: "fill", source: "zones", filter: AREAS, paint: { "fill-color": zone, "fill-opacity": 0.13 } },
    { id: "zone-line", type: "line", source: "zones", filter: AREAS, paint: { "line-color": zone, "line-width": 1.5, "line-opacity": 0.8 } },
    { id: "zone-reach", type: "line", source: "zones", filter: REACHES, paint: { "line-color": zone, "line-width": 1, "line-dasharray": [4, 3], "line-opacity": 0.45 } },
    { id: "outlet-reach", type: "line", source: "zones", filter: OUTLETS, minzoom: 15, paint: { "line-color": c.route, "line-width": 1, "line-opacity": 0.6 } },
    { id: "zone-corridor", type: "line", source: "zones", filter: ["==", ["geometry-type"], "LineString"], layout: ROUND, paint: { "line-color": zone, "line-opacity": 0.15, "line-width": wide } },
    { id: "routes", type: "line", source: "routes", filter: ["get", "chosen"], layout: ROUND, paint: { "line-color": c.chosen, "line-width": 3, "line-dasharray": [2, 2] } },
    { id: "zone-name", type: "symbol", source: "zones", filter: AREAS, minzoom: 12, layout: label("name", 11.5), paint: { "text-color": zone, "text-halo-color": c.halo, "text-halo-width": 1.6 } },
  ];
}

function driven(c) {
  const visit = choice("visit", c.visits, c.visits.pending);
  const size = byZoom(9, 1.2, 12, faded(4.5, 3), 15, faded(9, 6.5), 18, 15);
  const pace = ["interpolate", ["linear"], ["get", "speed"], 2, c.track[2], 6, c.track[1], 11, c.track[0]];
  return [
    { id: "track-rim", type: "line", source: "track", layout: ROUND, paint: { "line-color": c.rim, "line-width": byZoom(9, 4, 16, 9), "line-opacity": 0.7 } },
    { id: "track", type: "line", source: "track", layout: ROUND, paint: { "line-color": pace, "line-width": byZoom(9, 2.4, 16, 5.5) } },
    { id: "stops", type: "circle", source: "stops", paint: { "circle-radius": size, "circle-color": visit, "circle-opacity": faded(1, 0.75), "circle-stroke-color": ["match", ["get", "visit"], "pending", c.route, c.rim], "circle-stroke-width": faded(2, 1.2) } },
    { id: "stop-number", type: "symbol", source: "stops", minzoom: 13.5, filter: ["get", "chosen"], layout: { "text-field": ["get", "number"], "text-size": 10.5, "text-font": ["sans-serif"], "text-allow-overlap": true }, paint: { "text-color": ["match", ["get", "visit"], "pending", c.text, c.rim] } },
    { id: "stop-name", type: "symbol", source: "stops", minzoom: 13, filter: ["get", "chosen"], layout: { ...label("name", 12), "text-offset": [0, 1.1], "text-anchor": "top" }, paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.6 } },
    { id: "spot", type: "circle", source: "spot", paint: { "circle-radius": 22, "circle-color": c.spot, "circle-opacity": 0.14, "circle-stroke-color": c.spot, "circle-stroke-width": 2.5 } },
  ];
}

const label = (property, size) => ({ "text-field": ["get", property], "text-size": size, "text-font": ["sans-serif"], "text-max-width": 9 });
