// A map with its ground, its grid and its colours, on which others draw.

import { Map as GlMap, NavigationControl, ScaleControl } from "../vendor/maplibre-gl/dist/maplibre-gl.mjs";
import { showGround } from "./ground.js";
import { theme } from "./palette.js";
import { gridShapes } from "./shapes.js";
import { styleOf } from "./style.js";

const GROUND_BELOW_ZOOM = 9; // coasts and borders matter only from afar

/** The map in `element`, once it can be drawn on; `ground` draws what lies below everything. */
export async function openSurface(element) {
  const tiles = element.dataset.tiles;
  const map = new GlMap({
    container: element,
    style: styleOf(theme(), tiles),
    center: [20, 20],
    zoom: 1.6,
    maxZoom: 19,
    attributionControl: tiles ? {} : false,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
  });
  map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
  await new Promise((resolve, reject) => {
    map.once("load", resolve);
    map.once("error", (event) => reject(event.error));
  });
  element.map = map;
  const ground = groundOf(map, tiles);
  map.on("moveend", ground);
  addEventListener("beatwatch:theme", (event) => recolour(map, event.detail, tiles));
  return { map, ground };
}

function groundOf(map, tiles) {
  let world = null;
  return () => {
    if (!tiles && !world && map.getZoom() < GROUND_BELOW_ZOOM) {
      world = showGround(map).catch((error) => console.warn("no outline of the world", error));
    }
    const bounds = map.getBounds();
    const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    const [x, y] = [(east - west) / 2, (north - south) / 2];
    map.getSource("grid").setData(gridShapes([west - x, Math.max(-85, south - y), east + x, Math.min(85, north + y)], 20));
  };
}

function recolour(map, name, tiles) {
  for (const layer of styleOf(name, tiles).layers) {
    for (const [property, value] of Object.entries(layer.paint ?? {})) map.setPaintProperty(layer.id, property, value);
  }
}
