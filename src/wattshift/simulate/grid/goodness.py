"""How well a fitted curve of supply does in hours that it has not seen.

Three questions. Does a megawatt of load move an hour by a megawatt along the curve? Read off the new hours'
prices and regressed on their load, the slope should be one. Does it in the dear hours, on whose stretch of
the curve the effect on a peak rests? And, given the load of the new hours and what was known before each, are
there as many hours above each price as the curve says?
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
_DEAR_USD_PER_MWH = 100.0
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
        dear_usd_per_mwh: where the dear stretch of the curve begins [USD/MWh].
        dear_ratio: the same on that stretch alone: how far those hours moved, over their share; None if no
            hour was so dear.
        dear_low_ratio: lower end of its interval; None likewise.
        dear_high_ratio: upper end; None likewise.
        found_usd_per_mwh: mean price [USD/MWh].
        expected_usd_per_mwh: mean price that the curve says [USD/MWh].
        durations: the price duration curve.
    """

    hours: int
    slope_ratio: float
    low_ratio: float
    high_ratio: float
    dear_usd_per_mwh: float
    dear_ratio: float | None
    dear_low_ratio: float | None
    dear_high_ratio: float | None
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
    moved = _Moved(load[new], known.controls[new], known.week[new], rng)
    slope, low, high = moved.ratio(position, np.ones(len(position)))
    dear_mw = float(curve.reach_mw(np.array([_DEAR_USD_PER_MWH]))[0])
    is_dear = (position > dear_mw).astype(np.float64)
    dear, dear_low, dear_high = (
        moved.ratio(np.maximum(position, dear_mw), is_dear) if is_dear.any() else (None, None, None)
    )
    return HeldOut(
        hours=int(new.sum()),
        slope_ratio=slope,
        low_ratio=low,
        high_ratio=high,
        dear_usd_per_mwh=_DEAR_USD_PER_MWH,
        dear_ratio=dear,
        dear_low_ratio=dear_low,
        dear_high_ratio=dear_high,
        found_usd_per_mwh=float(price[new].mean()),
        expected_usd_per_mwh=float(expected.mean()),
        durations=tuple(_duration(level, price[new], expected) for level in prices_usd_per_mwh.tolist()),
    )


def _duration(level: float, found: NDArray[np.float64], expected: NDArray[np.float64]) -> PriceDuration:
    found_hours, expected_hours = (
        float((each > level).mean()) * HOURS_PER_YEAR for each in (found, expected)
    )
    return PriceDuration(price_usd_per_mwh=level, found_hours=found_hours, expected_hours=expected_hours)


class _Moved:
    """How far a megawatt of load moves hours along a curve: least squares, with whole weeks drawn anew."""

    def __init__(
        self,
        load: NDArray[np.float64],
        controls: NDArray[np.float64],
        week: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> None:
        _, self._week = np.unique(week, return_inverse=True)
        weeks = int(self._week.max()) + 1
        self._controls = controls
        self._load = unexplained(load, controls)
        self._weights = rng.multinomial(weeks, np.full(weeks, 1 / weeks), size=_REDRAWN)
        self._weights[0] = 1  # the weeks as they were

    def ratio(self, position: NDArray[np.float64], is_on: NDArray[np.float64]) -> tuple[float, float, float]:
        """Slope of the position over the share of hours on the stretch asked about, and its 95 % interval."""
        along = unexplained(position, self._controls)
        shared, spread, on, hours = (
            self._weights @ np.bincount(self._week, each)
            for each in (self._load * along, self._load**2, is_on, np.ones(len(is_on)))
        )
        # A draw without an hour on the stretch says nothing of it.
        seen = on > 0
        ratios = (shared[seen] / spread[seen]) / (on[seen] / hours[seen])
        low, high = np.quantile(ratios, (0.025, 0.975)).tolist()
        return float(ratios[0]), low, high
