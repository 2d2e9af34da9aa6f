"""Time: who tells it (`Clock`), how it is written (`parse_instant`), and half-open windows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from wattshift.errors import InputError

__all__ = [
    "Clock",
    "ReplayClock",
    "SystemClock",
    "Window",
    "format_instant",
    "from_unix",
    "parse_duration_s",
    "parse_instant",
    "to_unix",
]

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(s|min|m|h|d|w)", re.ASCII)
_SECONDS_PER = {"s": 1, "min": 60, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Clock(Protocol):
    """Whoever knows what time it is."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    read: Callable[[], datetime] = lambda: datetime.now(UTC)

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return self.read()


@dataclass(slots=True)
class ReplayClock:
    """A clock that stands where it is put: the heart of every backtest."""

    instant_at: datetime

    def now(self) -> datetime:
        """The instant at which the replay stands."""
        return self.instant_at

    def advance(self, step: timedelta) -> None:
        """Move forward.

        Raises:
            InputError: if the step is negative; time does not run backwards.
        """
        if step < timedelta(0):
            raise InputError(
                "a replay clock cannot run backwards",
                step=step,
                hint="start another clock at the earlier instant",
            )
        self.instant_at += step


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open interval [start_at, end_at), aware UTC.

    Raises:
        InputError: if an end is naive or the window is empty.
    """

    start_at: datetime
    end_at: datetime

    def __post_init__(self) -> None:
        for name, instant in (("start", self.start_at), ("end", self.end_at)):
            if instant.tzinfo is None:
                raise InputError(
                    f"the {name} of a window needs a time zone",
                    instant=instant,
                    hint="give it one, such as UTC",
                )
        if self.end_at <= self.start_at:
            raise InputError(
                "a window must end after it starts",
                start=format_instant(self.start_at),
                end=format_instant(self.end_at),
                hint="swap the two instants, or move the end later",
            )

    @property
    def length_s(self) -> float:
        """Its length [s]."""
        return (self.end_at - self.start_at).total_seconds()


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant; a date is midnight UTC, and no offset means UTC.

    Raises:
        InputError: if the text is not an ISO instant.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(
            f"{text!r} is not an instant",
            hint="write it as 2026-01-19, 2026-01-19T12:00Z or 2026-01-19T06:00-06:00",
        ) from None


def parse_duration_s(text: str) -> int:
    """Read a duration such as `7d`, `36h`, `90min` or `2w` [s].

    Raises:
        InputError: if the text is not one number and one unit, or is not positive.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = round(float(match[1]) * _SECONDS_PER[match[2]]) if match else 0
    if seconds <= 0:
        raise InputError(f"{text!r} is not a duration", hint="write it as 7d, 36h, 90min or 2w")
    return seconds


def from_unix(time_s: float) -> datetime:
    """Seconds since the Unix epoch [s] to an aware UTC instant."""
    return datetime.fromtimestamp(time_s, UTC)


def to_unix(instant: datetime) -> float:
    """An aware instant to seconds since the Unix epoch.

    Raises:
        InputError: if the instant is naive.
    """
    if instant.tzinfo is None:
        raise InputError("an instant needs a time zone", instant=instant, hint="give it one, such as UTC")
    return instant.timestamp()


def format_instant(instant: datetime) -> str:
    """An instant as people write it: 2026-01-19T12:00Z, with seconds only where there are any."""
    utc = instant.astimezone(UTC)
    timespec = "minutes" if utc.second == 0 and utc.microsecond == 0 else "seconds"
    return utc.replace(tzinfo=None).isoformat(timespec=timespec) + "Z"
