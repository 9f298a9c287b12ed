// Runs before the first paint, so that nobody who chose dark is shown white first.
(() => {
  const root = document.documentElement;
  const asked = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem("beatwatch-theme"); } catch { /* storage may be forbidden */ }

  const show = (theme) => {
    root.dataset.theme = theme;
    dispatchEvent(new CustomEvent("beatwatch:theme", { detail: theme }));
  };
  const toggle = () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("beatwatch-theme", chosen); } catch { /* then it lasts for this page */ }
    show(chosen);
  };

  show(chosen ?? (asked.matches ? "dark" : "light"));
  asked.addEventListener("change", () => chosen ?? show(asked.matches ? "dark" : "light"));
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme")?.addEventListener("click", toggle);
    for (const bar of document.querySelectorAll(".bar nav, .tabs")) {
      const present = bar.querySelector("[aria-current]");
      if (present) bar.scrollLeft = present.offsetLeft - (bar.clientWidth - present.offsetWidth) / 2; // on a phone it may lie beyond the edge
    }
    addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select");
      if (event.key === "d" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) toggle();
    });
  });
})();
