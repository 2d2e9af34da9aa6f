from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from wattshift.app.backtest.events import Span
from wattshift.app.backtest.outcome import Outcomes
from wattshift.report.documents.backtest import SpanKind, Way

START = datetime(2025, 1, 1, tzinfo=UTC)
PROFIT = {
    Way.FORESIGHT: 10.0,
    Way.PLANNER: 9.0,
    Way.LAST_PRICE: 8.0,
    Way.FLEET_AVERAGE: 6.0,
    Way.AI_ONLY: 2.0,
}


def outcomes(profit: dict[Way, float], count: int = 10) -> Outcomes:
    rows = {way: np.full(count, usd) for way, usd in profit.items()}
    return Outcomes(
        start_at=tuple(START + timedelta(hours=hour) for hour in range(count)),
        profit_usd=rows,
        energy_mwh=rows,
    )


def span(first: int, end: int) -> Span:
    return Span(
        name="some",
        kind=SpanKind.EVENT,
        start_at=START + timedelta(hours=first),
        end_at=START + timedelta(hours=end),
    )


def test_a_span_sums_the_stretches_that_start_in_it() -> None:
    found = outcomes(PROFIT).within(span(2, 6))
    results = {result.way: result for result in found.ways}
    assert results[Way.PLANNER].profit_usd == 36.0
    assert results[Way.PLANNER].behind_usd == 4.0
    assert results[Way.PLANNER].captured_ratio == pytest.approx(7.0 / 8.0)
    assert results[Way.AI_ONLY].captured_ratio == 0.0
    assert found.gap_closed_ratio == pytest.approx(0.5)
    assert found.over_fleet_ratio == pytest.approx(0.5)


def test_what_cannot_be_compared_is_not() -> None:
    nothing = outcomes(dict.fromkeys(PROFIT, 0.0)).within(span(0, 3))
    assert nothing.gap_closed_ratio is None
    assert nothing.over_fleet_ratio is None
    assert {result.captured_ratio for result in nothing.ways} == {None}


def test_a_course_ends_with_the_whole_window_and_stays_short() -> None:
    course = outcomes(PROFIT, count=4_000).course()
    assert len(course.at) == 400
    assert Way.FORESIGHT not in course.ways
    assert course.behind_usd[course.ways.index(Way.LAST_PRICE)][-1] == pytest.approx(8_000.0)
