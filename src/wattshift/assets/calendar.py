"""Hours, days and months of a site's local calendar, as conditions of rules and charges."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from wattshift.errors import InputError

__all__ = ["Calendar", "Weekday", "require_range"]


class Weekday(StrEnum):
    """A day of the local week; their order is ISO's, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Calendar(Protocol):
    """Whatever holds in some hours of some days of some months; an empty list means all of them."""

    @property
    def hours_of_day(self) -> tuple[int, ...]:
        """Hours of the local day, 0 to 23."""

    @property
    def weekdays(self) -> tuple[Weekday, ...]:
        """Days of the local week."""

    @property
    def months(self) -> tuple[int, ...]:
        """Local months, 1 to 12."""


def require_range(key: str, values: tuple[int, ...], low: int, high: int) -> None:
    """Refuse a calendar number outside low..high."""
    for value in values:
        if not low <= value <= high:
            raise InputError(
                f"{key} must lie between {low} and {high}",
                key=key,
                value=value,
                hint=f"list whole numbers from {low} to {high}",
            )
