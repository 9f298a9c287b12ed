// What a zone is called, what it is for and how large it is, beside its drawn shape; and how it is kept.

import { signedOut } from "../live/sign_in.js";
import { $, say, toast } from "../live/dom.js";
import { Sketch, sketchOf } from "./sketch.js";

const KMH = 3.6;
const HINTS = {
  circle: "Click where its middle is.",
  polygon: "Click its corners, one after the other; drag them to where they belong.",
  corridor: "Click along the road.",
};

export class Editor {
  #zone = null; // null: a new one

  constructor(map, { kept }) {
    this.kept = kept;
    this.form = $("#zone");
    this.fields = this.form.elements;
    this.sketch = new Sketch(map, () => this.#show());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.fields.size.addEventListener("input", () => this.sketch.widen(Number(this.fields.size.value) || 1));
    $("#undo").addEventListener("click", () => this.sketch.dropLast());
    $("#delete").addEventListener("click", () => this.#retire());
    $("#cancel").addEventListener("click", () => this.#leave());
    $("#file").addEventListener("change", (event) => this.#bring(event.target));
  }

  isDrawing = () => this.sketch.shape !== null;

  begin(shape) {
    this.#zone = null;
    this.form.reset();
    this.fields.id.readOnly = false;
    this.fields.size.value = shape === "corridor" ? 50 : 150;
    this.sketch.begin(shape, [], Number(this.fields.size.value));
    this.fields.id.focus({ preventScroll: true });
  }

  edit(zone) {
    const { properties } = zone;
    const drawn = sketchOf(zone.geometry);
    this.#zone = zone;
    this.fields.id.readOnly = true;
    this.fields.id.value = zone.id;
    this.fields.name.value = properties.name ?? "";
    this.fields.kind.value = properties.kind;
    this.fields.size.value = properties.radius_m ?? properties.width_m ?? 50;
    this.fields.limit.value = properties.speed_limit_mps ? Math.round(properties.speed_limit_mps * KMH) : "";
    if (drawn) this.sketch.begin(drawn.shape, drawn.points, Number(this.fields.size.value));
    else this.sketch.end();
  }

  /** What can be done with what is drawn. */
  #show() {
    const { shape } = this.sketch;
    this.form.hidden = shape === null && this.#zone === null;
    $("#size-label").hidden = shape === "polygon" || shape === null;
    say($("#size-name"), shape === "corridor" ? "To each side, metres" : "Radius, metres");
    $("#undo").hidden = shape === null || shape === "circle";
    $("#delete").hidden = this.#zone === null;
    $("#save").disabled = shape !== null && !this.sketch.isWhole();
    say($("#hint"), HINTS[shape] ?? "Its shape has parts or holes: it stays as it is.");
  }

  #leave() {
    this.#zone = null;
    this.sketch.end();
  }

  #feature() {
    const { fields, sketch } = this;
    const [size, limit, before] = [Number(fields.size.value), Number(fields.limit.value), this.#zone?.properties ?? {}];
    const sized = sketch.shape === null ? {} : { radius_m: sketch.shape === "circle" ? size : null, width_m: sketch.shape === "corridor" ? size : null };
    return {
      type: "Feature",
      id: fields.id.value.trim(),
      geometry: sketch.shape === null ? this.#zone.geometry : sketch.geometry(),
      properties: {
        ...before, ...sized,
        name: fields.name.value.trim() || fields.id.value.trim(),
        kind: fields.kind.value,
        speed_limit_mps: limit ? limit / KMH : null,
        valid_from: new Date().toISOString(), // what was concluded before stays explained by the zone as it was
      },
    };
  }

  #save() {
    const zone = this.#feature();
    return this.#finish(() => post(JSON.stringify(zone)), `${zone.properties.name} is kept.`);
  }

  #retire() {
    const { id, properties } = this.#zone;
    const name = properties.name || id;
    if (confirm(`Let ${name} hold no longer?`)) this.#finish(() => send(`/zones/${encodeURIComponent(id)}`, { method: "DELETE" }), `${name} holds no longer.`);
  }

  async #bring(input) {
    const [file] = input.files;
    if (file) await this.#finish(async () => post(await file.text()), `${file.name} is kept.`);
    input.value = "";
  }

  async #finish(deed, said) {
    try {
      await deed();
      this.#leave();
      await this.kept(said);
    } catch (error) {
      toast(error.message);
    }
  }
}

const post = (body) => send("/zones", { method: "POST", headers: { "content-type": "application/geo+json" }, body });

async function send(address, options) {
  const answer = await fetch(address, options);
  if (answer.status === 401) signedOut();
  if (!answer.ok) throw new Error((await answer.json()).detail);
}
