// Names that travel with the vehicles: all of a small fleet close up, else only those that matter.

import { make, mark } from "./dom.js";
import { at, geographic } from "./motion.js";
import { Fleet } from "./fleet.js";

const MOST_TAGS = 60;
const MOST_FOR_ALL = 400; // vehicles, beyond which only those that matter have a tag
const LOWEST_ZOOM = 11;
const WIDE_PX = 58; // tags nearer than this hide each other
const HIGH_PX = 20;

export class Tags {
  #tags = new Map();

  constructor(map, fleet, element) {
    this.map = map;
    this.fleet = fleet;
    this.element = element;
    this.chosen = null;
  }

  draw(now) {
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const all = this.fleet.all().length <= MOST_FOR_ALL && this.map.getZoom() >= LOWEST_ZOOM;
    const candidates = all ? this.fleet.all() : new Set([this.fleet.get(this.chosen), ...this.fleet.marked()]);
    const wanted = [...candidates].filter((vehicle) => vehicle?.glide).sort((a, b) => this.#weight(b) - this.#weight(a));
    const shown = new Map();
    const taken = [];
    for (const vehicle of wanted) {
      if (shown.size >= MOST_TAGS) break;
      const place = geographic(at(vehicle.glide, now));
      const point = this.map.project(place);
      if (point.x < -50 || point.y < -30 || point.x > width + 50 || point.y > height + 30) continue;
      const covered = taken.some((other) => Math.abs(other.x - point.x) < WIDE_PX && Math.abs(other.y - point.y) < HIGH_PX);
      if (covered && this.#weight(vehicle) === 0) continue;
      taken.push(point);
      shown.set(vehicle.vehicle_id, [vehicle, place, point]);
    }
    for (const [id, tag] of this.#tags) if (!shown.has(id)) tag.remove(), this.#tags.delete(id);
    for (const entry of shown.values()) this.#put(...entry);
  }

  #weight(vehicle) {
    return vehicle.vehicle_id === this.chosen ? 2 : vehicle.alerted ? 1 : 0;
  }

  #put(vehicle, [longitude, latitude], point) {
    let tag = this.#tags.get(vehicle.vehicle_id);
    if (!tag) {
      tag = make("div", { class: "tag", "aria-hidden": "true" }, make("span", {}, vehicle.vehicle_id));
      this.#tags.set(vehicle.vehicle_id, tag);
      this.element.append(tag);
    }
    tag.style.transform = `translate(${Math.round(point.x * 10) / 10}px, ${Math.round((point.y + 17) * 10) / 10}px) translateX(-50%)`;
    mark(tag, {
      vehicle: vehicle.vehicle_id,
      longitude: longitude.toFixed(6),
      latitude: latitude.toFixed(6),
      state: Fleet.state(vehicle),
      chosen: vehicle.vehicle_id === this.chosen,
      alerted: vehicle.alerted,
    });
  }
}
