"""Difficulty and subsidy inside the loops: exact integers, equal to `wattshift.chain.rules` bit for bit.

A compact target is mantissa * 256^(exponent - 3). Mantissa times timespan has at most 47 bits, so with two
more bytes it still fits 63; dividing that gives at least 29 bits of the new target, of which compact form
keeps 24 at most, and floors of floors are floors.
"""

from __future__ import annotations

import numpy as np

from wattshift.simulate.kernel.compiled import compiled

__all__ = [
    "HALVING",
    "PERIOD",
    "bits_difficulty",
    "next_mark",
    "retargeted_bits",
    "work_hashes",
]

PERIOD, HALVING = 2_016, 210_000
_TIMESPAN_S = 1_209_600
_EASIEST_BITS, _EASIEST_BYTES = 0x1D00FFFF, 28


@compiled
def retargeted_bits(bits: int, timespan_s: int) -> int:
    """The bits of the next period from the timespan of the last; for exponents from 6 to 29."""
    timespan_s = min(max(timespan_s, _TIMESPAN_S // 4), _TIMESPAN_S * 4)
    quotient = (((bits & 0x007FFFFF) * timespan_s) << 16) // _TIMESPAN_S
    size = 0
    rest = quotient
    while rest:
        rest >>= 8
        size += 1
    mantissa = quotient >> 8 * (size - 3)
    size += (bits >> 24) - 5
    if size > _EASIEST_BYTES:
        return _EASIEST_BITS
    if mantissa & 0x00800000:
        mantissa >>= 8
        size += 1
    return size << 24 | mantissa


_POWERS = 256.0 ** np.arange(64)
"""Of 256: looked up, because a power takes as long as a whole day of the other numbers."""


@compiled
def bits_difficulty(bits: int) -> float:
    """Difficulty that bits state."""
    return float(65535.0 / (bits & 0x007FFFFF) * _POWERS[29 - (bits >> 24)])


@compiled
def work_hashes(bits: int) -> float:
    """Expected hashes of a block with these bits; the + 1 of the exact rule is below a float's rounding."""
    return float(_POWERS[32 - ((bits >> 24) - 3)] / (bits & 0x007FFFFF))


@compiled
def next_mark(height: int) -> int:
    """The next block after a tip that changes something.

    That is the first or last block of a period, or the last before a halving.
    """
    following = height + 1
    into = following % PERIOD
    if into == 0:
        return following
    return min(following - into + PERIOD - 1, (following // HALVING + 1) * HALVING - 1)
