// Reads and changes what the API holds. A refusal is an Error with the problem document's own sentence.

import { signedOut } from "./sign_in.js";

export async function read(path, parameters = {}) {
  const address = new URL(path, location.origin);
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined) address.searchParams.append(name, one);
  }
  return answer(await fetch(address, { headers: { accept: "application/json" } }));
}

/** Every item of a paged list, up to `most`. */
export async function readAll(path, parameters = {}, most = 50_000) {
  const items = [];
  let cursor = null;
  do {
    const page = await read(path, { ...parameters, limit: 1000, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < most);
  return items;
}

export async function change(path, body = {}) {
  return answer(await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }));
}

async function answer(response) {
  if (response.ok) return response.json();
  if (response.status === 401) signedOut();
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `the server answered ${response.status}`);
}
