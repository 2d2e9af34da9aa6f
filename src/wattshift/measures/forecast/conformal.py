"""Intervals around any forecast that cover as often as they say, by conformal prediction.

Split conformal: the errors of past forecasts are ranked, and the interval reaches to the rank that the level
asks for (Vovk, Gammerman & Shafer 2005; Lei et al. 2018). It holds if the future is exchangeable with the
past, which prices are not; so the level asked of each side is moved after every day by the share of misses on
that side (adaptive conformal inference: Gibbs & Candes 2021). Each side has its own, since prices jump up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.intervals import check_level

__all__ = ["Band", "conformal_band"]

_LEAST_USD_PER_MWH = 15.0
_STEP_RATIO = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """Intervals around forecasts of intervals `first` to T.

    Args:
        first: the first interval that has one.
        low_usd_per_mwh: lower ends, shape (T + 1 - first,).
        high_usd_per_mwh: upper ends.
        level: the coverage aimed at.
    """

    first: int
    low_usd_per_mwh: NDArray[np.float64]
    high_usd_per_mwh: NDArray[np.float64]
    level: float

    def covered_frac(self, price_usd_per_mwh: NDArray[np.float64]) -> float:
        """The share of the settled prices of intervals `first` to T-1 inside their interval."""
        price = price_usd_per_mwh[self.first :]
        inside = (self.low_usd_per_mwh[: price.size] <= price) & (
            price <= self.high_usd_per_mwh[: price.size]
        )
        return float(inside.mean())


def conformal_band(
    price_usd_per_mwh: NDArray[np.float64],
    forecast_usd_per_mwh: NDArray[np.float64],
    *,
    n_per_day: int,
    level: float = 0.9,
    n_days: int = 28,
    adaptive: bool = True,
) -> Band:
    """Intervals from the errors of the days before; each day's knows nothing of that day's errors.

    Args:
        price_usd_per_mwh: settled prices of intervals 0 to T-1, shape (T,).
        forecast_usd_per_mwh: shape (T,), of the intervals 1 to T.
        n_per_day: intervals a day.
        level: the coverage aimed at.
        n_days: past days whose errors are ranked.
        adaptive: whether misses move the level that is asked for; split conformal prediction otherwise.

    Raises:
        InputError: if shapes differ, less than two days are known, or the level is not inside (0, 1).
    """
    check_level(level)
    price, said = price_usd_per_mwh, forecast_usd_per_mwh
    if price.shape != said.shape or price.size <= 2 * n_per_day or n_per_day < 1:
        raise InputError(
            "intervals need two days of forecasts and their prices", prices=price.size, forecasts=said.size
        )
    size = np.maximum(np.abs(said), _LEAST_USD_PER_MWH)
    error_ratio = (price[1:] - said[:-1]) / size[:-1]
    aimed = (1.0 - level) / 2.0
    miss = np.array([aimed, aimed])
    reach = np.empty((2, said.size - n_per_day))
    for start in range(n_per_day, said.size, n_per_day):
        known = np.sort(error_ratio[max(0, start - n_days * n_per_day) : start])
        today = slice(start - n_per_day, min(start, said.size - n_per_day))
        reach[0, today] = -_rank(-known[::-1], miss[0])
        reach[1, today] = _rank(known, miss[1])
        if adaptive:
            met = error_ratio[start : start + n_per_day]
            missed = np.array([(met < reach[0, today.start]).mean(), (met > reach[1, today.start]).mean()])
            miss = np.clip(miss + _STEP_RATIO * (aimed - missed), aimed / 20.0, 4.0 * aimed)
    first = n_per_day + 1
    middle, width = said[n_per_day:], size[n_per_day:]
    return Band(
        first=first,
        low_usd_per_mwh=middle + reach[0] * width,
        high_usd_per_mwh=middle + reach[1] * width,
        level=level,
    )


def _rank(ascending: NDArray[np.float64], miss_prob: float) -> float:
    """The value that the next one exceeds with at most this probability, or the largest one known."""
    count = ascending.size
    rank = int(np.ceil((count + 1) * (1.0 - miss_prob))) - 1
    return float(ascending[min(max(rank, 0), count - 1)])
