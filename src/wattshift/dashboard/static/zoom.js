// Charts of a long history that can be zoomed and moved. The server sends what the screen can show, as 64-bit
// floats; a picture is moved at once with what is there, and made exact as soon as the answer comes.
(() => {
  "use strict";
  const zoomer = document.getElementById("zoomer");
  if (!zoomer || typeof uPlot === "undefined") return;

  const ASK_MS = 60; // After the last movement.
  const RENEW_MS = 5000; // New blocks are asked for at most so often ...
  const SPREAD_MS = 3000; // ... and within so long, for an edition comes to everybody at once.
  const MARGIN = 0.5; // Asked for on both sides of what is seen.
  const LEAST_S = 2 * 3600;
  const ZOOM = 1.25;
  const HEIGHTS = { tall: 300, usual: 190 };
  const DAY_S = 86400;
  const first = Number(zoomer.dataset.first);
  let until = Number(zoomer.dataset.until); // Nothing from later is shown; in the present it moves on.
  const at = () => `at=${encodeURIComponent(new Date(until * 1000).toISOString().replace(/\.\d+Z$/, "Z"))}`;
  const span = { start: Number(zoomer.dataset.start), end: Number(zoomer.dataset.end) };
  const MINUS = "\u2212";
  let events = [];

  // --- colours: read from the style, so that they follow the theme ---------------------------------------

  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colours = new Map();
  const colour = (name) => {
    if (!colours.has(name)) {
      probe.style.color = `var(--${name})`;
      colours.set(name, getComputedStyle(probe).color);
    }
    return colours.get(name);
  };
  const faint = (name, share) => {
    const [r, g, b] = colour(name).match(/[\d.]+/g);
    return `rgba(${r}, ${g}, ${b}, ${share})`;
  };

  const told = (value, digits) => {
    const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
  };
  const day = (seconds) =>
    new Date(seconds * 1000).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const minute = (seconds) => `${day(seconds)}, ${new Date(seconds * 1000).toISOString().slice(11, 16)} UTC`;

  // --- one chart -----------------------------------------------------------------------------------------

  class Chart {
    constructor(figure) {
      this.figure = figure;
      this.name = figure.dataset.curve;
      this.ratio = Number(figure.dataset.ratio);
      this.digits = Number(figure.dataset.digits);
      this.box = figure.querySelector(".canvas");
      this.area = figure.querySelector(".plot-area");
      this.values = [...figure.querySelectorAll("[data-value]")];
      this.words = figure.querySelector("[data-mark]");
      this.height = this.box.classList.contains("tall") ? HEIGHTS.tall : HEIGHTS.usual;
      this.have = { start: NaN, end: NaN };
      this.asking = null;
      this.isSeen = false;
      this.plot = new uPlot(this.options(), this.empty(), this.area);
      addMovement(this);
      new IntersectionObserver(([entry]) => {
        this.isSeen = entry.isIntersecting;
        if (this.isSeen) this.ask();
      }, { rootMargin: "200px" }).observe(this.box);
      new ResizeObserver(() => {
        this.plot.setSize({ width: this.area.clientWidth, height: this.height });
        this.have = { start: NaN, end: NaN };
        soon();
      }).observe(this.area);
    }

    empty() {
      return [[], ...this.values.map(() => [])];
    }

    options() {
      const isBand = "band" in this.figure.dataset;
      const isDense = this.name === "intervals";
      const isStep = "step" in this.figure.dataset;
      const paths = isStep ? { paths: uPlot.paths.stepped({ align: 1 }) } : {};
      const axis = { stroke: () => colour("muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
      const grid = { stroke: () => colour("hair"), width: 1 };
      const line = (place) => ({
        stroke: () => (isBand && place ? "transparent" : isDense ? faint("s1", 0.75) : colour(`s${place + 1}`)),
        width: isBand && place ? 0 : isDense ? 1 : 1.6,
        points: { show: false },
        ...paths,
      });
      return {
        width: this.area.clientWidth || 600,
        height: this.height,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
        legend: { show: false },
        cursor: { drag: { x: false, y: false, setScale: false }, y: false, sync: { key: "network" }, points: { size: 7 } },
        scales: { x: { time: true, auto: false, min: span.start, max: span.end }, y: { range: (_, low, high) => this.range(low, high) } },
        series: [{}, ...this.values.map((_, place) => line(place))],
        bands: isBand ? [{ series: [3, 2], fill: () => faint("s1", 0.18) }] : [],
        axes: [
          { ...axis, grid: { show: false }, values: timeLabels, size: 26, gap: 4, space: 90 },
          { ...axis, grid, size: 52, gap: 6, space: 34, values: (_, ticks) => ticks.map((tick) => told(tick, tick % 1 ? 1 : 0)) },
        ],
        hooks: { drawClear: [(plot) => this.drawEvents(plot)], setCursor: [(plot) => this.read(plot)] },
      };
    }

    range(low, high) {
      if (low === null || high === null) return [0, 1];
      const room = 0.06 * (high - low || Math.abs(high) || 1);
      return [low >= 0 && low - room < 0.35 * high ? 0 : low - room, high + room];
    }

    move() {
      this.plot.setScale("x", { min: span.start, max: span.end });
    }

    async ask() {
      const width = span.end - span.start;
      const isThere = this.have.start <= span.start && this.have.end >= span.end && this.have.width <= width * 1.6;
      if (!this.isSeen || isThere) return;
      this.asking?.abort();
      this.asking = new AbortController();
      const start = span.start - MARGIN * width;
      const end = span.end + MARGIN * width;
      const columns = Math.min(4096, Math.round(this.area.clientWidth * Math.min(2, devicePixelRatio) * (1 + 2 * MARGIN)));
      try {
        const answer = await fetch(`/charts/${this.name}?start=${start}&end=${end}&width=${columns}&${at()}`, { signal: this.asking.signal });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        if (answer.headers.get("X-Columns") !== this.figure.dataset.columns) location.reload(); // Other pools lead now.
        this.fill(new Float64Array(await answer.arrayBuffer()));
        this.have = { start, end, width };
        this.words.textContent = "";
        this.tell();
      } catch (error) {
        if (error.name !== "AbortError") this.words.textContent = "This chart could not be loaded; moving it tries again.";
      }
    }

    fill(numbers) {
      const columns = this.values.length + 1;
      const rows = numbers.length / columns;
      const data = Array.from({ length: columns }, (_, place) => numbers.subarray(place * rows, (place + 1) * rows));
      for (const column of data.slice(1)) for (let row = 0; row < rows; row += 1) column[row] *= this.ratio;
      this.plot.batch(() => {
        this.plot.setData(data, false);
        this.move();
      });
      this.figure.dataset.rows = rows;
    }

    // The picture in words, for who does not see it.
    tell() {
      const rows = this.plot.data[0];
      const inside = [...rows.keys()].filter((row) => rows[row] >= span.start && rows[row] <= span.end);
      const seen = inside.map((row) => this.plot.data[1][row]);
      const { title, unit } = this.figure.dataset;
      const { label } = this.values[0].parentElement.dataset;
      const words = seen.length
        ? `${label} from ${told(Math.min(...seen), this.digits)} to ${told(Math.max(...seen), this.digits)} ${unit}, ` +
          `last ${told(seen.at(-1), this.digits)}, ${day(rows[inside[0]])} to ${day(rows[inside.at(-1)])}`
        : "nothing in view";
      this.area.setAttribute("aria-label", `${title}: ${words}; the table below holds its figures`);
    }

    read(plot) {
      const row = plot.cursor.idx;
      this.values.forEach((node, place) => {
        const value = row === null || row === undefined ? undefined : plot.data[place + 1][row];
        node.textContent = value === undefined ? "" : told(value, this.digits);
      });
      if (plot.cursor.left < 0 || row === null || row === undefined) {
        this.words.textContent = "";
        return;
      }
      const near = events.find((event) => Math.abs(plot.valToPos(event.at_s, "x") - plot.cursor.left) < 5);
      this.words.textContent = minute(plot.data[0][row]) + (near ? `: ${near.told}` : "");
    }

    drawEvents(plot) {
      const { ctx, bbox } = plot;
      const shown = events.filter((event) => event.at_s >= span.start && event.at_s <= span.end);
      if (!shown.length) return;
      ctx.save();
      ctx.lineWidth = devicePixelRatio;
      ctx.textAlign = "left";
      ctx.textBaseline = "alphabetic";
      ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
      let free = -Infinity;
      for (const event of shown) {
        const x = Math.round(plot.valToPos(event.at_s, "x", true));
        ctx.strokeStyle = event.kind === "halving" ? faint("c2", 0.9) : faint("c0", 0.35);
        ctx.setLineDash(event.kind === "adjustment" ? [3 * devicePixelRatio, 3 * devicePixelRatio] : []);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        const room = ctx.measureText(event.title).width + 12 * devicePixelRatio;
        if (this.height === HEIGHTS.tall && x > free && x + room < bbox.left + bbox.width && shown.length <= 24) {
          ctx.fillStyle = colour("muted");
          ctx.fillText(event.title, x + 4 * devicePixelRatio, bbox.top + 11 * devicePixelRatio);
          free = x + room;
        }
      }
      ctx.restore();
    }
  }

  const timeLabels = (_, ticks, __, ___, step) => {
    let before = "";
    return ticks.map((tick) => {
      const date = new Date(tick * 1000);
      const year = String(date.getUTCFullYear());
      const month = date.toLocaleString("en-GB", { month: "short", timeZone: "UTC" }).slice(0, 3);
      const label =
        step >= 360 * DAY_S ? year
          : step >= 27 * DAY_S ? `${month} ${year}`
            : step >= DAY_S ? `${date.getUTCDate()} ${month}${year === before ? "" : ` ${year}`}`
              : date.getUTCHours() + date.getUTCMinutes() === 0 ? `${date.getUTCDate()} ${month}`
                : date.toISOString().slice(11, 16);
      before = year;
      return label;
    });
  };

  // --- all of them together ------------------------------------------------------------------------------

  const charts = [];
  let frame = 0;
  let timer = 0;
  const view = (start, end) => {
    const most = until - first + 20 * DAY_S;
    const width = Math.min(most, Math.max(LEAST_S, end - start));
    const middle = (start + end) / 2;
    let left = Math.max(first - 10 * DAY_S, middle - width / 2);
    left = Math.min(left, until + 10 * DAY_S - width);
    span.start = left;
    span.end = left + width;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      charts.forEach((chart) => chart.isSeen && chart.move());
      tell();
    });
    soon();
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      charts.forEach((chart) => {
        chart.move();
        chart.ask();
      });
      address();
    }, ASK_MS);
  };
  const zoom = (factor, centre = (span.start + span.end) / 2) =>
    view(centre - (centre - span.start) * factor, centre + (span.end - centre) * factor);
  const shift = (share) => {
    const by = share * (span.end - span.start);
    view(span.start + by, span.end + by);
  };
  const tell = () => {
    const words = `${day(span.start)} to ${day(Math.min(span.end, until))}`;
    const output = document.getElementById("span");
    if (output.textContent !== words) output.textContent = words;
  };
  const address = () => {
    const query = `start=${Math.round(span.start)}&end=${Math.round(span.end)}`;
    document.getElementById("view-link").href = `/network?${at()}&${query}`;
    document.querySelectorAll("[data-csv]").forEach((link) => {
      link.href = `${link.dataset.csv}?${query}&${at()}`;
    });
    document.querySelectorAll("details[data-rows][open]").forEach(loadRows);
  };
  const loadRows = (details) => {
    const query = `?start=${Math.round(span.start)}&end=${Math.round(span.end)}&${at()}`;
    htmx.ajax("GET", details.dataset.rows + query, { target: details.querySelector(".rows-here"), swap: "innerHTML" });
  };

  // --- hands: wheel, drag, pinch, keys -------------------------------------------------------------------

  const addMovement = (chart) => {
    const { box } = chart;
    const pointers = new Map();
    let held = null;
    const place = (x) => {
      const over = chart.plot.over.getBoundingClientRect();
      return (x - over.left) / over.width;
    };
    const instant = (share, of = span) => of.start + share * (of.end - of.start);
    box.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !box.contains(document.activeElement)) return;
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) shift(event.deltaX / box.clientWidth);
      else zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.004), instant(place(event.clientX)));
    }, { passive: false });
    box.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      box.focus({ preventScroll: true });
      box.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event.clientX);
      held = { at: [...pointers.values()].map(place), span: { ...span } };
    });
    box.addEventListener("pointermove", (event) => {
      if (!pointers.has(event.pointerId)) return;
      pointers.set(event.pointerId, event.clientX);
      const now = [...pointers.values()].map(place);
      const width = held.span.end - held.span.start;
      if (now.length === 1) {
        const by = (now[0] - held.at[0]) * width;
        view(held.span.start - by, held.span.end - by);
      } else if (now.length === 2 && Math.abs(now[1] - now[0]) > 0.02) {
        const factor = Math.abs(held.at[1] - held.at[0]) / Math.abs(now[1] - now[0]);
        const centre = instant((held.at[0] + held.at[1]) / 2, held.span);
        const left = centre - ((now[0] + now[1]) / 2) * width * factor;
        view(left, left + width * factor);
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      box.addEventListener(name, (event) => {
        pointers.delete(event.pointerId);
        held = { at: [...pointers.values()].map(place), span: { ...span } };
      });
    }
    box.addEventListener("keydown", (event) => {
      const act = KEYS[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
  };
  const all = () => view(first - 10 * DAY_S, until + 10 * DAY_S);
  const KEYS = {
    "+": () => zoom(1 / ZOOM), "=": () => zoom(1 / ZOOM), "-": () => zoom(ZOOM), "_": () => zoom(ZOOM),
    ArrowLeft: () => shift(-0.12), ArrowRight: () => shift(0.12), PageUp: () => shift(-0.9), PageDown: () => shift(0.9),
    Home: all, End: () => view(until - (span.end - span.start), until),
  };
  const ACTS = { left: () => shift(-0.25), right: () => shift(0.25), in: () => zoom(1 / 1.6), out: () => zoom(1.6) };
  zoomer.querySelector(".tools").addEventListener("click", (event) => {
    const { act, days } = event.target.closest("button")?.dataset ?? {};
    if (act) ACTS[act]();
    else if (days === "all") all();
    else if (days) view(until - days * DAY_S, until);
  });
  zoomer.addEventListener("toggle", (event) => {
    if (event.target.open && event.target.dataset.rows) loadRows(event.target);
  }, true);

  // --- marks, theme, start -------------------------------------------------------------------------------

  const redraw = () => {
    colours.clear();
    charts.forEach((chart) => chart.plot.redraw(false));
  };
  document.addEventListener("wattshift:theme", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  // In the present new blocks come in at the right edge, as long as that is in view.
  let renewedAt = performance.now();
  document.addEventListener("wattshift:now", ({ detail }) => {
    if ("at" in zoomer.dataset || document.hidden || performance.now() - renewedAt < RENEW_MS) return;
    renewedAt = performance.now();
    const before = until;
    until = Date.parse(detail.as_of) / 1000;
    if (span.end < before) return;
    charts.forEach((chart) => (chart.have = { start: NaN, end: NaN }));
    const by = span.end < until ? until - before : 0;
    setTimeout(() => view(span.start + by, span.end + by), Math.random() * SPREAD_MS);
  });

  const list = (rows) => {
    const body = document.getElementById("events");
    body.replaceChildren(...rows.slice().reverse().map((event) => {
      const row = document.createElement("tr");
      const when = document.createElement("td");
      const what = document.createElement("td");
      const go = document.createElement("button");
      go.type = "button";
      go.className = "link";
      go.textContent = day(event.at_s);
      go.addEventListener("click", () => view(event.at_s - 45 * DAY_S, event.at_s + 45 * DAY_S));
      when.append(go);
      what.textContent = event.told.slice(0, 1).toUpperCase() + event.told.slice(1);
      row.append(when, what);
      return row;
    }));
  };
  document.querySelectorAll("[data-curve]").forEach((figure) => charts.push(new Chart(figure)));
  tell();
  address();
  fetch(`/charts/events?${at()}`).then((answer) => answer.json()).then((rows) => {
    events = rows;
    list(rows);
    redraw();
  }).catch(() => list([]));
})();
