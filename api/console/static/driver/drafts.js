// What is being filled in, kept on the phone until it is sent: a call, a reload or a slip of the thumb loses nothing.
const kept = (name) => `beatwatch-draft-${name}`;

const written = (form) => [...form.elements].filter((one) => one.name && one.type !== "file");

/** Keep what is typed into `form` under `name`, and put back what was kept. */
export function keepDraft(form, name) {
  const known = read(name);
  for (const element of written(form)) {
    if (!(element.name in known)) continue;
    element.value = known[element.name];
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }
  form.addEventListener("input", () => {
    const values = Object.fromEntries(written(form).map((element) => [element.name, element.value]));
    try { sessionStorage.setItem(kept(name), JSON.stringify(values)); } catch { /* storage is full or forbidden: then it is not kept */ }
  });
}

export function forgetDraft(name) {
  sessionStorage.removeItem(kept(name));
}

function read(name) {
  try { return JSON.parse(sessionStorage.getItem(kept(name)) ?? "{}"); } catch { return {}; }
}
