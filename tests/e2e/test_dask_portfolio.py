"""A portfolio on a real dask cluster of this machine, one of whose workers is killed in mid-run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import pytest

from support.portfolios import same_portfolio, small_portfolio
from wattshift.allocate.coupled.portfolio.planner import plan_portfolio
from wattshift.app.engine.cluster import DaskEngine
from wattshift.app.engine.local import LocalEngine

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

pytestmark = pytest.mark.filterwarnings("default")  # of another's code, and its workers die noisily


@pytest.fixture(scope="module")
def engine() -> Iterator[DaskEngine]:
    with DaskEngine(workers=2) as opened:
        yield opened


def test_a_portfolio_is_that_of_local_processes(engine: DaskEngine) -> None:
    sites, shared = small_portfolio(6)
    with LocalEngine(2) as local:
        there = plan_portfolio(sites, shared, mapped=local.map)
    assert same_portfolio(plan_portfolio(sites, shared, mapped=engine.map), there)


def test_a_worker_killed_in_mid_run_loses_nothing(engine: DaskEngine) -> None:
    sites, shared = small_portfolio(6)
    alone, asked = plan_portfolio(sites, shared), 0

    def mapped(function: Callable[[_Item], _Result], items: Sequence[_Item], /) -> list[_Result]:
        nonlocal asked
        asked += 1
        if asked == 3:
            os.kill(engine.process_ids[0], signal.SIGKILL)
        return engine.map(function, items)

    assert same_portfolio(plan_portfolio(sites, shared, mapped=mapped), alone)
    assert asked >= 3
