// What is known of every vehicle, and how each glides between its fixes.

import { mercator, onward, standstill } from "./motion.js";

export const SILENT_MS = 600_000;

export class Fleet {
  #vehicles = new Map();
  version = 0; // grows with every change, so that drawers know when to look
  order = 0; // grows when the list is to be sorted anew

  #all = [];
  #marked = [];

  get = (vehicleId) => this.#vehicles.get(vehicleId);
  all = () => this.#all;
  marked = () => this.#marked;

  heard(items, now = performance.now()) {
    for (const item of items) {
      const known = this.#vehicles.get(item.vehicle_id);
      if (known?.position && item.position && item.position.fix_time <= known.position.fix_time) continue;
      const glide = this.#glide(known, item.position, now);
      const heardAt = item.position ? Date.parse(item.position.received_at) : null;
      if (known) Object.assign(known, item, { glide, heardAt });
      else this.#add({ ...item, glide, heardAt, alerted: false });
    }
    this.version += 1;
  }

  alerted(vehicleIds) {
    for (const vehicle of this.#marked) vehicle.alerted = false;
    this.#marked = [...vehicleIds].map(this.get).filter(Boolean);
    for (const vehicle of this.#marked) vehicle.alerted = true;
    this.version += 1;
    this.order += 1;
  }

  /** The state now: what was moving when last heard may have fallen silent since. */
  static state(vehicle, now = Date.now()) {
    if (!vehicle.position) return "unknown";
    if (now - vehicle.heardAt > SILENT_MS) return "silent";
    return vehicle.state === "silent" ? "standing" : vehicle.state;
  }

  #add(vehicle) {
    this.#vehicles.set(vehicle.vehicle_id, vehicle);
    this.#all.push(vehicle);
    this.order += 1;
  }

  #glide(known, position, now) {
    if (!position || position.longitude_deg === null || position.latitude_deg === null) return known?.glide ?? null;
    const place = mercator(position.longitude_deg, position.latitude_deg);
    const course = position.speed_mps > 0.5 ? position.course_deg : null;
    if (!known?.glide) return standstill(place, position.course_deg ?? 0, now);
    return onward(known.glide, place, course, now);
  }
}
