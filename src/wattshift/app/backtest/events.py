"""Spans of time that a backtest reports: years, months, and the weeks that people ask about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from wattshift.clock import Window
from wattshift.report.documents.backtest import SpanKind

__all__ = ["EVENTS", "Span", "spans_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A named stretch of time."""

    name: str
    kind: SpanKind
    start_at: datetime
    end_at: datetime


def _event(name: str, start: tuple[int, int, int], days: int) -> Span:
    start_at = datetime(*start, 6, tzinfo=UTC)
    return Span(name=name, kind=SpanKind.EVENT, start_at=start_at, end_at=start_at + timedelta(days=days))


EVENTS = (
    _event("storm, Feb 2021", (2021, 2, 10), 10),
    _event("heat, Jul 2022", (2022, 7, 5), 17),
    _event("storm, Dec 2022", (2022, 12, 21), 6),
    _event("heat, Aug 2023", (2023, 8, 1), 31),
    _event("heat, Sep 2023", (2023, 9, 1), 10),
    _event("frost, Jan 2024", (2024, 1, 13), 5),
    _event("spring, Apr 2024", (2024, 4, 8), 40),
    _event("frost, Feb 2025", (2025, 2, 18), 5),
    _event("storm, Jan 2026", (2026, 1, 22), 8),
)
"""Storms, heat and frost at ERCOT; days start at 06:00 UTC, midnight of the Texan winter."""


def spans_of(window: Window, zone: str, kind: SpanKind) -> tuple[Span, ...]:
    """The whole window, its years or months by the site's clock, and the events that lie within it."""
    whole = Span(name="whole window", kind=SpanKind.WHOLE, start_at=window.start_at, end_at=window.end_at)
    events = (
        event for event in EVENTS if window.start_at <= event.start_at and event.end_at <= window.end_at
    )
    return (whole, *_calendar(window, ZoneInfo(zone), kind), *events)


def _calendar(window: Window, zone: ZoneInfo, kind: SpanKind) -> tuple[Span, ...]:
    spans = []
    start_at = window.start_at
    while start_at < window.end_at:
        local = start_at.astimezone(zone)
        month = 1 if kind is SpanKind.YEAR or local.month == 12 else local.month + 1
        year = local.year + (month == 1)
        turn_at = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
        end_at = min(turn_at, window.end_at)
        name = f"{local:%Y}" if kind is SpanKind.YEAR else f"{local:%b %Y}"
        spans.append(Span(name=name, kind=kind, start_at=start_at, end_at=end_at))
        start_at = end_at
    return tuple(spans)
