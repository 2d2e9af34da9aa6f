from __future__ import annotations

import numpy as np
import pytest

from support.backtests import RICH, material_of, prices_like_a_market
from support.coupledsites import load_of, problem_of
from wattshift.allocate.coupled.plan import load_mw
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.site.compile import compile_site
from wattshift.allocate.coupled.told import fleet_worth_usd_per_mwh, told
from wattshift.assets.kind import UseKind


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


def test_what_is_told_about_mining_starves_no_hall() -> None:
    """A hall of 6 MW and machines of 8 MW share 10 MW: the hall comes first while it pays for its power."""
    hall = load_of("hall", [np.array([300.0, 300.0, 300.0])], [6.0], kind=UseKind.COLOCATION)
    machines = load_of("machines", [np.full(3, 70.0)], [8.0])
    problem = problem_of([40.0, 40.0, 900.0], (hall, machines))
    mines = np.array([True, False, True])
    plan = plan_coupled(told(problem, mines)).plan
    assert load_mw(plan, "hall").tolist() == pytest.approx([6.0, 6.0, 0.0])
    assert load_mw(plan, "machines").tolist() == pytest.approx([4.0, 0.0, 8.0])


def test_told_to_sell_it_promises_what_runs(problem: CoupledProblem) -> None:
    mines = np.arange(48) % 5 < 2
    plan = plan_coupled(told(problem, mines, sells=True)).plan
    promised = sum(row for row in plan.reserve_mw.values())
    np.testing.assert_allclose(promised, np.where(mines, 3.0, 0.0), atol=1e-6)
