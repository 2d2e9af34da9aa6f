// What several pages need: tables that are loaded when they are opened, a token that is typed in, and errors.
(() => {
  "use strict";
  const token = () => document.getElementById("token")?.value ?? "";

  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    request.headers["HX-Request"] = "true";
    if (token() && request.method !== "GET") request.headers.Authorization = `Bearer ${token()}`;
  });
  // What is not computed yet is asked for again when the service says, but not for ever.
  const TRIES = 12;
  const NOT_YET = [503, 504];
  const retryMs = (headers) => 1000 * Math.min(30, Math.max(1, Number(headers.get("Retry-After")) || 2));
  const tries = new WeakMap();
  const again = (ctx) => {
    const part = ctx.sourceElement;
    const tried = tries.get(part) ?? 0;
    if (!ctx.target?.querySelector(".waiting")) ctx.swap = "none"; // What is there stays there meanwhile.
    if (tried >= TRIES) {
      ctx.text = '<p class="trouble" role="alert">This takes longer than it should. Load the page anew in a while.</p>';
      return;
    }
    tries.set(part, tried + 1);
    setTimeout(() => part.isConnected && htmx.trigger(part, "again"), retryMs(ctx.response.headers));
  };
  const computing = document.getElementById("computing");
  const look = async (left) => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!NOT_YET.includes(answer.status)) location.reload();
      else if (left > 0) setTimeout(look, retryMs(answer.headers), left - 1);
      else document.getElementById("computing-words").textContent = "This takes longer than it should: try again in a while.";
    } catch {
      setTimeout(look, 5000, left - 1);
    }
  };
  if (computing) setTimeout(look, 1000 * Number(computing.dataset.retry), TRIES);

  // What is refused is told beside what was asked of, not in its place.
  document.addEventListener("htmx:response:error", (event) => {
    const { ctx } = event.detail;
    if (NOT_YET.includes(ctx.response.status) && ctx.request.method === "GET") {
      again(ctx);
      return;
    }
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
    if (event.detail?.ctx?.response?.status < 400) tries.delete(event.detail.ctx.sourceElement);
    if (place instanceof Element && ["checked", "backtest"].includes(place.id)) place.scrollIntoView({ block: "nearest" });
  });
  document.getElementById("token-form")?.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("wattshift:alert", () => {
    const alerts = document.getElementById("alerts");
    if (alerts && !alerts.contains(document.activeElement)) htmx.trigger(alerts, "again");
  });
})();
