"""A region's curve of supply, fitted to its hourly load and price.

How many megawatts of supply lie between two prices? Of all hours, n(p) cost more than p, and a megawatt of
load lifts m(p) more of them above p. Between p and q, which are near to each other,

    megawatts = (n(p) - n(q)) / mean of m(p) and m(q):

the local average response of Hoderlein and Mammen (2007), for a supply whose availability (wind, sun,
outages) nobody observes. m(p) is the least-squares slope of "the price exceeds p" on load, with the controls
that are observable: hour of the day by season, the mean load and the median price of the four weeks before
(growth and fuel). A price counts only as above or below p, so that no single spike can bend the curve, and
the curve cannot fall. Beyond the last price that is seen often enough it rises by the same factor for each
further megawatt as before it: the scarcity tail up to the cap.

The relation is historical. It is causal only as far as load, given the controls, has nothing to do with
wind, sun and outages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import NoData
from wattshift.simulate.grid.controls import MarketHours, controls_of, unexplained
from wattshift.simulate.grid.supply import SupplyCurve

__all__ = ["PRICES_USD_PER_MWH", "FittedSupply", "fit_supply"]

PRICES_USD_PER_MWH = (
    *(-20.0, -10.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 50.0, 60.0, 75.0, 100.0),
    *(150.0, 200.0, 300.0, 500.0, 750.0, 1_000.0, 1_500.0, 2_000.0, 3_000.0, 4_000.0),
)
"""The prices between which supply is counted [USD/MWh]."""

_LEAST_HOURS = 48
"""A price that fewer hours exceed, or stay below, is not used."""

_LEAST_PRICES = 8
_LOWEST_USD_PER_MWH, _HIGHEST_USD_PER_MWH = -1_000.0, 20_000.0
_TAIL_RATIO = 4.0
"""The tail's rise is measured from a fourth of the last price on."""

_TAIL_POINTS = 40
_LEAST_SLOPE_RATIO = 0.25
"""A drawn slope below this share of the fitted one counts as that: load does raise the price."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedSupply:
    """The curve, and others that the same hours might have given.

    Args:
        curve: where it stands is arbitrary: position 0 is at the price of 20 USD/MWh.
        draws: the curve again, with whole weeks drawn anew (cluster bootstrap).
        hours: hours behind it.
        prices_usd_per_mwh: shape (k,), the prices used [USD/MWh].
        exceeded_frac: shape (k,), share of the hours above each.
    """

    curve: SupplyCurve
    draws: tuple[SupplyCurve, ...]
    hours: int
    prices_usd_per_mwh: NDArray[np.float64]
    exceeded_frac: NDArray[np.float64]


def fit_supply(market: MarketHours, rng: np.random.Generator, *, draws: int) -> FittedSupply:
    """Fit the curve.

    Args:
        market: the hours; those without four weeks before them only serve as controls.
        rng: draws the weeks.
        draws: how many other curves.

    Raises:
        NoData: if the hours are too few, or too alike, to tell a curve.
    """
    known = controls_of(market)
    load, price = market.load_mw[known.hours], market.price_usd_per_mwh[known.hours]
    prices = _prices_used(price)
    weeks, week = np.unique(known.week, return_inverse=True)
    above = (price[:, None] > prices).astype(np.float64)
    # Both sides without the controls: else weeks drawn anew would differ by the level of what is above.
    left = unexplained(np.column_stack((load, above)), known.controls)
    moved, lifted = left[:, 0], left[:, 1:] * left[:, :1]
    sums, counts = (
        np.stack([np.bincount(week, each, len(weeks)) for each in columns.T]) for columns in (lifted, above)
    )
    spread, lengths = np.bincount(week, moved**2, len(weeks)), np.bincount(week, minlength=len(weeks))
    slopes, shares = sums.sum(axis=1) / spread.sum(), counts.sum(axis=1) / len(load)
    if not (slopes > 0).all():
        raise NoData(
            "in these hours a higher load does not raise the price at every level",
            hours=len(load),
            hint="fit over a longer stretch of time",
        )
    made = []
    for weights in rng.multinomial(len(weeks), np.full(len(weeks), 1 / len(weeks)), size=draws):
        drawn = sums @ weights / (spread @ weights)
        made.append(
            _curve(
                prices, counts @ weights / (lengths @ weights), np.maximum(drawn, _LEAST_SLOPE_RATIO * slopes)
            )
        )
    return FittedSupply(
        curve=_curve(prices, shares, slopes),
        draws=tuple(made),
        hours=len(load),
        prices_usd_per_mwh=prices,
        exceeded_frac=shares,
    )


def _prices_used(price: NDArray[np.float64]) -> NDArray[np.float64]:
    prices = np.array(PRICES_USD_PER_MWH)
    above = (price[:, None] > prices).sum(axis=0)
    used: NDArray[np.float64] = prices[(above >= _LEAST_HOURS) & (len(price) - above >= _LEAST_HOURS)]
    if len(used) < _LEAST_PRICES:
        raise NoData(
            "too few hours, or prices too alike, for a curve of supply",
            hours=len(price),
            hint="fit over a year or more",
        )
    return used


def _curve(
    prices: NDArray[np.float64], shares: NDArray[np.float64], slopes: NDArray[np.float64]
) -> SupplyCurve:
    """Corners at the prices, then a straight foot and the scarcity tail."""
    steps = -np.diff(shares) / (0.5 * (slopes[1:] + slopes[:-1]))
    corners = np.concatenate(([0.0], np.cumsum(np.maximum(steps, 1.0))))
    corners -= np.interp(20.0, prices, corners)
    foot = corners[0] - (prices[0] - _LOWEST_USD_PER_MWH) * (corners[1] - corners[0]) / (
        prices[1] - prices[0]
    )
    first = min(int(np.searchsorted(prices, prices[-1] / _TAIL_RATIO)), len(prices) - 2)
    per_log = (corners[-1] - corners[first]) / np.log(prices[-1] / prices[first])
    tail = np.geomspace(prices[-1], _HIGHEST_USD_PER_MWH, _TAIL_POINTS + 1)[1:]
    return SupplyCurve(
        position_mw=np.concatenate(([foot], corners, corners[-1] + per_log * np.log(tail / prices[-1]))),
        price_usd_per_mwh=np.concatenate(([_LOWEST_USD_PER_MWH], prices, tail)),
    )
