"""A stretch of time that a text names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Role", "When"]


class Role(StrEnum):
    """What a date does in its sentence."""

    AT = "at"
    SINCE = "since"
    OVER = "over"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A date, a month or a period, resolved against the text's own date.

    Args:
        start_at: its start.
        end_at: its end; for `OVER` the text's date, for an instant a second later.
        role: what it does.
        words: as printed.
        start: first character in its sentence.
        end: behind the last.
        has_year: whether its year is printed, so that it stands without the text's own date.
    """

    start_at: datetime
    end_at: datetime
    role: Role
    words: str
    start: int
    end: int
    has_year: bool = False

    @property
    def is_day(self) -> bool:
        """Whether it is a day or less, so that a single figure can stand for it."""
        return (self.end_at - self.start_at).total_seconds() <= 86_400
