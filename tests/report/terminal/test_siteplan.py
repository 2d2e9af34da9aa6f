from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from support.documents import HOSTILE, rewritten
from wattshift.app.siteplan.run import plan_site
from wattshift.app.snapshot import Archive
from wattshift.config import load_site
from wattshift.report.documents.siteplan import SitePlanDocument
from wattshift.report.figures import number
from wattshift.report.terminal.siteplan import site_plan_view

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def document(archive: Archive) -> SitePlanDocument:
    """A day of the site with nearly every key."""
    site = load_site(ROOT / "examples" / "west-texas-300mw.toml")
    start_at = datetime(2026, 3, 7, tzinfo=UTC)
    return plan_site(archive, site, start_at=start_at, end_at=start_at.replace(day=8))


def printed(document: SitePlanDocument, *, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(site_plan_view(document))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def flat(document: SitePlanDocument) -> str:
    return " ".join(printed(document, width=400).split())


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("attack", ["", *HOSTILE])
def test_it_fits_and_obeys_nothing(document: SitePlanDocument, width: int, attack: str) -> None:
    attacked = rewritten(document, lambda told: f"{attack}{told}") if attack else document
    out = printed(attacked, width=width)
    assert max(cell_len(line) for line in out.splitlines()) <= width
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_it_tells_every_part(document: SitePlanDocument) -> None:
    out = flat(document)
    assert document.in_words in out
    assert document.proof in out
    assert document.assumes in out
    for amount in document.amounts:
        assert (number(amount.amount_usd) in out and amount.what in out) == (abs(amount.amount_usd) >= 0.5)
    names = [work.name for work in document.work] + [battery.name for battery in document.batteries]
    names += [maker.name for maker in document.generators]
    names += [reserve.name for reserve in document.reserves]
    assert len(names) == 6
    for name in names:
        assert name in out
    for rule in document.rules:
        assert rule.what in out
        assert number(rule.versus_plan_usd, signed=True) in out
    for peak in document.peaks:
        assert number(peak.charge_usd) in out
    for limit in document.limits:
        assert number(limit.worth_usd_per_mw, 2) in out
    for decision in (use for shown in document.decisions for use in shown.uses):
        assert decision.reason in out


def test_what_the_site_does_not_have_is_not_told(document: SitePlanDocument) -> None:
    bare = dataclasses.replace(
        document, work=(), batteries=(), generators=(), reserves=(), peaks=(), rules=()
    )
    for word in (
        "against plan",
        "work that may wait needs",
        "charged MWh",
        "made MWh",
        "promised to the grid mean",
        "charge on",
    ):
        assert word in flat(document)
        assert word not in flat(bare)


def test_without_prices_it_says_so(document: SitePlanDocument) -> None:
    told = "the time did not suffice for what each limit is worth"
    shown = tuple(dataclasses.replace(each, power_usd_per_mwh=None) for each in document.decisions)
    out = flat(dataclasses.replace(document, limits=(), limits_in_words=told, decisions=shown))
    assert told in out
    assert "one more MW of is worth USD" not in out
    assert "one MWh more would cost" not in out


def test_months_that_begin_within_a_day_are_told_apart(document: SitePlanDocument) -> None:
    """By the site's clock a month ends some hours after it does in UTC."""
    at = document.start_at.replace(day=1)
    peaks = tuple(dataclasses.replace(document.peaks[0], from_at=each) for each in (at, at.replace(hour=6)))
    out = flat(dataclasses.replace(document, peaks=peaks))
    assert "1 Mar 00:00" in out
    assert "1 Mar 06:00" in out
