// From a filled-in form to deeds in the queue.
import * as queue from "./queue.js";
import { shrink } from "./pictures.js";
import { place } from "./place.js";

const now = () => new Date().toISOString();
const to = (stop, what) => `/deliveries/${encodeURIComponent(stop.delivery_id)}/${what}`;
const name = (stop) => stop.outlet_name ?? stop.stop_id;

export async function arrive(stop) {
  await queue.add({ path: to(stop, "arrive"), body: { at: now() }, deliveryId: stop.delivery_id, shows: "arrived", what: `Arrived at ${name(stop)}` });
}

export async function deliver(stop, form) {
  const data = new FormData(form);
  const [at, here] = [now(), await place()];
  const lines = stop.lines.map(({ line_no, ordered }) => {
    const delivered = Number(data.get(`delivered-${line_no}`));
    return {
      line_no, delivered, damaged: Number(data.get(`damaged-${line_no}`)), returned: Number(data.get(`returned-${line_no}`)),
      short_reason: delivered < ordered ? data.get(`reason-${line_no}`) : null,
    };
  });
  const payment = { cash: String(data.get("cash") || 0), upi: String(data.get("upi") || 0) };
  const isShort = lines.some((line) => line.short_reason);
  const what = `Delivered to ${name(stop)}`;
  await queue.add({
    path: to(stop, "complete"), body: { at, lines, payment, ...here }, deliveryId: stop.delivery_id,
    shows: isShort ? "partially_delivered" : "delivered", what,
  });
  await prove(stop, form, data, at, here);
}

async function prove(stop, form, data, at, here) {
  const proof = (more) => ({ path: to(stop, "proofs"), deliveryId: stop.delivery_id, what: `Proof for ${name(stop)}`, ...more });
  const otp = data.get("otp").trim();
  if (otp) await queue.add(proof({ body: { kind: "otp", code: otp, captured_at: at, ...here } }));
  const file = data.get("photo");
  if (file?.size) {
    const media = await queue.add({ path: "/media", blob: await shrink(file), what: `Photo for ${name(stop)}` });
    await queue.add(proof({ media: media.no, body: { kind: "photo", captured_at: at, ...here } }));
  }
  if (form.signature.signed()) {
    const media = await queue.add({ path: "/media", blob: await form.signature.blob(), what: `Signature for ${name(stop)}` });
    const signed = { kind: "signature", signed_by: data.get("signed_by").trim() || null, captured_at: at, ...here };
    await queue.add(proof({ media: media.no, body: signed }));
  }
}

export async function fail(stop, form) {
  const body = { at: now(), reason: new FormData(form).get("reason"), ...(await place()) };
  await queue.add({ path: to(stop, "fail"), body, deliveryId: stop.delivery_id, shows: "failed", what: `No delivery to ${name(stop)}` });
}

export async function receive(trip, load, form) {
  const data = new FormData(form);
  const lines = load.lines.map(({ product_id }) => ({ product_id, pieces: Number(data.get(`count-${product_id}`)) }));
  await queue.add({ path: `/trips/${encodeURIComponent(trip.trip_id)}/load-out/counts`, body: { counted_as: "driver", lines }, what: "Received the load" });
}

export async function breakDown(trip, form) {
  const data = new FormData(form);
  const { accuracy_m: _, ...here } = await place();
  const body = { at: now(), reason: data.get("reason"), ...here };
  const file = data.get("photo");
  const media = file?.size ? await queue.add({ path: "/media", blob: await shrink(file), what: "Photo of the van" }) : null;
  await queue.add({ path: `/trips/${encodeURIComponent(trip.trip_id)}/breakdowns`, body, media: media?.no ?? null, what: "The van stands" });
}

export async function comeBack(trip) {
  await queue.add({ path: `/trips/${encodeURIComponent(trip.trip_id)}/state`, body: { state: "returning" }, what: "On the way back" });
}
