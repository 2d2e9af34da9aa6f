"""Hours of a power market, and what can be observed of how much supply there is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.errors import InputError, NoData
from wattshift.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = ["Known", "MarketHours", "controls_of", "unexplained"]

_DAY_WAVES, _YEAR_WAVES = 4, 2
_YEAR_S = 365.2425 * SECONDS_PER_DAY
_PAST_HOURS = 28 * 24
_LEAST_USD_PER_MWH = 5.0
_LEAST_HOURS = 60 * 24
_Columns = NDArray[np.float64]
"""Columns of unlike units."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketHours:
    """A power market hour by hour.

    Args:
        start_s: shape (n,), starts of the hours, rising [s since 1970].
        load_mw: shape (n,), what consumers draw [MW].
        price_usd_per_mwh: shape (n,), what they pay [USD/MWh].

    Raises:
        InputError: if the shapes disagree, a number is not finite, or time does not rise.
    """

    start_s: NDArray[np.int64]
    load_mw: NDArray[np.float64]
    price_usd_per_mwh: NDArray[np.float64]

    def __post_init__(self) -> None:
        series = (self.start_s, self.load_mw, self.price_usd_per_mwh)
        if not (
            self.start_s.ndim == 1
            and all(each.shape == self.start_s.shape and np.isfinite(each).all() for each in series)
            and (np.diff(self.start_s) > 0).all()
        ):
            raise InputError("hours of a market are finite, and rise in time", hint="sort them, fill no gap")

    def within(self, start_s: float, end_s: float) -> MarketHours:
        """The hours that start in [start, end) [s since 1970]."""
        return self.chosen((self.start_s >= start_s) & (self.start_s < end_s))

    def chosen(self, hours: NDArray[np.bool_]) -> MarketHours:
        """Some of the hours, shape (n,)."""
        return MarketHours(
            start_s=self.start_s[hours],
            load_mw=self.load_mw[hours],
            price_usd_per_mwh=self.price_usd_per_mwh[hours],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What is known of the supply of some hours before they begin.

    Args:
        hours: shape (m,), which hours have four weeks before them.
        week: shape (m,), the week of each: hours of one week are drawn together.
        controls: shape (m, k): waves of the day by waves of the year, the mean load [GW] and the logarithm
            of the median price of the four weeks before.
    """

    hours: NDArray[np.intp]
    week: NDArray[np.int64]
    controls: _Columns


def controls_of(market: MarketHours) -> Known:
    """What is known of each hour's supply before it begins.

    Raises:
        NoData: if there are less than sixty days.
    """
    count = len(market.start_s)
    if count < _LEAST_HOURS:
        raise NoData("a market of less than sixty days tells no curve of supply", hours=count)
    hours = np.arange(_PAST_HOURS, count)
    start_s = market.start_s[hours]
    day = _waves(start_s % SECONDS_PER_DAY // SECONDS_PER_HOUR / 24.0, _DAY_WAVES)
    year = _waves(np.asarray(start_s % _YEAR_S / _YEAR_S, dtype=np.float64), _YEAR_WAVES)
    grid = (day[:, :, None] * year[:, None, :]).reshape(len(hours), -1)
    sums = np.concatenate(([0.0], np.cumsum(market.load_mw / 1_000.0)))
    growth = (sums[hours] - sums[hours - _PAST_HOURS]) / _PAST_HOURS
    return Known(
        hours=hours,
        week=start_s // (7 * SECONDS_PER_DAY),
        controls=np.column_stack((grid, growth, _past_level(market.price_usd_per_mwh))),
    )


def unexplained(values: _Columns, controls: _Columns) -> _Columns:
    """What of each column the controls do not explain (least squares), shape (m,) or (m, k) as given."""
    basis, _ = np.linalg.qr(controls)
    return np.asarray(values - basis @ (basis.T @ values))


def _past_level(price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of the median price of the four weeks before each hour: what fuel costs."""
    logs = pl.Series(np.log(np.maximum(price, _LEAST_USD_PER_MWH)))
    return logs.rolling_median(_PAST_HOURS).to_numpy()[_PAST_HOURS - 1 : -1]


def _waves(turn_frac: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    angles = 2.0 * np.pi * turn_frac[:, None] * np.arange(1, count + 1)
    return np.concatenate((np.ones((len(turn_frac), 1)), np.cos(angles), np.sin(angles)), axis=1)
