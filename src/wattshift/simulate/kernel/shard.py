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
from wattshift.simulate.kernel.events import row_out_frac
from wattshift.simulate.kernel.model import Luck, Model, Site, Tally, Trace
from wattshift.simulate.kernel.path import run_path
from wattshift.simulate.kernel.places import CONVERTED, INSTALLED_POWER, POWER, SCRAPPED

__all__ = ["run_shard"]

_LARGEST, _LOWEST_BIN, _HIGHEST_BIN = np.float32(63.9), np.int32(0), np.int32(BINS - 1)
_FIRST, _DROPPED, _UNIT = np.int32(FIRST_BITS), np.int32(SHIFT), np.float32(SUM_SCALE)
_DAYS = np.uint64(16)


@compiled
def run_shard(
    model: Model, first_path: int, paths: int, luck: Luck, site: Site, trace: Trace, tally: Tally
) -> None:
    """Run paths `first_path` to `first_path + paths - 1` into an empty tally."""
    daily, binned, batch = trace.daily, trace.binned, trace.binned.shape[1]
    for number in range(paths):
        noted = run_path(model, first_path + number, luck, site, trace, tally.figures[number])
        for which in range(QUANTITIES):
            _bin_days(
                model.scale_ratio[which],
                daily[which],
                binned[which, number % batch],
                tally.sums[which],
                tally.least[which],
                tally.most[which],
            )
        if number % batch == batch - 1:
            _count(binned, batch, tally.counts)
        _count_retargets(model.days, noted, trace.retargets, tally)
        _count_departed(model, luck, site, tally)
    _count(binned, paths % batch, tally.counts)


@compiled
def _bin_days(
    scale: np.float32,
    values: NDArray[np.float32],
    places: NDArray[np.uint16],
    sums: NDArray[np.int64],
    least: NDArray[np.float32],
    most: NDArray[np.float32],
) -> None:
    """Put one quantity of each day into its bin, and add it up."""
    for day in range(len(values)):
        value = np.float32(min(values[day] * scale, _LARGEST))
        sums[day] += np.int64(np.int32(value * _UNIT))
        least[day] = min(least[day], value)
        most[day] = max(most[day], value)
        place = np.int32((value.view(np.int32) >> _DROPPED) - _FIRST)
        places[day] = min(max(place, _LOWEST_BIN), _HIGHEST_BIN)


@compiled
def _count(binned: NDArray[np.uint16], paths: int, counts: NDArray[np.uint32]) -> None:
    """Count a batch of paths, some days at a time, so that the bins of these days stay at hand."""
    days, width = np.uint64(counts.shape[1]), np.uint64(counts.shape[2])
    for which in range(QUANTITIES):
        bins = counts[which].reshape(counts.shape[1] * counts.shape[2])
        for first in range(np.uint64(0), days, _DAYS):
            for path in range(paths):
                places, row = binned[which, path], first * width
                for day in range(first, min(first + _DAYS, days)):
                    bins[row + np.uint64(places[day])] += np.uint32(1)
                    row += width


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
        all_out = 0.0
        for outage in range(outages):
            all_out += luck.out_frac[outage, model.days - 1] * model.miners.struck_frac[outage, row]
        stopped = power * row_out_frac(model.days - 1, row, luck.out_frac, model.miners)
        for outage in range(outages):
            out = luck.out_frac[outage, model.days - 1] * model.miners.struck_frac[outage, row]
            if all_out > 0.0:
                lost = stopped * out / all_out
                tally.departed[2 + outage, row] += np.int64(lost * MW_SCALE)
    idle = 0.0
    for each in range(len(site.idle_ehs)):
        idle += site.idle_ehs[each] * model.miners.efficiency_j_per_th[each]
    tally.lost[0] += np.int64(idle * MW_SCALE)
    tally.lost[1] += np.int64(site.totals[SCRAPPED] * MW_SCALE)
