from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.coupledsites import random_site
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import Ended, Limits, solve
from wattshift.allocate.coupled.program import Builder, Program
from wattshift.errors import Infeasible, InputError, LimitReached, Unbounded

SITES = st.integers(0, 2**32 - 1)


def knapsack(*, whole: bool, offset_usd: float = 0.0) -> Program:
    """Earn 5 a + 4 b + 3 c with 2 a + 3 b + c <= 4, each at most 1."""
    build, at = Builder(offset_usd=offset_usd), np.arange(3)
    x = build.add_columns("x", "x", at=at, high=1.0, cost_usd=np.array([-5.0, -4.0, -3.0]), whole=whole)
    row = build.add_rows("room", "x", at=at[:1], high=4.0)
    build.add_terms(np.repeat(row, 3), x, np.array([2.0, 3.0, 1.0]))
    return build.build()


def test_a_linear_program_and_its_prices() -> None:
    answer = solve(knapsack(whole=False, offset_usd=7.0))
    assert answer.ended is Ended.OPTIMAL
    np.testing.assert_allclose(answer.x, [1.0, 1 / 3, 1.0], atol=1e-9)
    assert answer.cost_usd == pytest.approx(7.0 - 5.0 - 4.0 / 3.0 - 3.0)
    assert answer.bound_usd == answer.cost_usd
    assert answer.row_dual_usd == pytest.approx([-4.0 / 3.0])


def test_whole_numbers_come_out_whole_and_the_bound_knows_the_offset() -> None:
    answer = solve(knapsack(whole=True, offset_usd=7.0))
    assert answer.x.tolist() == [1.0, 0.0, 1.0]
    assert answer.cost_usd == pytest.approx(-1.0)
    assert answer.gap_usd <= 1e-6
    assert answer.row_dual_usd.size == 0


def test_a_yes_is_exactly_yes() -> None:
    """A large machine behind a yes or no: a solver's 0.9999995 would be 500 MW too much or too little."""
    build, at = Builder(), np.arange(1)
    power = build.add_columns("power", "x", at=at, high=1e6, cost_usd=-1.0)
    yes = build.add_columns("yes", "x", at=at, high=1.0, cost_usd=3e5, whole=True)
    build.add_rows("only if", "x", (power, 1.0), (yes, -1e6), at=at, high=0.0)
    build.add_rows("little", "x", (power, 1.0), at=at, high=2e5)
    answer = solve(build.build())
    assert answer.x.tolist() == [0.0, 0.0]


def test_contradictions_are_labelled() -> None:
    program = knapsack(whole=False)
    with pytest.raises(Infeasible):
        solve(replace(program, row_low=np.array([7.0]), row_high=np.array([8.0])))
    with pytest.raises(Infeasible):
        solve(replace(program, low=np.array([2.0, 0.0, 0.0])))
    with pytest.raises(Infeasible):
        solve(replace(knapsack(whole=True), row_low=np.array([2.5]), row_high=np.array([2.9])))


@pytest.mark.parametrize("whole", [False, True])
def test_what_has_no_end_is_labelled(whole: bool) -> None:
    program = knapsack(whole=whole)
    with pytest.raises((Unbounded, Infeasible)) as refused:
        solve(replace(program, high=np.full(3, np.inf), row_high=np.array([np.inf])))
    assert refused.type is Unbounded


def test_no_time_no_plan() -> None:
    program = formulate(random_site(3, 300))[0]
    with pytest.raises(LimitReached):
        solve(program, Limits(wall_s=1e-9))


def test_a_row_without_terms_holds_only_if_zero_does() -> None:
    build, at = Builder(), np.arange(2)
    x = build.add_columns("x", "x", at=at, high=1.0)
    build.add_rows("nothing", "x", (np.array([-1, -1]), 1.0), at=at, low=np.array([0.0, 0.0]))
    build.add_rows("something", "x", (x, np.array([1.0, 0.0])), at=at, high=1.0)
    program = build.build()
    assert program.value.tolist() == [1.0]  # a coefficient of zero is no term
    assert solve(program).cost_usd == 0.0
    with pytest.raises(Infeasible):
        solve(replace(program, row_low=np.array([0.0, 1.0, -np.inf, -np.inf])))


def test_terms_of_one_place_are_added_up() -> None:
    build, at = Builder(), np.arange(1)
    x = build.add_columns("x", "x", at=at, high=10.0, cost_usd=-1.0)
    build.add_rows("twice", "x", (x, 1.0), (x, 1.0), at=at, high=6.0)
    assert solve(build.build()).x.tolist() == [3.0]


@pytest.mark.parametrize("small", [1e-10, -1e-13])
def test_coefficients_that_a_solver_drops_are_refused(small: float) -> None:
    program = knapsack(whole=False)
    with pytest.raises(InputError, match="coefficient"):
        replace(program, value=np.array([2.0, small, 1.0]))


@settings(max_examples=60)
@given(seed=SITES, pick=st.integers(0, 10**6))
def test_duals_are_slopes(seed: int, pick: int) -> None:
    """The price of a row lies between the slopes of the cost to its left and to its right."""
    program = formulate(random_site(seed, whole=False))[0]
    assume(program.is_linear)
    answer = solve(program)
    priced = np.flatnonzero(np.abs(answer.row_dual_usd) > 1e-6)
    assume(priced.size > 0)
    row = int(priced[pick % priced.size])
    dual, slope = float(answer.row_dual_usd[row]), {}
    for change in (-1e-3, 1e-3):
        moved = np.zeros(program.row_low.size)
        moved[row] = change
        try:
            other = solve(
                replace(program, row_low=program.row_low + moved, row_high=program.row_high + moved)
            )
        except Infeasible:
            continue
        slope[change] = (other.cost_usd - answer.cost_usd) / change
    slack = 1e-5 * (1.0 + abs(dual))
    assert slope
    assert slope.get(-1e-3, -np.inf) - slack <= dual <= slope.get(1e-3, np.inf) + slack
