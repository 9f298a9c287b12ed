// The shape that is being drawn: click for its points, drag them to where they belong.

import { Marker } from "../vendor/maplibre-gl/dist/maplibre-gl.mjs";
import { circle, collection } from "../live/shapes.js";
import { make } from "../live/dom.js";

const LEAST = { circle: 1, polygon: 3, corridor: 2 };
const feature = (geometry) => ({ type: "Feature", geometry, properties: {} });

export class Sketch {
  #points = [];
  #markers = [];
  shape = null; // null: nothing is drawn

  constructor(map, changed) {
    this.map = map;
    this.changed = changed;
    map.addSource("sketch", { type: "geojson", data: collection([]) });
    const paint = { "line-color": "#3b6fb6", "line-width": 3 };
    map.addLayer({ id: "sketch-area", type: "fill", source: "sketch", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#3b6fb6", "fill-opacity": 0.15 } });
    map.addLayer({ id: "sketch-line", type: "line", source: "sketch", paint });
    map.on("click", ({ lngLat }) => this.#add([lngLat.lng, lngLat.lat]));
  }

  /** Begin a shape, with the points that it has already; `radius` is that of a circle in metres. */
  begin(shape, points = [], radius = 150) {
    this.end();
    Object.assign(this, { shape, radius });
    this.#points = points.map((point) => [...point]);
    this.map.getCanvas().style.cursor = "crosshair";
    this.#draw();
  }

  end() {
    this.shape = null;
    this.#points = [];
    this.map.getCanvas().style.cursor = "";
    this.#draw();
  }

  widen(radius) {
    this.radius = radius;
    this.#show();
  }

  dropLast() {
    this.#points.pop();
    this.#draw();
  }

  isWhole = () => this.shape !== null && this.#points.length >= LEAST[this.shape];

  /** GeoJSON of what is drawn. */
  geometry() {
    const points = this.#points.map((point) => point.map((degrees) => Math.round(degrees * 1e7) / 1e7));
    if (this.shape === "circle") return { type: "Point", coordinates: points[0] };
    if (this.shape === "corridor") return { type: "LineString", coordinates: points };
    return { type: "Polygon", coordinates: [[...points, points[0]]] };
  }

  #add(point) {
    if (this.shape === null) return;
    if (this.shape === "circle") this.#points = [point];
    else this.#points.push(point);
    this.#draw();
  }

  #draw() {
    for (const marker of this.#markers) marker.remove();
    this.#markers = this.#points.map((point, index) => this.#handle(point, index));
    this.#show();
    this.changed();
  }

  #handle(point, index) {
    const element = make("button", { type: "button", class: "handle", "aria-label": `Corner ${index + 1}: arrow keys move it` });
    const marker = new Marker({ element, draggable: true }).setLngLat(point).addTo(this.map);
    const moved = () => {
      const { lng, lat } = marker.getLngLat();
      this.#points[index] = [lng, lat];
      this.#show();
    };
    marker.on("drag", moved);
    element.addEventListener("click", (event) => event.stopPropagation());
    element.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-4, 0], ArrowRight: [4, 0], ArrowUp: [0, -4], ArrowDown: [0, 4] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const at = this.map.project(marker.getLngLat());
      marker.setLngLat(this.map.unproject([at.x + step[0], at.y + step[1]]));
      moved();
    });
    return marker;
  }

  #show() {
    const points = this.#points;
    const shapes = [];
    if (this.shape === "circle" && points.length) shapes.push(feature(circle(points[0], this.radius)));
    if (this.shape === "corridor" && points.length > 1) shapes.push(feature({ type: "LineString", coordinates: points }));
    if (this.shape === "polygon" && points.length > 1) {
      const isArea = points.length > 2;
      shapes.push(feature(isArea ? { type: "Polygon", coordinates: [[...points, points[0]]] } : { type: "LineString", coordinates: points }));
    }
    this.map.getSource("sketch").setData(collection(shapes));
  }
}

/** How a zone's geometry is drawn anew: its shape and points; null where it has parts or holes, which stay as they are. */
export function sketchOf({ type, coordinates }) {
  if (type === "Point") return { shape: "circle", points: [coordinates] };
  if (type === "LineString") return { shape: "corridor", points: coordinates };
  if (type === "Polygon" && coordinates.length === 1) return { shape: "polygon", points: coordinates[0].slice(0, -1) };
  return null;
}
