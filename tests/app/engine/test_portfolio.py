"""A portfolio is the same wherever its sites are planned, and whoever dies on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pytest

from support.portfolios import same_portfolio, small_portfolio
from wattshift.allocate.coupled.portfolio.planner import plan_portfolio
from wattshift.app.engine.local import LocalEngine

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def test_an_engine_finds_the_same_portfolio() -> None:
    sites, shared = small_portfolio(5)
    alone = plan_portfolio(sites, shared)
    with LocalEngine(2) as engine:
        assert same_portfolio(plan_portfolio(sites, shared, mapped=engine.map), alone)


@pytest.mark.parametrize("at_round", [2, 4])
def test_a_process_killed_in_mid_run_loses_nothing(at_round: int) -> None:
    sites, shared = small_portfolio(5)
    alone = plan_portfolio(sites, shared)
    killed = []
    with LocalEngine(2) as engine:
        asked = 0

        def mapped(function: Callable[[_Item], _Result], items: Sequence[_Item], /) -> list[_Result]:
            nonlocal asked
            asked += 1
            if asked == at_round:
                killed.append(engine.process_ids[0])
                os.kill(killed[0], signal.SIGKILL)
            return engine.map(function, items)

        found = plan_portfolio(sites, shared, mapped=mapped)
        assert killed[0] not in engine.process_ids
    assert same_portfolio(found, alone)
    assert np.isfinite(found.bound_usd)
