// One stop of a trip: where, when, what, and what can be done there.
import { make } from "../live/dom.js";
import { brief } from "../live/words.js";

export const OVER = new Set(["delivered", "partially_delivered", "failed"]);
const WORDS = { pending: "to do", arrived: "there", delivered: "delivered", partially_delivered: "delivered in part", failed: "not delivered" };
const PROVED = { otp: "code", signature: "signature", photo: "photo", scan: "scan" };

const clock = (moment) => new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

/** `now` is how it stands with what is not sent yet; `deeds` what can be done: arrive, fail, deliver, prove. */
export function stopCard(stop, { state, isHeld, isNext }, deeds) {
  const isOpen = !OVER.has(state);
  const button = (label, act, kind = "button") => make("button", { type: "button", class: kind, onclick: act }, label);
  return make("li", { class: "card stop", data: { stop: stop.stop_id, state } },
    make("div", { class: "what" },
      make("h3", {}, `${stop.position_no + 1}. ${stop.outlet_name ?? stop.outlet_id ?? stop.stop_id}`),
      make("span", { class: "state" }, WORDS[state], isHeld ? " (not sent yet)" : null)),
    make("p", { class: "when" }, ...when(stop)),
    isOpen && isNext ? make("ul", { class: "lines" }, ...stop.lines.map((line) => make("li", {}, make("b", {}, String(line.loaded)), ` ${line.name}`))) : null,
    isOpen ? make("div", { class: "acts" },
      make("a", { class: "button", href: way(stop) }, "Way"),
      state === "pending" ? button("I am there", deeds.arrive) : null,
      button("Not possible", deeds.fail),
      button("Deliver", deeds.deliver, "button primary")) : null,
    state === "delivered" || state === "partially_delivered" ? proofLine(stop, isHeld, button("Add proof", deeds.prove)) : null);
}

function when(stop) {
  const span = [stop.window_start && `from ${clock(stop.window_start)}`, stop.window_end && `until ${clock(stop.window_end)}`].filter(Boolean).join(" ");
  const expected = stop.estimate ? `expected ${clock(stop.estimate.arrival_at)}` : null;
  const order = stop.order_id && make("span", { title: stop.order_id }, brief(stop.order_id));
  return [span, expected, order].filter(Boolean).flatMap((part, place) => (place ? [" · ", part] : [part]));
}

function proofLine(stop, isHeld, add) {
  const kinds = [...new Set(stop.proofs.map(({ kind }) => PROVED[kind] ?? "proof"))];
  const said = kinds.length ? `Proved by ${kinds.join(", ")}` : isHeld ? "" : "Nothing proves it yet";
  return make("div", { class: "acts proved" }, make("p", { class: "when" }, said), add);
}

const way = ({ longitude_deg, latitude_deg }) => `geo:${latitude_deg},${longitude_deg}?q=${latitude_deg},${longitude_deg}`;
