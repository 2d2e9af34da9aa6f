"""Curtailment contracts: the grid may call, seldom and with notice, and not answering costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_name, require_not_negative, require_positive
from wattshift.errors import InputError

__all__ = ["InterruptibleContract"]

_MAX_CALL_HOURS = 8_760.0
_MIN_PENALTY_USD_PER_MWH = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptibleContract:
    """While it is called the site draws no more than a firm level, or pays for each MWh above it.

    Args:
        name: its name, unique on its site.
        firm_mw: what may be drawn during a call [MW].
        penalty_usd_per_mwh: the price of each MWh drawn above that [USD/MWh].
        notice_h: how long before a call it is known [h].
        max_calls_per_year: how often it may be called in a year; None: as often as the grid likes.
        max_call_hours: for how many hours of a year in all [h].
        call_series: the series with the probability of a call in each interval, by name.

    Raises:
        InputError: if a number is out of range or plainly in another unit.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    firm_mw: float
    penalty_usd_per_mwh: float
    notice_h: float = 0.0
    max_calls_per_year: int | None = None
    max_call_hours: float | None = None
    call_series: str | None = None

    def __post_init__(self) -> None:
        require_name("name", self.name)
        for key in ("firm_mw", "notice_h"):
            require_not_negative(key, getattr(self, key))
        require_positive("penalty_usd_per_mwh", self.penalty_usd_per_mwh)
        if self.penalty_usd_per_mwh < _MIN_PENALTY_USD_PER_MWH:
            raise InputError(
                "penalty_usd_per_mwh is too small to make anyone answer a call",
                key="penalty_usd_per_mwh",
                value=self.penalty_usd_per_mwh,
                hint=f"if it is in USD/kWh, write {self.penalty_usd_per_mwh * 1000:g} (USD per MWh)",
            )
        if self.max_calls_per_year is not None:
            require_positive("max_calls_per_year", self.max_calls_per_year)
        if self.max_call_hours is not None:
            require_positive("max_call_hours", self.max_call_hours)
            if self.max_call_hours > _MAX_CALL_HOURS:
                raise InputError(
                    "a year has 8,760 hours",
                    key="max_call_hours",
                    value=self.max_call_hours,
                    hint=f"if it is in minutes, write {self.max_call_hours / 60:g} (hours)",
                )
