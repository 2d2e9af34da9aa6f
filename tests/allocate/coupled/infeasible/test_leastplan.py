from __future__ import annotations

import numpy as np
import pytest

from support.contradictory import contradictory
from support.coupledsites import grid_of, load_of, problem_of, random_site
from support.faults import scaled
from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.infeasible.leastplan import least_plan
from wattshift.allocate.coupled.infeasible.relax import Gives
from wattshift.allocate.coupled.parts import Generator, Load, PowerGroup
from wattshift.allocate.coupled.plan import load_mw
from wattshift.assets.kind import UseKind

SITES = scaled(80, 10_000)


def hall(name: str, kind: UseKind, **changes: object) -> Load:
    floor = np.full(2, 6.0)
    return load_of(
        name, [np.full(2, 90.0)] * 2, [4.0, 4.0], kind=kind, floor_mw=floor, before_mw=6.0, **changes
    )


def test_it_is_safe_on_any_site() -> None:
    for seed in range(SITES):
        for problem in (random_site(seed), contradictory(seed)):
            relaxed, plan = least_plan(problem)
            check_coupled(relaxed.problem, plan, settle_coupled(relaxed.problem, plan))


def test_floors_and_nothing_else() -> None:
    miner = load_of("miner", [np.full(2, 500.0)], [9.0])
    problem = problem_of(
        [30.0] * 2, (hall("hall", UseKind.COLOCATION), miner), grid=grid_of(np.full(2, 30.0), 20.0)
    )
    relaxed, plan = least_plan(problem)
    assert relaxed.relaxations == ()
    assert load_mw(plan, "hall").tolist() == [6.0, 6.0]
    assert plan.step_mw["hall"].tolist() == [[4.0, 4.0], [2.0, 2.0]]
    assert not load_mw(plan, "miner").any()
    assert plan.bought_mw.tolist() == [6.0, 6.0]


def test_blocks_go_off_first_and_leased_floors_fall_last() -> None:
    loads = (
        hall("leased", UseKind.COLOCATION),
        hall("cloud", UseKind.GPU_CLOUD),
        hall("block", UseKind.GPU_CLOUD, whole=True),
    )
    problem = problem_of([30.0] * 2, loads, grid=grid_of(np.full(2, 30.0), np.array([9.0, 5.0])))
    relaxed, plan = least_plan(problem)
    assert load_mw(plan, "block").tolist() == [0.0, 0.0]
    assert load_mw(plan, "cloud") == pytest.approx([3.0, 0.0])
    assert load_mw(plan, "leased") == pytest.approx([6.0, 5.0])
    assert [(each.gives, each.part) for each in relaxed.relaxations] == [
        (Gives.LEASED_FLOOR, "leased"),
        (Gives.FLOOR, "cloud"),
        (Gives.FLOOR, "block"),
    ]


def test_the_sites_own_power_helps_and_its_feeders_hold() -> None:
    sun = Generator(name="sun", available_mw=np.array([1.0, 9.0]), cost_usd_per_mwh=np.zeros(2))
    feeder = PowerGroup(name="T", limit_mw=np.array([9.0, 5.5]), loads=("leased",))
    problem = problem_of(
        [30.0] * 2,
        (hall("leased", UseKind.COLOCATION),),
        grid=grid_of(np.full(2, 30.0), 4.0),
        generators=(sun,),
        groups=(feeder,),
    )
    _, plan = least_plan(problem)
    assert load_mw(plan, "leased") == pytest.approx([5.0, 5.5])
    assert plan.made_mw["sun"] == pytest.approx([1.0, 1.5])
    assert plan.drawn_mw == pytest.approx([4.0, 4.0])
