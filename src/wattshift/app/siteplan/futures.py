"""Possible futures of a window that begins at the instant of knowledge, from what was known at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.app.power import prices_until, spot_table
from wattshift.app.snapshot import Snapshot
from wattshift.assets.site import Site
from wattshift.clock import Window, format_instant
from wattshift.errors import InputError
from wattshift.measures.forecast.reduction import match_mean, select_paths
from wattshift.measures.forecast.scenarios import ERROR_DAYS, hashprice_paths, price_paths
from wattshift.tables import UTC_INSTANT
from wattshift.units import usd_per_ph_day_to_usd_per_mwh

__all__ = ["MAX_DAYS", "MAX_FUTURES", "Futures", "draw_futures"]

_Row: TypeAlias = NDArray[np.float64]

MAX_FUTURES = 200
MAX_DAYS = 7.0

_DRAWN = 500
"""Paths that are drawn; those that stand for all are chosen from them."""

_PROFILE_DAYS = 30
_HASHPRICE_DAYS = 90
_TYPICAL_J_PER_TH = 20.0
"""By which a move of the hashprice is as far as one of the power price."""

_MARKET_LIMITS = {
    "power_price": (
        (datetime.fromisoformat("2011-01-01T00:00Z"), -251.0, 9_000.0),
        (datetime.fromisoformat("2022-01-01T00:00Z"), -251.0, 5_000.0),
    )
}
"""From when on which floor and system-wide offer cap held [USD/MWh]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Futures:
    """What may come, in the order of the mean price.

    Args:
        intervals: `start`, `hours` and `price_usd_per_mwh` of the window, the price being the expected one.
        price_usd_per_mwh: shape (N, T).
        hashprice_usd_per_ph_day: shape (N, T).
        occurs_prob: shape (N,).
    """

    intervals: pl.DataFrame
    price_usd_per_mwh: _Row
    hashprice_usd_per_ph_day: _Row
    occurs_prob: _Row

    @property
    def hours(self) -> float:
        """Length of each interval [h]."""
        return float(self.intervals["hours"][0])

    @property
    def window(self) -> Window:
        """From the first interval to the end of the last."""
        start = self.intervals["start"]
        end_at: datetime = start[-1] + timedelta(hours=self.hours)
        return Window(start_at=start[0], end_at=end_at)


def draw_futures(snapshot: Snapshot, site: Site, window: Window, *, count: int, seed: int) -> Futures:
    """Draw paths of prices and hashprices and keep those that stand for all.

    Args:
        snapshot: what is known.
        site: the site.
        window: from the instant of knowledge on.
        count: how many futures.
        seed: of what is drawn.

    Raises:
        OutOfSpan: if the prices just before the window are not known.
        InputError: if too few prices are known before it, or a number is out of range.
    """
    _require_in_range(window, count, seed)
    before = Window(start_at=window.start_at - timedelta(days=1), end_at=window.start_at)
    past, _ = prices_until(snapshot, site, before, history_days=ERROR_DAYS + _PROFILE_DAYS + int(MAX_DAYS))
    starts, skipped = _intervals(past, window)
    rng = np.random.default_rng(seed)
    prices = _prices(site, past, skipped + len(starts), rng)[:, skipped:]
    hashprices = _hashprices(snapshot, starts, rng)
    far = usd_per_ph_day_to_usd_per_mwh(1.0, _TYPICAL_J_PER_TH)
    chosen, prob = select_paths(np.concatenate([prices, far * hashprices], axis=1), count)
    prob = prob / prob.sum()
    few = np.minimum(match_mean(prices, chosen, prob), _market_limits(site, past["start"][-1])[1])
    order = np.argsort(few.mean(axis=1), kind="stable")
    few, chosen, prob = few[order], chosen[order], prob[order]
    intervals = pl.DataFrame(
        {
            "start": pl.Series(starts, dtype=UTC_INSTANT),
            "hours": [float(past["hours"][-1])] * len(starts),
            "price_usd_per_mwh": prob @ few,
        }
    )
    return Futures(
        intervals=intervals,
        price_usd_per_mwh=few,
        hashprice_usd_per_ph_day=hashprices[chosen],
        occurs_prob=prob,
    )


def _require_in_range(window: Window, count: int, seed: int) -> None:
    if not 2 <= count <= MAX_FUTURES:
        raise InputError(f"give 2 to {MAX_FUTURES} scenarios", scenarios=count, hint="30 is a good number")
    if window.end_at - window.start_at > timedelta(days=MAX_DAYS):
        raise InputError(
            "scenarios reach a week ahead at most", end=format_instant(window.end_at), hint="move --end back"
        )
    if seed < 0:
        raise InputError("a seed is a whole number from 0 on", seed=seed)


def _prices(site: Site, past: pl.DataFrame, count: int, rng: np.random.Generator) -> _Row:
    """Possible prices of the intervals after the last known one, shape (paths, count)."""
    low, high = _market_limits(site, past["start"][-1])
    return price_paths(
        past["price_usd_per_mwh"].to_numpy(),
        n_per_day=round(24.0 / float(past["hours"][-1])),
        count=count,
        n_paths=_DRAWN,
        rng=rng,
        low_usd_per_mwh=low,
        high_usd_per_mwh=high,
    )


def _intervals(past: pl.DataFrame, window: Window) -> tuple[list[datetime], int]:
    """Starts of the window's intervals, and how many lie between the last known price and the first."""
    step = timedelta(hours=float(past["hours"][-1]))
    known_to: datetime = past["start"][-1] + step
    skipped = -((known_to - window.start_at) // step)
    count = (window.end_at - known_to) // step - skipped
    if count < 1:
        raise InputError(
            "no whole interval lies within this window",
            start=format_instant(window.start_at),
            end=format_instant(window.end_at),
            hint="move --end forward",
        )
    return [known_to + (skipped + number) * step for number in range(count)], skipped


def _hashprices(snapshot: Snapshot, starts: list[datetime], rng: np.random.Generator) -> _Row:
    """Possible hashprices of each interval, shape (paths, T): one a UTC day."""
    ago = [snapshot.as_of - timedelta(days=days) for days in range(_HASHPRICE_DAYS, 0, -1)]
    daily = [snapshot.archive.as_of(at).hashprice.usd_per_ph_day for at in ago]
    daily.append(snapshot.hashprice.usd_per_ph_day)
    day = np.array([(start.date() - snapshot.as_of.date()).days for start in starts])
    paths = hashprice_paths(np.array(daily), n_days=int(day[-1]) + 1, n_paths=_DRAWN, rng=rng)
    by_interval: _Row = paths[:, day]
    return by_interval


def _market_limits(site: Site, at: datetime) -> tuple[float, float]:
    """Floor and cap of the site's market; none for prices of the user's own."""
    known = _MARKET_LIMITS.get(spot_table(site) or "", ())
    held = [(low, high) for since_at, low, high in known if since_at <= at]
    return held[-1] if held else (-np.inf, np.inf)
