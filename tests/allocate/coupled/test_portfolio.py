"""Sites that are coordinated by a price earn what they would earn as one, to the proven gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.parts import PowerGroup
from wattshift.allocate.coupled.portfolio import SharedLimit, plan_portfolio
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.errors import Infeasible, InputError

ROWS = 12


def sites(seed: int, count: int = 3, floor_mw: float = 1.0) -> list[CoupledProblem]:
    rng = np.random.default_rng(seed)
    buy = 45.0 + 25.0 * rng.normal(size=ROWS)

    def site(number: int) -> CoupledProblem:
        loads = tuple(
            load_of(
                f"{number}{kind}",
                [np.full(ROWS, rng.normal(65.0, 15.0))],
                [10.0],
                ramp_up_mw_per_h=float(rng.choice([4.0, np.inf])),
                start_usd_per_mw=float(rng.choice([0.0, 10.0])),
                floor_mw=np.full(ROWS, floor_mw),
                before_mw=2.0,
            )
            for kind in "xyz"
        )
        return problem_of(buy.tolist(), loads, grid=grid_of(buy, 25.0))

    return [site(number) for number in range(count)]


def as_one(parts: list[CoupledProblem], cap_mw: float) -> CoupledProblem:
    """The sites as one problem: each connection a group, the shared one the grid's."""
    groups = tuple(
        PowerGroup(name=str(i), limit_mw=part.grid.import_mw, loads=tuple(load.name for load in part.loads))
        for i, part in enumerate(parts)
    )
    loads = tuple(load for part in parts for load in part.loads)
    grid = replace(parts[0].grid, import_mw=np.full(ROWS, cap_mw))
    return replace(parts[0], loads=loads, groups=groups, grid=grid)


@pytest.mark.parametrize("seed", range(5))
def test_a_common_connection(seed: int) -> None:
    parts = sites(seed)
    shared = SharedLimit.of_power("the substation", np.full(ROWS, 40.0), parts[0].hours)
    found = plan_portfolio(parts, shared, gap_ratio=1e-5)
    joint = solve_coupled(as_one(parts, 40.0)).account.profit_usd
    assert found.profit_usd <= joint + 1e-3
    assert joint <= found.bound_usd + 1e-3
    assert joint - found.profit_usd <= found.gap_usd + 1e-3
    assert found.gap_usd <= 1e-4 * abs(joint)
    drawn = np.sum([plan.drawn_mw for plan in found.plans], axis=0)
    assert (drawn <= 40.0 + 1e-5).all()


def test_a_shared_block_of_energy_is_priced() -> None:
    parts = sites(9)
    energy = np.array([300.0])
    shared = SharedLimit(name="the year's energy", period=np.zeros(ROWS, np.int64), limit_mwh=energy)
    found = plan_portfolio(parts, shared, gap_ratio=1e-7)
    assert sum(float(shared.drawn_mwh(plan, parts[0].hours)[0]) for plan in found.plans) <= 300.0 + 1e-4
    assert found.gap_usd <= 1e-5 * abs(found.profit_usd)
    more = plan_portfolio(parts, replace(shared, limit_mwh=energy + 1e-2), gap_ratio=1e-9)
    assert (more.bound_usd - found.bound_usd) / 1e-2 == pytest.approx(found.price_usd_per_mwh[0], rel=0.05)


def test_a_limit_that_does_not_bind_costs_nothing() -> None:
    parts = sites(2)
    found = plan_portfolio(parts, SharedLimit.of_power("s", np.full(ROWS, 99.0), parts[0].hours))
    assert found.rounds == 1
    assert found.gap_usd <= 1e-6 * abs(found.profit_usd)
    assert not found.price_usd_per_mwh.any()


def test_floors_above_the_shared_limit_are_told() -> None:
    parts = sites(2)
    with pytest.raises(Infeasible, match="exceeds what the sites may draw together"):
        plan_portfolio(parts, SharedLimit.of_power("s", np.full(ROWS, 5.0), parts[0].hours), max_rounds=30)


def test_other_intervals_are_refused() -> None:
    parts = sites(2)
    with pytest.raises(InputError, match="same intervals"):
        plan_portfolio(parts, SharedLimit.of_power("s", np.full(3, 5.0), np.ones(3)))
