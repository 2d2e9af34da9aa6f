"""Run a scenario: split its paths into shards, run each anywhere, and read the forecast off all of them.

`run_shard` is a function of a module that takes and gives plain data, so an engine of `wattshift.app.engine`
can map it over processes or machines, and a thread pool over threads: the loops do not hold the interpreter's
lock. Whoever runs which shard, and however many there are, the forecast is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.simulate.forecast import forecast
from wattshift.simulate.kernel.model import Tally
from wattshift.simulate.packing import pack
from wattshift.simulate.result import NetworkForecast
from wattshift.simulate.room import empty_luck, empty_site, empty_tally, empty_trace
from wattshift.simulate.scenario import Scenario

__all__ = ["Partial", "Shard", "is_compiled", "join", "run_shard", "shards", "simulate"]

_FEWEST_PATHS = 256

_Runner = Callable[["Shard"], "Partial"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shard:
    """Some paths of a scenario.

    Args:
        scenario: the scenario.
        first_path: number of the first.
        paths: how many.
    """

    scenario: Scenario
    first_path: int
    paths: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partial:
    """What the paths of a shard have in common, in a form that travels: most bins are empty.

    Args:
        first_path: number of the first.
        places: flat places of the bins that are not empty; of days first, then of retargets.
        counts: what they hold.
        tally: the rest, with empty bins.
    """

    first_path: int
    places: tuple[NDArray[np.int64], NDArray[np.int64]]
    counts: tuple[NDArray[np.uint32], NDArray[np.uint32]]
    tally: Tally


def is_compiled() -> bool:
    """Whether the simulator is compiled; else its first run in this environment takes some seconds longer."""
    from wattshift.compiled import is_kept
    from wattshift.simulate.kernel.shard import run_shard as run

    return is_kept(run)


def shards(scenario: Scenario, count: int) -> tuple[Shard, ...]:
    """The scenario's paths in up to `count` shards of like size, at least 256 paths each.

    Raises:
        InputError: if the count is not positive.
    """
    if count < 1:
        raise InputError("paths go into one shard or more", count=count)
    parts = min(count, max(1, scenario.paths // _FEWEST_PATHS))
    edges = [scenario.paths * part // parts for part in range(parts + 1)]
    return tuple(
        Shard(scenario=scenario, first_path=first, paths=end - first) for first, end in pairwise(edges)
    )


def run_shard(shard: Shard) -> Partial:
    """Run the paths of a shard."""
    from wattshift.simulate.kernel.shard import run_shard as run

    model = pack(shard.scenario)
    tally = empty_tally(model, shard.paths)
    run(model, shard.first_path, shard.paths, empty_luck(model), empty_site(model), empty_trace(model), tally)
    days, retargets = (np.flatnonzero(bins) for bins in (tally.counts, tally.retarget_counts))
    return Partial(
        first_path=shard.first_path,
        places=(days, retargets),
        counts=(tally.counts.ravel()[days], tally.retarget_counts.ravel()[retargets]),
        tally=tally._replace(
            counts=np.empty(0, dtype=np.uint32), retarget_counts=np.empty(0, dtype=np.uint32)
        ),
    )


def join(scenario: Scenario, partials: Iterable[Partial]) -> Tally:
    """All shards as one: exact, whatever their number and order.

    Raises:
        InputError: if they do not hold the scenario's paths, each once.
    """
    whole = empty_tally(pack(scenario), scenario.paths)
    seen = 0
    for partial in partials:
        whole.counts.ravel()[partial.places[0]] += partial.counts[0]
        whole.retarget_counts.ravel()[partial.places[1]] += partial.counts[1]
        for name in ("sums", "retarget_sums", "reached", "departed", "lost"):
            total = getattr(whole, name)
            total += getattr(partial.tally, name)
        np.minimum(whole.least, partial.tally.least, out=whole.least)
        np.maximum(whole.most, partial.tally.most, out=whole.most)
        paths = len(partial.tally.figures)
        whole.figures[partial.first_path : partial.first_path + paths] = partial.tally.figures
        seen += paths
    if seen != scenario.paths:
        raise InputError("the shards are not those of the scenario", paths=scenario.paths, seen=seen)
    return whole


def simulate(
    scenario: Scenario,
    *,
    count: int = 1,
    mapper: Callable[[_Runner, Iterable[Shard]], Iterable[Partial]] = map,
) -> NetworkForecast:
    """Run a scenario.

    Args:
        scenario: what is simulated.
        count: in how many shards.
        mapper: maps a function over the shards, in any order: `map`, the `map` of a pool of threads, or that
            of an engine.

    Raises:
        InputError: if the count is not positive.
    """
    return forecast(scenario, join(scenario, mapper(run_shard, shards(scenario, count))))
