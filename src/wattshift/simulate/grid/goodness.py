"""How well a fitted curve of supply does in hours that it has not seen.

Two questions. Does a megawatt of load move an hour by a megawatt along the curve? Read off the new hours'
prices and regressed on their load, the slope should be one. And, given the load of the new hours and what was
known before each, are there as many hours above each price as the curve says?
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.grid.controls import MarketHours, controls_of, unexplained
from wattshift.simulate.grid.supply import SupplyCurve
from wattshift.units import HOURS_PER_YEAR

__all__ = ["HeldOut", "PriceDuration", "held_out"]

_REDRAWN = 400
_LEVELS = np.linspace(0.0025, 0.9975, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDuration:
    """One point of the price duration curve.

    Args:
        price_usd_per_mwh: a price [USD/MWh].
        found_hours: hours of a year above it [h].
        expected_hours: hours that the curve says [h].
    """

    price_usd_per_mwh: float
    found_hours: float
    expected_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """A fitted curve in hours that it has not seen.

    Args:
        hours: how many.
        slope_ratio: how far a megawatt of load moves an hour along the curve; it should be one.
        low_ratio: lower end of its 95 % interval: of the new weeks, with the curve as given.
        high_ratio: upper end.
        found_usd_per_mwh: mean price [USD/MWh].
        expected_usd_per_mwh: mean price that the curve says [USD/MWh].
        durations: the price duration curve.
    """

    hours: int
    slope_ratio: float
    low_ratio: float
    high_ratio: float
    found_usd_per_mwh: float
    expected_usd_per_mwh: float
    durations: tuple[PriceDuration, ...]


def held_out(
    curve: SupplyCurve,
    market: MarketHours,
    rng: np.random.Generator,
    *,
    seen: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    cap_usd_per_mwh: NDArray[np.float64],
    prices_usd_per_mwh: NDArray[np.float64],
) -> HeldOut:
    """Try a curve.

    Args:
        curve: fitted to the hours seen.
        market: seen and new hours.
        rng: draws weeks for the interval of the slope.
        seen: shape (n,), hours that may teach how availability follows the controls.
        asked: shape (n,), the new hours.
        cap_usd_per_mwh: shape (n,), price at which load is shed [USD/MWh].
        prices_usd_per_mwh: where the duration curves are compared [USD/MWh].

    Raises:
        NoData: if there are less than sixty days.
    """
    known = controls_of(market)
    old, new = seen[known.hours], asked[known.hours]
    load, price = market.load_mw[known.hours], market.price_usd_per_mwh[known.hours]
    cap = cap_usd_per_mwh[known.hours]
    lacking = curve.reach_mw(np.minimum(price, cap)) - load
    fitted, *_ = np.linalg.lstsq(known.controls[old], lacking[old], rcond=None)
    rest = np.quantile(lacking[old] - known.controls[old] @ fitted, _LEVELS)
    where = load[new] + known.controls[new] @ fitted
    expected = np.minimum(curve.cost_usd_per_mwh(where[:, None] + rest), cap[new][:, None])
    position = lacking[new] + load[new]
    slope, low, high = _slope(known.controls[new], load[new], position, known.week[new], rng)
    return HeldOut(
        hours=int(new.sum()),
        slope_ratio=slope,
        low_ratio=low,
        high_ratio=high,
        found_usd_per_mwh=float(price[new].mean()),
        expected_usd_per_mwh=float(expected.mean()),
        durations=tuple(
            PriceDuration(
                price_usd_per_mwh=level,
                found_hours=float((price[new] > level).mean()) * HOURS_PER_YEAR,
                expected_hours=float((expected > level).mean()) * HOURS_PER_YEAR,
            )
            for level in prices_usd_per_mwh.tolist()
        ),
    )


def _slope(
    controls: NDArray[np.float64],
    load: NDArray[np.float64],
    position: NDArray[np.float64],
    week: NDArray[np.intp],
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Least squares of the position on load, and its interval with whole weeks drawn anew."""
    _, week = np.unique(week, return_inverse=True)
    moved = unexplained(load, controls)
    shared, spread = np.bincount(week, moved * position), np.bincount(week, moved**2)
    weights = rng.multinomial(len(shared), np.full(len(shared), 1 / len(shared)), size=_REDRAWN)
    low, high = np.quantile(weights @ shared / (weights @ spread), (0.025, 0.975)).tolist()
    return float(shared.sum() / spread.sum()), low, high
