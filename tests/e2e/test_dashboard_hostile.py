"""Names of pools, sites, uses and scenarios, and pasted texts, that try to run: none does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, expect

from e2e.browsing import PAGES, opened, settled
from e2e.hostile import XSS
from e2e.peers.chromium import Chromium
from support.serving import replay_plan
from support.webclient import NOW, served
from wattshift.api.app import build_api
from wattshift.app.charts.curve import Curve
from wattshift.app.charts.history import CURVES
from wattshift.app.charts.library import Library
from wattshift.app.service import opening
from wattshift.app.service.feeds.place import Place, open_world
from wattshift.app.service.opening import open_service
from wattshift.app.sites import EXAMPLE_SITE
from wattshift.app.snapshot import Archive
from wattshift.cli.serving import _both
from wattshift.dashboard.app import build_pages
from wattshift.store.bundled import BundledStore
from wattshift.store.home import Home
from wattshift.web.guard import guarded
from wattshift.web.policy import Binding, policy_of

ROOT = Path(__file__).parents[2]


class HostileStore(BundledStore):
    """The bundled history, but every pool calls itself something evil, and writes it into its coinbase."""

    def read(self, name: str) -> pl.DataFrame:
        frame = super().read(name)
        if name != "pools":
            return frame
        evil = [XSS[row % len(XSS)] for row in range(frame.height)]
        tags = pl.Series("coinbase_tags", [[text, text[::-1]] for text in evil])
        return frame.with_columns(pl.Series("name", evil), tags)


def _hostile_library() -> Library:
    """The usual curves, each with a name of its own for each of its columns."""

    def hostile(archive: Archive, name: str) -> Curve:
        curve = CURVES[name](archive)
        labels = tuple(XSS[place % len(XSS)] for place in range(len(curve.labels)))
        return replace(curve, title=f"{XSS[0]} {curve.title}", unit=XSS[11], labels=labels)

    return Library({name: partial(hostile, name=name) for name in CURVES})


def _hostile_site(folder: Path) -> Path:
    """The example's site, its names replaced."""
    text = EXAMPLE_SITE.read_text(encoding="utf-8")
    lines: list[str] = []
    for line in text.splitlines():
        evil = XSS[len(lines) % len(XSS)].replace("\u0000", "").replace("\u202e", "")[:60]
        lines.append(f"name = {json.dumps(evil)}" if line.startswith("name = ") else line)
    path = folder / "site.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service all of whose names are hostile, behind the guard."""
    folder = tmp_path_factory.mktemp("hostile")
    place = Place(site=_hostile_site(folder))
    binding = Binding(port=0)

    def hostile_world(place: Place) -> object:
        return replace(open_world(place), archive=Archive(HostileStore()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "open_world", hostile_world)
        service = open_service(replace(replay_plan(speed_ratio=300.0), place=place))
    with service:
        app = _both(build_pages(service, _hostile_library()), api := build_api(service))
        policy = policy_of(binding, Home(folder), now=NOW)
        with served(guarded(app, policy), binding) as asked:
            assert service.board.wait(60.0) is not None
            yield f"http://127.0.0.1:{asked.port}"
            api.state.live.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Chromium.install(ROOT / ".peers").running() as browser:
        yield browser


@pytest.mark.parametrize("name", PAGES)
def test_no_name_runs_on_any_page(browser: Browser, base: str, name: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base + PAGES[name])
        settled(page)
        page.wait_for_timeout(300)
        if name == "network":
            page.click("#curve-pools summary")
            expect(page.locator("#curve-pools table caption")).to_be_visible()
            page.hover("#curve-hashrate .canvas")
            assert XSS[0] in page.inner_text("main"), "it is shown, as a text"
        if name == "site":
            assert "<img src=x" in page.inner_text("main") or "<script>" in page.inner_text("main")
        assert seen.ran == []
        assert seen.refused == [], "nothing even tried"
        assert not [said for said in seen.said if said.startswith("error")]
        assert page.evaluate("document.querySelectorAll('main img, main iframe, main script').length") == 0


def test_no_text_that_is_pasted_runs(browser: Browser, base: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base + "/claims")
        page.fill("textarea", "\n\n".join(f"{text} The hashrate is 1,000 EH/s." for text in XSS))
        page.click("text=Check the text")
        expect(page.locator("#checked mark").first).to_be_visible(timeout=60_000)
        page.wait_for_timeout(300)
        assert (seen.ran, seen.refused) == ([], [])
        assert page.evaluate("document.querySelectorAll('#checked :is(img, script, form)').length") == 0


def test_no_scenario_runs_but_as_a_scenario(browser: Browser, base: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base + "/simulate")
        name, note = json.dumps(XSS[0]), json.dumps(" ".join(XSS[:20]))
        page.fill("textarea", f"name = {name}\nnote = {note}\nhorizon_days = 20\npaths = 20\n")
        page.fill("[name=paths]", "20")
        page.click("text=Run")
        expect(page.locator(".result h2").first).to_have_text(XSS[0], timeout=60_000)
        page.reload()
        assert XSS[0] in page.locator(".jobs").inner_text()
        assert (seen.ran, seen.refused) == ([], [])
