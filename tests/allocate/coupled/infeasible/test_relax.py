"""What gives way: in its order, as little as can be, and nothing that never may."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.contradictory import contradictory
from support.coupledsites import grid_of, load_of, problem_of
from support.faults import SCALE, scaled
from wattshift.allocate.coupled.infeasible.leastplan import least_plan
from wattshift.allocate.coupled.infeasible.relax import Gives, floor_of, loosened, plan_relaxed, relax
from wattshift.allocate.coupled.infeasible.relaxwords import say_relaxations
from wattshift.allocate.coupled.parts import Battery, Generator, Load, PowerGroup, Reserve
from wattshift.allocate.coupled.plan import load_mw
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.assets.kind import UseKind
from wattshift.errors import Infeasible

SITES = scaled(40, 13_500)
ORDER = list(Gives)
SLACK_MW = 2e-3


def given_by(problem: CoupledProblem) -> dict[Gives, float]:
    """What gave way in all, in MW and intervals or MWh."""
    total = dict.fromkeys(Gives, 0.0)
    for each in relax(problem).relaxations:
        total[each.gives] += float(each.short_mw.sum()) + each.short_mwh
    return {gives: short for gives, short in total.items() if short > SLACK_MW}


def two_halls(limit_mw: float, **changes: object) -> CoupledProblem:
    """A leased hall and a cloud hall, each with a floor of 6 MW, behind a connection."""
    floor = np.full(3, 6.0)
    leased = load_of(
        "leased", [np.full(3, 90.0)], [8.0], kind=UseKind.COLOCATION, floor_mw=floor, before_mw=6.0
    )
    cloud = load_of(
        "cloud", [np.full(3, 500.0)], [8.0], kind=UseKind.GPU_CLOUD, floor_mw=floor, before_mw=6.0
    )
    return problem_of([30.0] * 3, (leased, cloud), grid=grid_of(np.full(3, 30.0), limit_mw), **changes)


def test_a_leased_floor_gives_way_last_whatever_it_earns() -> None:
    relaxed, planned = plan_relaxed(two_halls(9.0))
    assert [each.part for each in relaxed.relaxations] == ["cloud"]
    assert relaxed.relaxations[0].short_mw == pytest.approx(np.full(3, 3.0), abs=1e-3)
    assert load_mw(planned.plan, "leased").min() >= 6.0 - 1e-6
    relaxed, planned = plan_relaxed(two_halls(4.0))
    assert [each.gives for each in relaxed.relaxations] == [Gives.LEASED_FLOOR, Gives.FLOOR]
    assert load_mw(planned.plan, "leased") == pytest.approx(np.full(3, 4.0), abs=1e-3)
    assert load_mw(planned.plan, "cloud") == pytest.approx(np.zeros(3), abs=1e-3)


def battery(power_mw: float) -> Battery:
    return Battery(
        name="B",
        charge_mw=power_mw,
        discharge_mw=power_mw,
        energy_mwh=10.0,
        charge_ratio=1.0,
        discharge_ratio=1.0,
        wear_usd_per_mwh=0.0,
        start_mwh=0.0,
        least_end_mwh=9.0,
        end_usd_per_mwh=0.0,
    )


def test_a_battery_gives_way_before_a_floor_and_only_as_far_as_it_must() -> None:
    assert given_by(two_halls(14.0, batteries=(battery(5.0),))) == pytest.approx(
        {Gives.BATTERY_END: 3.0}, abs=1e-3
    )
    assert given_by(two_halls(14.0, batteries=(battery(1.0),))) == pytest.approx(
        {Gives.BATTERY_END: 6.0}, abs=1e-3
    )


def mover(**changes: object) -> CoupledProblem:
    """A load that must run 8 MW in the third hour."""
    load = load_of("A", [np.full(4, 50.0)], [10.0], floor_mw=np.array([0.0, 0.0, 8.0, 0.0]), **changes)
    return problem_of([40.0] * 4, (load,), grid=grid_of(np.full(4, 40.0), np.array([10.0, 10.0, 10.0, 0.0])))


def test_a_ramp_gives_way_before_a_floor() -> None:
    slow = mover(ramp_up_mw_per_h=2.0, ramp_down_mw_per_h=20.0)
    assert given_by(slow) == pytest.approx({Gives.RAMP: 2.0}, abs=1e-3)


def test_a_least_time_gives_way_before_a_ramp() -> None:
    stays = mover(min_up_h=2.0, ramp_up_mw_per_h=3.0)
    assert given_by(stays) == pytest.approx({Gives.TIME_ON: 2.0}, abs=1e-3)
    rests = mover(before_mw=7.0, min_down_h=3.0, still_off_mw=np.array([3.0, 3.0, 3.0, 0.0]))
    assert given_by(rests) == pytest.approx({Gives.TIME_OFF: 1.0}, abs=1e-3)


def test_what_can_be_kept_gives_nothing() -> None:
    problem = two_halls(20.0)
    relaxed = relax(problem)
    assert relaxed.relaxations == ()
    assert relaxed.problem.loads == problem.loads


def test_yes_or_no_is_asked_where_it_decides_what_gives() -> None:
    block = load_of("block", [np.full(2, 90.0)], [10.0], floor_mw=np.array([0.0, 4.0]), whole=True)
    problem = problem_of([30.0, 30.0], (block,), grid=grid_of(np.full(2, 30.0), 6.0))
    relaxed, planned = plan_relaxed(problem)
    assert relaxed.relaxations[0].short_mw == pytest.approx([0.0, 4.0], abs=1e-3)
    assert not load_mw(planned.plan, "block").any()


def test_of_equal_ways_the_most_profitable_is_taken() -> None:
    floor = np.full(2, 6.0)
    poor, rich = (
        load_of(name, [np.full(2, worth)], [8.0], kind=UseKind.GPU_CLOUD, floor_mw=floor)
        for name, worth in (("poor", 50.0), ("rich", 90.0))
    )
    relaxed, _ = plan_relaxed(problem_of([30.0] * 2, (poor, rich), grid=grid_of(np.full(2, 30.0), 10.0)))
    assert [each.part for each in relaxed.relaxations] == ["poor"]
    assert relaxed.relaxations[0].short_mw == pytest.approx(np.full(2, 2.0), abs=1e-3)


def test_no_promise_is_backed_below_a_floor_that_gave_way() -> None:
    reserve = Reserve(
        name="R", price_usd_per_mwh=np.full(3, 5_000.0), max_mw=9.0, duration_h=1.0, loads=("leased", "cloud")
    )
    _, planned = plan_relaxed(two_halls(9.0, reserves=(reserve,)))
    assert all(row.max() <= 1e-3 for row in planned.plan.reserve_mw.values())


def unyielding(load: Load) -> tuple[object, ...]:
    return load.name, load.steps, load.available_mw.tolist(), load.whole, load.before_mw


def freed_below(problem: CoupledProblem, top: Gives) -> CoupledProblem:
    """The same site without any limit that gives way before one class."""
    gone = {gives for gives in Gives if ORDER.index(gives) < ORDER.index(top)}

    def freed(load: Load) -> Load:
        return replace(
            load,
            min_down_h=0.0 if Gives.TIME_OFF in gone else load.min_down_h,
            min_up_h=0.0 if Gives.TIME_ON in gone else load.min_up_h,
            ramp_up_mw_per_h=np.inf if Gives.RAMP in gone else load.ramp_up_mw_per_h,
            ramp_down_mw_per_h=np.inf if Gives.RAMP in gone else load.ramp_down_mw_per_h,
            floor_mw=0.0 * load.floor_mw if floor_of(load) in gone else load.floor_mw,
        )

    batteries = tuple(replace(each, least_end_mwh=0.0) for each in problem.batteries)
    if Gives.BATTERY_END not in gone:
        batteries = problem.batteries
    return replace(problem, loads=tuple(freed(load) for load in problem.loads), batteries=batteries)


def test_random_sites_without_a_plan_are_told_so_and_get_two_safe_ones() -> None:
    """At night 10,000 sites that have none: every one is labelled, relaxed and proved."""
    without = 0
    for seed in range(SITES):
        problem = contradictory(seed)
        try:
            plan_coupled(problem)
        except Infeasible:
            without += 1
        else:
            continue
        relaxed, planned = plan_relaxed(problem)  # proved by `plan_coupled` against what was loosened
        assert relaxed.relaxations, seed
        assert all(say_relaxations(problem, relaxed.relaxations))
        for made in (relaxed, least_plan(problem)[0]):
            assert made.problem.grid is problem.grid
            assert made.problem.groups is problem.groups
            assert list(map(unyielding, made.problem.loads)) == list(map(unyielding, problem.loads))
        assert (planned.plan.drawn_mw <= problem.grid.import_mw + 1e-6).all()
        top = relaxed.relaxations[0].gives
        if SCALE == 1 and not any(load.whole for load in problem.loads):
            with pytest.raises(Infeasible):  # nothing that gives way earlier would have been enough
                plan_coupled(freed_below(problem, top))
    assert without > 0.7 * SITES


def test_generators_and_feeders_never_give_way() -> None:
    sun = Generator(name="sun", available_mw=np.full(3, 2.0), cost_usd_per_mwh=np.zeros(3))
    feeder = PowerGroup(name="T1", limit_mw=np.full(3, 5.0), loads=("leased",))
    relaxed, planned = plan_relaxed(two_halls(9.0, generators=(sun,), groups=(feeder,)))
    assert load_mw(planned.plan, "leased").max() <= 5.0 + 1e-6
    assert load_mw(planned.plan, "cloud") == pytest.approx(np.full(3, 6.0), abs=1e-3)
    assert [(each.part, round(float(each.short_mw[0]), 2)) for each in relaxed.relaxations] == [
        ("leased", 1.0)
    ]


def test_loosening_nothing_changes_nothing() -> None:
    problem = two_halls(20.0, batteries=(battery(5.0),))
    assert loosened(problem, ()).loads == problem.loads
    assert loosened(problem, ()).batteries == problem.batteries


def test_the_words_of_the_site() -> None:
    problem = two_halls(9.0)
    assert say_relaxations(problem, relax(problem).relaxations) == (
        "cloud gets 3 MW less than its floor of 6 MW from 2021-02-14 00:00 to 03:00 UTC",
    )
    slow = mover(ramp_up_mw_per_h=2.0, ramp_down_mw_per_h=20.0)
    (told,) = say_relaxations(slow, relax(slow).relaxations)
    assert "A moves by" in told
    assert "MW more in an interval than its ramp of 2 MW an hour allows" in told
    stays = mover(min_up_h=2.0, ramp_up_mw_per_h=3.0)
    (told,) = say_relaxations(stays, relax(stays).relaxations)
    assert told == (
        "of what A had started 2 MW are off before 2 h are over from 2021-02-14 03:00 to 04:00 UTC"
    )
    empty = two_halls(14.0, batteries=(battery(5.0),))
    assert say_relaxations(empty, relax(empty).relaxations) == (
        "B holds 3 MWh less at the end than the 9 MWh agreed",
    )
