"""Charges on peaks: the site's own each month, and its share of the system's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_name, require_peak_price, require_positive
from wattshift.assets.calendar import Weekday, require_range

__all__ = ["CoincidentPeakCharge", "DemandCharge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandCharge:
    """A charge on the highest power drawn in a month, within some hours of it.

    Args:
        name: what the tariff calls it.
        charge_usd_per_mw_month: the charge on each MW of the peak [USD/MW/month].
        hours_of_day: it looks at these hours of the local day, 0 to 23; empty means all.
        weekdays: it looks at these days; empty means all.
        months: it is charged in these local months, 1 to 12; empty means all.

    Raises:
        InputError: if a number is out of range or plainly in another unit.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    charge_usd_per_mw_month: float
    hours_of_day: tuple[int, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    months: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_peak_price("charge_usd_per_mw_month", self.charge_usd_per_mw_month)
        require_range("hours_of_day", self.hours_of_day, 0, 23)
        require_range("months", self.months, 1, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoincidentPeakCharge:
    """A charge on what the site draws while the whole system peaks, such as ERCOT's 4CP.

    The charge of a year is shared equally among its peaks. Which interval will be one is not known: a plan
    takes a probability for each and pays the expected charge.

    Args:
        name: what the tariff calls it.
        charge_usd_per_mw_year: the charge on each MW drawn in the mean over the peaks [USD/MW/year].
        peaks_per_year: how many peaks there are in a year.
        hours_of_day: a peak can only fall in these hours of the local day; empty means any.
        months: and only in these local months; empty means any.

    Raises:
        InputError: if a number is out of range or plainly in another unit.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    charge_usd_per_mw_year: float
    peaks_per_year: int = 4
    hours_of_day: tuple[int, ...] = ()
    months: tuple[int, ...] = (6, 7, 8, 9)

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_peak_price("charge_usd_per_mw_year", self.charge_usd_per_mw_year)
        require_positive("peaks_per_year", self.peaks_per_year)
        require_range("hours_of_day", self.hours_of_day, 0, 23)
        require_range("months", self.months, 1, 12)

    @property
    def weekdays(self) -> tuple[Weekday, ...]:
        """A peak can fall on any day."""
        return ()

    @property
    def peak_usd_per_mw(self) -> float:
        """What a MW drawn through one peak costs [USD/MW]."""
        return self.charge_usd_per_mw_year / self.peaks_per_year
