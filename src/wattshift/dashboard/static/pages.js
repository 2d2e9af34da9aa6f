// What several pages need: tables that are loaded when they are opened, a token that is typed in, and errors.
(() => {
  "use strict";
  const token = () => document.getElementById("token")?.value ?? "";

  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    request.headers["HX-Request"] = "true";
    if (token() && request.method !== "GET") request.headers.Authorization = `Bearer ${token()}`;
  });
  // What is refused is told beside what was asked of, not in its place.
  document.addEventListener("htmx:response:error", (event) => {
    const { ctx } = event.detail;
    const beside = ctx.sourceElement?.closest("#alerts") && document.getElementById("acted");
    if (beside) ctx.target = beside;
  });
  document.addEventListener("htmx:error", (event) => {
    const { target } = event.detail.ctx ?? {};
    if (!(target instanceof Element)) return;
    const words = document.createElement("p");
    words.className = "trouble";
    words.setAttribute("role", "alert");
    words.textContent = "The service did not answer. Try again in a moment.";
    target.replaceChildren(words);
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const place = event.detail?.ctx?.target;
    if (place instanceof Element && ["checked", "backtest"].includes(place.id)) place.scrollIntoView({ block: "nearest" });
  });
  document.getElementById("token-form")?.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("wattshift:alert", () => {
    const alerts = document.getElementById("alerts");
    if (alerts && !alerts.contains(document.activeElement)) htmx.trigger(alerts, "load");
  });
})();
