from __future__ import annotations

import numpy as np
import pytest

from support.backtests import RICH, material_of, prices_like_a_market
from wattshift.allocate.coupled.compile import compile_site
from wattshift.allocate.coupled.plan import load_mw
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.backtest.told import fleet_worth_usd_per_mwh, told


@pytest.fixture(scope="module")
def problem() -> CoupledProblem:
    material = material_of(prices_like_a_market(48), first=0)
    return compile_site(RICH, material.prices, hashprice_usd_per_ph_day=50.0)


def test_a_site_mines_when_it_is_told_to_and_does_nothing_else(problem: CoupledProblem) -> None:
    mines = np.arange(48) % 5 < 2
    plan = plan_coupled(told(problem, mines)).plan
    assert RICH.mining is not None
    power = np.array([load_mw(plan, load.name) for load in problem.loads]).sum(axis=0)
    assert power == pytest.approx(np.where(mines, RICH.mining.facility_mw, 0.0))
    assert not plan.charge_mw["battery"].any()
    assert not plan.discharge_mw["battery"].any()
    assert not any(held.any() for held in plan.reserve_mw.values())


def test_the_fleets_worth_is_the_mean_over_its_power(problem: CoupledProblem) -> None:
    capacity = {load.name: load.capacity_mw for load in problem.loads}
    worth = {load.name: load.steps[0].worth_usd_per_mwh[0] for load in problem.loads}
    mean = sum(capacity[name] * worth[name] for name in capacity) / sum(capacity.values())
    assert fleet_worth_usd_per_mwh(problem)[0] == pytest.approx(mean)
    assert min(worth.values()) < mean < max(worth.values())
