"""When blocks arrived: header times cleaned of miners' clocks.

Header times are claims: not monotonic, and up to two hours off. The arrival of a block is therefore taken
to be the median of the eleven header times around it: the median time past of the block five later, which
consensus makes monotonic and which no single miner can move. The last five blocks have only the running
maximum of the times; whoever needs clean times waits until a block is five deep, so nothing looks ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["BIN_BLOCKS", "Arrivals", "arrivals_of"]

BIN_BLOCKS = 36
"""Blocks in a bin, about six hours; 56 bins make a retarget period."""

_HALF_WINDOW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """When blocks arrived, cleaned, and how much exposure each took.

    Args:
        first_height: height of element 0.
        known_s: shape (n,), running maximum of the header times [s since 1970].
        arrival_s: shape (n,), cleaned arrival times, monotonic [s since 1970].
        exposure_s_per_hash: shape (n,), cumulative sum of waiting time / work [s per hash].
        work_hashes: shape (n,), expected hashes of each block.
    """

    first_height: int
    known_s: NDArray[np.int64]
    arrival_s: NDArray[np.float64]
    exposure_s_per_hash: NDArray[np.float64]
    work_hashes: NDArray[np.float64]

    @property
    def first_edge(self) -> int:
        """Index of the block that precedes bin 0: the first height divisible by the bin's length."""
        return -self.first_height % BIN_BLOCKS

    def closed_bins(self, tip: int) -> int:
        """Number of bins whose last block lies at least five below the block at index `tip`."""
        return max(0, (tip - _HALF_WINDOW - self.first_edge) // BIN_BLOCKS)

    def edge(self, bins: int) -> int:
        """Index of the last block of the first `bins` bins."""
        return self.first_edge + bins * BIN_BLOCKS

    def exposure_since(self, start: int, tip: int, now_s: float) -> float:
        """Waiting time / work from block `start` to an instant at which `tip` is the last block [s/hash].

        The last five blocks enter with the one time that is known of them: `now_s`.
        """
        deep = max(start, tip - _HALF_WINDOW)
        recent_s = max(0.0, now_s - self.arrival_s[deep])
        return float(
            self.exposure_s_per_hash[deep]
            - self.exposure_s_per_hash[start]
            + recent_s / self.work_hashes[tip]
        )


def arrivals_of(
    header_time_s: NDArray[np.int64], work_hashes: NDArray[np.float64], first_height: int
) -> Arrivals:
    """Clean the header times of a contiguous run of blocks.

    Args:
        header_time_s: shape (n,) [s since 1970].
        work_hashes: shape (n,), expected hashes of each block.
        first_height: height of element 0.

    Raises:
        InputError: if the shapes differ, there are fewer than 50 blocks, or work is not positive.
    """
    if header_time_s.shape != work_hashes.shape or len(header_time_s) < BIN_BLOCKS + 14:
        raise InputError(
            "a level needs at least 50 blocks with one time and one work each",
            times=header_time_s.shape,
            works=work_hashes.shape,
            hint="pass a longer contiguous run of blocks",
        )
    if not (work_hashes > 0).all():
        raise InputError("every block's work must be positive")
    known_s = np.maximum.accumulate(header_time_s)
    arrival_s = known_s.astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(header_time_s, 2 * _HALF_WINDOW + 1)
    arrival_s[_HALF_WINDOW:-_HALF_WINDOW] = np.partition(windows, _HALF_WINDOW, axis=1)[:, _HALF_WINDOW]
    arrival_s[:_HALF_WINDOW] = np.minimum(arrival_s[:_HALF_WINDOW], arrival_s[_HALF_WINDOW])
    arrival_s = np.maximum.accumulate(arrival_s)
    waits_s = np.diff(arrival_s, prepend=arrival_s[0])
    return Arrivals(
        first_height=first_height,
        known_s=known_s,
        arrival_s=arrival_s,
        exposure_s_per_hash=np.cumsum(waits_s / work_hashes),
        work_hashes=work_hashes,
    )
