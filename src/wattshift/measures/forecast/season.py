"""What was usual at the same time of earlier days or weeks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["mean_price", "mean_step_ratio"]


def mean_price(price_usd_per_mwh: NDArray[np.float64], *, period: int, count: int) -> NDArray[np.float64]:
    """The mean price at the same time of earlier periods, up to one period ahead.

    With as many intervals a period as a day has it is a profile of the day, with a week's one of the week.

    Args:
        price_usd_per_mwh: shape (T,).
        period: intervals from one time to the same time again.
        count: earlier periods that are averaged; fewer while fewer are known.

    Returns:
        Shape (T + period,): number k knows the prices up to k - period. Where no earlier period is known it
        is the first price.

    Raises:
        InputError: if a count is below one.
    """
    return _mean_before(price_usd_per_mwh, period, count, float(price_usd_per_mwh[0]))


def mean_step_ratio(step_ratio: NDArray[np.float64], *, period: int, count: int) -> NDArray[np.float64]:
    """The mean relative step at the same time of earlier periods; zero where none is known.

    Args:
        step_ratio: shape (T,), step / the price that it began from.
        period: as in `mean_price`.
        count: as in `mean_price`.

    Returns:
        Shape (T + period,).

    Raises:
        InputError: if a count is below one.
    """
    return _mean_before(step_ratio, period, count, 0.0)


def _mean_before(values: NDArray[np.float64], period: int, count: int, unknown: float) -> NDArray[np.float64]:
    if period < 1 or count < 1:
        raise InputError("a season needs at least one interval and one period", period=period, count=count)
    size = values.size
    table = np.pad(values, (0, -size % period)).reshape(-1, period)
    sums = np.concatenate([np.zeros((1, period)), np.cumsum(table, axis=0)])
    row = np.arange(len(sums))
    first = np.maximum(row - count, 0)
    means = (sums - sums[first]) / np.maximum(row - first, 1)[:, None]
    means[0] = unknown
    ahead: NDArray[np.float64] = means.ravel()[: size + period]
    return ahead
