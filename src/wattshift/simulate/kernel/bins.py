"""Into which bins the numbers of many paths are counted.

A daily value is put into a bin by the leading bits of its float: 128 bins to a doubling, no logarithm needed.
"""

from __future__ import annotations

import math

__all__ = [
    "BINS",
    "BIN_ROOM",
    "CHANGE_LIMIT",
    "FIGURES",
    "FIRST_BITS",
    "MW_SCALE",
    "QUANTITIES",
    "RATIO_LIMIT",
    "RETARGETS",
    "RETARGET_BINS",
    "SHIFT",
    "SUM_SCALE",
]

QUANTITIES, FIGURES, RETARGETS = 16, 12, 3
"""Numbers of a day, of a path, and of a retarget, in the orders of `wattshift.simulate.result`."""

BINS, SHIFT = 2_048, 16
"""Bins of a daily value / its reference, from 2^-10 to 2^6, and bits of a float that they ignore."""

BIN_ROOM = BINS + 16
"""Room for the bins of a day: at a power of two, those of many days would share one place in a cache."""

FIRST_BITS = ((127 - 10) << 7) - 1
"""Leading bits of the first bin, which holds all that is smaller than 2^-10."""

RETARGET_BINS, CHANGE_LIMIT, RATIO_LIMIT = 8_192, math.log(4.0), 6.0
"""Bins of a retarget's numbers, and how far the logarithms of change and ratio reach."""

SUM_SCALE, MW_SCALE = float(1 << 20), float(1 << 10)
"""Units in one of the sums: of a value / its reference, and of MW."""
