"""The page: whole, self-contained, safe, small, and legible in light and dark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from itertools import combinations

import pytest

from support.documents import HOSTILE, hostile, rewritten
from support.pages import Page
from wattshift.provenance import Freshness
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.site import PlanDocument, PlanSeries
from wattshift.report.facts import network_facts
from wattshift.report.figures import instant, number
from wattshift.report.page.brief import brief_html

MAX_BYTES = 600_000


@pytest.fixture(scope="module")
def source(document: BriefDocument) -> str:
    return brief_html(document)


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_it_is_one_whole_page(page: Page, source: str) -> None:
    assert source.startswith("<!doctype html>")
    tags = [tag for tag, _ in page.elements]
    for landmark in ("html", "head", "main", "footer", "h1"):
        assert tags.count(landmark) == 1
    assert page.named("html")[0]["lang"] == "en"
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_headings_descend_one_step_at_a_time(page: Page) -> None:
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))


def test_it_asks_nothing_of_the_world(page: Page, source: str) -> None:
    policy = next(meta for meta in page.named("meta") if "http-equiv" in meta)
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert str(policy["content"]).startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "iframe", "object", "embed", "img", "form", "base", "audio", "video"}
    for _, attrs in page.elements:
        assert not any(name.startswith("on") for name in attrs)
        for name in ("href", "src", "xlink:href", "action"):
            assert str(attrs.get(name, "data:")).startswith(("data:", "#"))
    assert "@import" not in source
    assert "url(" not in source


def test_nothing_unfinished_is_printed(page: Page) -> None:
    assert not re.search(r"\b(nan|NaN|None|inf|Undefined|undefined)\b", page.text)
    assert "{{" not in page.text
    assert "{%" not in page.text


def test_it_opens_with_site_instant_and_headlines(page: Page, document: BriefDocument) -> None:
    places = [page.text.index(document.site), page.text.index(instant(document.as_of))]
    places += [page.text.index(headline[1:]) for headline in document.headlines]
    assert places == sorted(places)
    assert max(places) < page.text.index("What the network does")


def test_it_tells_every_part(page: Page, document: BriefDocument) -> None:
    for fact in network_facts(document):
        for told in (fact.what, fact.value, fact.interval, fact.says):
            assert told in page.text
    for use in document.now:
        assert use.reason in page.text
    for account in document.month.accounts:
        assert number(account.profit_usd) in page.text
    for change in document.changes:
        for told in (change.what, change.before, change.after, change.change, change.verdict):
            assert told in page.text
    for origin in document.origins:
        assert origin.name in page.text
        assert origin.source in page.text
        assert origin.licence in page.text


def test_every_chart_has_a_name_and_a_table(page: Page) -> None:
    charts = [attrs for attrs in page.named("svg") if attrs.get("role") == "img"]
    assert len(charts) == len(page.named("details")) == len(page.named("figure")) == 6
    ids = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    for chart in charts:
        assert set(str(chart["aria-labelledby"]).split()) <= ids
    assert len(page.named("caption")) == len(page.named("table"))


def test_states_are_words_not_colours(document: BriefDocument) -> None:
    first, second, *others = document.origins
    aged = replace(
        document,
        origins=(
            replace(first, freshness=Freshness.STALE),
            replace(second, freshness=Freshness.EXPIRED),
            *(replace(origin, age_s=None) for origin in others),
        ),
    )
    told = Page(brief_html(aged)).text
    for state in ("stale", "expired", "undated"):
        assert state in told


@pytest.mark.parametrize(("load_mw", "state"), [(0.0, "off"), (5.0, "partly"), (10.0, "on")])
def test_a_use_is_on_off_or_partly_on(document: BriefDocument, load_mw: float, state: str) -> None:
    use = replace(document.now[0], load_mw=load_mw, capacity_mw=10.0)
    source = brief_html(replace(document, now=(use,)))
    assert re.findall(r'class="badge (on|off|partly)"', source) == [state]
    assert f'style="width:{10 * load_mw:.0f}%"' in source


def test_hostile_names_break_nothing(document: BriefDocument) -> None:
    source = brief_html(hostile(document))
    page = Page(source)
    assert not page.named("script")
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert not {"\x1b", "\x07", "\u202e", "\u202c", "\u2028"} & set(source)
    assert "alert(1)" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert len(source.encode()) < MAX_BYTES


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_texts_anywhere_break_nothing(document: BriefDocument, attack: str) -> None:
    reserved = {use.kind for use in document.value.uses}
    attacked = rewritten(document, lambda text: text if text in reserved else f"{attack}{text}")
    source = brief_html(attacked)
    page = Page(source)
    assert not page.named("script")
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert not {"\x1b", "\x07", "\u202e", "\u202c", "\u2028"} & set(source)


def restless(document: PlanDocument) -> PlanDocument:
    """Eight loads that change every quarter of an hour for 30 days."""
    starts = document.series.start_at
    return replace(
        document,
        series=PlanSeries(
            start_at=starts,
            hours=document.series.hours,
            spot_usd_per_mwh=tuple(float((37 * index) % 411 - 50) for index in range(len(starts))),
            cap_mw=tuple(100.0 + index % 3 for index in range(len(starts))),
            uses=tuple(f"use {number}" for number in range(8)),
            load_mw=tuple(
                tuple(float((index * (use + 2)) % 11) for index in range(len(starts))) for use in range(8)
            ),
        ),
    )


def test_it_stays_small(document: BriefDocument, source: str) -> None:
    assert len(source.encode()) < 200_000
    busiest = brief_html(replace(document, month=restless(document.month)))
    assert len(busiest.encode()) < MAX_BYTES


def test_the_same_document_gives_the_same_page(document: BriefDocument, source: str) -> None:
    assert brief_html(document) == source


# --- colours ------------------------------------------------------------------------------------------------


def schemes() -> dict[str, dict[str, str]]:
    css = (files("wattshift.report.page") / "templates" / "brief.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{([^}]*)\}", css)
    )
    return {"light": light, "dark": dark}


def linear(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    decoded = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)
    ]
    return decoded[0], decoded[1], decoded[2]


def contrast(first: str, second: str) -> float:
    """WCAG 2.2: the ratio of relative luminances."""
    low, high = sorted(
        0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in (linear(first), linear(second))
    )
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_marks_stand_out(scheme: str) -> None:
    colours = schemes()[scheme]
    for ground in ("ground", "surface", "luck"):
        for text in ("ink", "muted", "good", "warn", "bad", "price"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for mark in ("c0", "c1", "c2", "c3", "c4", "c5", "c6"):
            floor = 3.0 if ground == "surface" else 2.5  # marks are drawn on cards
            assert contrast(colours[mark], colours[ground]) >= floor, (mark, ground)


SIGHT: Mapping[str, tuple[tuple[float, float, float], ...]] = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "without green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "without red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "without blue": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
"""How colours look to people who lack one kind of cone (Machado et al. 2009, severity 1)."""


def lab(colour: str, sight: str) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of a colour as seen."""
    seen = [
        min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, linear(colour), strict=True))))
        for row in SIGHT[sight]
    ]
    white = (0.9505, 1.0, 1.089)
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    x, y, z = (
        sum(weight * part for weight, part in zip(row, seen, strict=True)) / full
        for row, full in zip(rows, white, strict=True)
    )
    root = [part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z)]
    return 116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])


@pytest.mark.parametrize("sight", sorted(SIGHT))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_uses_differ_for_every_eye(scheme: str, sight: str) -> None:
    colours = schemes()[scheme]
    for first, second in combinations(("c1", "c2", "c3", "c4", "c5", "c6"), 2):
        seen = zip(lab(colours[first], sight), lab(colours[second], sight), strict=True)
        assert sum((one - other) ** 2 for one, other in seen) ** 0.5 > 13, (first, second)


def test_the_page_says_what_it_leaves_out(document: BriefDocument) -> None:
    assert "eft out of these figures" not in brief_html(document)
    page = brief_html(replace(document, leaves_out=("batteries", HOSTILE[0])))
    assert "Left out of these figures: batteries, &lt;/title&gt;" in page
