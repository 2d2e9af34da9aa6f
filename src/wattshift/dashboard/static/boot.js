// The colours that were chosen, before anything is painted; and the button that changes them.
(() => {
  "use strict";
  const KEY = "wattshift-theme";
  const ORDER = ["system", "light", "dark"];
  const SIGNS = { system: "\u25D0", light: "\u2600", dark: "\u263E" };
  const root = document.documentElement;

  const kept = () => {
    try {
      const word = localStorage.getItem(KEY);
      return ORDER.includes(word) ? word : "system";
    } catch {
      return "system";
    }
  };
  const show = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (button) {
      button.textContent = SIGNS[theme];
      button.setAttribute("aria-label", `Colours: ${theme === "system" ? "as the system" : theme}`);
    }
    document.dispatchEvent(new Event("wattshift:theme"));
  };

  show(kept());
  document.addEventListener("DOMContentLoaded", () => {
    show(kept());
    document.getElementById("theme")?.addEventListener("click", () => {
      const next = ORDER[(ORDER.indexOf(kept()) + 1) % ORDER.length];
      try {
        localStorage.setItem(KEY, next);
      } catch {
        // A browser that keeps nothing still shows the colours.
      }
      show(next);
    });
  });
})();
