"""Which time is wrong, told by the median times that stand beside it.

Bitcoin Core states with each block the median time of the eleven blocks up to it. A list that took one
block's time from elsewhere, such as from a stale block, keeps the medians of the true chain; where one of
them can no longer come out, the wrong time lies among eleven, and mostly only one of them can be blamed.
An altered time that no stated median notices cannot be found in this way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from wattshift.chain.rules import MEDIAN_TIME_BLOCKS

__all__ = ["Suspicion", "medians_s", "suspicions"]

_BACK = MEDIAN_TIME_BLOCKS - 1
_MIDDLE = MEDIAN_TIME_BLOCKS // 2
_MAX_CONTRADICTIONS = 1_000
"""Beyond it medians and times do not belong together, and nobody is to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A time that cannot be true if the stated medians are.

    Args:
        place: where it stands.
        low_s: with this time or a later one all medians would come out [s]; None if any early one would do.
        high_s: with this time or an earlier one [s]; None if any late one would do.
        exposed_by: the places whose stated medians contradict the times.
        alone: whether no other time could be blamed instead.
    """

    place: int
    low_s: int | None
    high_s: int | None
    exposed_by: tuple[int, ...]
    alone: bool


def medians_s(times_s: NDArray[np.int64]) -> NDArray[np.int64]:
    """Median time of each block and the ten before it, from the eleventh block on [s].

    Args:
        times_s: times of consecutive blocks [s].
    """
    if len(times_s) < MEDIAN_TIME_BLOCKS:
        return np.empty(0, dtype=np.int64)
    windows = sliding_window_view(times_s, MEDIAN_TIME_BLOCKS)
    return np.partition(windows, _MIDDLE, axis=1)[:, _MIDDLE]


def suspicions(
    times_s: NDArray[np.int64], stated_s: NDArray[np.int64], is_stated: NDArray[np.bool_]
) -> list[Suspicion]:
    """The times that the stated medians contradict.

    Args:
        times_s: times of consecutive blocks [s].
        stated_s: their stated medians [s].
        is_stated: which medians are stated.
    """
    wrong = is_stated[_BACK:] & (medians_s(times_s) != stated_s[_BACK:])
    places = (np.flatnonzero(wrong) + _BACK).tolist()
    if len(places) > _MAX_CONTRADICTIONS:
        return []
    return [
        each for together in _clusters(places) for each in _blamed(together, times_s, stated_s, is_stated)
    ]


def _clusters(places: list[int]) -> Iterator[list[int]]:
    """Contradictions that one time could be to blame for."""
    together: list[int] = []
    for place in places:
        if together and place - together[0] > _BACK:
            yield together
            together = []
        together.append(place)
    if together:
        yield together


def _blamed(
    exposed_by: list[int],
    times_s: NDArray[np.int64],
    stated_s: NDArray[np.int64],
    is_stated: NDArray[np.bool_],
) -> list[Suspicion]:
    found = []
    for place in range(exposed_by[-1] - _BACK, exposed_by[0] + 1):
        bounds = _bounds(place, times_s, stated_s, is_stated)
        if bounds is not None:
            found.append((place, bounds))
    return [
        Suspicion(place=place, low_s=low, high_s=high, exposed_by=tuple(exposed_by), alone=len(found) == 1)
        for place, (low, high) in found
    ]


def _bounds(
    place: int, times_s: NDArray[np.int64], stated_s: NDArray[np.int64], is_stated: NDArray[np.bool_]
) -> tuple[int | None, int | None] | None:
    """Between which times the block at a place must lie for all medians to come out; None if none does."""
    low: int | None = None
    high: int | None = None
    for last in range(max(place, _BACK), min(place + MEDIAN_TIME_BLOCKS, len(times_s))):
        if not is_stated[last]:
            continue
        others = np.sort(np.delete(times_s[last - _BACK : last + 1], place - last + _BACK))
        # With one time more, the median is that time, kept between these two.
        below, above, median = int(others[_MIDDLE - 1]), int(others[_MIDDLE]), int(stated_s[last])
        if not below <= median <= above:
            return None
        if median > below:
            low = median if low is None else max(low, median)
        if median < above:
            high = median if high is None else min(high, median)
    return None if low is not None and high is not None and low > high else (low, high)
