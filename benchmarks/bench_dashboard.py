"""What the dashboard costs in a real browser: first paint of every page, and zooming 950,000 blocks.

    PYTHONPATH=src:tests python benchmarks/bench_dashboard.py

The service, its workers and the browser share the machine's cores: repeat, and look at the medians.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from playwright.sync_api import Page

from e2e.browsing import PAGES, opened, settled
from e2e.peers.chromium import Chromium
from support.serving import replay_plan
from support.webclient import NOW, served
from wattshift.api.app import build_api
from wattshift.app.charts.curve import Curve
from wattshift.app.charts.history import CURVES
from wattshift.app.charts.library import Library
from wattshift.app.service.opening import open_service
from wattshift.app.snapshot import Archive
from wattshift.cli.serving import _both
from wattshift.dashboard.app import build_pages
from wattshift.store.home import Home
from wattshift.web.guard import guarded
from wattshift.web.policy import Binding, policy_of

BLOCKS = 950_000
REPEATS = 5
_ZOOM = """async () => {
  const box = document.querySelector("#curve-intervals .canvas");
  box.scrollIntoView({ block: "center" });
  box.focus({ preventScroll: true });
  const frame = () => new Promise((go) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => go();
    channel.port2.postMessage(0);  // comes after the frame has been painted
  }));
  const took = [];
  for (let step = 0; step < 120; step += 1) {
    const before = performance.now();
    const key = step % 8 === 3 ? "ArrowLeft" : "ArrowRight";
    const wheel = { deltaY: step % 60 < 30 ? -40 : 40, ctrlKey: true, cancelable: true, clientX: 700 };
    box.dispatchEvent(step % 4 === 3
      ? new KeyboardEvent("keydown", { key, bubbles: true })
      : new WheelEvent("wheel", { ...wheel, bubbles: true }));
    await frame();
    took.push(performance.now() - before);
    if (step % 10 === 9) await new Promise((go) => setTimeout(go, 150));
  }
  const asked = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/intervals?"));
  return { took, asked: asked.map((each) => each.responseEnd - each.startTime) };
}"""


def long_history(_: Archive) -> Curve:
    """As many blocks as the chain has, every ten minutes in the mean."""
    waits = np.random.default_rng(1).exponential(600.0, BLOCKS)
    return Curve(
        name="intervals",
        title="Time from block to block",
        unit="min",
        at_s=1_776_000_000 - np.cumsum(waits)[::-1],
        columns={"interval_s": waits},
        labels=("interval",),
        shown_ratio=1 / 60,
    )


@contextmanager
def service() -> Iterator[str]:
    """The whole service in this process, behind its guard."""
    binding = Binding(port=0)
    with TemporaryDirectory() as folder, open_service(replay_plan(speed_ratio=600.0)) as running:
        library = Library({**CURVES, "intervals": long_history})
        app = _both(build_pages(running, library), api := build_api(running))
        with served(guarded(app, policy_of(binding, Home(Path(folder)), now=NOW)), binding) as asked:
            running.board.wait(60.0)
            library.warm(running.world.archive)
            yield f"http://127.0.0.1:{asked.port}"
            api.state.live.close()


def first_paint_ms(page: Page, address: str) -> float:
    page.goto(address)
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    found: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return found


def line(what: str, values: list[float]) -> str:
    ranked = sorted(values)
    return (
        f"| {what} | {statistics.median(ranked):.0f} ms | {ranked[int(0.95 * (len(ranked) - 1))]:.0f} ms"
        f" | {ranked[-1]:.0f} ms | {len(ranked)} |"
    )


def main() -> None:
    print("| what | median | 95 % | worst | n |")
    print("| --- | ---: | ---: | ---: | ---: |")
    with service() as base, Chromium.install(Path(".peers")).running() as browser:
        for name, path in PAGES.items():
            paints = []
            for _ in range(REPEATS):
                with opened(browser) as seen:
                    paints.append(first_paint_ms(seen.page, base + path))
            print(line(f"first paint, {name}", paints))
        with opened(browser) as seen:
            seen.page.goto(f"{base}/network")
            settled(seen.page)
            seen.page.click("[data-days=all]")
            seen.page.wait_for_timeout(1_500)
            found: dict[str, Any] = seen.page.evaluate(_ZOOM)
        print(line(f"zoom or move of {BLOCKS:,} blocks, to the painted frame", found["took"]))
        print(line("the answer with the exact points", found["asked"]))


if __name__ == "__main__":
    main()
