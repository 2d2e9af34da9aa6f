from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from support.commandline import Run
from wattshift.app.backtest.run import backtest
from wattshift.app.schemas import schema_of
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.errors import OutOfSpan
from wattshift.report.documents.backtest import BacktestDocument, SpanKind, Way
from wattshift.report.terminal.backtest import backtest_in_words, backtest_view, way_of
from wattshift.report.terminal.layout import console
from wattshift.store.bundled import BundledStore

START = datetime(2023, 8, 1, 5, tzinfo=UTC)
END = datetime(2023, 9, 15, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def document(archive: Archive) -> BacktestDocument:
    return backtest(archive, open_site(None)[0], start_at=START, end_at=END)


def document_ways(document: BacktestDocument) -> list[Way]:
    return [result.way for result in document.whole.ways]


def test_the_spans_of_a_short_window_are_months_and_events(document: BacktestDocument) -> None:
    assert [span.name for span in document.spans] == [
        *("whole window", "Aug 2023", "Sep 2023"),
        *("heat, Aug 2023", "heat, Sep 2023"),
    ]
    months = [span for span in document.spans if span.kind is SpanKind.MONTH]
    for way in document_ways(document):
        parts = [result.profit_usd for span in months if (result := way_of(span, way)) is not None]
        whole = way_of(document.whole, way)
        assert whole is not None
        assert sum(parts) == pytest.approx(whole.profit_usd)


def test_foresight_leads_and_the_heat_is_told(document: BacktestDocument) -> None:
    captured = {result.way: result.captured_ratio for result in document.whole.ways}
    assert captured[Way.FORESIGHT] == 1.0
    assert all(ratio is not None and ratio <= 1.0 for ratio in captured.values())
    always, planner = captured[Way.ALWAYS_MINE], captured[Way.PLANNER]
    assert always is not None
    assert planner is not None
    assert always < 0.8 < planner
    assert document.whole.gap_closed_ratio is not None
    assert document.whole.gap_closed_ratio > 0.0


def test_conformal_intervals_cover_as_often_as_they_say(document: BacktestDocument) -> None:
    for skill in document.forecasts:
        assert skill.cover_50_frac == pytest.approx(0.5, abs=0.06)
        assert skill.cover_90_frac == pytest.approx(0.9, abs=0.04)
    last, step = document.forecasts
    assert step.mae_usd_per_mwh < last.mae_usd_per_mwh


def test_it_replays_nothing_that_came_after_its_window(archive: Archive, document: BacktestDocument) -> None:
    """A shorter window gives the same figures for the span that both hold."""
    shorter = backtest(
        archive, open_site(None)[0], start_at=START, end_at=datetime(2023, 9, 1, 5, tzinfo=UTC)
    )
    assert shorter.spans[1] == document.spans[1]


def test_one_hashprice_throughout(archive: Archive) -> None:
    site = open_site(None)[0]
    poor = backtest(archive, site, start_at=START, end_at=END, hashprice_usd_per_ph_day=1.0)
    planner, none = (way_of(poor.whole, way) for way in (Way.PLANNER, Way.AI_ONLY))
    assert planner is not None
    assert none is not None
    assert planner.energy_mwh < 1.01 * none.energy_mwh


def test_a_window_outside_the_series_is_refused(archive: Archive) -> None:
    with pytest.raises(OutOfSpan, match="do not cover"):
        backtest(archive, open_site(None)[0], start_at=datetime(2020, 6, 1, tzinfo=UTC), end_at=END)


def test_the_view_tells_every_way_and_span(document: BacktestDocument) -> None:
    screen = console(width=160)
    with screen.capture() as capture:
        screen.print(backtest_view(document))
    told = capture.get()
    for text in (
        *(way.value for way in document_ways(document)),
        "heat, Sep 2023",
        "gap closed",
        "usual step",
    ):
        assert text in told


def test_the_words_name_where_the_last_price_did_better(document: BacktestDocument) -> None:
    assert backtest_in_words(document.spans) == document.in_words
    assert "in no month below the last price" in document.in_words


def test_the_command_gives_json_of_its_schema_and_a_picture(run: Run, tmp_path: Path) -> None:
    drawn = tmp_path / "backtest.svg"
    ended = run(
        *("backtest", "--start", "2024-01-10", "--end", "2024-01-20"),
        *("--hashprice", "80", "--json", "--picture", str(drawn)),
    )
    assert ended.status == 0, ended.err
    Draft202012Validator(schema_of("backtest")).validate(ended.json())
    assert ended.json()["schema"].startswith("wattshift/backtest/")
    assert drawn.read_bytes().startswith(b"<?xml")


def test_the_command_wants_a_window(run: Run) -> None:
    assert run("backtest", "--start", "2024-01-10").status == 2
