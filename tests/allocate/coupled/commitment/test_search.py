"""Stretches and seams beside one search of the whole."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.coupledsites import grid_of, load_of, problem_of, random_site
from wattshift.allocate.coupled import highs
from wattshift.allocate.coupled.commitment import search
from wattshift.allocate.coupled.commitment.priced import price, solve_stretches
from wattshift.allocate.coupled.commitment.quick import solve_loose
from wattshift.allocate.coupled.commitment.search import is_long, solve_long
from wattshift.allocate.coupled.commitment.stretches import stretches_of
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import Answer, Ended, Limits, solve
from wattshift.allocate.coupled.parts import Battery, Peak, Reserve
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Program
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.errors import Infeasible, LimitReached

FAULTS = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
CLOSE = Limits(wall_s=60.0, gap_ratio=1e-3)
EXACT = Limits(wall_s=60.0, gap_ratio=1e-9)


def rounding_usd(program: Program) -> float:
    return 1e-6 * (1.0 + float(np.abs(program.cost_usd).sum()))


def whole_site(seed: int, rows: int = 96) -> CoupledProblem:
    """Three classes that run whole, a divisible hall with ramps, a battery, a reserve, daily peaks."""
    rng = np.random.default_rng(seed)
    buy = 45.0 + 25.0 * np.sin(np.arange(rows) / 4.0) + rng.normal(0.0, 20.0, rows)
    classes = tuple(
        load_of(
            name,
            [np.full(rows, worth)],
            [size],
            min_up_h=float(rng.integers(2, 5)),
            min_down_h=float(rng.integers(2, 5)),
            start_usd_per_mw=20.0,
            whole=True,
        )
        for name, size, worth in (("a", 40.0, 55.0), ("b", 30.0, 70.0), ("c", 25.0, 90.0))
    )
    hall = load_of(
        "hall", [rng.normal(60.0, 20.0, rows)], [20.0], ramp_up_mw_per_h=6.0, ramp_down_mw_per_h=6.0
    )
    battery = Battery(
        name="battery",
        charge_mw=8.0,
        discharge_mw=8.0,
        energy_mwh=16.0,
        charge_ratio=0.95,
        discharge_ratio=0.95,
        wear_usd_per_mwh=2.0,
        start_mwh=4.0,
        least_end_mwh=4.0,
        end_usd_per_mwh=30.0,
    )
    reserve = Reserve(
        name="reserve",
        price_usd_per_mwh=np.maximum(0.0, rng.normal(8.0, 4.0, rows)),
        max_mw=30.0,
        duration_h=1.0,
        loads=("a", "b", "c"),
    )
    period = np.arange(rows) // 40
    days = int(period[-1]) + 1
    peak = Peak(name="demand", period=period, usd_per_mw=np.full(days, 150.0), already_mw=np.zeros(days))
    return problem_of(
        buy.tolist(),
        (*classes, hall),
        grid=grid_of(buy, 100.0),
        batteries=(battery,),
        reserves=(reserve,),
        peaks=(peak,),
    )


def stretch_bound_usd(program: Program, size: int, intervals: int) -> float:
    """The bound of the stretches alone."""
    stretches = stretches_of(program, np.arange(0, intervals, size))
    loose = solve_loose(program, 60.0)
    return solve_stretches(program, stretches, price(program, stretches, loose), 60.0, 1e-9).bound_usd


@pytest.mark.parametrize("seed", range(3 * FAULTS))
def test_it_finds_what_one_search_finds(seed: int) -> None:
    program, _ = formulate(whole_site(seed))
    with patch.object(search, "_STRETCH", 24):
        found = solve_long(program, CLOSE)
    best = solve(program, Limits(wall_s=60.0, gap_ratio=1e-6))
    assert found.ended is Ended.OPTIMAL
    assert found.bound_usd <= best.cost_usd + rounding_usd(program)
    assert found.cost_usd >= best.bound_usd - rounding_usd(program)
    assert found.gap_usd <= CLOSE.gap_ratio * abs(found.cost_usd)


@settings(max_examples=40 * FAULTS, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(6, 14), size=st.integers(2, 5))
def test_no_bound_is_above_the_optimum(seed: int, rows: int, size: int) -> None:
    program, _ = formulate(random_site(seed, rows))
    assume(not program.is_linear)
    best = solve(program)
    assert stretch_bound_usd(program, size, rows) <= best.cost_usd + rounding_usd(program)


@settings(max_examples=15 * FAULTS, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(8, 14))
def test_random_sites_get_their_optimum_proved(seed: int, rows: int) -> None:
    problem = random_site(seed, rows)
    best = solve_coupled(problem)
    with patch.object(search, "_STRETCH", 3), patch.object(search, "_LEAST_WHOLE", 1):
        found = solve_coupled(problem)
    usd = 1e-5 * (1.0 + best.account.turnover_usd)
    assert found.account.profit_usd == pytest.approx(best.account.profit_usd, abs=usd)


def test_the_bound_of_stretches_is_better_than_that_of_the_loose_program() -> None:
    program, _ = formulate(whole_site(1))
    loose, best = solve_loose(program, 60.0), solve(program)
    bound = stretch_bound_usd(program, 24, 96)
    assert best.cost_usd - bound < 0.5 * (best.cost_usd - loose.cost_usd)


def test_a_plan_joined_from_pieces_needs_no_search_of_the_whole() -> None:
    problem = whole_site(2)
    with (
        patch.object(search, "_STRETCH", 24),
        patch.object(search, "_LEAST_WHOLE", 1),
        patch.object(search, "_searched", side_effect=AssertionError),
    ):
        solved = solve_coupled(problem, replace(CLOSE, gap_ratio=1e-2))
    assert solved.answer.gap_usd <= 1e-2 * abs(solved.answer.cost_usd)


def test_a_gap_that_stays_open_is_searched_from_the_joined_plan() -> None:
    program, _ = formulate(whole_site(0, 48))
    with patch.object(search, "_STRETCH", 12):
        found = solve_long(program, EXACT)
    best = solve(program)
    assert found.cost_usd == pytest.approx(best.cost_usd, abs=rounding_usd(program))


def test_a_search_that_runs_out_of_time_leaves_the_joined_plan_and_its_gap() -> None:
    program, _ = formulate(whole_site(0, 72))

    def late(*_: object) -> Answer:
        raise LimitReached("late")

    with patch.object(search, "_STRETCH", 18), patch.object(search, "run", wraps=highs.run) as run:
        joined = search._joined(program, solve_loose(program, 60.0), CLOSE)
        run.side_effect = late
        found = search._searched(program, joined, EXACT, 0.0)
        with pytest.raises(LimitReached):
            search._searched(program, None, EXACT, 0.0)
    assert found.ended is Ended.IN_TIME
    assert found.cost_usd == joined.cost_usd
    assert found.bound_usd == joined.bound_usd < found.cost_usd


def test_time_may_run_out_before_there_is_a_plan() -> None:
    program, _ = formulate(whole_site(0, 300))
    with patch.object(search, "_STRETCH", 24), pytest.raises(LimitReached):
        solve_long(program, Limits(wall_s=1e-9))


def test_what_contradicts_itself_is_said_to() -> None:
    problem = whole_site(0)
    program, columns = formulate(problem)
    low = program.low.copy()
    low[columns.fed_in] = program.high[columns.fed_in] = 0.0
    low[columns.bought[50]] = 90.0
    low[columns.steps["hall"][0, 48:52]] = 0.0
    high = program.high.copy()
    for name in "abc":
        high[columns.steps[name][0, 50]] = 0.0
    with patch.object(search, "_STRETCH", 24), pytest.raises(Infeasible):
        solve_long(replace(program, low=low, high=high), CLOSE)


def test_short_programs_and_those_with_few_choices_are_searched_whole() -> None:
    week, _ = formulate(whole_site(0, 168))
    assert not is_long(week)
    divisible, _ = formulate(random_site(3, 600, whole=False))
    assert not is_long(divisible)
    assert is_long(formulate(whole_site(0, 600))[0])


@pytest.mark.parametrize("seed", range(4 * FAULTS))
def test_the_bound_holds_against_every_on_and_off(seed: int) -> None:
    """Two loads over four intervals: each of the 256 settings solved for what is left."""
    rng = np.random.default_rng(seed)
    buy = rng.normal(45.0, 30.0, 4)
    loads = tuple(
        load_of(name, [np.full(4, worth)], [size], min_up_h=2.0, start_usd_per_mw=9.0, whole=True)
        for name, size, worth in (("a", 4.0, 50.0), ("b", 3.0, 60.0))
    )
    peak = Peak(
        name="peak", period=np.zeros(4, np.int64), usd_per_mw=np.full(1, 12.0), already_mw=np.zeros(1)
    )
    program, _ = formulate(problem_of(buy.tolist(), loads, grid=grid_of(buy, 6.0), peaks=(peak,)))
    whole = np.flatnonzero(program.whole)
    best = np.inf
    for runs in itertools.product((0.0, 1.0), repeat=whole.size):
        x = np.zeros(program.whole.size)
        x[whole] = runs
        with suppress(Infeasible):
            best = min(best, solve(highs.settled(program, x)).cost_usd)
    for size in (1, 2, 3):
        assert stretch_bound_usd(program, size, 4) <= best + rounding_usd(program)
    with patch.object(search, "_STRETCH", 2):
        assert solve_long(program, EXACT).cost_usd == pytest.approx(best, abs=rounding_usd(program))


def test_a_stretch_that_cannot_do_with_what_the_others_want_is_given_more() -> None:
    """The second half has a floor of 9 MW and is made to pay nothing for the peak; the first wants none."""
    rows, floor = 8, np.repeat([0.0, 9.0], 4)
    load = load_of("a", [np.full(rows, 1.0)], [9.0], floor_mw=floor)
    peak = Peak(
        name="peak", period=np.zeros(rows, np.int64), usd_per_mw=np.full(1, 50.0), already_mw=np.zeros(1)
    )
    program, columns = formulate(problem_of([20.0] * rows, (load,), peaks=(peak,)))
    stretches = stretches_of(program, np.array([0, 4]))
    prices = price(program, stretches, solve_loose(program, 60.0))
    prices = replace(prices, copy_usd=(np.full(1, 49.0), np.full(1, 1.0)))
    pieces = solve_stretches(program, stretches, prices, 60.0, 0.0)
    assert pieces.x[columns.peaks["peak"]] == pytest.approx([9.0])
    assert pieces.bound_usd == pytest.approx(4 * 9.0 * 19.0 + 9.0)
