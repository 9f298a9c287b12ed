// The alert panel: newest first, one click to the place, one to take it on.

import { $, make, mark, say } from "./dom.js";
import { ago, moment } from "./words.js";

const MOST_CARDS = 150;

export class Alerts {
  #alerts = new Map();
  #cards = new Map();
  #all = false;
  onCount = () => {};

  constructor({ acknowledge, show }) {
    this.acknowledge = acknowledge;
    this.show = show;
    this.element = $("#alert-list");
    for (const button of document.querySelectorAll("[data-alerts]")) {
      button.addEventListener("click", () => this.#filter(button.dataset.alerts === "all"));
    }
  }

  async readAll(readThem) {
    const [unresolved, lately] = await Promise.all([
      readThem({ state: ["open", "acknowledged"] }),
      readThem({ since: new Date(Date.now() - 86_400_000).toISOString() }),
    ]);
    this.#alerts.clear();
    this.heard([...unresolved, ...lately]);
  }

  heard(items, { fresh = false } = {}) {
    for (const alert of items) {
      const known = this.#alerts.get(alert.alert_id);
      if (known && known.changed_at > alert.changed_at) continue;
      this.#alerts.set(alert.alert_id, { ...alert, fresh: known?.fresh ?? (fresh && alert.state === "open") });
    }
    this.#draw();
    this.onCount();
  }

  openVehicles() {
    return new Set([...this.#alerts.values()].filter((alert) => alert.state === "open").map((alert) => alert.vehicle_id));
  }

  refreshAges() {
    for (const [id, card] of this.#cards) say($(".age", card), ago(this.#alerts.get(id).opened_at));
  }

  #filter(all) {
    this.#all = all;
    for (const button of document.querySelectorAll("[data-alerts]")) {
      button.setAttribute("aria-pressed", String((button.dataset.alerts === "all") === all));
    }
    this.#draw();
  }

  #draw() {
    const shown = [...this.#alerts.values()]
      .filter((alert) => this.#all || alert.state !== "resolved")
      .sort((a, b) => (a.opened_at < b.opened_at ? 1 : a.opened_at > b.opened_at ? -1 : b.alert_id - a.alert_id))
      .slice(0, MOST_CARDS);
    const kept = new Set(shown.map((alert) => alert.alert_id));
    for (const [id, card] of this.#cards) if (!kept.has(id)) card.remove(), this.#cards.delete(id);
    shown.forEach((alert, index) => {
      const card = this.#card(alert);
      if (this.element.children[index] !== card) this.element.insertBefore(card, this.element.children[index] ?? null);
    });
    const open = [...this.#alerts.values()].filter((alert) => alert.state === "open").length;
    const count = $('[data-count="alerts"]');
    say(count, String(open));
    count.toggleAttribute("data-none", open === 0);
    document.title = open ? `(${open}) Live · Beatwatch` : "Live · Beatwatch";
    $("#no-alerts").hidden = shown.length > 0;
  }

  #card(alert) {
    let card = this.#cards.get(alert.alert_id);
    if (!card) {
      card = make("li", { class: "alert", data: { alert: alert.alert_id, rule: alert.rule, fresh: alert.fresh } });
      this.#cards.set(alert.alert_id, card);
    }
    const drawn = `${alert.state} ${alert.changed_at}`;
    if (card.dataset.drawn !== drawn) card.replaceChildren(...this.#content(alert));
    mark(card, { drawn, state: alert.state, severity: alert.severity });
    return card;
  }

  #content(alert) {
    const where = [alert.vehicle_id, alert.place?.name].filter(Boolean).join(" · ");
    const take = make("button", { type: "button", class: "button", onclick: () => this.acknowledge(alert), "aria-label": `Acknowledge ${alert.title}, ${where}` }, "Acknowledge");
    const fate = alert.state === "acknowledged" ? "taken on" : alert.resolution ? `resolved: ${alert.resolution}` : "";
    return [
      make(
        "button",
        { type: "button", class: "what", onclick: () => this.show(alert) },
        make("span", { class: "title" }, alert.title),
        make("span", { class: "severity" }, alert.severity),
      ),
      make("p", { class: "where" }, where),
      make(
        "p",
        { class: "when" },
        make("time", { datetime: alert.started_at }, moment(alert.started_at)),
        make("span", { class: "age" }, ago(alert.opened_at)),
        alert.state === "open" ? take : make("span", { class: "fate" }, fate),
      ),
    ];
  }
}
