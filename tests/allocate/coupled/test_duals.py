"""Shadow prices against what the site earns when a limit is moved a little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of, random_site
from wattshift.allocate.coupled.duals import price_limits
from wattshift.allocate.coupled.highs import Limits, Method
from wattshift.allocate.coupled.infeasible.conflict import LimitKind
from wattshift.allocate.coupled.parts import Battery, Load, Peak, PowerGroup, Reserve
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.solve import solve_coupled

STEP_MW = 1e-3
ROWS = 4


def site(seed: int) -> CoupledProblem:
    """A tight linear site: every limit binds now and then."""
    rng = np.random.default_rng(seed)

    def load(name: str) -> Load:
        size = float(rng.integers(2, 6))
        return load_of(
            name,
            [rng.normal(60.0, 30.0, ROWS)],
            [size],
            available_mw=size * rng.choice([0.6, 1.0], ROWS),
            floor_mw=np.full(ROWS, rng.choice([0.0, 0.4])),
            before_mw=1.0,
            ramp_up_mw_per_h=float(rng.choice([1.3, np.inf])),
            start_usd_per_mw=float(rng.choice([0.0, 9.0])),
        )

    buy = rng.normal(45.0, 30.0, ROWS)
    grid = grid_of(buy, 5.0 + 3.0 * rng.random(ROWS), export_mw=1.1, sell_usd_per_mwh=buy - 7.0)
    battery = Battery(
        name="battery",
        charge_mw=1.0,
        discharge_mw=1.0,
        energy_mwh=1.7,
        charge_ratio=0.9,
        discharge_ratio=0.9,
        wear_usd_per_mwh=2.0,
        start_mwh=0.3,
        least_end_mwh=0.0,
        end_usd_per_mwh=float(rng.normal(30.0, 10.0)),
    )
    return problem_of(
        buy.tolist(),
        (load("a"), load("b"), load("c")),
        grid=grid,
        batteries=(battery,),
        groups=(PowerGroup(name="feeder", limit_mw=3.0 + 2.0 * rng.random(ROWS), loads=("a", "b")),),
        peaks=(
            Peak(
                name="demand",
                period=np.zeros(ROWS, np.int64),
                usd_per_mw=np.array([20.0]),
                already_mw=np.array([1.0]),
            ),
        ),
        reserves=(
            Reserve(
                name="r",
                price_usd_per_mwh=rng.random(ROWS) * 9.0,
                max_mw=1.5,
                duration_h=1.0,
                loads=("a", "c"),
            ),
        ),
    )


def moved(row: Any, interval: int, by: float) -> Any:
    changed = row.copy()
    changed[interval] += by
    return changed


def with_load(problem: CoupledProblem, name: str, change: Callable[[Load], Load]) -> CoupledProblem:
    loads = tuple(change(load) if load.name == name else load for load in problem.loads)
    return replace(problem, loads=loads)


def wider(problem: CoupledProblem, kind: LimitKind, part: str, at: int, by: float) -> CoupledProblem:
    grid = problem.grid
    if kind is LimitKind.CONNECTION:
        return replace(problem, grid=replace(grid, import_mw=moved(grid.import_mw, at, by)))
    if kind is LimitKind.EXPORT:
        return replace(problem, grid=replace(grid, export_mw=moved(grid.export_mw, at, by)))
    if kind is LimitKind.GROUP:
        group = problem.groups[0]
        return replace(problem, groups=(replace(group, limit_mw=moved(group.limit_mw, at, by)),))
    if kind is LimitKind.FLOOR:
        return with_load(problem, part, lambda load: replace(load, floor_mw=moved(load.floor_mw, at, -by)))
    assert kind is LimitKind.AVAILABLE

    def more(load: Load) -> Load:
        step = load.steps[0]
        free = load.available_mw[at] < step.capacity_mw  # else the machines themselves are the limit
        size = step.capacity_mw + (0.0 if free else max(by, 0.0))
        longer = replace(step, capacity_mw=size)
        return replace(load, steps=(longer,), available_mw=moved(load.available_mw, at, by))

    return with_load(problem, part, more)


PRICED = (
    LimitKind.CONNECTION,
    LimitKind.EXPORT,
    LimitKind.GROUP,
    LimitKind.FLOOR,
    LimitKind.AVAILABLE,
)


@pytest.mark.parametrize("method", [Method.SIMPLEX, Method.INTERIOR])
@pytest.mark.parametrize("seed", range(12))
def test_a_limit_is_worth_between_a_little_more_and_a_little_less_of_it(seed: int, method: Method) -> None:
    problem = site(seed)
    solved = solve_coupled(problem, Limits(method=method))
    if not solved.program.is_linear:
        assert price_limits(problem, solved).choices_fixed
        return
    prices = price_limits(problem, solved)
    earned = solved.account.profit_usd
    rounding = 1e-7 * (1.0 + solved.account.turnover_usd)
    checked = 0
    for (kind, part), row in prices.limits.items():
        for at in np.flatnonzero(np.abs(row) > 0.1).tolist() if kind in PRICED else ():
            claimed = float(row[at] * problem.hours[at]) * STEP_MW
            more = solve_coupled(wider(problem, kind, part, at, STEP_MW)).account.profit_usd - earned
            less = earned - solve_coupled(wider(problem, kind, part, at, -STEP_MW)).account.profit_usd
            assert more - rounding <= claimed <= less + rounding, (kind, part, at)
            checked += 1
    assert checked


@pytest.mark.parametrize("method", [Method.SIMPLEX, Method.INTERIOR])
@pytest.mark.parametrize("seed", range(12))
def test_up_to_the_worth_at_which_it_turns_a_step_does_not(seed: int, method: Method) -> None:
    problem = site(seed)
    solved = solve_coupled(problem, Limits(method=method))
    if not solved.program.is_linear:
        return
    prices = price_limits(problem, solved)
    rounding = 1e-7 * (1.0 + solved.account.turnover_usd)
    for load in problem.loads:
        worth = load.steps[0].worth_usd_per_mwh
        for at in range(ROWS):
            change = 0.99 * float(prices.turn_usd_per_mwh[load.name][0, at] - worth[at])
            step = replace(load.steps[0], worth_usd_per_mwh=moved(worth, at, change))
            other = with_load(problem, load.name, lambda old, step=step: replace(old, steps=(step,)))  # type: ignore[misc]
            kept = solved.account.profit_usd + change * float(solved.plan.step_mw[load.name][0, at])
            assert solve_coupled(other).account.profit_usd == pytest.approx(kept, abs=rounding)


def test_a_connection_is_worth_what_the_next_machine_earns() -> None:
    problem = problem_of(
        [40.0, 80.0], (load_of("a", [np.full(2, 65.0)], [10.0]),), grid=grid_of(np.array([40.0, 80.0]), 6.0)
    )
    prices = price_limits(problem, solve_coupled(problem))
    assert prices.limits[LimitKind.CONNECTION, "the grid"] == pytest.approx([25.0, 0.0])
    assert prices.total_usd_per_mw(LimitKind.CONNECTION, "the grid", problem.hours) == pytest.approx(25.0)
    assert prices.power_usd_per_mwh[0] == pytest.approx(65.0)
    assert prices.total_usd_per_mw(LimitKind.EXPORT, "the grid", problem.hours) == 0.0


@pytest.mark.parametrize("method", [Method.SIMPLEX, Method.INTERIOR])
def test_a_limit_that_never_binds_has_no_price(method: Method) -> None:
    """An interior point comes near to nothing, not to it."""
    problem = problem_of(
        [40.0, 80.0], (load_of("a", [np.full(2, 65.0)], [10.0]),), grid=grid_of(np.array([40.0, 80.0]), 12.0)
    )
    prices = price_limits(problem, solve_coupled(problem, Limits(method=method)))
    assert (LimitKind.CONNECTION, "the grid") not in prices.limits
    assert prices.limits[LimitKind.AVAILABLE, "a"].tolist() == pytest.approx([25.0, 0.0])


def test_a_peak_charge_is_part_of_the_price_of_power() -> None:
    load = load_of("a", [np.full(3, 100.0)], [10.0])
    peak = Peak(
        name="demand", period=np.zeros(3, np.int64), usd_per_mw=np.array([60.0]), already_mw=np.array([0.0])
    )
    problem = problem_of([40.0, 50.0, 120.0], (load,), peaks=(peak,))
    prices = price_limits(problem, solve_coupled(problem))
    assert prices.peaks["demand"].sum() == pytest.approx(60.0)
    assert prices.peaks["demand"][2] == pytest.approx(0.0)


def test_choices_are_labelled() -> None:
    found = [seed for seed in range(40) if not solve_coupled(random_site(seed, 3)).program.is_linear]
    assert found
    problem = random_site(found[0], 3)
    assert price_limits(problem, solve_coupled(problem)).choices_fixed
