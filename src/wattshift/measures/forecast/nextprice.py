"""The next interval's price, from those before it.

Every function takes the prices of intervals 0 to T-1 and returns T forecasts: number k is of interval k+1 and
knows the prices up to k. The last one is of the interval to come, so what a replay of the past uses and what
a live decision uses are the same numbers.

Machines that can be switched at no cost should run while the *mean* of the next price lies below what they
earn: the margin is linear in the price. So these are forecasts of the mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.forecast.season import mean_step_ratio

__all__ = ["STEP_DAYS", "STEP_RATIO", "persistence", "require_prices", "seasonal_step", "with_day_ahead"]

STEP_DAYS = 28
"""Past days over which the usual step at a time of day is averaged."""

STEP_RATIO = 0.4
"""A step counts for no more than this much of the price: a spike is not expected again at the same time."""

_LEAST_USD_PER_MWH = 15.0
"""Steps are measured relative to the price, which may be near zero or below it."""

_MOST_USD_PER_MWH = 1_000.0
"""Near a market's price cap a step is a share of this, for the price has no room above it."""


def persistence(price_usd_per_mwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last price, unchanged; shape (T,)."""
    return require_prices(price_usd_per_mwh).copy()


def seasonal_step(
    price_usd_per_mwh: NDArray[np.float64],
    *,
    n_per_day: int,
    n_days: int = STEP_DAYS,
    most_ratio: float = STEP_RATIO,
) -> NDArray[np.float64]:
    """The last price and the step that is usual at this time of the day.

    Demand, ramps of the sun and the clock of power plants repeat daily: the price tends to rise into some
    quarter hours and to fall out of others. The usual step is the mean, over the past days, of the step into
    the same time of day, relative to the price it began from.

    Args:
        price_usd_per_mwh: shape (T,).
        n_per_day: intervals a day.
        n_days: past days over which steps are averaged; fewer while fewer are known.
        most_ratio: a larger step counts as this.

    Returns:
        Shape (T,), of the intervals 1 to T.

    Raises:
        InputError: if a price is not finite or a count is below one.
    """
    price = require_prices(price_usd_per_mwh)
    size = np.maximum(np.abs(price), _LEAST_USD_PER_MWH)
    step_ratio = np.clip(np.diff(price) / size[:-1], -most_ratio, most_ratio)
    usual_ratio = mean_step_ratio(step_ratio, period=n_per_day, count=n_days)[: price.size]
    forecast: NDArray[np.float64] = price + np.minimum(size, _MOST_USD_PER_MWH) * usual_ratio
    return forecast


def with_day_ahead(
    price_usd_per_mwh: NDArray[np.float64],
    day_ahead_usd_per_mwh: NDArray[np.float64],
    *,
    kept_ratio: float,
) -> NDArray[np.float64]:
    """The day-ahead price of the next interval, with a share of the last one's error.

    Args:
        price_usd_per_mwh: shape (T,), settled prices.
        day_ahead_usd_per_mwh: shape (T + 1,), day-ahead prices of intervals 0 to T, published before them.
        kept_ratio: how much of the last real-time price's distance from the day-ahead price remains: 0 is the
            day-ahead series itself, 1 the last price and the step of the day-ahead series.

    Raises:
        InputError: if a price is not finite, lengths differ or the share is outside 0 to 1.
    """
    price = require_prices(price_usd_per_mwh)
    ahead = require_prices(day_ahead_usd_per_mwh)
    if ahead.size != price.size + 1:
        raise InputError(
            "a day-ahead series needs the next interval too", prices=price.size, day_ahead=ahead.size
        )
    if not 0.0 <= kept_ratio <= 1.0:
        raise InputError("the share that remains lies between 0 and 1", kept_ratio=kept_ratio)
    forecast: NDArray[np.float64] = ahead[1:] + kept_ratio * (price - ahead[:-1])
    return forecast


def require_prices(price_usd_per_mwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """A row of at least one finite price.

    Raises:
        InputError: if it is not.
    """
    price = np.asarray(price_usd_per_mwh, np.float64)
    if price.ndim != 1 or not price.size or not np.isfinite(price).all():
        raise InputError(
            "a forecast needs a row of finite prices",
            shape=price.shape,
            hint="no NaN or infinity reaches a forecast: leave the gap out, or fill it from another source",
        )
    return price
