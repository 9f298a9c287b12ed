// From a filled-in form to deeds in the queue. Pictures are made first: what cannot be read is said while the form is still open.
import * as queue from "./queue.js";
import { shrink } from "./pictures.js";
import { place } from "./place.js";

const now = () => new Date().toISOString();
const to = (stop, what) => `/deliveries/${encodeURIComponent(stop.delivery_id)}/${what}`;
const of = (trip, what) => `/trips/${encodeURIComponent(trip.trip_id)}/${what}`;
const name = (stop) => stop.outlet_name ?? stop.stop_id;

export async function arrive(stop) {
  await queue.add({ path: to(stop, "arrive"), body: { at: now() }, deliveryId: stop.delivery_id, shows: "arrived", what: `Arrived at ${name(stop)}` });
}

export async function deliver(stop, form) {
  const data = new FormData(form);
  const lines = stop.lines.map((line) => handed(line, data));
  if (lines.length && !lines.some(({ delivered }) => delivered) && !stop.lines.some((line) => line.planned_free)) {
    throw new Error("Nothing is handed over: go back and tap Not possible.");
  }
  const at = now();
  const [proofs, here] = await Promise.all([captured(form, data), place()]);
  const payment = { cash: String(data.get("cash") || 0), upi: String(data.get("upi") || 0) };
  const crates = { crates_out: Number(data.get("crates_out")), crates_in: Number(data.get("crates_in")) };
  const isShort = lines.some((line) => line.short_reason);
  await queue.add({
    path: to(stop, "complete"), body: { at, lines, payment, ...crates, ...here }, deliveryId: stop.delivery_id,
    shows: isShort ? "partially_delivered" : "delivered", what: `Delivered to ${name(stop)}`,
  });
  await prove(stop, proofs, at, here);
}

function handed({ line_no, ordered }, data) {
  const number = (what) => Number(data.get(`${what}-${line_no}`));
  const [delivered, damaged, returned] = ["delivered", "damaged", "returned"].map(number);
  return {
    line_no, delivered, damaged, returned,
    short_reason: delivered < ordered ? data.get(`reason-${line_no}`) : null,
    return_reason: returned ? data.get(`back-${line_no}`) : null,
  };
}

export async function addProof(stop, form) {
  const at = now();
  const [proofs, here] = await Promise.all([captured(form, new FormData(form)), place()]);
  if (!proofs.length) throw new Error("There is nothing to add yet.");
  await prove(stop, proofs, at, here);
}

/** What the form holds that proves something: bodies, with a picture where there is one. */
async function captured(form, data) {
  const said = (field) => data.get(field).trim();
  const proofs = [];
  if (said("otp")) proofs.push({ body: { kind: "otp", code: said("otp") } });
  if (said("scan")) proofs.push({ body: { kind: "scan", code: said("scan") } });
  const file = data.get("photo");
  if (file?.size) proofs.push({ body: { kind: "photo" }, blob: await shrink(file), called: "Photo" });
  if (form.signature.signed()) {
    proofs.push({ body: { kind: "signature", signed_by: said("signed_by") || null }, blob: await form.signature.blob(), called: "Signature" });
  }
  return proofs;
}

async function prove(stop, proofs, at, here) {
  for (const { body, blob, called } of proofs) {
    const media = blob ? await queue.add({ path: "/media", blob, what: `${called} for ${name(stop)}` }) : null;
    const proof = { path: to(stop, "proofs"), body: { ...body, captured_at: at, ...here }, media: media?.no ?? null };
    await queue.add({ ...proof, deliveryId: stop.delivery_id, what: `Proof for ${name(stop)}` });
  }
}

export async function fail(stop, form) {
  const body = { at: now(), reason: new FormData(form).get("reason"), ...(await place()) };
  await queue.add({ path: to(stop, "fail"), body, deliveryId: stop.delivery_id, shows: "failed", what: `No delivery to ${name(stop)}` });
}

export async function receive(trip, load, form) {
  const data = new FormData(form);
  const lines = load.lines.map(({ product_id }) => ({ product_id, pieces: Number(data.get(`count-${product_id}`)) }));
  const body = { counted_as: "driver", lines, crates: Number(data.get("crates")) };
  await queue.add({ path: of(trip, "load-out/counts"), body, what: "Received the load" });
}

export async function breakDown(trip, form) {
  const data = new FormData(form);
  const at = now();
  const file = data.get("photo");
  const blob = file?.size ? await shrink(file) : null;
  const { accuracy_m: _, ...here } = await place();
  const media = blob ? await queue.add({ path: "/media", blob, what: "Photo of the van" }) : null;
  await queue.add({ path: of(trip, "breakdowns"), body: { at, reason: data.get("reason"), ...here }, media: media?.no ?? null, what: "The van stands" });
}

const become = (trip, state, what) => queue.add({ path: of(trip, "state"), body: { state }, tripId: trip.trip_id, shows: state, what });
export const setOff = (trip) => become(trip, "in_progress", "Set off");
export const comeBack = (trip) => become(trip, "returning", "On the way back");
