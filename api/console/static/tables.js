// Brings a table in: first it is only checked, and what would come of it is said; then it is kept.
import { signedOut } from "./live/sign_in.js";
import { $, make } from "./live/dom.js";
import { counted } from "./live/words.js";

const form = $("#import");
const keep = $("#keep");
const report = $("#report");

const bring = async (dryRun) => {
  const [kind, file] = [form.elements.kind.value, form.elements.file.files[0]];
  const asked = new URLSearchParams({ form: file.name.toLowerCase().endsWith(".xlsx") ? "xlsx" : "csv", dry_run: dryRun });
  const answer = await fetch(`/imports/${kind}?${asked}`, { method: "POST", body: file });
  if (answer.status === 401) signedOut();
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail);
  return told;
};

const row = ({ row, column, detail }) => make("tr", {}, make("td", { class: "number" }, String(row)), make("td", {}, column ?? ""), make("td", { class: "wrap" }, detail));

const show = (told) => {
  const counts = `${told.added} new, ${told.changed} changed, ${told.unchanged} as they are`;
  const said = told.error_count ? `${counted(told.error_count, "error")}: nothing is kept.` : told.kept ? `Kept: ${counts}.` : `Nothing is wrong with it: ${counts}.`;
  report.replaceChildren(make("p", { class: told.error_count ? "card refusal" : "card complaint-free" }, said));
  if (told.errors.length) {
    report.append(make("div", { class: "scroll card" }, make("table", {},
      make("thead", {}, make("tr", {}, ...["Row", "Column", "What is wrong"].map((name) => make("th", {}, name)))),
      make("tbody", {}, ...told.errors.map(row)))));
  }
  keep.hidden = told.kept || told.error_count > 0 || told.added + told.changed === 0;
};

const attempt = async (dryRun) => {
  form.dataset.busy = "true";
  report.replaceChildren(make("p", { class: "small" }, dryRun ? "Checking…" : "Keeping…"));
  try {
    show(await bring(dryRun));
  } catch (error) {
    keep.hidden = true;
    report.replaceChildren(make("p", { class: "card refusal", role: "alert" }, error.message));
  } finally {
    delete form.dataset.busy;
  }
};

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!form.dataset.busy) attempt(true);
});
form?.addEventListener("change", () => (keep.hidden = true));
keep?.addEventListener("click", () => form.dataset.busy || attempt(false));
