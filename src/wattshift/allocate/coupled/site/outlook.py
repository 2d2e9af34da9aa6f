"""What is known or forecast of each interval of a horizon: prices, weather, calls, series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from wattshift.allocate.limits import calendar_mask
from wattshift.assets.calendar import Calendar
from wattshift.assets.weather import PuePoint
from wattshift.errors import InputError

__all__ = ["Outlook"]

_Row: TypeAlias = NDArray[np.float64]

_MAX_HOURS = 1.0 + 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """The intervals and their numbers, each of shape (T,).

    Args:
        zone: the site's time zone.
        start: starts of the intervals, UTC.
        hours: their lengths [h], at most 1.
        spot_usd_per_mwh: spot prices [USD/MWh].
        hashprice_usd_per_ph_day: hashprices [USD/PH/day].
        outside_c: outside temperatures [C]; None where they are not known.
        peak_prob: probability of each interval to be a coincident peak; None where it is not known.
        calls_prob: for each curtailment contract the probability of a call in each interval.
        series: the site's other series, by name.

    Raises:
        InputError: if a row is not one finite number an interval, or a number is out of range.
    """

    zone: str
    start: pl.Series
    hours: _Row
    spot_usd_per_mwh: _Row
    hashprice_usd_per_ph_day: _Row
    outside_c: _Row | None
    peak_prob: _Row | None
    calls_prob: Mapping[str, _Row]
    series: Mapping[str, _Row]

    @classmethod
    def of(
        cls,
        prices: pl.DataFrame,
        *,
        zone: str,
        hashprice_usd_per_ph_day: ArrayLike,
        outside_c: ArrayLike | None = None,
        peak_prob: ArrayLike | None = None,
        calls_prob: Mapping[str, ArrayLike] = MappingProxyType({}),
        series: Mapping[str, ArrayLike] = MappingProxyType({}),
    ) -> Outlook:
        """Check and gather: a single number holds for every interval."""
        rows = prices.height
        if not rows:
            raise InputError("there are no prices", hint="widen the window")
        hours = _row("hours", prices["hours"].to_numpy(), rows)
        if hours.max() > _MAX_HOURS or hours.min() <= 0.0:
            raise InputError(
                "an interval must last up to one hour",
                hours=hours.max(),
                hint="give hourly or shorter prices",
            )
        probable = {
            name: _probability(f"calls_prob of {name!r}", row, rows) for name, row in calls_prob.items()
        }
        return cls(
            zone=zone,
            start=prices["start"],
            hours=hours,
            spot_usd_per_mwh=_row("price_usd_per_mwh", prices["price_usd_per_mwh"].to_numpy(), rows),
            hashprice_usd_per_ph_day=_row("hashprice_usd_per_ph_day", hashprice_usd_per_ph_day, rows),
            outside_c=None if outside_c is None else _row("outside_c", outside_c, rows),
            peak_prob=None if peak_prob is None else _probability("peak_prob", peak_prob, rows),
            calls_prob=probable,
            series={name: _row(f"series {name!r}", row, rows) for name, row in series.items()},
        )

    @property
    def start_us(self) -> NDArray[np.datetime64]:
        """Starts of the intervals without their zone, UTC, `datetime64[us]`."""
        return self.start.cast(pl.Datetime("us")).to_numpy()

    @property
    def zeros(self) -> _Row:
        """A zero for every interval."""
        return np.zeros_like(self.hours)

    def mask(self, calendar: Calendar) -> NDArray[np.bool_]:
        """Where a calendar holds at an interval's first or last instant."""
        return calendar_mask(calendar, self.zone, self.start, self.hours)

    def local(self) -> pl.Series:
        """Starts of the intervals in the site's own time."""
        return self.start.cast(pl.Datetime("us", self.zone))  # the same instants, without a query

    def profile(self, by_hour_frac: Sequence[float]) -> _Row:
        """A daily profile of 24 fractions at each interval; an empty one is 1 throughout."""
        if not by_hour_frac:
            return self.zeros + 1.0
        hour = self.local().dt.hour().cast(pl.Int64).to_numpy()
        by_interval: _Row = np.asarray(by_hour_frac, np.float64)[hour]
        return by_interval

    def pue(self, fixed_pue: float, curve: Sequence[PuePoint]) -> _Row:
        """Power usage effectiveness in each interval; the fixed one where there is no curve."""
        if not curve:
            return self.zeros + fixed_pue
        return self.on_curve(
            [point.outside_c for point in curve], [point.pue for point in curve], "pue_curve"
        )

    def on_curve(self, points_c: Sequence[float], values_ratio: Sequence[float], key: str) -> _Row:
        """A curve over the outside temperature: straight between its points, flat beyond them."""
        if self.outside_c is None:
            raise InputError(
                f"{key} needs the outside temperature of each interval",
                key=key,
                hint="name the series of temperatures with outside_series, or leave the curve out",
            )
        return np.interp(self.outside_c, points_c, values_ratio)

    def named(self, name: str) -> _Row:
        """A series of the site by its name."""
        if name not in self.series:
            raise InputError(
                f"the series {name!r} is missing", key="series", hint="give its [[series]] a file"
            )
        return self.series[name]


def _row(name: str, values: ArrayLike, rows: int) -> _Row:
    """One finite number for each interval, as a frozen copy."""
    given = np.asarray(values, np.float64)
    if given.ndim > 1 or (given.ndim == 1 and given.size != rows):
        raise InputError(
            f"{name} has {given.size} numbers for {rows} intervals",
            key=name,
            hint="give one number for each interval of the prices",
        )
    row = np.array(np.broadcast_to(given, (rows,)))
    bad = np.flatnonzero(~np.isfinite(row))
    if bad.size:
        raise InputError(
            f"{name} is not finite",
            key=name,
            interval=int(bad[0]),
            hint="no NaN or infinity reaches a plan: give the number, or leave the interval out",
        )
    row.flags.writeable = False
    return row


def _probability(name: str, values: ArrayLike, rows: int) -> _Row:
    row = _row(name, values, rows)
    bad = np.flatnonzero((row < 0.0) | (row > 1.0))
    if bad.size:
        raise InputError(
            f"{name} must lie between 0 and 1",
            key=name,
            interval=int(bad[0]),
            value=float(row[bad[0]]),
            hint="give probabilities; 0 and 1 where it is known",
        )
    return row
