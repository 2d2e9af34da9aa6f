"""The intervals of the next day, as a rolling planner needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.forecast.blend import leader
from wattshift.measures.forecast.nextprice import require_prices, seasonal_step, with_day_ahead
from wattshift.measures.forecast.season import mean_price

__all__ = ["DayAhead", "PricePaths", "UsualPaths"]

_Row: TypeAlias = NDArray[np.float64]

_PROFILE_DAYS = 14
_LEADER_DAYS = 28
_MOST_USD_PER_MWH = 150.0
"""In the profile a price above this counts as this: last week's storm is not expected again."""

_HALF_LIFE_H = 2.0
"""The distance of the last price from its profile, or from the day-ahead price, halves in this time."""

_SLOW_HALF_LIFE_H = 12.0
"""Likewise of weather and of what follows it."""


class UsualPaths:
    """From each interval of a past of any figure a forecast: what is usual at that time of the day.

    The last figure's distance from the profile of the past 14 days fades, and the profile remains. Nothing is
    foreseen beyond what was ever seen: a forecast lies between the lowest and the highest figure so far.

    Args:
        values: past and later figures, shape (T,); a forecast knows those up to its start.
        n_per_day: intervals a day.

    Raises:
        InputError: if a figure is not finite.
    """

    def __init__(self, values: _Row, *, n_per_day: int) -> None:
        self._values = require_prices(values)
        self._n_per_day = n_per_day
        self._profile = mean_price(self._values, period=n_per_day, count=_PROFILE_DAYS)
        self._lowest = np.minimum.accumulate(self._values)
        self._highest = np.maximum.accumulate(self._values)

    def after(self, last: int, count: int) -> _Row:
        """The `count` intervals after interval `last`; further than a day ahead the day repeats itself.

        Raises:
            InputError: if there is no such interval.
        """
        if not 0 <= last < self._values.size or count < 1:
            raise InputError("a path starts after a known interval", last=last, count=count)
        steps = np.arange(1, count + 1)
        usual = self._profile[last + 1 + (steps - 1) % self._n_per_day]
        kept = 0.5 ** (steps * (24.0 / self._n_per_day / _SLOW_HALF_LIFE_H))
        path = usual + (self._values[last] - self._profile[last]) * kept
        limited: _Row = np.clip(path, self._lowest[last], self._highest[last])
        return limited


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayAhead:
    """Day-ahead prices of the same intervals as the settled ones.

    Args:
        price_usd_per_mwh: shape (T,) [USD/MWh]; finite from interval `first` on.
        first: the first interval that has one.
        n_known: how many intervals, counted from the first of all, have a known day-ahead price when each
            interval ends, shape (T,).
    """

    price_usd_per_mwh: _Row
    first: int
    n_known: NDArray[np.int64]


class PricePaths:
    """From each interval of a past a forecast of up to a day.

    The next interval is `seasonal_step`'s. Further ahead the last price's distance from the usual profile of
    the day fades, and the profile remains.

    Day-ahead prices take the place of both, as far as they are published, where they have been the better
    forecast over the past 28 days: the next interval then is `with_day_ahead`'s, and further ahead the last
    price's distance from them fades.

    Args:
        price_usd_per_mwh: settled prices, shape (T,).
        n_per_day: intervals a day.
        day_ahead: day-ahead prices of the same intervals, where there are any.

    Raises:
        InputError: if a price is not finite.
    """

    def __init__(self, price_usd_per_mwh: _Row, *, n_per_day: int, day_ahead: DayAhead | None = None) -> None:
        self._price = require_prices(price_usd_per_mwh)
        self._n_per_day = n_per_day
        usual = np.minimum(self._price, _MOST_USD_PER_MWH)
        self._profile = mean_price(usual, period=n_per_day, count=_PROFILE_DAYS)
        hours = np.arange(1, n_per_day + 1) * (24.0 / n_per_day)
        self._kept = 0.5 ** (hours / _HALF_LIFE_H)
        self.next_usd_per_mwh = seasonal_step(self._price, n_per_day=n_per_day)
        self._day_ahead = day_ahead
        self._follows_market = np.zeros(self._price.size, np.bool_)
        if day_ahead is not None and day_ahead.first < self._price.size:
            self._listen(day_ahead)

    def _listen(self, ahead: DayAhead) -> None:
        """Where day-ahead prices have done better of late, a day ahead and in the next interval."""
        rows, count = slice(ahead.first, None), _LEADER_DAYS * self._n_per_day
        price, listed = self._price[rows], ahead.price_usd_per_mwh[rows]
        after = np.append(listed[1:], listed[-1])
        profile = self._profile[ahead.first + 1 : self._price.size + 1]
        published = ahead.n_known[rows] > np.arange(ahead.first, self._price.size) + 1
        leads = leader(price, np.stack([profile, after]), count=count) == 1
        self._follows_market[rows] = leads & published
        market = with_day_ahead(price, np.append(listed, listed[-1]), kept_ratio=float(self._kept[0]))
        both = np.stack([self.next_usd_per_mwh[rows], market])
        leads = (leader(price, both, count=count) == 1) & published
        self.next_usd_per_mwh[rows] = np.where(leads, market, both[0])

    def after(self, last: int, count: int) -> _Row:
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
        usual = self._profile[last + 1 : last + 1 + count]
        path: _Row = usual + (self._price[last] - self._profile[last]) * self._kept[:count]
        ahead = self._day_ahead
        if ahead is not None and self._follows_market[last]:
            known = min(max(int(ahead.n_known[last]) - last - 1, 0), count)
            listed = ahead.price_usd_per_mwh[last : last + 1 + known]
            path[:known] = listed[1:] + (self._price[last] - listed[0]) * self._kept[:known]
        path[0] = self.next_usd_per_mwh[last]
        return path
