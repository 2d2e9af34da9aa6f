"""A solver that goes on from its last basis finds what one finds that begins anew."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import solve
from wattshift.allocate.coupled.parts import Battery, Peak, Reserve
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.rolling import carry, resume
from wattshift.allocate.coupled.solve import proved
from wattshift.allocate.coupled.warm import WarmModel
from wattshift.allocate.coupled.window import window

DAYS = min(30, 8 * int(os.environ.get("WATTSHIFT_FAULTS", "1")))
HORIZON = 48


def site(seed: int, rows: int) -> CoupledProblem:
    """Machines with ramps, starts and least times, a battery, a reserve, a charge on the month's peak."""
    rng = np.random.default_rng(seed)
    buy = rng.normal(45.0, 25.0, rows)
    loads = tuple(
        load_of(
            name,
            [worth + rng.normal(0.0, 3.0, rows)],
            [size],
            ramp_up_mw_per_h=size / 2.0,
            start_usd_per_mw=4.0,
            min_up_h=least_h,
        )
        for name, size, worth, least_h in (("a", 5.0, 50.0, 3.0), ("b", 4.0, 60.0, 0.0))
    )
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
    reserve = Reserve(
        name="reserve",
        price_usd_per_mwh=rng.exponential(6.0, rows),
        max_mw=4.0,
        duration_h=1.0,
        loads=("a", "b"),
    )
    peak = Peak(
        name="peak", period=np.zeros(rows, np.int64), usd_per_mw=np.full(1, 90.0), already_mw=np.zeros(1)
    )
    return problem_of(
        buy.tolist(),
        loads,
        grid=grid_of(buy, 9.0),
        batteries=(battery,),
        reserves=(reserve,),
        peaks=(peak,),
    )


def test_rolling_warm_finds_what_a_cold_start_finds() -> None:
    truth, model = site(1, 24 * DAYS + HORIZON), WarmModel()
    problem, shift = window(truth, 0, HORIZON), 0
    for first in range(1, 24 * DAYS):
        program, columns = formulate(problem)
        warm = model.solve(program, shift=shift)
        assert warm.cost_usd == pytest.approx(solve(program).cost_usd, rel=1e-9, abs=1e-6)
        plan = proved(problem, program, columns, warm).plan
        problem, shift = resume(window(truth, first, first + HORIZON), carry(problem, plan, 1)), 1


@pytest.mark.parametrize("shift", [1, 3, HORIZON + 5])
def test_any_shift_is_only_a_hint(shift: int) -> None:
    truth, model = site(2, 2 * HORIZON + 12), WarmModel()
    for first in (0, 3, 7, 8):
        program, _ = formulate(window(truth, first, first + HORIZON))
        warm = model.solve(program, shift=shift if first else 0)
        assert warm.cost_usd == pytest.approx(solve(program).cost_usd, rel=1e-9)


def test_a_shift_by_one_leaves_the_simplex_method_little_to_do() -> None:
    truth, model = site(3, 4 * HORIZON), WarmModel()
    steps = []
    for first in range(10):
        program, _ = formulate(window(truth, first, first + HORIZON))
        model.solve(program, shift=min(first, 1))
        assert model._model is not None
        steps.append(model._model.getInfo().simplex_iteration_count)
    assert max(steps[1:]) < steps[0] / 4


def test_only_prices_that_move_are_handed_over() -> None:
    program, _ = formulate(site(4, HORIZON))
    model = WarmModel()
    model.solve(program)
    for factor in (1.01, 0.9, 1.0):
        other = replace(program, cost_usd=factor * program.cost_usd)
        assert model.solve(other).cost_usd == pytest.approx(solve(other).cost_usd, rel=1e-9)
