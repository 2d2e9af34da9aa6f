"""What tests in a real browser share: pages that remember what went wrong on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

__all__ = ["PAGES", "Seen", "axe_violations", "opened", "settled"]

PAGES = {
    "now": "/",
    "network": "/network",
    "site": "/site",
    "simulate": "/simulate",
    "claims": "/claims",
    "system": "/system",
}
_AXE = (Path(__file__).parents[1] / "fixtures" / "axe" / "axe.min.js").read_text(encoding="utf-8")
_WATCH = """
window.ran = [];
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
for (const name of ["alert", "confirm", "prompt"]) window[name] = (word) => { window.ran.push(word); };
"""
_SETTLED = """() => document.readyState === "complete"
  && ![...document.querySelectorAll(".waiting")].some((node) => !node.closest("details, #score"))
  && !(document.getElementById("events")?.textContent ?? "").includes("Loading")"""


@dataclass
class Seen:
    """A page, and what was said on its console."""

    page: Page
    said: list[str] = field(default_factory=list)

    @property
    def ran(self) -> list[str]:
        """What scripts of somebody else have done."""
        found: list[str] = self.page.evaluate("window.ran")
        return found

    @property
    def refused(self) -> list[str]:
        """What the policy of the page has stopped."""
        found: list[str] = self.page.evaluate("window.refused")
        return found


@contextmanager
def opened(
    browser: Browser, *, width: int = 1440, height: int = 1000, scheme: str = "dark", **more: Any
) -> Iterator[Seen]:
    """A page of a browser that knows nothing yet."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="light" if scheme == "light" else "dark",
        **more,
    )
    context.add_init_script(_WATCH)
    page = context.new_page()
    seen = Seen(page)
    page.on("console", lambda said: seen.said.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: seen.said.append(f"error: {error}"))
    try:
        yield seen
    finally:
        context.close()


def settled(page: Page) -> None:
    """Wait until everything is there; a stream of events never ends, so the network never rests."""
    page.wait_for_function(_SETTLED, timeout=60_000)


def axe_violations(page: Page) -> list[str]:
    """What the rules of accessibility find."""
    page.evaluate(_AXE)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        for node in each["nodes"][:3]
    ]
