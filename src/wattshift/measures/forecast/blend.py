"""Several forecasts as one: each weighted by how well it has done of late, or the one that has done best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["blend", "leader"]

_LEAST_USD_PER_MWH = 0.01


def blend(
    price_usd_per_mwh: NDArray[np.float64], forecasts_usd_per_mwh: NDArray[np.float64], *, count: int
) -> NDArray[np.float64]:
    """The mean of forecasts, weighted by the inverse of their mean absolute error.

    Args:
        price_usd_per_mwh: settled prices of intervals 0 to T-1, shape (T,).
        forecasts_usd_per_mwh: shape (number of forecasts, T), each of the intervals 1 to T as in
            `wattshift.measures.forecast.nextprice`.
        count: past intervals over which errors are averaged; while none is known all weigh alike.

    Returns:
        Shape (T,), of the intervals 1 to T.

    Raises:
        InputError: if shapes differ, a number is not finite or the count is below one.
    """
    said = np.asarray(forecasts_usd_per_mwh)
    weight = 1.0 / np.maximum(_late_error(price_usd_per_mwh, said, count), _LEAST_USD_PER_MWH)
    blended: NDArray[np.float64] = (weight * said).sum(axis=0) / weight.sum(axis=0)
    return blended


def leader(
    price_usd_per_mwh: NDArray[np.float64], forecasts_usd_per_mwh: NDArray[np.float64], *, count: int
) -> NDArray[np.int64]:
    """The number of the forecast whose mean absolute error of late is the least; of equal ones the first.

    Args:
        price_usd_per_mwh: as for `blend`.
        forecasts_usd_per_mwh: as for `blend`.
        count: past intervals over which errors are averaged; while none is known the first one leads.

    Returns:
        Shape (T,), of the intervals 1 to T.

    Raises:
        InputError: as `blend`.
    """
    error = _late_error(price_usd_per_mwh, np.asarray(forecasts_usd_per_mwh), count)
    leads: NDArray[np.int64] = np.argmin(error, axis=0)
    return leads


def _late_error(
    price_usd_per_mwh: NDArray[np.float64], said: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Mean absolute errors over the last intervals, shape (number of forecasts, T)."""
    price = np.asarray(price_usd_per_mwh)
    if said.ndim != 2 or not len(said) or said.shape[1:] != price.shape or count < 1:
        raise InputError("a blend needs one forecast for each price", shape=said.shape, prices=price.shape)
    if not (np.isfinite(price).all() and np.isfinite(said).all()):
        raise InputError("a blend needs finite numbers", hint="no NaN or infinity reaches a forecast")
    error = np.abs(said[:, :-1] - price[1:])
    sums = np.concatenate([np.zeros((len(said), 2)), np.cumsum(error, axis=1)], axis=1)[:, 1:]
    last = np.arange(price.size)
    first = np.maximum(last - count, 0)
    mean: NDArray[np.float64] = (sums[:, last] - sums[:, first]) / np.maximum(last - first, 1)
    return mean
