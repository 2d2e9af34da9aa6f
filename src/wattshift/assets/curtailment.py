"""Curtailment rules: when the whole site must stay below a limit, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_name, require_not_negative, require_power_price
from wattshift.assets.calendar import Weekday, require_range
from wattshift.errors import InputError

__all__ = ["CurtailmentRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtailmentRule:
    """The site's total load stays at or below `max_mw` while ALL the conditions given hold.

    Args:
        reason: why, in the words that reports will use.
        max_mw: the limit of the whole site's load [MW].
        above_usd_per_mwh: holds while the spot price is above this [USD/MWh].
        hours_of_day: holds in these hours of the site's local day, 0 to 23; empty means all.
        weekdays: holds on these local days of the week; empty means all.
        months: holds in these local months, 1 to 12; empty means all.
        start_at: holds from this instant on.
        end_at: holds until just before this instant.

    Raises:
        InputError: if there is no condition, or one is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    reason: str
    max_mw: float
    above_usd_per_mwh: float | None = None
    hours_of_day: tuple[int, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    months: tuple[int, ...] = ()
    start_at: datetime | None = None
    end_at: datetime | None = None

    def __post_init__(self) -> None:
        require_name("reason", self.reason)
        require_not_negative("max_mw", self.max_mw)
        if self.above_usd_per_mwh is not None:
            require_power_price("above_usd_per_mwh", self.above_usd_per_mwh)
        require_range("hours_of_day", self.hours_of_day, 0, 23)
        require_range("months", self.months, 1, 12)
        for key in ("start_at", "end_at"):
            object.__setattr__(self, key, _to_utc(key, getattr(self, key)))
        if self.start_at is not None and self.end_at is not None and self.end_at <= self.start_at:
            raise InputError(
                "a rule must end after it starts",
                key="end_at",
                value=self.end_at.isoformat(),
                hint="swap start_at and end_at, or move end_at later",
            )
        if not self._has_condition():
            raise InputError(
                f"the rule {self.reason!r} has no condition",
                key="reason",
                hint="give above_usd_per_mwh, hours_of_day, weekdays, months, start_at or end_at;"
                " a limit that always holds is connection_mw",
            )

    def _has_condition(self) -> bool:
        instants = (self.above_usd_per_mwh, self.start_at, self.end_at)
        calendar = self.hours_of_day or self.weekdays or self.months
        return bool(calendar) or any(value is not None for value in instants)


def _to_utc(key: str, instant: datetime | None) -> datetime | None:
    """Refuse an instant without an offset; turn the others to UTC."""
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise InputError(
            f"{key} needs a UTC offset",
            key=key,
            value=instant.isoformat(),
            hint=f"write {instant.isoformat()}Z, or end it with an offset such as -06:00",
        )
    return instant.astimezone(UTC)
