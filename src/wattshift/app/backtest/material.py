"""What a backtest is made of: the prices of its window, those before it, and hashprices as known then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.app.backtest.knowledge import Revealed, reveal
from wattshift.app.planning import hashprice_of_intervals
from wattshift.app.power import prices_until
from wattshift.app.snapshot import Snapshot
from wattshift.assets.site import Site
from wattshift.clock import Window
from wattshift.errors import InputError
from wattshift.measures.forecast.nextprice import persistence
from wattshift.measures.forecast.path import DayAhead, PricePaths

__all__ = ["HISTORY_DAYS", "Material", "gather"]

HISTORY_DAYS = 42
"""Days before the window whose prices the first forecasts may look at."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """Prices and hashprices of a window, with what came before.

    Args:
        prices: `start`, `hours`, `price_usd_per_mwh`, from before the window to its end.
        first: the first row of the window; at least 1, so that its price can be forecast.
        hashprice_usd_per_ph_day: of the window's intervals, shape (T,).
        series: the site's own series, and when their figures are known.
    """

    prices: pl.DataFrame
    first: int
    hashprice_usd_per_ph_day: NDArray[np.float64]
    series: Mapping[str, Revealed] = field(default_factory=dict)

    def cut(self, begin: int, first: int, end: int) -> Material:
        """The same of fewer rows: history from `begin`, the window from `first` up to `end`."""
        rows = slice(first - self.first, end - self.first)
        return Material(
            prices=self.prices[begin:end],
            first=first - begin,
            hashprice_usd_per_ph_day=self.hashprice_usd_per_ph_day[rows],
            series={name: each.cut(begin, end) for name, each in self.series.items()},
        )

    def paths(self, site: Site) -> PricePaths:
        """What was to be expected of the prices, with the site's day-ahead series where it names one."""
        price, name = self.price_usd_per_mwh, site.tariff.day_ahead_series
        ahead = None if name is None else self._day_ahead(self.series[name])
        return PricePaths(price, n_per_day=self.n_per_day, day_ahead=ahead)

    def _day_ahead(self, listed: Revealed) -> DayAhead:
        ends_us = self.prices["start"].dt.epoch("us").to_numpy() + 86_400_000_000 // self.n_per_day
        row = np.concatenate([np.zeros(listed.first), listed.value])
        known = listed.known_rows(ends_us)
        n_known = np.where(known > 0, listed.first + known, 0)
        return DayAhead(price_usd_per_mwh=row, first=listed.first, n_known=n_known)

    @property
    def window(self) -> pl.DataFrame:
        """The prices of the window."""
        return self.prices[self.first :]

    @property
    def n_per_day(self) -> int:
        """Intervals a day."""
        return round(24.0 / float(self.prices["hours"][0]))

    @property
    def end_at(self) -> datetime:
        """The end of the last interval."""
        last: datetime = self.prices["start"][-1]
        return last + timedelta(hours=float(self.prices["hours"][-1]))

    @cached_property
    def price_usd_per_mwh(self) -> NDArray[np.float64]:
        """All prices, those before the window too."""
        return self.prices["price_usd_per_mwh"].to_numpy()

    @cached_property
    def last_usd_per_mwh(self) -> NDArray[np.float64]:
        """For each interval of the window the price that was settled last."""
        return persistence(self.price_usd_per_mwh)[self.first - 1 : -1]

    def forecast_usd_per_mwh(self, site: Site) -> NDArray[np.float64]:
        """For each interval of the window the mean that was to be expected."""
        return self.paths(site).next_usd_per_mwh[self.first - 1 : -1]


def gather(
    snapshot: Snapshot, site: Site, window: Window, *, hashprice_usd_per_ph_day: float | None = None
) -> Material:
    """Read what a backtest needs.

    Args:
        snapshot: what is known.
        site: the site.
        window: the stretch of time that is replayed.
        hashprice_usd_per_ph_day: one hashprice throughout; unless given, that known at the start of each
            UTC day.

    Raises:
        OutOfSpan: if prices, hashprices or the site's series do not cover the window.
        Missing, Malformed: if a file cannot be read or is not a sound series.
        InputError: if the hashprice is not a finite number of at least 0.
    """
    prices, first = prices_until(snapshot, site, window, history_days=HISTORY_DAYS)
    first = max(first, 1)  # nothing is known before a series begins: its first interval is history
    inside = prices[first:]
    if inside.is_empty():
        raise InputError("a backtest needs two intervals or more", hint="move --start back, or --end forward")
    if hashprice_usd_per_ph_day is None:
        hashprice = hashprice_of_intervals(snapshot, inside)
    else:
        hashprice = np.full(inside.height, hashprice_usd_per_ph_day)
    series = reveal(site, prices, first)
    return Material(prices=prices, first=first, hashprice_usd_per_ph_day=hashprice, series=series)
