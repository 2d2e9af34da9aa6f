"""Stochastic plans: what they promise, and how they end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of
from support.faults import scaled
from support.futures import random_futures, scenario_set
from wattshift.allocate.coupled.highs import Limits
from wattshift.allocate.coupled.parts import Reserve
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.stochastic.check import check_stochastic
from wattshift.allocate.coupled.stochastic.firststage import Firm, FirstStage
from wattshift.allocate.coupled.stochastic.planner import plan_stochastic
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.errors import Infeasible, LimitReached

HOURS = 2


def site_with_promise(price: float, *, import_mw: float = 10.0, promise_usd: float = 6.0) -> CoupledProblem:
    """10 MW worth 60 USD/MWh that can back a promise."""
    load = load_of("air", [np.full(HOURS, 60.0)], [10.0])
    reserve = Reserve(
        name="spin",
        price_usd_per_mwh=np.full(HOURS, promise_usd),
        max_mw=8.0,
        duration_h=1.0,
        loads=("air",),
    )
    grid = grid_of(np.full(HOURS, price), import_mw)
    return problem_of([price] * HOURS, (load,), reserves=(reserve,), grid=grid)


def test_a_promise_is_made_where_it_pays_in_the_mean() -> None:
    """Backing 8 MW at 64 USD/MWh loses 4 USD and earns 6; at 70 it loses 10."""
    cheap, dear = site_with_promise(64.0), site_with_promise(70.0)
    for share, promised in ((0.6, 8.0), (0.2, 0.0)):  # 6 - (4 p + 10 (1 - p)) > 0 from p = 2/3 on
        chance = 0.7 if promised else share
        futures = scenario_set(cheap, dear, prob=(chance, 1.0 - chance))
        found = plan_stochastic(futures, FirstStage()).decided
        np.testing.assert_allclose(found.decisions[Firm.RESERVE, "spin"], [promised] * HOURS, atol=1e-9)
        right = HOURS * 8.0 * (6.0 - 4.0 * chance - 10.0 * (1.0 - chance)) if promised else 0.0
        assert found.expected_usd == pytest.approx(right, abs=1e-6)


def test_a_site_that_fears_the_worst_promises_less() -> None:
    cheap, dear = site_with_promise(64.0), site_with_promise(70.0)
    futures = scenario_set(cheap, dear, prob=(0.9, 0.1))
    bold = plan_stochastic(futures, FirstStage(), Risk()).decided
    shy = plan_stochastic(futures, FirstStage(), Risk(aversion_frac=0.95, tail_frac=0.1)).decided
    assert bold.decisions[Firm.RESERVE, "spin"].sum() == pytest.approx(16.0)
    assert shy.decisions[Firm.RESERVE, "spin"].sum() == pytest.approx(0.0)
    assert shy.tail_usd > bold.tail_usd
    assert shy.expected_usd < bold.expected_usd


def test_of_one_scenario_it_is_the_plan() -> None:
    site = site_with_promise(64.0)
    found = plan_stochastic(scenario_set(site), FirstStage(decided_until=HOURS, batteries=True))
    assert found.decided.objective_usd == pytest.approx(plan_coupled(site).account.profit_usd)


def test_nothing_to_decide_is_each_on_its_own() -> None:
    futures = random_futures(11, 3)
    found = plan_stochastic(futures, FirstStage(reserves=False)).decided
    alone = [plan_coupled(problem).account.profit_usd for problem in futures.problems]
    np.testing.assert_allclose(found.profit_usd, alone, rtol=1e-6, atol=1e-5)
    assert found.decisions == {}


@pytest.mark.parametrize("seed", range(20, 20 + scaled(12, 800)))
def test_objective_outcomes_and_proof_agree(seed: int) -> None:
    """The program's objective is that of the outcomes, to 1e-6: `plan_stochastic` refuses anything else."""
    rng = np.random.default_rng(seed)
    futures = random_futures(seed)
    stage = FirstStage(reserves=bool(seed % 2), decided_until=seed % 5, batteries=bool(seed % 3))
    risk = Risk(aversion_frac=float(rng.choice([0.0, 0.3, 0.9])), tail_frac=float(rng.choice([0.1, 0.4])))
    found = plan_stochastic(futures, stage, risk)
    check_stochastic(futures, found.decided)
    rounding = 1e-6 * (1.0 + found.decided.turnover_usd)
    assert found.gap_usd <= rounding + 1e-6 * abs(found.decided.objective_usd)
    # Decisions that are tied cost something, or nothing: no plan earns more than those that know.
    best = sum(each.occurs_prob * plan_coupled(each.problem).account.profit_usd for each in futures.scenarios)
    assert found.decided.expected_usd <= best + rounding + found.gap_usd


def test_a_scenario_without_a_plan_is_named_with_its_conflict() -> None:
    load = load_of("hall", [np.full(HOURS, 60.0)], [10.0], floor_mw=np.full(HOURS, 6.0))
    good = problem_of([30.0] * HOURS, (load,))
    short = replace(good, grid=replace(good.grid, import_mw=np.array([10.0, 5.0])))
    with pytest.raises(Infeasible, match="in scenario 2 no plan keeps all limits") as caught:
        plan_stochastic(scenario_set(good, short), FirstStage())
    assert "hall is promised 6 MW" in caught.value.message
    assert "the connection allows 5 MW" in caught.value.message


def test_scenarios_that_contradict_each_other_are_named() -> None:
    """Each has a plan of its own, but what one must run another cannot."""
    load = load_of("slow", [np.full(HOURS, 60.0)], [10.0], min_up_h=1.0, before_mw=10.0, floor_mw=np.zeros(2))
    on = problem_of([30.0] * HOURS, (replace(load, min_up_h=1.0, ramp_down_mw_per_h=4.0),))
    off = replace(on, loads=(replace(on.loads[0], available_mw=np.array([6.0, 2.0])),))
    gone = replace(on, loads=(replace(on.loads[0], available_mw=np.array([10.0, 2.0])),))
    plan_stochastic(scenario_set(on, off, gone), FirstStage(decided_until=2))  # 6 then 2 suits all
    high = replace(on, loads=(replace(on.loads[0], ramp_down_mw_per_h=4.0),))
    low = replace(on, loads=(replace(on.loads[0], available_mw=np.array([6.0, 1.0])),))
    with pytest.raises(Infeasible, match="scenario 3"):
        plan_stochastic(scenario_set(high, on, low), FirstStage(decided_until=2))


def test_too_little_time_is_said() -> None:
    with pytest.raises(LimitReached):
        plan_stochastic(random_futures(3, 6), FirstStage(decided_until=4), limits=Limits(wall_s=1e-9))
