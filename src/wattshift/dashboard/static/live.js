// The present, kept up to date: one stream of events; figures are written as text, never as markup.
(() => {
  "use strict";
  const SILENT_MS = 90000; // Without an event for so long we ask whether the service still lives.
  const RENEW_MS = 5000; // Pictures are asked for again at most so often ...
  const SPREAD_MS = 3000; // ... and within so long, for an edition comes to everybody at once.
  const RATE_MS = 2000; // In less than that, nobody can say how fast a replay runs.
  const MINUS = "\u2212";
  const state = document.getElementById("state");
  if (!state) return;

  const isReplay = "replay" in state.dataset;
  let edition = { asOf: Number(state.dataset.asOf), at: performance.now(), lag: 0 };
  let rate = isReplay ? 0 : 1; // Seconds of the chain in one second of ours.
  let begun = null; // The first edition of the stream: how fast a replay runs is measured from there.
  let heardAt = performance.now();
  let renewedAt = performance.now();
  let staleWhy = "";
  const LOST = "the connection is lost";

  const number = (value, digits, signed) => {
    const text = Math.abs(value).toLocaleString("en-US", {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    if (!/[1-9]/.test(text)) return text;
    return (value < 0 ? MINUS : signed ? "+" : "") + text;
  };
  const inWords = (seconds) => {
    const [size, unit] =
      seconds < 120 ? [1, "s"] : seconds < 7200 ? [60, "min"] : seconds < 172800 ? [3600, "h"] : [86400, "days"];
    return `${Math.round(seconds / size)} ${unit}`;
  };
  const instant = (date) =>
    `${date.getUTCDate()} ${date.toLocaleString("en-GB", { month: "short", timeZone: "UTC" }).slice(0, 3)} ` +
    `${date.getUTCFullYear()}, ${date.toISOString().slice(11, 16)} UTC`;
  const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

  const write = (node, text) => {
    if (node && node.textContent !== text) node.textContent = text;
  };
  const showFigure = (figure) => {
    const gauge = figure.of ? null : document.querySelector(`[data-key="${CSS.escape(figure.key)}"]`);
    if (!gauge) return;
    const { digits, ratio } = gauge.dataset;
    const told = (value) => number(value * Number(ratio), Number(digits), "signed" in gauge.dataset);
    const value = gauge.querySelector("[data-part=value]");
    const isNew = value.textContent !== told(figure.value);
    write(value, told(figure.value));
    const isExact = figure.low === null || told(figure.low) === told(figure.high);
    write(gauge.querySelector("[data-part=between]"), isExact ? "exact" : `${told(figure.low)} to ${told(figure.high)}`);
    gauge.querySelector("[data-part=age]").dataset.age = figure.age_s;
    if (isNew) {
      gauge.classList.remove("changed");
      requestAnimationFrame(() => gauge.classList.add("changed"));
    }
  };
  const show = (now) => {
    const asOf = Date.parse(now.as_of);
    const at = performance.now();
    if (isReplay && asOf / 1000 < edition.asOf - 1) location.reload(); // The replay has begun anew.
    begun ??= { asOf: asOf / 1000, at };
    if (isReplay && at - begun.at > RATE_MS) rate = (asOf / 1000 - begun.asOf) / ((at - begun.at) / 1000);
    edition = { asOf: asOf / 1000, at, lag: now.lag_s };
    write(document.getElementById("as-of"), instant(new Date(asOf)));
    document.getElementById("as-of")?.setAttribute("datetime", now.as_of);
    document.getElementById("permalink")?.setAttribute("href", `?at=${encodeURIComponent(now.as_of)}`);
    now.figures.forEach(showFigure);
    now.headlines.forEach((line, place) =>
      document.querySelectorAll(`[data-headline="${place}"]`).forEach((node) => write(node, sentence(line))),
    );
    write(document.getElementById("decisions-words"), sentence(now.decisions_in_words));
    say(now);
    document.dispatchEvent(new CustomEvent("wattshift:now", { detail: now }));
    renew();
  };
  // The verdict is said aloud when it changes, not with each edition.
  const say = (now) => {
    const node = document.getElementById("verdict-said");
    if (!node || Number(node.dataset.real) === Number(now.is_move_real)) return;
    node.dataset.real = Number(now.is_move_real);
    node.textContent = `The move of hashrate is ${now.is_move_real ? "real" : "within luck"}. ${sentence(now.headlines[0])}.`;
  };
  // What is more than figures is asked for anew, but never under the hands of who reads it.
  const renew = () => {
    if (document.hidden || performance.now() - renewedAt < RENEW_MS) return;
    renewedAt = performance.now();
    document.querySelectorAll("[data-renew]").forEach((part) => setTimeout(() => {
      const isRead = part.querySelector("details[open]") || part.contains(document.activeElement);
      if (!isRead) htmx.trigger(part, "renew");
    }, Math.random() * SPREAD_MS));
  };
  const tick = () => {
    const passed = ((performance.now() - edition.at) / 1000) * rate + edition.lag;
    document.querySelectorAll("[data-age]").forEach((node) => write(node, `${inWords(Number(node.dataset.age) + passed)} old`));
    if (performance.now() - heardAt > SILENT_MS) probe();
  };
  const probe = async () => {
    heardAt = performance.now();
    try {
      const answer = await fetch("/health/live", { signal: AbortSignal.timeout(5000), cache: "no-store" });
      stale(answer.ok ? "" : LOST);
    } catch {
      stale(LOST);
    }
  };
  // Why the figures should not be taken for the present; empty if they may.
  const stale = (why) => {
    const is = why !== "";
    if (why === staleWhy) return;
    staleWhy = why;
    state.classList.toggle("stale", is);
    write(document.getElementById("state-word"), is ? "Stale" : isReplay ? "Replay" : "Live");
    const banner = document.getElementById("stale");
    banner.hidden = !is;
    banner.textContent = is
      ? `${sentence(why)}. Figures are those of ${instant(new Date(edition.asOf * 1000))}.${why === LOST ? " Trying again ..." : ""}`
      : "";
  };

  const source = new EventSource("/v1/live");
  source.addEventListener("open", () => stale(""));
  source.addEventListener("error", () => {
    stale(LOST);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 15000);
  });
  source.addEventListener("now", (event) => {
    heardAt = performance.now();
    stale("");
    show(JSON.parse(event.data));
  });
  source.addEventListener("beat", (event) => {
    heardAt = performance.now();
    const pulse = JSON.parse(event.data);
    if (pulse.has_ended) rate = 0;
    stale(pulse.in_words);
  });
  source.addEventListener("alert", () => document.dispatchEvent(new Event("wattshift:alert")));
  addEventListener("pagehide", () => source.close());
  setInterval(tick, 1000);
})();
