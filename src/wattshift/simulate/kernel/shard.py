"""Many paths, one after the other, counted as they come: memory does not grow with their number.

Sums are kept in whole numbers, so that the order of adding does not matter.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.bins import (
    BINS,
    CHANGE_LIMIT,
    FIRST_BITS,
    MW_SCALE,
    QUANTITIES,
    RATIO_LIMIT,
    RETARGET_BINS,
    SHIFT,
    SUM_SCALE,
)
from wattshift.simulate.kernel.compiled import compiled
from wattshift.simulate.kernel.model import Luck, Model, Site, Tally
from wattshift.simulate.kernel.path import run_path
from wattshift.simulate.kernel.places import CONVERTED, INSTALLED_POWER, POWER, SCRAPPED

__all__ = ["run_shard"]

_LARGEST = np.float32(63.9)
_BATCH = 64


@compiled
def run_shard(model: Model, first_path: int, paths: int, luck: Luck, site: Site, tally: Tally) -> None:
    """Run paths `first_path` to `first_path + paths - 1` into an empty tally."""
    daily = np.empty((model.days, QUANTITIES), np.float32)
    bits = daily.view(np.uint32)
    binned = np.empty((_BATCH, model.days, QUANTITIES), np.uint16)
    retargets = np.empty((3, tally.reached.shape[0]))
    for number in range(paths):
        noted = run_path(model, first_path + number, luck, site, daily, retargets, tally.figures[number])
        _bin_days(model.scale_ratio, daily, bits, binned[number % _BATCH], tally)
        if number % _BATCH == _BATCH - 1:
            _count(binned, _BATCH, tally.counts)
        _count_retargets(model.days, noted, retargets, tally)
        _count_departed(model, luck, site, tally)
    _count(binned, paths % _BATCH, tally.counts)


@compiled
def _bin_days(
    scale: NDArray[np.float32],
    daily: NDArray[np.float32],
    bits: NDArray[np.uint32],
    binned: NDArray[np.uint16],
    tally: Tally,
) -> None:
    """Put each number of each day into its bin, and add it up."""
    unit = np.float32(SUM_SCALE)
    sums, least, most = tally.sums, tally.least, tally.most
    for day in range(len(daily)):
        for which in range(QUANTITIES):
            value = min(daily[day, which] * scale[which], _LARGEST)
            daily[day, which] = value
            sums[day, which] += np.int64(value * unit)
            least[day, which] = min(least[day, which], value)
            most[day, which] = max(most[day, which], value)
            place = np.int32(bits[day, which] >> SHIFT) - np.int32(FIRST_BITS)
            binned[day, which] = min(max(place, np.int32(0)), np.int32(BINS - 1))


@compiled
def _count(binned: NDArray[np.uint16], paths: int, counts: NDArray[np.uint32]) -> None:
    """Count a batch of paths day by day, so that the bins of a day stay at hand."""
    for day in range(counts.shape[0]):
        for path in range(paths):
            for which in range(QUANTITIES):
                counts[day, which, binned[path, day, which]] += np.uint32(1)


@compiled
def _count_retargets(days: int, noted: int, retargets: NDArray[np.float64], tally: Tally) -> None:
    half = RETARGET_BINS / 2.0
    for each in range(noted):
        change, ratio, after = retargets[0, each], retargets[1, each], retargets[2, each]
        tally.reached[each] += 1
        tally.retarget_sums[0, each] += np.int64(math.expm1(change) * SUM_SCALE)
        tally.retarget_sums[1, each] += np.int64(math.exp(ratio) * SUM_SCALE)
        tally.retarget_sums[2, each] += np.int64(after * SUM_SCALE)
        places = (
            half + half * change / CHANGE_LIMIT,
            half + half * ratio / RATIO_LIMIT,
            2.0 * half * after / days,
        )
        for which in range(3):
            place = min(max(int(places[which]), 0), RETARGET_BINS - 1)
            tally.retarget_counts[which, each, place] += np.uint32(1)


@compiled
def _count_departed(model: Model, luck: Luck, site: Site, tally: Tally) -> None:
    """Who does not hash at the horizon's end: by power price and cause, and without a site."""
    outages = luck.out_frac.shape[0]
    for row in range(site.rows.shape[1]):
        power = site.rows[POWER, row]
        off = max(site.rows[INSTALLED_POWER, row] - power, 0.0)
        tally.departed[0, row] += np.int64(off * MW_SCALE)
        tally.departed[1, row] += np.int64(site.rows[CONVERTED, row] * MW_SCALE)
        stays, all_out = 1.0, 0.0
        for outage in range(outages):
            out = luck.out_frac[outage, model.days - 1] * model.miners.struck_frac[outage, row]
            stays *= 1.0 - out
            all_out += out
        for outage in range(outages):
            out = luck.out_frac[outage, model.days - 1] * model.miners.struck_frac[outage, row]
            if all_out > 0.0:
                lost = power * (1.0 - stays) * out / all_out
                tally.departed[2 + outage, row] += np.int64(lost * MW_SCALE)
    idle = 0.0
    for each in range(len(site.idle_ehs)):
        idle += site.idle_ehs[each] * model.miners.efficiency_j_per_th[each]
    tally.lost[0] += np.int64(idle * MW_SCALE)
    tally.lost[1] += np.int64(site.totals[SCRAPPED] * MW_SCALE)
