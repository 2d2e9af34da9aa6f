from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from wattshift.app.backtest.events import EVENTS, spans_of
from wattshift.clock import Window
from wattshift.report.documents.backtest import SpanKind

WINDOW = Window(start_at=datetime(2021, 1, 8, 6, tzinfo=UTC), end_at=datetime(2022, 8, 1, 5, tzinfo=UTC))


def test_years_and_months_turn_by_the_sites_clock() -> None:
    _, first, second, *events = spans_of(WINDOW, "America/Chicago", SpanKind.YEAR)
    assert (first.name, first.end_at) == ("2021", datetime(2022, 1, 1, 6, tzinfo=UTC))
    assert (second.name, second.end_at) == ("2022", WINDOW.end_at)
    assert [event.name for event in events] == ["storm, Feb 2021", "heat, Jul 2022"]
    months = [s for s in spans_of(WINDOW, "America/Chicago", SpanKind.MONTH) if s.kind is SpanKind.MONTH]
    assert [month.name for month in months][::6] == ["Jan 2021", "Jul 2021", "Jan 2022", "Jul 2022"]
    assert months[2].end_at == datetime(2021, 4, 1, 5, tzinfo=UTC)  # summer time
    assert all(one.end_at == next_one.start_at for one, next_one in pairwise(months))


def test_the_whole_window_comes_first_and_nothing_lies_outside_it() -> None:
    spans = spans_of(WINDOW, "UTC", SpanKind.YEAR)
    assert (spans[0].kind, spans[0].start_at, spans[0].end_at) == (SpanKind.WHOLE, *vars_of(WINDOW))
    assert all(WINDOW.start_at <= span.start_at < span.end_at <= WINDOW.end_at for span in spans)


def vars_of(window: Window) -> tuple[datetime, datetime]:
    return window.start_at, window.end_at


def test_events_are_in_order_and_apart() -> None:
    assert all(one.end_at <= other.start_at for one, other in pairwise(EVENTS))
