"""Possible paths of power price and hashprice, drawn from how forecasts were wrong before.

A path of prices is today's forecast with errors that the same forecast, made at the same time of earlier
days, turned out to have. Errors are taken in blocks of random length, each from one earlier day, so that a
calm day stays calm and a storm lasts (stationary bootstrap: Politis & Romano, JASA 89, 1994). They count
relative to the forecast they belong to. What never happened in the past that is looked at is in no path.

The hashprice is a random walk of the logarithm whose moves from day to day are those of its past, bitcoin
price, fees and difficulty together, less their mean.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.forecast.nextprice import require_prices
from wattshift.measures.forecast.path import PricePaths
from wattshift.measures.forecast.season import mean_price

__all__ = ["ERROR_DAYS", "LEAST_ERROR_DAYS", "hashprice_paths", "price_paths"]

ERROR_DAYS = 365
"""Earlier days whose errors are drawn: a year, so that every season and a storm or two are among them."""

LEAST_ERROR_DAYS = 14
"""Fewer say too little of what can happen."""

_BLOCK_DAYS = 4.0
"""Mean length of a block. With one day the band of the daily mean was too narrow by 14 points of 90."""

_USUAL_DAYS = 14
_MOST_USD_PER_MWH = 150.0
"""In what is usual a higher price counts as this: last week's storm is not expected again."""

_LEAST_USD_PER_MWH = 15.0
"""Errors are relative to the forecast, which may be near zero or below it."""


def price_paths(
    price_usd_per_mwh: NDArray[np.float64],
    *,
    n_per_day: int,
    count: int,
    n_paths: int,
    rng: np.random.Generator,
    low_usd_per_mwh: float = -math.inf,
    high_usd_per_mwh: float = math.inf,
) -> NDArray[np.float64]:
    """Possible prices of the intervals after the last known one.

    Args:
        price_usd_per_mwh: settled prices, shape (T,).
        n_per_day: intervals a day.
        count: how many intervals a path has.
        n_paths: how many paths.
        rng: what chance is drawn from.
        low_usd_per_mwh: the market's floor.
        high_usd_per_mwh: its cap.

    Returns:
        Shape (n_paths, count) [USD/MWh].

    Raises:
        InputError: if prices are not finite, a count is below one, or the past is too short.
    """
    price = require_prices(price_usd_per_mwh)
    if min(count, n_paths, n_per_day) < 1:
        raise InputError("paths need a number, a length and a day", n_paths=n_paths, count=count)
    forecast = _Forecast(price, n_per_day, count)
    error_ratio = _past_errors(price, forecast)
    drawn = _blocks(error_ratio.shape[0], n_paths, count, _BLOCK_DAYS * n_per_day, rng)
    ahead = forecast.after(price.size - 1)
    made = ahead + _size(ahead) * error_ratio[drawn, np.arange(count)]
    clipped: NDArray[np.float64] = np.clip(made, low_usd_per_mwh, high_usd_per_mwh)
    return clipped


def hashprice_paths(
    daily_usd_per_ph_day: NDArray[np.float64], *, n_days: int, n_paths: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Possible hashprices of the present and the following days.

    Args:
        daily_usd_per_ph_day: the hashprice of each past day, the present one last, shape (D,).
        n_days: days of a path, the present one included.
        n_paths: how many paths.
        rng: what chance is drawn from.

    Returns:
        Shape (n_paths, n_days) [USD/PH/day]; the first day's is known.

    Raises:
        InputError: if a hashprice is not above zero, or the past is too short.
    """
    daily = np.asarray(daily_usd_per_ph_day, np.float64)
    if daily.ndim != 1 or daily.size <= LEAST_ERROR_DAYS or min(n_days, n_paths) < 1:
        raise InputError("a random walk needs a past of days", days=daily.size, least_days=LEAST_ERROR_DAYS)
    if not (np.isfinite(daily) & (daily > 0.0)).all():
        raise InputError("a hashprice is above zero", hint="leave the day out")
    moves = np.diff(np.log(daily))
    steps = rng.choice(moves - moves.mean(), (n_paths, n_days - 1))
    walk = np.concatenate([np.zeros((n_paths, 1)), np.cumsum(steps, axis=1)], axis=1)
    walked: NDArray[np.float64] = daily[-1] * np.exp(walk)
    return walked


class _Forecast:
    """The path of a day, and beyond it what is usual at that time of the day."""

    def __init__(self, price: NDArray[np.float64], n_per_day: int, count: int) -> None:
        self.n_per_day, self.count = n_per_day, count
        self._paths = PricePaths(price, n_per_day=n_per_day)
        usual = np.minimum(price, _MOST_USD_PER_MWH)
        self._usual = mean_price(usual, period=n_per_day, count=_USUAL_DAYS)

    def after(self, last: int) -> NDArray[np.float64]:
        """The intervals after the last known one."""
        first = self._paths.after(last, min(self.count, self.n_per_day))
        day = self._usual[last + 1 : last + 1 + self.n_per_day]
        return np.concatenate([first, np.resize(day, self.count - first.size)])


def _past_errors(price: NDArray[np.float64], forecast: _Forecast) -> NDArray[np.float64]:
    """Relative errors of forecasts made at this time of earlier days, shape (days, count)."""
    n_per_day, count = forecast.n_per_day, forecast.count
    nearest = -(-count // n_per_day)
    last = price.size - 1
    origins = last - n_per_day * np.arange(nearest, nearest + ERROR_DAYS)
    origins = origins[origins >= n_per_day]
    if origins.size < LEAST_ERROR_DAYS:
        raise InputError(
            "too few prices are known to tell how forecasts err",
            known_days=price.size // n_per_day,
            hint=f"give a history of {LEAST_ERROR_DAYS + nearest + 1} days or more before the window",
        )
    said = np.stack([forecast.after(origin) for origin in origins.tolist()])
    met = price[origins[:, None] + np.arange(1, count + 1)]
    error_ratio: NDArray[np.float64] = (met - said) / _size(said)
    return error_ratio


def _size(forecast_usd_per_mwh: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(np.abs(forecast_usd_per_mwh), _LEAST_USD_PER_MWH)


def _blocks(
    n_days: int, n_paths: int, count: int, mean_length: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """For each interval of each path the earlier day whose error it has, shape (n_paths, count)."""
    begins = rng.random((n_paths, count)) < 1.0 / mean_length
    begins[:, 0] = True
    day = rng.integers(0, n_days, (n_paths, count))
    since = np.maximum.accumulate(np.where(begins, np.arange(count), 0), axis=1)
    return np.take_along_axis(day, since, axis=1)
