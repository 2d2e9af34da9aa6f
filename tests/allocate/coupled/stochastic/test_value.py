"""What it is worth to reckon with scenarios, and to know which it is: never below zero."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of
from support.faults import scaled
from support.futures import futures_of, random_futures, scenario_set
from wattshift.allocate.coupled.parts import Reserve
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.stochastic.check import check_stochastic
from wattshift.allocate.coupled.stochastic.firststage import FirstStage
from wattshift.allocate.coupled.stochastic.planner import plan_stochastic
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.allocate.coupled.stochastic.value import risk_frontier, value_plan


@pytest.mark.parametrize("seed", range(scaled(12, 600)))
def test_neither_value_is_below_zero(seed: int) -> None:
    futures = random_futures(1_000 + seed)
    stage = FirstStage(decided_until=seed % 5, batteries=bool(seed % 2))
    risk = Risk(aversion_frac=(0.0, 0.0, 0.5)[seed % 3], tail_frac=0.3)
    found = plan_stochastic(futures, stage, risk)
    valued = value_plan(futures, found)
    rounding = 1e-6 * (1.0 + found.decided.turnover_usd) + found.gap_usd
    assert valued.information_value_usd >= -rounding
    if valued.deterministic is None:
        assert "in scenario" in valued.refused
        assert valued.stochastic_value_usd is None
    else:
        check_stochastic(futures, valued.deterministic)
        assert valued.stochastic_value_usd is not None
        assert valued.stochastic_value_usd >= -rounding


def site(price: float, promise_usd: float) -> CoupledProblem:
    load = load_of("air", [np.full(1, 60.0)], [10.0])
    reserve = Reserve(
        name="spin", price_usd_per_mwh=np.full(1, promise_usd), max_mw=8.0, duration_h=1.0, loads=("air",)
    )
    return problem_of([price], (load,), reserves=(reserve,), grid=grid_of(np.full(1, price)))


def test_a_case_worked_by_hand() -> None:
    """At 10 and 100 USD/MWh, 50 % each; the mean price of 55 lets 10 MW run and promises 8 of them.

    That promise forces 8 MW to run at 100: 8 x (60 - 100 + 6) = -272, and 10 x 50 + 48 = 548 at 10: 138 in
    the mean. Promising nothing earns 500 and 0: 250. Who knows first earns 548 and 0: 274.
    """
    futures = scenario_set(site(10.0, 6.0), site(100.0, 6.0))
    found = plan_stochastic(futures, FirstStage())
    valued = value_plan(futures, found)
    assert found.decided.expected_usd == pytest.approx(250.0)
    assert valued.deterministic is not None
    assert valued.deterministic.expected_usd == pytest.approx(138.0)
    assert valued.stochastic_value_usd == pytest.approx(112.0)
    assert valued.information_value_usd == pytest.approx(24.0)


def test_decisions_that_a_scenario_cannot_keep_have_no_value() -> None:
    """The mean scenario has 5 MW to promise, the second one 2."""
    most = np.array([8.0]), np.array([2.0])
    problems = []
    for available in most:
        load = load_of("air", [np.full(1, 60.0)], [8.0], available_mw=available)
        reserve = Reserve(
            name="spin", price_usd_per_mwh=np.full(1, 6.0), max_mw=8.0, duration_h=1.0, loads=("air",)
        )
        problems.append(problem_of([30.0], (load,), reserves=(reserve,)))
    futures = scenario_set(*problems)
    valued = value_plan(futures, plan_stochastic(futures, FirstStage()))
    assert valued.deterministic is None
    assert "in scenario 2, what was decided cannot be kept: spin is off" in valued.refused
    assert "by 3 MW" in valued.refused


def test_another_solver_gives_the_same() -> None:
    futures = random_futures(5)
    asked: list[int] = []

    def solver(problems: object) -> list[tuple[CoupledPlan, float]]:
        assert isinstance(problems, tuple)
        asked.append(len(problems))
        return [(plan_coupled(problem).plan, 0.0) for problem in problems]

    found = plan_stochastic(futures, FirstStage())
    one, other = value_plan(futures, found), value_plan(futures, found, solver=solver)
    np.testing.assert_array_equal(one.foresight_usd, other.foresight_usd)
    assert asked == [3]


def test_the_frontier_trades_mean_for_tail() -> None:
    futures = futures_of(site(50.0, 20.0), 4, 8)
    plans = risk_frontier(futures, FirstStage(), (0.0, 0.3, 0.6, 0.9), tail_frac=0.25)
    expected = [plan.decided.expected_usd for plan in plans]
    tail = [plan.decided.tail_usd for plan in plans]
    assert all(a >= b - 1e-6 for a, b in pairwise(expected))
    assert all(a <= b + 1e-6 for a, b in pairwise(tail))
    assert tail[-1] > tail[0]
