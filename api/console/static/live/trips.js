// Planned rounds and what became of their stops.

export class Trips {
  #trips = new Map();

  all = () => [...this.#trips.values()];
  has = (tripId) => this.#trips.has(tripId);

  read(items) {
    this.#trips = new Map(items.map((trip) => [trip.trip_id, trip]));
  }

  /** The trip a vehicle is on now, else its latest. */
  of(vehicleId) {
    const now = new Date().toISOString();
    const mine = this.all().filter((trip) => trip.vehicle_id === vehicleId);
    return mine.find((trip) => trip.planned_start <= now && now <= trip.planned_end) ?? mine[0] ?? null;
  }

  /** Take visits in; whether any of them is of a trip we show. */
  heard(visits) {
    let changed = false;
    for (const visit of visits) {
      const stop = this.#trips.get(visit.trip_id)?.stops.find((one) => one.stop_id === visit.stop_id);
      if (!stop) continue;
      stop.visit = visit;
      changed = true;
    }
    return changed;
  }
}
