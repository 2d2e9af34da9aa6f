"""Several forecasts as one, each weighted by how well it has done of late."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["blend"]

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
    price, said = np.asarray(price_usd_per_mwh), np.asarray(forecasts_usd_per_mwh)
    if said.ndim != 2 or not len(said) or said.shape[1:] != price.shape or count < 1:
        raise InputError("a blend needs one forecast for each price", shape=said.shape, prices=price.shape)
    if not (np.isfinite(price).all() and np.isfinite(said).all()):
        raise InputError("a blend needs finite numbers", hint="no NaN or infinity reaches a forecast")
    error = np.abs(said[:, :-1] - price[1:])
    sums = np.concatenate([np.zeros((len(said), 2)), np.cumsum(error, axis=1)], axis=1)[:, 1:]
    last = np.arange(price.size)
    first = np.maximum(last - count, 0)
    mean = (sums[:, last] - sums[:, first]) / np.maximum(last - first, 1)
    weight = 1.0 / np.maximum(mean, _LEAST_USD_PER_MWH)
    blended: NDArray[np.float64] = (weight * said).sum(axis=0) / weight.sum(axis=0)
    return blended
