"""Fewer points that look the same: of every stretch the first, the last, the lowest and the highest.

After U. Jugel and others, "M4: a visualization-oriented time series data aggregation" (2014). Stretches are
runs of a power of two rows, counted from the first row of all, not from the edge of the screen: a picture
that is panned keeps its points, and the extremes of every stretch are found once, when the column is first
seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Extremes"]

_Rows = NDArray[np.int64]


class Extremes:
    """Where the extremes of a column lie, at every power of two.

    Memory and the time to build are those of the column itself; a question costs what it answers.

    Args:
        values: shape (n,), the column; it must not change any more.
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._values = values
        rows = np.arange(len(values), dtype=np.int64)
        self._levels: list[tuple[_Rows, _Rows]] = [(rows, rows)]
        lows = -values
        while len(self._levels[-1][0]) > 1:
            lowest, highest = self._levels[-1]
            self._levels.append((self._better(lowest, lows), self._better(highest, values)))

    @staticmethod
    def _better(rows: _Rows, score: NDArray[np.float64]) -> _Rows:
        """Of each pair of rows the one with the higher score; the first one where they are equal."""
        left = rows[::2]
        right = left.copy()
        right[: len(rows) // 2] = rows[1::2]
        return np.where(score[right] > score[left], right, left)

    def rows(self, first: int, last: int, *, stretches: int) -> _Rows:
        """The rows to draw of `first` up to, not including, `last`.

        Args:
            first: the first row, from 0.
            last: behind the last one.
            stretches: into how many stretches they may be divided; as many as the screen has columns.

        Returns:
            At most 4 rows of each stretch in ascending order, the very first and last ones among them; both
            partial stretches at the ends count as stretches too. All rows where they are few enough.
        """
        count = last - first
        if count <= 4 * stretches:
            return np.arange(first, last, dtype=np.int64)
        level = max(1, int(np.ceil(np.log2(count / stretches))))
        size = 1 << level
        whole_first, whole_last = -(-first // size), last // size
        if whole_first > whole_last:
            return np.unique(self._partial(first, last))
        lowest, highest = (rows[whole_first:whole_last] for rows in self._levels[level])
        starts = np.arange(whole_first, whole_last, dtype=np.int64) * size
        ends = [self._partial(first, whole_first * size), self._partial(whole_last * size, last)]
        return np.unique(np.concatenate([starts, lowest, highest, starts + size - 1, *ends]))

    def _partial(self, first: int, last: int) -> _Rows:
        """The four rows of a stretch that is shorter than the others; none if it is empty."""
        if first >= last:
            return np.empty(0, dtype=np.int64)
        part = self._values[first:last]
        return np.array([first, first + int(part.argmin()), first + int(part.argmax()), last - 1])
