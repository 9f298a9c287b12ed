// What is known of every vehicle, and how each glides between its fixes.

import { mercator, onward, standstill } from "./motion.js";

export const SILENT_MS = 600_000;

export class Fleet {
  #vehicles = new Map();
  version = 0; // grows with every change, so that drawers know when to look

  get = (vehicleId) => this.#vehicles.get(vehicleId);
  all = () => [...this.#vehicles.values()];
  get size() {
    return this.#vehicles.size;
  }

  heard(items, now = performance.now()) {
    for (const item of items) {
      const known = this.#vehicles.get(item.vehicle_id);
      if (known?.position && item.position && item.position.fix_time <= known.position.fix_time) continue;
      const vehicle = { ...known, ...item, alerted: known?.alerted ?? false };
      vehicle.glide = this.#glide(known, item.position, now);
      this.#vehicles.set(item.vehicle_id, vehicle);
    }
    this.version += 1;
  }

  alerted(vehicleIds) {
    for (const vehicle of this.#vehicles.values()) vehicle.alerted = vehicleIds.has(vehicle.vehicle_id);
    this.version += 1;
  }

  /** The state now: what was moving when last heard may have fallen silent since. */
  static state(vehicle, now = Date.now()) {
    if (!vehicle.position) return "unknown";
    if (now - new Date(vehicle.position.received_at) > SILENT_MS) return "silent";
    return vehicle.state === "silent" ? "standing" : vehicle.state;
  }

  #glide(known, position, now) {
    if (!position || position.longitude_deg === null || position.latitude_deg === null) return known?.glide ?? null;
    const place = mercator(position.longitude_deg, position.latitude_deg);
    const course = position.speed_mps > 0.5 ? position.course_deg : null;
    if (!known?.glide) return standstill(place, position.course_deg ?? 0, now);
    return onward(known.glide, place, course, now);
  }
}
