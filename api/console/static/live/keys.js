// Keys and, on a phone, the tabs.

import { $ } from "./dom.js";

export function listenToKeys({ close, list, frame }) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input, textarea, select");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else close();
    } else if (!typing && event.key === "/") {
      event.preventDefault();
      show("fleet");
      list.search.focus();
      list.search.select();
    } else if (!typing && event.key === "f") frame();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event);
  });
}

/** Arrow keys walk through the rows of the list that has the focus. */
function step(event) {
  const rows = event.target.closest?.(".rows");
  const fromSearch = event.target.id === "search" && event.key === "ArrowDown";
  if (!rows && !fromSearch) return;
  event.preventDefault();
  if (fromSearch) return $("#vehicles button")?.focus();
  const buttons = [...rows.querySelectorAll(".row, .what")];
  const at = buttons.indexOf(document.activeElement.closest(".row, .what"));
  buttons[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
}

export function listenToTabs() {
  show("map");
  for (const button of document.querySelectorAll("[data-show]")) {
    if (button !== document.body) button.addEventListener("click", () => show(button.dataset.show));
  }
  new MutationObserver(reflect).observe(document.body, { attributeFilter: ["data-show"] });
}

function show(what) {
  document.body.dataset.show = what;
  reflect();
}

function reflect() {
  for (const button of document.querySelectorAll("button[data-show]")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === document.body.dataset.show));
  }
}
