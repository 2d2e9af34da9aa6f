"""The dashboard in a real browser: every page, live, in both themes, on a phone, by keyboard.

`WATTSHIFT_PICTURES=docs/pictures` keeps the pictures of the documentation.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from e2e.browsing import PAGES, axe_violations, opened, settled
from e2e.peers.chromium import Chromium
from e2e.peers.serving import Serving

ROOT = Path(__file__).parents[2]
_PICTURES = os.environ.get("WATTSHIFT_PICTURES")
_CHART = "#curve-hashrate .canvas"
_WAITS = '<p class="waiting" role="status">Computing: this comes by itself ...</p>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Chromium.install(ROOT / ".peers").running() as browser:
        yield browser


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A replay in which the storm of January 2026 begins."""
    folder = tmp_path_factory.mktemp("dashboard")
    with Serving(folder, "--replay", "2026-01-24T18:00:00Z", "--speed", "300") as serving:
        yield f"http://127.0.0.1:{serving.port}"


def _picture(page: Page, name: str) -> None:
    if _PICTURES is not None:
        page.mouse.move(0, 0)
        page.wait_for_timeout(1_300)
        page.screenshot(path=Path(_PICTURES) / f"dashboard-{name}.png")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_sound_and_accessible(browser: Browser, base: str, name: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base + PAGES[name])
        settled(page)
        if name not in {"simulate", "claims"}:
            _picture(page, name)
        assert axe_violations(page) == []
        page.emulate_media(color_scheme="light")
        if name == "now":
            _picture(page, "light")
        assert axe_violations(page) == []
        assert (seen.said, seen.refused, seen.ran) == ([], [], [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_page_fits_a_phone(browser: Browser, base: str) -> None:
    for name, path in PAGES.items():
        with opened(browser, width=390, height=844, has_touch=True, is_mobile=True) as seen:
            page = seen.page
            page.goto(base + path)
            settled(page)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name} is {wide} px too wide"
            assert seen.said == [], name
            if name == "now":
                _picture(page, "phone")


def test_figures_follow_the_stream(browser: Browser, base: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base)
        settled(page)
        height = page.locator("[data-key=tip_height_blocks] [data-part=value]")
        before = int(height.inner_text().replace(",", ""))
        expect(height).not_to_have_text(f"{before:,}", timeout=30_000)
        assert int(height.inner_text().replace(",", "")) > before
        age = page.locator("[data-key=hashrate_ehs] [data-part=age]")
        assert re.fullmatch(r"\d+ (s|min|h) old", age.inner_text())
        drawn = page.locator("#next-adjustment desc").text_content()
        page.wait_for_function(
            "before => document.querySelector('#next-adjustment desc').textContent !== before",
            arg=drawn,
            timeout=60_000,
        )
        assert (seen.said, seen.refused) == ([], [])


def test_a_lost_stream_is_told(browser: Browser, base: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base)
        expect(page.locator("#state-word")).to_have_text("Replay")
        expect(page.locator("#stale")).to_be_hidden()
        page.route("**/v1/live", lambda route: route.abort())
        page.reload()
        expect(page.locator("#stale")).to_contain_text("The connection is lost")
        expect(page.locator("#state-word")).to_have_text("Stale")


def test_the_theme_is_switched_and_kept(browser: Browser, base: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, scheme="dark") as seen:
        page = seen.page
        page.goto(base + "/claims")
        dark = page.evaluate(ground)
        page.click("#theme")
        light = page.evaluate(ground)
        assert light != dark
        page.reload()
        assert page.evaluate(ground) == light
        page.click("#theme")
        assert page.evaluate(ground) == dark
        assert page.locator("#theme").get_attribute("aria-label") == "Colours: dark"


def test_everything_is_reached_by_keyboard(browser: Browser, base: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base + "/network")
        settled(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement.matches('{_CHART}')"):
                break
        else:
            pytest.fail("no chart is reached")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        span = page.locator("#span")
        told = [span.inner_text()]
        for key in ("+", "ArrowLeft", "-", "Home", "+", "End"):
            page.keyboard.press(key)
            expect(span).not_to_have_text(told[-1])
            told.append(span.inner_text())
        assert told[4].startswith("21 Dec 2019"), "all of it, and some room"


def test_a_chart_is_zoomed_and_moved_by_hand(browser: Browser, base: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base + "/network")
        settled(page)
        page.wait_for_function("() => document.getElementById('curve-intervals').dataset.rows > 500")
        span, box = page.locator("#span"), page.locator(_CHART).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        before = span.inner_text()
        page.mouse.move(x, y)
        page.mouse.wheel(0, 200)
        page.wait_for_timeout(200)
        assert span.inner_text() == before, "a wheel over a chart that was not chosen moves the page"
        page.evaluate("scrollTo(0, 0)")
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 200, y, steps=5)
        page.mouse.up()
        expect(span).not_to_have_text(before)
        moved = span.inner_text()
        page.mouse.wheel(0, -300)
        expect(span).not_to_have_text(moved)
        page.wait_for_timeout(300)
        link = page.locator("#view-link").get_attribute("href") or ""
        rows = page.locator("#curve-intervals").get_attribute("data-rows")
        assert seen.said == []
        page.goto(base + link)
        expect(page.locator("h1")).to_have_text("Network", timeout=30_000)  # "Computing" comes by itself
        seen.said.clear()
        settled(page)
        assert page.locator("#span").inner_text() not in {before, moved}
        page.wait_for_function("() => document.getElementById('curve-intervals').dataset.rows > 0")
        assert rows is not None
        page.click("#curve-hashrate summary")
        expect(page.locator("#curve-hashrate table caption")).to_contain_text("in view")
        with page.expect_download() as download:
            page.click("#curve-hashrate [data-csv]")
        assert download.value.path().read_text().startswith("at,mean_ehs,low_ehs,high_ehs\n20")
        assert seen.said == []


def test_a_chart_is_zoomed_by_two_fingers(browser: Browser, base: str) -> None:
    with opened(browser, width=390, height=844, has_touch=True, is_mobile=True) as seen:
        page = seen.page
        page.goto(base + "/network")
        settled(page)
        page.wait_for_function("() => document.getElementById('curve-hashrate').dataset.rows > 100")
        box = page.locator(_CHART).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        hand = page.context.new_cdp_session(page)

        def touch(kind: str, *xs: float) -> None:
            points = [{"x": each, "y": y, "id": place} for place, each in enumerate(xs)]
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        def days() -> float:
            link = page.locator("#view-link").get_attribute("href") or ""
            start_s, end_s = (int(found) for found in re.findall(r"(?:start|end)=(\d+)", link))
            return (end_s - start_s) / 86_400

        before = days()
        touch("touchStart", x - 30, x + 30)
        for step in range(1, 7):
            touch("touchMove", x - 30 - 15 * step, x + 30 + 15 * step)
        touch("touchEnd")
        page.wait_for_timeout(300)
        assert days() == pytest.approx(before / 4, rel=0.1), "four times as far apart"
        touch("touchStart", x - 120, x + 120)
        touch("touchMove", x - 60, x + 60)
        touch("touchEnd")
        page.wait_for_timeout(300)
        assert days() == pytest.approx(before / 2, rel=0.1), "and half of that back"
        assert page.evaluate("visualViewport.scale") == 1, "the page itself stays"
        assert seen.said == []


def test_what_is_computed_comes_by_itself(browser: Browser, base: str) -> None:
    late = {"page": 2, "part": 2}

    def is_late(route: Route) -> None:
        what = "part" if "/site/plan" in route.request.url else "page"
        late[what] -= 1
        if late[what] < 0:
            route.continue_()
            return
        answer = route.fetch(url=f"{base}/simulate/jobs/none") if what == "part" else route.fetch()
        route.fulfill(
            response=answer,
            status=503,
            headers={**answer.headers, "retry-after": "1"},
            body=_WAITS
            if what == "part"
            else answer.text().replace("<h1", '<p id="computing" data-retry="1"></p><h1'),
        )

    with opened(browser) as seen:
        page = seen.page
        page.route(f"{base}/site", is_late)
        page.route("**/site/plan*", is_late)
        page.goto(base + "/site")
        page.wait_for_selector("#month", timeout=30_000)
        assert late["part"] < 0
        assert late["page"] < 0
        assert page.locator("#computing").count() == 0
        assert seen.refused == []


def test_only_a_changed_verdict_is_said_aloud(browser: Browser, base: str) -> None:
    with opened(browser, reduced_motion="reduce") as seen:
        page = seen.page
        page.goto(base)
        settled(page)
        said = page.locator("#verdict-said")
        page.wait_for_timeout(2_500)  # some editions
        assert said.text_content() == ""
        page.evaluate("node => { node.dataset.real = 1 - node.dataset.real; }", said.element_handle())
        expect(said).to_contain_text("The move of hashrate is", timeout=30_000)
        assert page.evaluate("document.getAnimations().length") == 0, "nothing moves for who asks for that"


def test_a_scenario_is_run_and_compared(browser: Browser, base: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base + "/simulate")
        page.select_option("[name=scenario]", "ban")
        expect(page.locator("textarea")).to_have_value(re.compile("A ban like that of 2021"))
        page.select_option("[name=compare]", "winter-storm")
        page.fill("[name=paths]", "200")
        page.fill("[name=horizon_days]", "200")
        page.click("text=Run")
        expect(page.locator("progress")).to_be_visible()
        page.wait_for_selector(".result #h-compared", timeout=60_000, state="attached")
        assert page.locator(".result svg.chart").count() >= 10
        assert axe_violations(page) == []
        page.locator(".result").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('.result').scrollIntoView()")
        _picture(page, "simulate")
        assert (seen.said, seen.refused) == ([], [])


def test_a_text_is_checked(browser: Browser, base: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base + "/claims")
        page.fill(
            "textarea",
            "On 19 January 2026 Bitcoin's hashrate fell to 1,000 EH/s, down 40 % in a week. The next"
            " difficulty adjustment is expected to be -3 %, and hashprice stands at $70 per PH/s a day.",
        )
        page.click("text=Check the text")
        expect(page.locator("#checked mark")).to_have_count(4, timeout=30_000)
        words = page.locator("#checked .counts").inner_text()
        assert "contradicted" in words
        assert "holds" in words, "a verdict is a word, not a colour alone"
        assert axe_violations(page) == []
        page.evaluate("scrollTo(0, 0)")
        _picture(page, "claims")
        assert (seen.said, seen.refused) == ([], [])


def test_alerts_want_a_token(browser: Browser, base: str) -> None:
    with opened(browser) as seen:
        page = seen.page
        page.goto(base + "/system")
        settled(page)
        page.locator(".rule [name=reason]").first.fill("the site is down for a day")
        page.locator(".rule button", has_text="Silence").first.click()
        expect(page.locator("#acted [role=alert]")).to_contain_text("needs the scope alerts")
        expect(page.locator(".rule").first).to_be_visible()
