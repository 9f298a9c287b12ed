// The list on the left: only what is found and fits is in the page, however large the fleet.

import { $, make, mark, say } from "./dom.js";
import { Fleet } from "./fleet.js";
import { ago, speed } from "./words.js";

const MOST_ROWS = 200;
const NAMES = new Intl.Collator(undefined, { numeric: true });

export class VehicleList {
  #rows = new Map();
  #chosen = null;
  #words = "";
  #state = null; // only those in it
  #ordered = [];

  constructor(fleet, choose) {
    this.fleet = fleet;
    this.choose_ = choose;
    this.element = $("#vehicles");
    this.search = $("#search");
    this.search.addEventListener("input", () => {
      this.#words = this.search.value.trim().toLowerCase();
      this.refresh();
    });
    this.search.addEventListener("keydown", (event) => event.key === "Enter" && this.element.querySelector("button")?.click());
  }

  choose(vehicleId) {
    this.#chosen = vehicleId;
    this.refresh();
  }

  refresh() {
    const now = Date.now();
    const all = this.#inOrder();
    this.#count(all, now);
    const isFound = (vehicle) => haystack(vehicle).includes(this.#words) && (this.#state === null || Fleet.state(vehicle, now) === this.#state);
    const found = this.#words || this.#state ? all.filter(isFound) : all;
    const shown = found.slice(0, MOST_ROWS);
    const kept = new Set(shown.map((vehicle) => vehicle.vehicle_id));
    for (const [id, row] of this.#rows) if (!kept.has(id)) row.remove(), this.#rows.delete(id);
    shown.forEach((vehicle, index) => this.#place(this.#row(vehicle, now), index));
    const rest = found.length - shown.length;
    const note = $("#no-vehicles");
    note.hidden = shown.length > 0 && rest === 0;
    say(note, rest > 0 ? `${rest} more: search to find them` : this.#words || this.#state ? "No such vehicle." : "No vehicle has reported yet.");
  }

  /** Those with open alerts first, then by name; sorted only when that may have changed. */
  #inOrder() {
    if (this.sorted !== this.fleet.order) {
      const byName = (a, b) => NAMES.compare(a.vehicle_id, b.vehicle_id);
      this.#ordered = [...this.fleet.all()].sort((a, b) => Number(b.alerted) - Number(a.alerted) || byName(a, b));
      this.sorted = this.fleet.order;
    }
    return this.#ordered;
  }

  #count(all, now) {
    const counts = { moving: 0, standing: 0, silent: 0, unknown: 0 };
    for (const vehicle of all) counts[Fleet.state(vehicle, now)] += 1;
    const states = $("#states");
    for (const [state, count] of Object.entries(counts)) {
      let item = states.querySelector(`[data-state="${state}"]`);
      if (!item) states.append((item = this.#stateItem(state)));
      item.hidden = state === "unknown" && count === 0; // not heard of yet: worth a place only while there are some
      const button = item.firstElementChild;
      say(button.lastElementChild, String(count));
      button.setAttribute("aria-label", `${count} ${state}`);
      button.setAttribute("aria-pressed", String(state === this.#state));
    }
    say($('[data-count="vehicles"]'), String(all.length));
  }

  #stateItem(state) {
    const only = () => {
      this.#state = this.#state === state ? null : state;
      this.refresh();
    };
    return make("li", { data: { state } }, make("button", { type: "button", title: `Only ${state}`, onclick: only }, make("i", { class: "dot" }), make("span")));
  }

  #row(vehicle, now) {
    let row = this.#rows.get(vehicle.vehicle_id);
    if (!row) {
      const button = make(
        "button",
        { type: "button", class: "row", onclick: () => this.choose_(vehicle.vehicle_id === this.#chosen ? null : vehicle.vehicle_id) },
        make("i", { class: "dot" }),
        make("span", { class: "name" }),
        make("span", { class: "speed" }),
        make("span", { class: "sub" }, make("span"), make("span")),
      );
      row = make("li", { data: { vehicle: vehicle.vehicle_id } }, button);
      this.#rows.set(vehicle.vehicle_id, row);
    }
    fill(row.firstElementChild, vehicle, now, vehicle.vehicle_id === this.#chosen);
    return row;
  }

  #place(row, index) {
    if (this.element.children[index] !== row) this.element.insertBefore(row, this.element.children[index] ?? null);
  }
}

function fill(button, vehicle, now, chosen) {
  const { position } = vehicle;
  const state = Fleet.state(vehicle, now);
  mark(button, { state, longitude: position?.longitude_deg, latitude: position?.latitude_deg, fixTime: position?.fix_time });
  button.setAttribute("aria-pressed", String(chosen));
  const [, name, pace, sub] = button.children;
  say(name, vehicle.vehicle_id);
  say(pace, state === "moving" ? speed(position.speed_mps) : state);
  say(sub.firstElementChild, [vehicle.name, vehicle.registration].filter(Boolean).join(" · ") || (vehicle.device_key ?? ""));
  say(sub.lastElementChild, position ? ago(position.fix_time, now) : "never heard");
}

const haystack = (vehicle) => [vehicle.vehicle_id, vehicle.name, vehicle.registration, vehicle.device_key].join(" ").toLowerCase();
