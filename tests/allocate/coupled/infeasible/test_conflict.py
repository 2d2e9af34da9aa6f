"""Contradictions: named in full, and not one limit more; judged through scipy on the same program."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from support.contradictory import contradictory
from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.infeasible.conflict import Limit, LimitKind, find_conflict, limits_of, without
from wattshift.allocate.coupled.infeasible.contradiction import say_conflict
from wattshift.allocate.coupled.infeasible.lastplan import safe_intervals
from wattshift.allocate.coupled.parts import PowerGroup
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import Infeasible, InputError

SITES = 40 * int(os.environ.get("WATTSHIFT_FAULTS", "1"))
INFEASIBLE = 2


class Referee:
    """Says through scipy (HiGHS again) whether some of a problem's limits leave a plan."""

    def __init__(self, problem: CoupledProblem) -> None:
        self.program, columns = formulate(problem)
        self.sides = limits_of(problem, self.program, columns)

    def has_plan(self, kept: Iterable[Limit]) -> bool:
        left = without(self.program, (self.sides[limit] for limit in self.sides.keys() - set(kept)))
        shape = (left.row_low.size, left.low.size)
        matrix = csr_array((left.value, left.column, left.row_start), shape=shape, dtype=np.float64)
        result = milp(
            np.zeros(left.low.size),
            integrality=left.whole.astype(int),
            bounds=Bounds(left.low, left.high),
            constraints=LinearConstraint(matrix, left.row_low, left.row_high),
        )
        assert result.status in {0, INFEASIBLE}
        return bool(result.status == 0)


def test_conflicts_are_conflicts_and_minimal() -> None:
    found = 0
    for seed in range(SITES):
        problem = contradictory(seed)
        referee = Referee(problem)
        if referee.has_plan(referee.sides):
            with pytest.raises(InputError, match="no conflict"):
                find_conflict(problem)
            continue
        limits = find_conflict(problem).limits
        assert not referee.has_plan(limits)
        for limit in limits:
            assert referee.has_plan(set(limits) - {limit}), (seed, limit)
        found += 1
    assert found > SITES / 2


def transformer_site() -> CoupledProblem:
    hall = load_of("hall A", [np.full(3, 90.0)], [25.0], floor_mw=np.array([0.0, 20.0, 20.0]))
    other = load_of("ASICs", [np.full(3, 50.0)], [30.0])
    limit = np.array([40.0, 15.0, 40.0])
    return problem_of(
        [30.0, 30.0, 30.0],
        (hall, other),
        grid=grid_of(np.full(3, 30.0), 60.0),
        groups=(PowerGroup(name="transformer T1", limit_mw=limit, loads=("hall A", "ASICs")),),
    )


def test_a_conflict_is_told_in_the_words_of_the_site() -> None:
    problem = transformer_site()
    with pytest.raises(Infeasible):
        plan_coupled(problem)
    assert say_conflict(problem, find_conflict(problem)) == (
        "transformer T1 allows 15 MW from 2021-02-14 01:00 to 02:00 UTC",
        "hall A is promised 20 MW from 2021-02-14 01:00 to 02:00 UTC",
    )


def test_a_ramp_that_is_too_slow_is_named_for_all_its_hours() -> None:
    load = load_of(
        "A",
        [np.full(4, 90.0)],
        [20.0],
        floor_mw=np.array([0.0, 0.0, 10.0, 0.0]),
        ramp_up_mw_per_h=3.0,
        before_mw=0.0,
    )
    problem = problem_of([30.0] * 4, (load,), grid=grid_of(np.full(4, 30.0), 30.0))
    conflict = find_conflict(problem)
    assert {limit.interval for limit in conflict.limits if limit.kind is LimitKind.RAMP} == {0, 1, 2}
    assert say_conflict(problem, conflict) == (
        "A is promised 10 MW from 2021-02-14 02:00 to 03:00 UTC",
        "A moves by no more than 3 MW an hour from 2021-02-14 00:00 to 03:00 UTC",
    )


def test_whole_numbers_can_be_what_contradicts() -> None:
    load = load_of("block", [np.full(2, 90.0)], [10.0], floor_mw=np.array([0.0, 4.0]), whole=True)
    problem = problem_of([30.0, 30.0], (load,), grid=grid_of(np.full(2, 30.0), 6.0))
    kinds = [limit.kind for limit in find_conflict(problem).limits]
    assert kinds == [LimitKind.CONNECTION, LimitKind.FLOOR]


def test_the_last_plan_is_safe_until_the_conflict() -> None:
    problem = transformer_site()
    before = replace(problem, groups=())
    plan = plan_coupled(before).plan
    assert safe_intervals(before, plan) == 3
    allowed = replace(problem.groups[0], limit_mw=np.array([60.0, 15.0, 60.0]))
    assert safe_intervals(replace(problem, groups=(allowed,)), plan) == 1
    assert safe_intervals(problem, plan) == 0
