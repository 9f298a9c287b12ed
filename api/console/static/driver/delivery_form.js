// What was handed over, what was paid, and what proves it.
import { make, say } from "../live/dom.js";
import { buttons, choice, count, field, photo, title } from "./forms.js";
import { ROUNDING, lineValue, shown } from "./money.js";
import { pad } from "./pictures.js";
import { scanner } from "./scan.js";

const FEWER = ["customer wants fewer", "no room", "no money", "damaged", "not on the van", "other"];
const BACK = ["expired", "damaged", "does not sell", "wrong product", "other"];
const number = (input) => Number(input.value) || 0;

function lineRow(line) {
  const most = Math.max(0, line.loaded - line.planned_free);
  const delivered = count(`delivered-${line.line_no}`, Math.min(line.ordered, most), `${line.name}: pieces delivered`, line.loaded);
  const damaged = count(`damaged-${line.line_no}`, 0, `${line.name}: damaged`, line.loaded);
  const returned = count(`returned-${line.line_no}`, 0, `${line.name}: taken back`);
  const why = field("Why fewer?", choice(`reason-${line.line_no}`, `${line.name}: why fewer`, FEWER));
  const whyBack = field("Why back?", choice(`back-${line.line_no}`, `${line.name}: why taken back`, BACK));
  const check = () => {
    why.hidden = number(delivered) >= line.ordered;
    whyBack.hidden = number(returned) === 0;
    const isTooMuch = number(delivered) + number(damaged) > most;
    delivered.setCustomValidity(isTooMuch ? `Only ${line.loaded} are on the van${line.planned_free ? `, ${line.planned_free} of them free` : ""}.` : "");
  };
  for (const input of [delivered, damaged, returned]) input.addEventListener("input", check);
  check();
  const step = (by) => () => {
    delivered.value = Math.max(0, Math.min(line.loaded, number(delivered) + by));
    delivered.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const row = make("fieldset", { data: { line: line.line_no } },
    make("legend", {}, `${line.name} `, make("small", {}, `ordered ${line.ordered}, on the van ${line.loaded}${line.planned_free ? `, free ${line.planned_free}` : ""}`)),
    make("div", { class: "stepper" },
      make("button", { type: "button", class: "button", "aria-label": `${line.name}: one less`, onclick: step(-1) }, "−"),
      delivered,
      make("button", { type: "button", class: "button", "aria-label": `${line.name}: one more`, onclick: step(1) }, "+")),
    why,
    make("details", {}, make("summary", {}, "Damaged or returned"), field("Damaged", damaged), field("Taken back", returned), whyBack));
  row.delivered = () => number(delivered);
  row.value = () => lineValue(line, number(delivered));
  return row;
}

function moneyRow(rows) {
  const [cash, upi] = ["cash", "upi"].map((name) => make("input", { type: "number", inputmode: "decimal", min: 0, step: "0.01", name, value: 0 }));
  const due = make("p", { class: "due", role: "status" });
  const set = make("button", { type: "button", class: "button" }, "All in cash");
  const owed = () => rows.reduce((sum, row) => sum + row.value(), 0);
  const check = () => {
    const credit = owed() - number(cash) - number(upi);
    say(due, `To pay ${shown(owed())}${credit > 0.005 ? `, on credit ${shown(credit)}` : ""}`);
    cash.setCustomValidity(credit < -ROUNDING ? `That is ${shown(-credit)} too much.` : "");
  };
  set.addEventListener("click", () => {
    [cash.value, upi.value] = [owed().toFixed(2), 0];
    cash.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const row = make("fieldset", {}, make("legend", {}, "Paid"), due, make("div", { class: "pair" }, field("Cash", cash), field("UPI", upi)), set);
  return { row, check };
}

const crates = () => make("fieldset", {}, make("legend", {}, "Crates"),
  make("div", { class: "pair" }, field("Left there", count("crates_out", 0, "Crates left there", 100_000)), field("Taken along", count("crates_in", 0, "Crates taken along", 100_000))));

function proofRow(signature) {
  const code = make("input", { name: "scan", autocomplete: "off", maxlength: 200 });
  return make("fieldset", {}, make("legend", {}, "Proof"),
    field("One-time password", make("input", { name: "otp", inputmode: "numeric", autocomplete: "off", maxlength: 12, pattern: "\\s*[0-9]*\\s*" })),
    photo(),
    field("Scanned code", code),
    scanner(code),
    field("Name of who signs", make("input", { name: "signed_by", autocomplete: "off", maxlength: 200 })),
    signature.canvas,
    make("button", { type: "button", class: "button", onclick: signature.clear }, "Clear signature"));
}

function signable(form, signature) {
  form.signature = signature;
  return form;
}

export function deliveryForm(stop) {
  const [signature, rows] = [pad(), stop.lines.map(lineRow)];
  const money = moneyRow(rows);
  const form = make("form", {}, title(`Deliver to ${stop.outlet_name ?? stop.stop_id}`),
    ...rows, rows.length ? money.row : null, crates(), proofRow(signature), buttons("Delivered"));
  form.addEventListener("input", money.check);
  money.check();
  return signable(form, signature);
}

/** More proof for what is delivered already: when the code was wrong, or the photo did not arrive. */
export function proofForm(stop) {
  const signature = pad();
  return signable(make("form", {}, title(`Proof for ${stop.outlet_name ?? stop.stop_id}`), proofRow(signature), buttons("Add")), signature);
}
