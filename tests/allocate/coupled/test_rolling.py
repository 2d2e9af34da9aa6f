"""A rolling horizon that sees all and knows all earns what one solve earns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of, random_site
from support.faults import scaled
from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import solve
from wattshift.allocate.coupled.parts import Battery, SoftCap
from wattshift.allocate.coupled.rolling import carry, resume, roll
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.allocate.coupled.warm import WarmModel, WarmPlanner
from wattshift.allocate.coupled.window import window
from wattshift.errors import Infeasible, InputError

SITES = scaled(12, 500)


@pytest.mark.parametrize("step", [1, 2])
def test_full_foresight_rolls_to_the_optimum(step: int) -> None:
    for seed in range(SITES):
        problem = random_site(seed, 6)
        whole = solve_coupled(problem).account
        plan = roll(problem, horizon=6, step=step)
        account = settle_coupled(problem, plan)
        check_coupled(problem, plan, account)
        assert account.profit_usd == pytest.approx(whole.profit_usd, abs=1e-6 * (1.0 + whole.turnover_usd)), (
            seed
        )


def test_a_short_horizon_keeps_every_limit_and_earns_no_more() -> None:
    for seed in range(SITES):
        problem = replace(random_site(seed, 8), jobs=())
        plan = roll(problem, horizon=4, step=1)
        account = settle_coupled(problem, plan)
        check_coupled(problem, plan, account)
        best = solve_coupled(problem).account
        assert account.profit_usd <= best.profit_usd + 1e-6 * (1.0 + best.turnover_usd)


def test_machines_that_were_started_stay_on_across_plans() -> None:
    buy = [10.0, 90.0, 90.0, 90.0]
    load = load_of("a", [np.full(4, 50.0)], [4.0], min_up_h=3.0)
    problem = problem_of(buy, (load,))
    first = solve_coupled(window(problem, 0, 1))
    assert first.plan.step_mw["a"][0, 0] == pytest.approx(4.0)
    state = carry(window(problem, 0, 1), first.plan, 1)
    rest = solve_coupled(resume(window(problem, 1, 4), state)).plan.step_mw["a"][0]
    assert rest == pytest.approx([4.0, 4.0, 0.0])


def test_a_state_says_what_was_exceeded_and_what_a_battery_holds() -> None:
    cap = SoftCap(name="call", cap_mw=np.full(2, 1.0), penalty_usd_per_mwh=np.full(2, 1.0))
    problem = problem_of([10.0, 10.0], (load_of("a", [np.full(2, 50.0)], [4.0]),), soft_caps=(cap,))
    state = carry(problem, solve_coupled(problem).plan, 2)
    assert state.above_h == {"call": 2.0}
    assert state.power_mw == {"a": pytest.approx(4.0)}


def test_another_instant_is_refused() -> None:
    problem = random_site(3, 4)
    state = carry(problem, solve_coupled(problem).plan, 2)
    with pytest.raises(InputError, match="does not begin where the past ends"):
        resume(problem, state)
    with pytest.raises(InputError, match="cannot be carried over"):
        carry(problem, solve_coupled(problem).plan, 5)
    with pytest.raises(InputError, match="as far as what is done"):
        roll(problem, horizon=1, step=2)


def day(seed: int, rows: int = 60) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], Battery]:
    rng = np.random.default_rng(seed)
    battery = Battery(
        name="battery",
        charge_mw=2.0,
        discharge_mw=2.0,
        energy_mwh=5.0,
        charge_ratio=0.95,
        discharge_ratio=0.95,
        wear_usd_per_mwh=1.0,
        start_mwh=2.0,
        least_end_mwh=0.0,
        end_usd_per_mwh=20.0,
    )
    return 45.0 + 20.0 * rng.normal(size=rows), battery


def test_a_warm_planner_finds_what_a_cold_one_finds() -> None:
    buy, battery = day(1)
    loads = tuple(
        load_of(name, [np.full(buy.size, worth)], [5.0], ramp_up_mw_per_h=2.0, start_usd_per_mw=3.0)
        for name, worth in {"a": 40.0, "b": 50.0}.items()
    )
    problem = problem_of(buy.tolist(), loads, batteries=(battery,), grid=grid_of(buy, 9.0))
    planner = WarmPlanner()
    cold = settle_coupled(problem, roll(problem, horizon=12, step=1))
    warm = settle_coupled(
        problem, roll(problem, horizon=12, step=1, planner=lambda seen: planner.solve(seen).plan)
    )
    assert warm.profit_usd == pytest.approx(cold.profit_usd, rel=1e-6)


def test_a_warm_model_goes_on_after_a_contradiction() -> None:
    problem = problem_of([30.0, 40.0], (load_of("a", [np.full(2, 50.0)], [4.0], floor_mw=np.full(2, 1.0)),))
    program, _ = formulate(problem)
    model = WarmModel()
    first = model.solve(program).cost_usd
    with pytest.raises(Infeasible):
        model.solve(replace(program, high=np.zeros_like(program.high)))
    assert model.solve(program).cost_usd == pytest.approx(first)
    dearer = replace(program, cost_usd=program.cost_usd * 2.0)
    assert model.solve(dearer).cost_usd == pytest.approx(solve(dearer).cost_usd)
