// A sheet to fill in, and the short ones: why nothing was delivered, that the van stands, what was counted.
import { $, make } from "../live/dom.js";
import { forgetDraft, keepDraft } from "./drafts.js";

export const field = (label, input) => make("label", {}, make("span", {}, label), input);
export const count = (name, value, label, most = 10_000_000) =>
  make("input", { type: "number", inputmode: "numeric", min: 0, max: most, step: 1, name, value, required: true, "aria-label": label });
export const choice = (name, label, texts) => make("select", { name, "aria-label": label }, ...texts.map((text) => make("option", {}, text)));
export const photo = () => field("Photo", make("input", { type: "file", name: "photo", accept: "image/*", capture: "environment" }));
export const title = (text) => make("h2", { id: "sheet-title" }, text);
export const buttons = (label) =>
  make("footer", {},
    make("p", { class: "refusal", role: "alert", hidden: true }),
    make("button", { type: "button", class: "button", value: "cancel" }, "Back"), make("button", { class: "button primary" }, label));

/**
 * Show a form until it is left or `act` has taken what it says; what `act` refuses is said in the form, and nothing of it is lost.
 * With a `name` it is kept meanwhile, to be opened again as it was.
 */
export function ask(form, act, name) {
  const sheet = $("#sheet");
  sheet.replaceChildren(form);
  if (name) keepDraft(form, name);
  sheet.showModal();
  history.pushState({ sheet: true }, ""); // the phone's back button leaves the form, not the page
  return new Promise((resolve) => {
    let isLeft = false;
    const leave = () => {
      if (!isLeft) history.back();
      isLeft = true;
    };
    addEventListener("popstate", () => {
      sheet.close();
      sheet.replaceChildren();
      resolve();
    }, { once: true });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!isLeft && (await isTaken(form, act))) {
        if (name) forgetDraft(name);
        leave();
      }
    });
    $('[value="cancel"]', form).addEventListener("click", leave);
    sheet.oncancel = (event) => {
      event.preventDefault();
      leave();
    };
  });
}

async function isTaken(form, act) {
  if (form.dataset.busy) return false; // tapped twice
  form.dataset.busy = "true";
  const refusal = $(".refusal", form);
  refusal.hidden = true;
  try {
    await act(form);
    return true;
  } catch (error) {
    refusal.textContent = error.message;
    refusal.hidden = false;
    return false;
  } finally {
    delete form.dataset.busy;
  }
}

/** What the driver counts before leaving; what the checker counted is not shown, so that it is a count. */
export const loadForm = (load) => make("form", {}, title(`Receive the load of ${load.vehicle_id}`),
  ...load.lines.map((line) => field(`${line.name}, ${line.expected} expected`,
    make("input", { type: "number", inputmode: "numeric", min: 0, max: 10_000_000, required: true, name: `count-${line.product_id}`, value: line.received ?? "" }))),
  field("Crates", count("crates", load.crates_received ?? 0, "Crates")),
  buttons("Received"));

export const failureForm = (stop) => make("form", {}, title(`No delivery to ${stop.outlet_name ?? stop.stop_id}`),
  field("Why?", choice("reason", "Why?", ["shop closed", "customer refused", "no money", "cannot be reached", "other"])),
  buttons("Not delivered"));

export const breakdownForm = () => make("form", {}, title("The van stands"),
  field("What happened?", make("input", { name: "reason", required: true, maxlength: 2000 })),
  photo(),
  buttons("Report"));
