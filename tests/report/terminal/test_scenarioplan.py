from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from support.documents import HOSTILE, rewritten
from wattshift.app.siteplan.uncertain import Attitude, plan_uncertain
from wattshift.app.snapshot import Archive
from wattshift.config import load_site
from wattshift.report.documents.scenarioplan import FirmSeries, RealisedRow, ScenarioPlanDocument
from wattshift.report.figures import number, sentence
from wattshift.report.terminal.scenarioplan import scenario_plan_view

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def document(archive: Archive) -> ScenarioPlanDocument:
    site = load_site(ROOT / "examples" / "miner-battery-10mw.toml")
    return plan_uncertain(archive, site, Attitude(scenarios=8), at=datetime(2026, 1, 25, tzinfo=UTC))


def printed(document: ScenarioPlanDocument, *, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(scenario_plan_view(document))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def flat(document: ScenarioPlanDocument) -> str:
    return " ".join(printed(document, width=400).split())


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("attack", ["", *HOSTILE])
def test_it_fits_and_obeys_nothing(document: ScenarioPlanDocument, width: int, attack: str) -> None:
    attacked = rewritten(document, lambda told: f"{attack}{told}") if attack else document
    out = printed(attacked, width=width)
    assert max(cell_len(line) for line in out.splitlines()) <= width
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_it_tells_what_is_decided_and_what_may_come(document: ScenarioPlanDocument) -> None:
    out = flat(document)
    assert sentence(document.in_words) in out
    assert document.proof in out
    assert document.assumes in out
    worst, best = (pick(document.outcomes, key=lambda row: row.profit_usd) for pick in (min, max))
    assert worst.name in out
    assert number(worst.profit_usd) in out
    assert number(best.profit_usd) in out
    for row in document.realised:
        assert row.decided_by in out
    for each in document.frontier:
        assert number(each.tail_usd) in out


def test_equal_powers_are_one_stretch(document: ScenarioPlanDocument) -> None:
    part = FirmSeries(name="air", kind="running", power_mw=(2.0, 2.01, 5.0, 5.0))
    out = flat(dataclasses.replace(document, decided=(part,)))
    assert "air running 2.0 25 Jan 00:00 25 Jan 00:30" in out
    assert "air running 5.0 25 Jan 00:30 25 Jan 01:00" in out
    zigzag = FirmSeries(name="air", kind="running", power_mw=tuple(map(float, range(20))))
    assert "8 more with --json" in flat(dataclasses.replace(document, decided=(zigzag,)))


def test_what_is_not_known_is_left_out(document: ScenarioPlanDocument) -> None:
    bare = dataclasses.replace(
        document, decided=(), frontier=(), realised=(), deterministic_usd=None, deterministic_told="no way"
    )
    out = flat(bare)
    assert "Nothing of this site has to be decided before prices are known" in out
    assert "risk aversion" not in out
    assert "with the prices that came" not in out
    assert "no way" in out


def test_decisions_that_could_not_be_kept_have_no_profit(document: ScenarioPlanDocument) -> None:
    row = RealisedRow(
        decided_by="this plan", profit_usd=None, versus_foresight_usd=None, told="too little wind"
    )
    out = flat(dataclasses.replace(document, realised=(row,)))
    assert "this plan too little wind" in out


def test_what_it_could_not_be_compared_with_is_told(document: ScenarioPlanDocument) -> None:
    """Time may suffice for a plan and not for what stands beside it."""
    alone = dataclasses.replace(
        document,
        deterministic_usd=None,
        deterministic_told="the time did not suffice",
        foresight_usd=None,
        information_value_usd=None,
        outcomes=tuple(dataclasses.replace(row, foresight_usd=None) for row in document.outcomes),
        realised=(),
    )
    out = flat(alone)
    assert "the time did not suffice" in out
    assert "knows its scenario first" not in out
