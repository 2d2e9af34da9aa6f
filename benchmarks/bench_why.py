"""`why`, `stress` and `pools` at random instants of the bundled history, warm; `why` must stay below 0.5 s.

Each call asks about another window, so nothing but the tables themselves is reused.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from wattshift.app.snapshot import Archive
from wattshift.app.stress import pools, stress
from wattshift.app.why import why
from wattshift.clock import Window, from_unix, to_unix
from wattshift.store.bundled import BundledStore
from wattshift.units import SECONDS_PER_DAY

WINDOWS = 200
LIMIT_S = 0.5

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture


@pytest.fixture(scope="module")
def archive() -> Archive:
    made = Archive(BundledStore())
    newest = made.newest_at
    why(made, Window(start_at=newest - timedelta(days=14), end_at=newest))
    return made


def windows(archive: Archive) -> list[Window]:
    rng = np.random.default_rng(1)
    last = to_unix(archive.newest_at) - 60 * SECONDS_PER_DAY
    starts = rng.uniform(last - 5 * 365 * SECONDS_PER_DAY, last, WINDOWS)
    return [
        Window(start_at=from_unix(start), end_at=from_unix(start + days * SECONDS_PER_DAY))
        for start, days in zip(starts.tolist(), rng.integers(3, 60, WINDOWS).tolist(), strict=True)
    ]


@pytest.mark.benchmark(group="why")
def bench_why(benchmark: BenchmarkFixture, archive: Archive) -> None:
    asked = cycle(windows(archive))
    benchmark(lambda: why(archive, next(asked)))
    assert benchmark.stats is not None
    assert benchmark.stats.stats.max < LIMIT_S


@pytest.mark.benchmark(group="stress")
def bench_stress(benchmark: BenchmarkFixture, archive: Archive) -> None:
    asked = cycle(windows(archive))
    benchmark(lambda: stress(archive, next(asked).end_at))


@pytest.mark.benchmark(group="pools")
def bench_pools(benchmark: BenchmarkFixture, archive: Archive) -> None:
    asked = cycle(windows(archive))
    benchmark(lambda: pools(archive, next(asked).end_at))
