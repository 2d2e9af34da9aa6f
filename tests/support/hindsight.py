"""What the simulator would have said at instants of the past, beside what then came."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wattshift.app.belief import state_of
from wattshift.app.simulating.build import build_scenario
from wattshift.app.snapshot import Archive
from wattshift.chain.target import Bits, bits_to_difficulty
from wattshift.clock import from_unix, to_unix
from wattshift.config.scenario import ScenarioFile
from wattshift.simulate.result import Fan, NetworkForecast
from wattshift.simulate.scenario import Scenario

__all__ = [
    "SCENARIOS",
    "Band",
    "change_bands",
    "difficulties",
    "hashrate_bands",
    "opening_at",
    "quiet_periods",
    "ratio_bands",
    "undisturbed",
]

SCENARIOS = Path(__file__).parents[2] / "benchmarks" / "scenarios"
PERIOD = 2_016
_DAY_S = 86_400
_Z90 = 1.645
_QUIET_PROB = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What came, in what nine and five paths in ten lie within."""

    real: float
    low: float
    lower: float
    median: float
    upper: float
    high: float

    @property
    def inside(self) -> bool:
        return self.low <= self.real <= self.high

    @property
    def inside_half(self) -> bool:
        return self.lower <= self.real <= self.upper


def difficulties(archive: Archive) -> NDArray[np.float64]:
    """Difficulty of every period, exact."""
    bits = archive.table("difficulty_periods")["bits"].to_list()
    return np.array([bits_to_difficulty(Bits(each)) for each in bits])


def opening_at(archive: Archive, period: int) -> datetime:
    """When the first block of a period was known."""
    whole = archive.blocks.whole
    return from_unix(int(whole.running_max_s[period * PERIOD - whole.first_height]) + 1)


def undisturbed(archive: Archive, at: datetime, *, days: int, paths: int) -> Scenario:
    """A scenario in which nothing strikes."""
    file = ScenarioFile(name="undisturbed", horizon_days=days, paths=paths, seed=1)
    return build_scenario(archive.as_of(at), file)


def quiet_periods(archive: Archive, first: int, last: int, count: int) -> list[int]:
    """So many periods, evenly among those that opened when a storm was believed with less than 5 %."""
    quiet = [
        period
        for period in range(first, last + 1)
        if state_of(archive.as_of(opening_at(archive, period))).regime_prob[1] < _QUIET_PROB
    ]
    return [quiet[each * (len(quiet) - 1) // (count - 1)] for each in range(count)]


def change_bands(archive: Archive, found: NetworkForecast) -> list[Band]:
    """The changes of difficulty that came."""
    real, now = difficulties(archive), archive.as_of(found.as_of).blocks
    first = (now.tip_height + 1) // PERIOD + 1
    changes = real[first:] / real[first - 1 : -1] - 1
    return _bands(found.retargets.change, changes)


def ratio_bands(archive: Archive, found: NetworkForecast) -> list[Band]:
    """Difficulty after each retarget / difficulty at the start."""
    real, now = difficulties(archive), archive.as_of(found.as_of).blocks
    first = (now.tip_height + 1) // PERIOD + 1
    return _bands(found.retargets.ratio, real[first:] / now.next_difficulty)


def _bands(fan: Fan, real: NDArray[np.float64]) -> list[Band]:
    return [
        Band(real=float(came), low=low, lower=lower, median=median, upper=upper, high=high)
        for came, (low, lower, median, upper, high) in zip(real, fan.quantiles.T.tolist(), strict=False)
    ]


def hashrate_bands(archive: Archive, fan: Fan, start_at: datetime, *, days: int = 3) -> list[Band]:
    """The work of the blocks of some days around each day / time, in a band that holds its luck as well."""
    whole, half = archive.blocks.whole, days / 2
    work = np.concatenate(([0.0], np.cumsum(whole.work_hashes)))
    found = []
    for day, (low, lower, median, upper, high) in enumerate(fan.quantiles.T.tolist()):
        edges_s = to_unix(start_at) + (day + 0.5 + np.array([-half, half])) * _DAY_S
        first, end = np.searchsorted(whole.running_max_s, edges_s, side="right").tolist()
        if end == len(whole.running_max_s):
            break
        luck = 1 / math.sqrt(end - first)
        ends = [
            median * math.exp(math.copysign(math.hypot(math.log(each / median), z * luck), z))
            for each, z in ((low, -_Z90), (lower, -0.6745), (upper, 0.6745), (high, _Z90))
        ]
        real = float(work[end] - work[first]) / (days * _DAY_S) / 1e18
        found.append(Band(real=real, low=ends[0], lower=ends[1], median=median, upper=ends[2], high=ends[3]))
    return found
