// Elements from plain values; text is always text, never markup.

export const $ = (selector, within = document) => within.querySelector(selector);

export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Set only what differs, so that the browser has nothing to do when nothing changed. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function mark(element, values) {
  for (const [key, value] of Object.entries(values)) {
    const text = String(value ?? "");
    if (element.dataset[key] !== text) element.dataset[key] = text;
  }
}

let hide;
export function toast(text) {
  const element = $("#toast");
  element.textContent = text;
  element.hidden = false;
  clearTimeout(hide);
  hide = setTimeout(() => (element.hidden = true), 4000);
}
