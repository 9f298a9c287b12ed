// What the driver fills in: what was handed over, why not, and that the van stands.
import { $, make } from "../live/dom.js";
import { pad } from "./pictures.js";

const field = (label, input) => make("label", {}, make("span", {}, label), input);
const number = (name, value, label, most = null) =>
  make("input", { type: "number", inputmode: "numeric", min: 0, max: most, step: 1, name, value, required: true, "aria-label": label });
const title = (text) => make("h2", { id: "sheet-title" }, text);
const buttons = (label) =>
  make("footer", {}, make("button", { type: "button", class: "button", value: "cancel" }, "Back"), make("button", { class: "button primary" }, label));

/** Show a form until it is sent or left; resolves to its data, or to null. */
export function ask(form) {
  const sheet = $("#sheet");
  sheet.replaceChildren(form);
  sheet.showModal();
  return new Promise((resolve) => {
    const end = (value) => {
      sheet.close();
      sheet.replaceChildren();
      resolve(value);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      end(form);
    });
    $('[value="cancel"]', form).addEventListener("click", () => end(null));
    sheet.oncancel = () => end(null);
  });
}

function lineRow(line) {
  const wanted = Math.min(line.ordered, line.loaded);
  const delivered = number(`delivered-${line.line_no}`, wanted, `${line.name}: pieces delivered`, line.loaded);
  const reason = make("select", { name: `reason-${line.line_no}`, "aria-label": `${line.name}: why fewer` },
    ...["customer wants fewer", "no room", "no money", "damaged", "not on the van", "other"].map((text) => make("option", {}, text)));
  const why = field("Why fewer?", reason);
  const show = () => (why.hidden = Number(delivered.value) >= line.ordered);
  delivered.addEventListener("input", show);
  show();
  const step = (by) => () => {
    delivered.value = Math.max(0, Math.min(line.loaded, Number(delivered.value) + by));
    show();
  };
  return make("fieldset", { data: { line: line.line_no } },
    make("legend", {}, `${line.name} `, make("small", {}, `ordered ${line.ordered}, on the van ${line.loaded}`)),
    make("div", { class: "stepper" },
      make("button", { type: "button", class: "button", "aria-label": `${line.name}: one less`, onclick: step(-1) }, "−"),
      delivered,
      make("button", { type: "button", class: "button", "aria-label": `${line.name}: one more`, onclick: step(1) }, "+")),
    why,
    make("details", {}, make("summary", {}, "Damaged or returned"),
      field("Damaged", number(`damaged-${line.line_no}`, 0, `${line.name}: damaged`)),
      field("Taken back", number(`returned-${line.line_no}`, 0, `${line.name}: taken back`))));
}

export function deliveryForm(stop) {
  const signature = pad();
  const form = make("form", {},
    title(`Deliver to ${stop.outlet_name ?? stop.stop_id}`),
    ...stop.lines.map(lineRow),
    make("fieldset", {}, make("legend", {}, "Paid"),
      make("div", { class: "pair" },
        field("Cash", make("input", { type: "number", inputmode: "decimal", min: 0, step: "0.01", name: "cash", value: 0 })),
        field("UPI", make("input", { type: "number", inputmode: "decimal", min: 0, step: "0.01", name: "upi", value: 0 })))),
    make("fieldset", {}, make("legend", {}, "Proof"),
      field("One-time password", make("input", { name: "otp", inputmode: "numeric", autocomplete: "off", maxlength: 12 })),
      field("Photo", make("input", { type: "file", name: "photo", accept: "image/*", capture: "environment" })),
      field("Name of who signs", make("input", { name: "signed_by", autocomplete: "off", maxlength: 200 })),
      signature.canvas,
      make("button", { type: "button", class: "button", onclick: signature.clear }, "Clear signature")),
    buttons("Delivered"));
  form.signature = signature;
  return form;
}

/** What the driver counts before leaving; what the checker counted is not shown, so that it is a count. */
export const loadForm = (load) => make("form", {}, title(`Receive the load of ${load.vehicle_id}`),
  ...load.lines.map((line) => field(`${line.name}, ${line.expected} expected`,
    make("input", { type: "number", inputmode: "numeric", min: 0, max: 10_000_000, required: true, name: `count-${line.product_id}`, value: line.received ?? "" }))),
  buttons("Received"));

export const failureForm = (stop) => make("form", {}, title(`No delivery to ${stop.outlet_name ?? stop.stop_id}`),
  field("Why?", make("select", { name: "reason" },
    ...["shop closed", "customer refused", "no money", "cannot be reached", "other"].map((text) => make("option", {}, text)))),
  buttons("Not delivered"));

export const breakdownForm = () => make("form", {}, title("The van stands"),
  field("What happened?", make("input", { name: "reason", required: true, maxlength: 2000 })),
  field("Photo", make("input", { type: "file", name: "photo", accept: "image/*", capture: "environment" })),
  buttons("Report"));
