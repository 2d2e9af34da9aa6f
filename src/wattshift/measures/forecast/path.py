"""The prices of the next day, as a rolling planner needs them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.forecast.nextprice import require_prices, seasonal_step
from wattshift.measures.forecast.season import mean_price

__all__ = ["PricePaths"]

_PROFILE_DAYS = 14
_MOST_USD_PER_MWH = 150.0
"""In the profile a price above this counts as this: last week's storm is not expected again."""

_HALF_LIFE_H = 2.0
"""The distance of the last price from its profile halves in this time."""


class PricePaths:
    """From each interval of a past a forecast of up to a day.

    The next interval is `seasonal_step`'s. Further ahead the last price's distance from the usual profile of
    the day fades, and the profile remains.

    Args:
        price_usd_per_mwh: settled prices, shape (T,).
        n_per_day: intervals a day.

    Raises:
        InputError: if a price is not finite.
    """

    def __init__(self, price_usd_per_mwh: NDArray[np.float64], *, n_per_day: int) -> None:
        self._price = require_prices(price_usd_per_mwh)
        self._n_per_day = n_per_day
        self._next = seasonal_step(self._price, n_per_day=n_per_day)
        usual = np.minimum(self._price, _MOST_USD_PER_MWH)
        self._profile = mean_price(usual, period=n_per_day, count=_PROFILE_DAYS)
        hours = np.arange(1, n_per_day + 1) * (24.0 / n_per_day)
        self._kept = 0.5 ** (hours / _HALF_LIFE_H)

    def after(self, last: int, count: int) -> NDArray[np.float64]:
        """The prices of the `count` intervals after interval `last`, of which it knows all up to that one.

        Returns:
            Shape (count,) [USD/MWh].

        Raises:
            InputError: if there is no such interval, or more than a day is asked for.
        """
        if not 0 <= last < self._price.size or not 1 <= count <= self._n_per_day:
            raise InputError(
                "a path starts after a known price and spans up to a day", last=last, count=count
            )
        ahead = self._profile[last + 1 : last + 1 + count]
        path: NDArray[np.float64] = ahead + (self._price[last] - self._profile[last]) * self._kept[:count]
        path[0] = self._next[last]
        return path
