"""No number that is none becomes a plan: traps measured on the solver, and random injections.

`WATTSHIFT_FAULTS=20` injects more than 100,000 of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest

from support.coupledsites import random_site
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import solve
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Builder, Program
from wattshift.allocate.coupled.solve import proved, solve_coupled
from wattshift.errors import InputError, SolveError, Unbounded

FAULTS = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
INJECTED = 6_000 * FAULTS
LOOSENED = 100 * FAULTS
TRAPS = json.loads((Path(__file__).parents[2] / "vectors" / "optimiser_faults.json").read_text())["cases"]
NONE = (np.nan, np.inf, -np.inf)


def raw(inject: str) -> tuple[str, float, list[float]]:
    """What the solver itself makes of a trap: min c.x, x1 + x2 >= 5, 0 <= x <= 10."""
    model = highspy.Highs()  # type: ignore[no-untyped-call]  # its constructor has no annotation
    model.setOptionValue("output_flag", False)
    cost, low, high, row, side = np.array([1.0, 2.0]), np.zeros(2), np.full(2, 10.0), np.ones(2), 5.0
    if "c[0]=NaN" in inject:
        cost[0] = np.nan
    elif inject.startswith("A"):
        row[0] = np.nan
    elif inject.startswith("rhs"):
        side = np.nan
    elif inject.startswith("lb"):
        high[0] = np.nan
    elif "1e30" in inject:
        cost[0] = 1e30
    else:
        cost[:], high[0], high[1] = [-1.0, 2.0], np.inf, 10.0
    model.addVars(2, low, high)
    for i in range(2 if model.getNumCol() else 0):
        model.changeColCost(i, cost[i])
        if "integer" in inject:
            model.changeColIntegrality(i, highspy.HighsVarType.kInteger)
    if model.getNumCol():
        model.addRow(side, highspy.kHighsInf, 2, np.array([0, 1]), row)
    model.run()
    objective = model.getInfo().objective_function_value
    return model.modelStatusToString(model.getModelStatus()), objective, list(model.getSolution().col_value)


def ours(inject: str) -> Program:
    """The same trap, put to us."""
    build, at = Builder(), np.arange(2)
    cost, high, row, side = np.array([1.0, 2.0]), np.full(2, 10.0), np.ones(2), 5.0
    if "c[0]=NaN" in inject:
        cost[0] = np.nan
    elif inject.startswith("A"):
        row[0] = np.nan
    elif inject.startswith("rhs"):
        side = np.nan
    elif inject.startswith("lb"):
        high[0] = np.nan
    elif "1e30" in inject:
        cost[0] = 1e30
    else:
        cost, high = np.array([-1.0, 2.0]), np.array([np.inf, 10.0])
    x = build.add_columns("x", "x", at=at, high=high, cost_usd=cost, whole="integer" in inject)
    rows = build.add_rows("row", "row", at=at[:1], low=side)
    build.add_terms(np.repeat(rows, 2), x, row)
    return build.build()


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap["inject"])
def test_the_solver_falls_into_each_trap_and_we_do_not(trap: dict[str, Any]) -> None:
    status, objective, x = raw(trap["inject"])
    said = trap["highspy"]
    assert status == said["model_status"]
    assert objective == pytest.approx(float(said["objective"]), nan_ok=True)
    assert x == said["x"]
    with pytest.raises((InputError, Unbounded)):
        solve(ours(trap["inject"]))


def test_without_a_trap_both_agree() -> None:
    build, at = Builder(), np.arange(2)
    x = build.add_columns("x", "x", at=at, high=10.0, cost_usd=np.array([1.0, 2.0]))
    build.add_terms(np.repeat(build.add_rows("row", "row", at=at[:1], low=5.0), 2), x, 1.0)
    answer = solve(build.build())
    assert (answer.cost_usd, answer.x.tolist()) == (5.0, [5.0, 0.0])


def numbers(problem: CoupledProblem) -> list[tuple[Any, str]]:
    """Every number of every part: (part, field)."""
    parts: list[Any] = [
        *(problem.grid, *problem.loads, *problem.jobs, *problem.batteries, *problem.generators),
        *problem.reserves,
        *problem.groups,
        *problem.peaks,
        *problem.soft_caps,
        *(step for load in problem.loads for step in load.steps),
    ]
    return [
        (part, field.name)
        for part in parts
        for field in fields(part)
        if isinstance(value := getattr(part, field.name), float)
        or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
    ]


def injected(value: Any, bad: float, rng: np.random.Generator) -> Any:
    if not isinstance(value, np.ndarray):
        return np.float32(bad) if rng.random() < 0.5 else bad
    changed = value.copy()
    changed[int(rng.integers(value.size))] = bad
    return changed


def test_no_part_takes_a_number_that_is_none() -> None:
    rng = np.random.default_rng(1)
    places = [place for seed in range(20) for place in numbers(random_site(seed))]
    for _ in range(INJECTED // 2):
        part, key = places[int(rng.integers(len(places)))]
        bad = float(rng.choice(NONE))
        if bad == np.inf and key in {"ramp_up_mw_per_h", "ramp_down_mw_per_h", "max_mw"}:
            continue  # says that there is no limit
        with pytest.raises(InputError):
            replace(part, **{key: injected(getattr(part, key), bad, rng)})


def test_no_problem_takes_a_length_or_a_start_that_is_none() -> None:
    problem = random_site(5, 6)
    for row in range(6):
        for bad in (*NONE, 0.0, -1.0, 1e300):
            hours = problem.hours.copy()
            hours[row] = bad
            with pytest.raises(InputError):
                replace(problem, hours=hours)
        start = problem.start.copy()
        start[row] = np.datetime64("NaT")
        with pytest.raises(InputError):
            replace(problem, start=start)


ROWS = ("cost_usd", "value", "low", "high", "row_low", "row_high")
NO_LIMIT = {("low", -np.inf), ("row_low", -np.inf), ("high", np.inf), ("row_high", np.inf)}


def injections(
    programs: list[Program], count: int, rng: np.random.Generator
) -> Iterator[tuple[int, str, float]]:
    for _ in range(count):
        yield int(rng.integers(len(programs))), str(rng.choice(ROWS)), float(rng.choice(NONE))


def test_no_program_takes_a_number_that_is_none() -> None:
    rng = np.random.default_rng(2)
    programs = [formulate(random_site(seed))[0] for seed in range(20)]
    for number, key, bad in injections(programs, INJECTED // 2, rng):
        if (key, bad) in NO_LIMIT:
            continue
        program = programs[number]
        with pytest.raises(InputError):
            replace(program, **{key: injected(getattr(program, key), bad, rng)})
    for bad in NONE:
        with pytest.raises(InputError):
            replace(programs[0], offset_usd=bad)


def test_a_limit_lost_on_the_way_to_the_solver_gives_no_plan_that_breaks_it() -> None:
    """Infinity says "no limit" there: put in by a fault, it must change nothing or be caught."""
    rng = np.random.default_rng(3)
    problems = [random_site(seed) for seed in range(40)]
    solved = [solve_coupled(problem) for problem in problems]
    caught = 0
    for _ in range(LOOSENED):
        number = int(rng.integers(len(problems)))
        key, bad = sorted(NO_LIMIT)[int(rng.integers(4))]
        found = solved[number]
        program = replace(found.program, **{key: injected(getattr(found.program, key), bad, rng)})
        try:
            plan = proved(problems[number], program, found.columns, solve(program))
        except SolveError:
            caught += 1
            continue
        rounding_usd = 1e-6 * (1.0 + found.account.turnover_usd)
        assert abs(plan.account.profit_usd - found.account.profit_usd) <= rounding_usd
    assert caught >= LOOSENED // 10


@pytest.mark.parametrize(
    "key", ["credit_usd_per_mwh", "start_usd_per_mw", "before_mw", "min_up_h", "floor_mw"]
)
def test_what_only_punishes_is_never_negative(key: str) -> None:
    load = random_site(1).loads[0]
    bad = getattr(load, key) * 0.0 - 1.0
    with pytest.raises(InputError, match="below zero"):
        replace(load, **{key: bad})


@pytest.mark.parametrize("seed", range(30))
def test_no_program_can_be_unbounded(seed: int) -> None:
    """What earns has an end, and nothing may fall below zero: whatever the prices, there is a finite best."""
    program = formulate(random_site(seed))[0]
    assert (np.isfinite(program.high) | (program.cost_usd >= 0.0)).all()
    assert (program.low >= 0.0).all()
