"""What is solved in pieces or in closed form is what solving the whole finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of, random_site, starts_of
from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.parts import Load, Peak
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.separate import plan_in_closed_form, separate
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem, Use
from wattshift.assets.kind import UseKind
from wattshift.assets.tariff import PowerBlock
from wattshift.errors import Infeasible

SITES = 60


def loosened(seed: int, rows: int = 6) -> CoupledProblem:
    """A random site with some of its couplings taken away."""
    rng = np.random.default_rng(seed + 77)
    problem = random_site(seed, rows)

    def keeps(prob: float = 0.3) -> bool:
        return bool(rng.random() < prob)

    free: dict[str, Any] = {
        "start_usd_per_mw": 0.0,
        "stop_usd_per_mw": 0.0,
        "min_up_h": 0.0,
        "min_down_h": 0.0,
    }
    ramps: dict[str, Any] = {"ramp_up_mw_per_h": np.inf, "ramp_down_mw_per_h": np.inf, "whole": False}
    loads: tuple[Load, ...] = tuple(
        load if keeps() else replace(load, **free, **ramps) for load in problem.loads
    )
    parts: dict[str, Any] = {
        key: getattr(problem, key) if keeps() else ()
        for key in ("jobs", "batteries", "reserves", "groups", "peaks", "soft_caps", "generators")
    }
    grid = problem.grid
    if keeps(0.5):
        grid = replace(grid, import_mw=grid.import_mw + 50.0, block_mw=np.zeros(rows))
    if parts["batteries"] != problem.batteries:
        parts["reserves"] = ()
    return replace(problem, loads=loads, grid=grid, **parts)


def accepted(problem: CoupledProblem) -> float:
    planned = plan_coupled(problem)
    check_coupled(problem, planned.plan, planned.account)
    return planned.account.profit_usd


@pytest.mark.parametrize("seed", range(SITES))
def test_pieces_earn_what_the_whole_earns(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = loosened(seed)
    monkeypatch.setattr("wattshift.allocate.coupled.separate._LEAST_INTERVALS", 1)
    whole = solve_coupled(problem).account
    assert accepted(problem) == pytest.approx(whole.profit_usd, abs=1e-6 * (1.0 + whole.turnover_usd))


def merit_problem(seed: int) -> Problem:
    """Intervals that nothing couples, with a block and prices below zero."""
    rng = np.random.default_rng(seed)
    rows = 20
    uses = tuple(
        Use(
            name=str(i),
            kind=UseKind.GPU_CLOUD,
            capacity_mw=5.0,
            floor_mw=float(rng.choice([0.0, 1.0])),
            worth_usd_per_mwh=rng.choice([-20.0, 3.0, 60.0, 90.0], rows),
        )
        for i in range(3)
    )
    block = PowerBlock(
        block_mw=float(rng.choice([2.0, 7.0, 40.0])),
        block_usd_per_mwh=38.0,
        resale=bool(rng.random() < 0.5),
        resale_fee_usd_per_mwh=1.5,
    )
    hours = np.ones(rows)
    return Problem(
        start=starts_of(hours),
        hours=hours,
        spot_usd_per_mwh=rng.choice([-250.0, -20.0, -3.0, 0.0, 20.0, 60.0, 9_000.0], rows),
        adder_usd_per_mwh=float(rng.choice([0.0, 3.0, 17.0])),
        connection_mw=20.0,
        cap_mw=rng.choice([4.0, 9.0, 20.0], rows),
        cap_rule=np.full(rows, 0),
        rule_reasons=("a rule",),
        uses=uses,
        block=block if rng.random() < 0.7 else None,
    )


def as_coupled(problem: Problem) -> CoupledProblem:
    spot, block, adder = problem.spot_usd_per_mwh, problem.block, problem.adder_usd_per_mwh
    changes: dict[str, Any] = {}
    if block is not None:
        resale = np.maximum(0.0, spot - block.resale_fee_usd_per_mwh) * block.resale
        changes = {
            "block_mw": block.block_mw,
            "block_usd_per_mwh": block.block_usd_per_mwh,
            "resale_usd_per_mwh": resale,
            "block_adder_usd_per_mwh": adder,
        }
    loads = tuple(
        load_of(
            use.name, [use.worth_usd_per_mwh], [use.capacity_mw], floor_mw=np.full(spot.size, use.floor_mw)
        )
        for use in problem.uses
    )
    grid = replace(grid_of(spot + adder, **changes), import_mw=problem.cap_mw)
    return problem_of(spot.tolist(), loads, grid=grid)


@pytest.mark.parametrize("seed", range(40))
def test_the_closed_form_is_the_merit_order_of_a_site_without_coupling(seed: int) -> None:
    problem = merit_problem(seed)
    coupled = as_coupled(problem)
    plan = plan_in_closed_form(coupled)
    assert plan is not None
    account = settle_coupled(coupled, plan)
    check_coupled(coupled, plan, account)
    assert account.profit_usd == pytest.approx(float(dispatch(problem).profit_usd.sum()), rel=1e-9)
    assert not plan_coupled(coupled).solved


def test_months_under_a_peak_charge_are_solved_alone() -> None:
    rows = 3 * 200
    rng = np.random.default_rng(4)
    load = load_of("a", [np.full(rows, 60.0)], [10.0])
    period = np.repeat(np.arange(3), 200)
    peak = Peak(
        name="demand", period=period, usd_per_mw=np.full(3, 900.0), already_mw=np.array([2.0, 0.0, 0.0])
    )
    buy = rng.normal(50.0, 20.0, rows)
    problem = problem_of(buy.tolist(), (load,), peaks=(peak,))
    assert [piece.rows for piece in separate(problem)] == [
        slice(0, 200),
        slice(200, 400),
        slice(400, 600),
    ]
    assert accepted(problem) == pytest.approx(solve_coupled(problem).account.profit_usd)


def test_loads_that_are_easier_alone_are_solved_alone() -> None:
    """One runs whole and one needs no program; the two others are one program, as fast as two."""
    worth = np.array([60.0, 20.0, 60.0])
    moving = {name: load_of(name, [worth], [3.0], start_usd_per_mw=15.0) for name in "ab"}
    whole = load_of("whole", [worth], [3.0], start_usd_per_mw=15.0, whole=True)
    free = load_of("free", [worth], [3.0])
    buy = np.array([40.0, 30.0, 40.0])
    problem = problem_of(buy.tolist(), (*moving.values(), whole, free), grid=grid_of(buy, 12.0))
    names = [{load.name for load in piece.problem.loads} for piece in separate(problem)]
    assert sorted(names, key=len) == [{"whole"}, {"free"}, {"a", "b"}]
    tight = replace(problem, grid=grid_of(buy, 11.0))
    assert len(separate(tight)) == 1
    assert accepted(problem) == pytest.approx(solve_coupled(problem).account.profit_usd)
    plain = replace(problem, loads=tuple(moving.values()))
    assert separate(plain)[0].problem is plain


def test_a_ramp_that_the_merit_order_keeps_needs_no_program() -> None:
    load = load_of("a", [np.full(4, 60.0)], [4.0], ramp_up_mw_per_h=4.0, ramp_down_mw_per_h=4.0, min_up_h=2.0)
    calm = problem_of([40.0, 40.0, 90.0, 90.0], (load,))
    assert not plan_coupled(calm).solved
    hasty = problem_of([40.0, 90.0, 40.0, 90.0], (load,))
    assert plan_coupled(hasty).solved
    assert accepted(hasty) == pytest.approx(solve_coupled(hasty).account.profit_usd)


def test_a_start_that_costs_is_not_free() -> None:
    load = load_of("a", [np.full(2, 60.0)], [4.0], start_usd_per_mw=1.0)
    assert plan_in_closed_form(problem_of([40.0, 40.0], (load,))) is None
    assert plan_in_closed_form(problem_of([40.0, 40.0], (replace(load, before_mw=4.0),))) is not None


def test_floors_above_the_connection_are_left_to_the_solver_to_refuse() -> None:
    load = load_of("a", [np.full(2, 60.0)], [14.0], floor_mw=np.full(2, 12.0), before_mw=12.0)
    with pytest.raises(Infeasible):
        plan_coupled(problem_of([40.0, 40.0], (load,)))
