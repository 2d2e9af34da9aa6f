from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest

from support.simulations import small
from wattshift.app.engine.local import LocalEngine
from wattshift.app.simulating.build import build_scenario
from wattshift.app.simulating.paths import run_paths
from wattshift.app.snapshot import Snapshot
from wattshift.simulate.result import NetworkForecast
from wattshift.simulate.scenario import Scenario

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@pytest.fixture(scope="module")
def short(snapshot: Snapshot) -> Scenario:
    return build_scenario(snapshot, small("ban", paths=1_024, days=40))


@pytest.fixture(scope="module")
def alone(short: Scenario) -> NetworkForecast:
    return run_paths(short, threads=1)


def assert_same(one: NetworkForecast, other: NetworkForecast) -> None:
    for quantity, fan in one.daily.items():
        assert np.array_equal(fan.mean, other.daily[quantity].mean)
        assert np.array_equal(fan.quantiles, other.daily[quantity].quantiles)
    for figure, values in one.path_figures.items():
        assert np.array_equal(values, other.path_figures[figure])
    assert np.array_equal(one.retargets.change.quantiles, other.retargets.change.quantiles)
    assert [each.total_gw for each in one.departures] == [each.total_gw for each in other.departures]


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(short: Scenario, alone: NetworkForecast, threads: int) -> None:
    told: list[tuple[int, int]] = []
    assert_same(run_paths(short, threads=threads, progress=lambda *at: told.append(at)), alone)
    assert told == [(done, threads) for done in range(1, threads + 1)]


class KillingEngine(LocalEngine):
    """One of its processes dies as soon as it is given work."""

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Kill one, then work."""
        os.kill(self.process_ids[0], signal.SIGKILL)
        return super().map(function, items)


def test_processes_change_nothing_even_if_one_dies(short: Scenario, alone: NetworkForecast) -> None:
    with KillingEngine(2) as engine:
        before = engine.process_ids
        assert_same(run_paths(short, engine=engine, threads=3), alone)
        assert engine.process_ids != before


def test_another_seed_is_another_course(snapshot: Snapshot, alone: NetworkForecast) -> None:
    file = replace(small("ban", paths=1_024, days=40), seed=2)
    other = run_paths(build_scenario(snapshot, file), threads=1)
    assert not any(
        np.array_equal(values, other.path_figures[figure])
        for figure, values in alone.path_figures.items()
        if values.any()
    )
