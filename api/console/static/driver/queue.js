// What the driver did and the server may not know yet. It lies in IndexedDB, is sent in order, each with the same
// idempotency key however often it is tried, and is forgotten only when the server has answered.

import { signIn } from "./session.js";

const NAME = "beatwatch-driver";
const STORE = "deeds";
const PATIENCE_MS = 20_000;

const opened = new Promise((resolve, reject) => {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "no", autoIncrement: true });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function within(mode, act) {
  const database = await opened;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
  });
}

/** 128 random bits as a UUID; crypto.randomUUID is missing where the page does not come over https. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const watchers = new Set();
export const watch = (watcher) => watchers.add(watcher);
const tell = async () => {
  const deeds = await pending();
  for (const watcher of watchers) watcher(deeds);
};

export const pending = () => within("readonly", (store) => store.getAll());

/**
 * Put a deed at the end of the queue. `deliveryId` or `tripId` says what it is about, `shows` how that looks from now on.
 * A photo goes first as a deed of its own; `media` in a later body stands for what the server calls it.
 */
export async function add({ path, body = null, blob = null, media = null, deliveryId = null, tripId = null, shows = null, what }) {
  const deed = { key: newKey(), path, body, blob, media, deliveryId, tripId, shows, what, refusal: null };
  deed.no = await within("readwrite", (store) => store.add(deed));
  await tell();
  return deed;
}

export async function forget(no) {
  await within("readwrite", (store) => store.delete(no));
  await tell();
}

async function change(deed) {
  await within("readwrite", (store) => store.put(deed));
  await tell();
}

let sending = null;
/** Send what waits, unless that is being done. Resolves to whether everything was sent. */
export function send() {
  sending ??= sendAll().finally(() => (sending = null));
  return sending;
}

async function sendAll() {
  const named = new Map(); // media by the number of the deed that brought it
  for (const deed of await pending()) {
    if (deed.refusal) continue;
    if (deed.media !== null && !deed.body.sha256) {
      const digest = named.get(deed.media);
      if (!digest) {
        await change({ ...deed, refusal: "its photo was not kept" });
        continue;
      }
      deed.body.sha256 = digest;
      await change(deed);
    }
    const answer = await tryOnce(deed);
    if (answer === null) return false;
    if (answer.ok) {
      const result = await answer.json().catch(() => null);
      if (deed.blob) {
        named.set(deed.no, result.sha256);
        await remember(deed.no, result.sha256);
      }
      await forget(deed.no);
    } else if (answer.status === 401 || answer.status === 429 || answer.status >= 500) {
      if (answer.status === 401) signIn();
      return false;
    } else {
      const problem = await answer.json().catch(() => ({}));
      if (problem.code === "under_way") return false;
      deed.refusal = problem.detail ?? `the server answered ${answer.status}`;
      await change(deed);
    }
  }
  return true;
}

/** Whoever waits for this photo knows its name from now on, also after the page was closed. */
async function remember(no, digest) {
  for (const deed of await pending()) {
    if (deed.media === no) await change({ ...deed, body: { ...deed.body, sha256: digest } });
  }
}

async function tryOnce(deed) {
  const headers = { accept: "application/json", "idempotency-key": deed.key };
  if (!deed.blob) headers["content-type"] = "application/json";
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return await fetch(deed.path, { method: "POST", headers, body: deed.blob ?? JSON.stringify(deed.body), signal });
  } catch {
    return null; // no network
  }
}
