// The map: ground, plan, track and vehicles. What to show is told by the page.

import { at, geographic } from "./motion.js";
import { collection, routeShapes, stopShapes, trackShapes, zoneShapes } from "./shapes.js";
import { openSurface } from "./surface.js";
import { Tags } from "./tags.js";
import { VehicleLayer } from "./vehicle_layer.js";

const PICK_PX = 22;

export async function openMap(fleet, choose) {
  return new LiveMap(await openSurface(document.getElementById("map")), fleet, choose);
}

class LiveMap {
  #trips = [];
  #trip = null;
  #track = [];
  #framed = false;

  constructor({ map, ground }, fleet, choose) {
    this.map = map;
    this.ground = ground;
    this.fleet = fleet;
    this.layer = new VehicleLayer(fleet);
    map.addLayer(this.layer);
    this.tags = new Tags(map, fleet, document.getElementById("tags"));
    map.on("click", (event) => choose(this.#nearest(event.point), { fly: false }));
    map.on("mousemove", (event) => (map.getCanvas().style.cursor = this.#nearest(event.point) ? "pointer" : ""));
    map.on("render", () => this.tags.draw(performance.now()));
    addEventListener("beatwatch:theme", () => this.layer.theme());
    this.#animate();
  }

  choose(vehicleId, trip) {
    this.layer.chosen = this.tags.chosen = vehicleId;
    this.layer.changed();
    this.#trip = trip?.trip_id ?? null;
    this.showTrack([]);
    this.#drawPlan();
  }

  showTrips(trips) {
    this.#trips = trips;
    this.#drawPlan();
  }

  showZones(zones) {
    this.map.getSource("zones").setData(zoneShapes(zones));
  }

  showTrack(points) {
    this.#track = points;
    this.map.getSource("track").setData(trackShapes(points));
  }

  lengthenTrack(position) {
    if (this.#track.length && position.fix_time > this.#track.at(-1).fix_time) this.showTrack([...this.#track, position]);
  }

  /** Fly to where an alert happened and mark the place. */
  showSpot({ place }) {
    if (!place) return;
    const point = [place.longitude_deg, place.latitude_deg];
    this.map.getSource("spot").setData(collection([{ type: "Feature", geometry: { type: "Point", coordinates: point }, properties: {} }]));
    this.#fly(point, 15);
  }

  flyTo(position) {
    if (position && position.longitude_deg !== null) this.#fly([position.longitude_deg, position.latitude_deg], Math.max(14, this.map.getZoom()));
  }

  /** Keep a vehicle in the middle, where it is driving to. */
  stayWith(position) {
    if (position && position.longitude_deg !== null) this.map.easeTo({ center: [position.longitude_deg, position.latitude_deg], duration: 1000 });
  }

  onDragged(act) {
    this.map.on("dragstart", act);
  }

  /** Show the whole fleet and where it is to go: once by itself, then whenever asked. */
  frame(vehicles, asked = false) {
    const placed = vehicles.filter((vehicle) => vehicle.glide);
    if (placed.length === 0) return this.ground();
    if (this.#framed && !asked) return;
    this.#framed = true;
    const planned = this.#trips.flatMap((trip) => trip.stops.map(({ place }) => [place.longitude_deg, place.latitude_deg]));
    const points = [...placed.map((vehicle) => geographic(vehicle.glide.to)), ...planned];
    const longitudes = points.map(([longitude]) => longitude).sort((a, b) => a - b);
    const latitudes = points.map(([, latitude]) => latitude).sort((a, b) => a - b);
    const cut = Math.floor(points.length / 50); // a lost tracker far away shall not make everybody small
    const bounds = [[longitudes[cut], latitudes[cut]], [longitudes.at(-1 - cut), latitudes.at(-1 - cut)]];
    this.map.fitBounds(bounds, { padding: this.#room(), maxZoom: 15, duration: asked ? 800 : 0 });
  }

  #room() {
    const narrow = this.map.getContainer().clientWidth < 900;
    return narrow ? { top: 90, bottom: 110, left: 40, right: 40 } : { top: 110, bottom: 80, left: 350, right: 400 };
  }

  #fly(center, zoom) {
    const quick = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.flyTo({ center, zoom, duration: quick ? 0 : 900, padding: { top: 0, bottom: 0, left: 0, right: 0 } });
  }

  #drawPlan() {
    this.map.getSource("routes").setData(routeShapes(this.#trips, this.#trip));
    this.map.getSource("stops").setData(stopShapes(this.#trips, this.#trip));
  }

  #nearest({ x, y }) {
    const now = performance.now();
    let best = null;
    let least = PICK_PX;
    for (const vehicle of this.fleet.all()) {
      if (!vehicle.glide) continue;
      const point = this.map.project(geographic(at(vehicle.glide, now)));
      const distance = Math.hypot(point.x - x, point.y - y);
      if (distance < least) [best, least] = [vehicle.vehicle_id, distance];
    }
    return best;
  }

  /** Draw again only while something moves or pulses. */
  #animate() {
    const step = () => {
      const now = performance.now();
      const moving = () => this.fleet.all().some((vehicle) => vehicle.glide?.end > now - 100);
      if (this.drawn !== this.fleet.version || this.fleet.marked().length > 0 || moving()) {
        this.drawn = this.fleet.version;
        this.map.triggerRepaint();
      }
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }
}
