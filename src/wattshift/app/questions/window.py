"""Stretches of time that are asked about: how long they may be, and page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from wattshift.app.questions.question import Ask, Instant
from wattshift.clock import Window, format_instant, parse_duration_s
from wattshift.errors import InputError, OutOfSpan
from wattshift.report.jsontext import plain

__all__ = ["MOST_DAYS", "MOST_ROWS", "AskGrid", "AskWindow", "Page", "next_cursor", "page_of", "window_of"]

MOST_DAYS = 400
"""The longest stretch of time that one question may be about."""

MOST_ROWS = 10_000
"""The longest table that one answer may hold."""

_LEAST_STEP_S = 600


class AskWindow(Ask):
    """What may be asked about a stretch of time."""

    start_at: Instant | None = Field(default=None, description="Where it begins.")
    end_at: Instant | None = Field(
        default=None, description="Where it ends. Default: the instant of knowledge."
    )


class AskGrid(AskWindow):
    """What may be asked about a series on a regular grid, page by page."""

    step: str = Field(
        default="1d",
        pattern=r"^\d{1,3}(min|h|d)$",
        description="From row to row: 10min at least. 1h, 1d, 7d.",
    )
    limit: int = Field(default=1_000, ge=1, le=MOST_ROWS, description="The most rows of one page.")
    cursor: Instant | None = Field(
        default=None, description="Where this page begins, as the Link header of the page before says."
    )


def window_of(ask: AskWindow, *, days: int, most_days: int = MOST_DAYS) -> Window:
    """The stretch of time that is asked about.

    Args:
        ask: what was asked, its instant of knowledge filled in.
        days: how long it is by default.
        most_days: how long it may be.

    Raises:
        InputError: if it is empty or too long.
        OutOfSpan: if it ends after the instant of knowledge.
    """
    end_at = _end_of(ask)
    window = Window(start_at=ask.start_at or end_at - timedelta(days=days), end_at=end_at)
    if ask.at is not None and end_at > ask.at:
        raise OutOfSpan(
            "that stretch of time ends after the instant of knowledge",
            end_at=format_instant(end_at),
            at=format_instant(ask.at),
            hint="move end_at back",
        )
    if window.end_at - window.start_at > timedelta(days=most_days):
        raise InputError(
            f"one question may be about {most_days} days",
            start_at=format_instant(window.start_at),
            end_at=format_instant(window.end_at),
            hint="ask piece by piece",
        )
    return window


def _end_of(ask: AskWindow) -> datetime:
    end_at = ask.end_at or ask.at
    if end_at is None:
        raise InputError("the instant of knowledge is not filled in", hint="give at, or end_at")
    return end_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a regular grid.

    Args:
        window: the whole grid.
        first_at: the first instant of this page.
        step_s: from one to the next [s].
        count: how many instants.
        next_at: where the next page begins; None for the last one.
    """

    window: Window
    first_at: datetime
    step_s: int
    count: int
    next_at: datetime | None

    @property
    def last_at(self) -> datetime:
        """The last instant of this page."""
        return self.first_at + timedelta(seconds=self.step_s * (self.count - 1))


def page_of(ask: AskGrid, *, days: int) -> Page:
    """The page that is asked for; both ends of the stretch of time are instants of the grid if they fit.

    Raises:
        InputError: if the step is too short or the cursor is not of this grid, and as in `window_of`.
    """
    window = window_of(ask, days=days)
    step_s = parse_duration_s(ask.step)
    if step_s < _LEAST_STEP_S:
        raise InputError("that step is too short", step=ask.step, hint="ask for 10min or more")
    step = timedelta(seconds=step_s)
    first_at = ask.cursor or window.start_at
    if not window.start_at <= first_at <= window.end_at or (first_at - window.start_at) % step:
        raise InputError(
            "that cursor is not of this series",
            cursor=format_instant(first_at),
            hint="follow the Link header of the page before, and change nothing else",
        )
    left = (window.end_at - first_at) // step + 1
    count = min(left, ask.limit)
    next_at = first_at + count * step if count < left else None
    return Page(window=window, first_at=first_at, step_s=step_s, count=count, next_at=next_at)


def next_cursor(ask: AskGrid, *, days: int) -> str | None:
    """The cursor of the page after the one that is asked for; None for the last one."""
    next_at = page_of(ask, days=days).next_at
    return None if next_at is None else str(plain(next_at))
