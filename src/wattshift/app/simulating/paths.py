"""The paths of a scenario: in threads of this process, or on an engine; the result is the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from wattshift.app.engine.port import Engine
from wattshift.app.scoring import Progress
from wattshift.simulate.result import NetworkForecast
from wattshift.simulate.run import Partial, Shard, simulate
from wattshift.simulate.scenario import Scenario

__all__ = ["run_paths"]

_SHARD_PATH_DAYS = 2_000_000
"""A second of work or so: a worker that dies loses no more."""

_MOST_SHARDS = 256
_BATCH = 16
"""Shards given to an engine at a time, so that progress can be told."""


def run_paths(
    scenario: Scenario,
    *,
    engine: Engine | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> NetworkForecast:
    """Run all paths of a scenario.

    Args:
        scenario: what is simulated.
        engine: where; by default in threads of this process.
        threads: how many; by default one for each core.
        progress: told (done, total) shards.

    Raises:
        SolveError: if a shard ends whatever process takes it.
    """
    threads = threads or os.cpu_count() or 1
    wanted = scenario.paths * scenario.horizon_days // _SHARD_PATH_DAYS
    count = min(max(wanted, threads), _MOST_SHARDS)
    if engine is not None:
        return simulate(scenario, count=count, mapper=_on_engine(engine, progress))
    with ThreadPoolExecutor(threads) as pool:
        return simulate(scenario, count=count, mapper=_told(pool.map, progress))


_Mapper = Callable[[Callable[[Shard], Partial], Iterable[Shard]], Iterable[Partial]]


def _told(mapper: _Mapper, progress: Progress | None) -> _Mapper:
    """The same mapper, which tells how far it is."""

    def mapped(function: Callable[[Shard], Partial], items: Iterable[Shard]) -> Iterator[Partial]:
        asked = list(items)
        for done, partial in enumerate(mapper(function, asked), start=1):
            if progress is not None:
                progress(done, len(asked))
            yield partial

    return mapped


def _on_engine(engine: Engine, progress: Progress | None) -> _Mapper:
    def mapped(function: Callable[[Shard], Partial], items: Iterable[Shard]) -> Iterator[Partial]:
        asked = list(items)
        for first in range(0, len(asked), _BATCH):
            yield from engine.map(function, asked[first : first + _BATCH])

    return _told(mapped, progress)
