"""Events of a path: the values drawn from their ranges, and how far they have gone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import compiled
from wattshift.simulate.kernel.model import Miners
from wattshift.simulate.kernel.rng import EVENT_STREAM, uniform_prob

__all__ = ["done_frac", "drawn", "row_out_frac"]

_WORDS = 4


@compiled
def drawn(seed: int, path: int, event: NDArray[np.float64], which: int) -> float:
    """The value of one of an event's ranges on this path, uniform between the ends.

    An event is its number, then (low, high) of up to eight ranges.
    """
    low, high = event[1 + 2 * which], event[2 + 2 * which]
    if low == high:
        return float(low)
    stream = EVENT_STREAM + which // _WORDS
    part = uniform_prob(seed, path, int(event[0]), stream, which % _WORDS)
    return float(low + (high - low) * part)


@compiled
def done_frac(end_days: float, start_days: float, over_days: float) -> float:
    """How much of something is done by then: nothing before its start, all when it is over."""
    return min(max((end_days - start_days) / max(over_days, 1.0), 0.0), 1.0)


@compiled
def row_out_frac(day: int, row: int, out_frac: NDArray[np.float32], miners: Miners) -> float:
    """The share of a power price that outages keep from hashing.

    Regions are parts of one network, so what stops in one adds to what stops in another; two outages of one
    region strike what the other leaves.
    """
    stopped, stays = 0.0, 1.0
    for outage in range(len(out_frac)):
        region, left = miners.struck_region[outage], float(out_frac[outage, day])
        for before in range(outage):
            if miners.struck_region[before] == region:
                left *= 1.0 - out_frac[before, day]
        if region < 0:
            stays -= left
        else:
            stopped += left * miners.struck_frac[outage, row]
    return 1.0 - stays * (1.0 - min(stopped, 1.0))
