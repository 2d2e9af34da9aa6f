"""The hours of a market's day, which has 23 or 25 of them where clocks change.

Markets name an hour by the local time at which it ends ("hour ending 1" is midnight to one). On the day that
loses an hour one name means nothing; on the day that gains one, a name means two hours, told apart by a flag
or by counting on to 25.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["MarketDay", "UnknownHour"]

_HOUR = timedelta(hours=1)


class UnknownHour(ValueError):
    """An hour that a day does not have; for the reader of a file, who knows its name and line."""


@dataclass(frozen=True, slots=True)
class MarketDay:
    """One local day of a market."""

    day: date
    zone: ZoneInfo

    @property
    def hours(self) -> int:
        """How many hours it has."""
        return (self._midnight(self.day + timedelta(days=1)) - self._midnight(self.day)) // _HOUR

    def named(self, ending: int, *, repeated: bool) -> datetime | None:
        """When the hour begins that ends at this local hour.

        Args:
            ending: 1 to 24.
            repeated: whether the second of two hours of this name is meant.

        Returns:
            The instant; None for the hour that the clocks skip, which lasts no time at all.

        Raises:
            UnknownHour: if the day has no such hour.
        """
        if not 1 <= ending <= 24:
            raise UnknownHour(f"the hour ending {ending} is none of 1 to 24")
        local = datetime.combine(self.day, time(ending - 1), self.zone)
        first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        if first > second:
            return None
        if repeated and first == second:
            raise UnknownHour(
                f"the hour ending {ending} is flagged as repeated, but the clocks do not repeat it"
            )
        return second if repeated else first

    def counted(self, number: int) -> datetime:
        """When the nth hour of the day begins.

        Raises:
            UnknownHour: if the day is shorter.
        """
        if not 1 <= number <= self.hours:
            raise UnknownHour(f"the day has {self.hours} hours, and {number} is none of them")
        return self._midnight(self.day) + (number - 1) * _HOUR

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)
