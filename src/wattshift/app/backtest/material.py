"""What a backtest is made of: the prices of its window, those before it, and hashprices as known then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.app.planning import hashprice_of_intervals
from wattshift.app.power import prices_until
from wattshift.app.snapshot import Snapshot
from wattshift.assets.site import Site
from wattshift.clock import Window
from wattshift.errors import InputError
from wattshift.measures.forecast.nextprice import persistence, seasonal_step

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
    """

    prices: pl.DataFrame
    first: int
    hashprice_usd_per_ph_day: NDArray[np.float64]

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

    @cached_property
    def forecast_usd_per_mwh(self) -> NDArray[np.float64]:
        """For each interval of the window the mean that was to be expected."""
        return seasonal_step(self.price_usd_per_mwh, n_per_day=self.n_per_day)[self.first - 1 : -1]


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
        OutOfSpan: if prices or hashprices do not cover the window.
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
    return Material(prices=prices, first=first, hashprice_usd_per_ph_day=hashprice)
