"""The last plan: as far as it is safe, in step with the clock, and never beyond its expiry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of, random_site
from support.faults import scaled
from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.infeasible.lastplan import LastPlan, Rest, beginning, rest_of
from wattshift.allocate.coupled.parts import Battery
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.rolling import carry, resume
from wattshift.allocate.coupled.window import window

SEEDS = scaled(30, 1_000)
HOUR = np.timedelta64(60, "m")


def last_of(problem: CoupledProblem, lasts_h: float = 1e4) -> LastPlan:
    return LastPlan(
        start=problem.start,
        hours=problem.hours,
        plan=plan_coupled(problem).plan,
        expires=problem.start[0] + np.timedelta64(round(lasts_h * 3.6e9), "us"),
    )


def site(hours: int = 6, **parts: object) -> CoupledProblem:
    cell = Battery(
        name="B",
        charge_mw=2.0,
        discharge_mw=2.0,
        energy_mwh=4.0,
        charge_ratio=0.9,
        discharge_ratio=0.9,
        wear_usd_per_mwh=1.0,
        start_mwh=2.0,
        least_end_mwh=2.0,
        end_usd_per_mwh=0.0,
    )
    price = np.resize([20.0, 20.0, 300.0], hours)
    load = load_of("A", [np.full(hours, 60.0)], [5.0])
    return problem_of(price.tolist(), (load,), grid=grid_of(price, 9.0), batteries=(cell,), **parts)


def found(rest: Rest | None) -> Rest:
    assert rest is not None
    check_coupled(rest.problem, rest.plan, settle_coupled(rest.problem, rest.plan))
    return rest


def test_a_plan_is_its_own_rest() -> None:
    problem = site()
    last = last_of(problem)
    rest = found(rest_of(last, problem))
    assert rest.problem.intervals == 6
    assert rest.plan.bought_mw.tolist() == last.plan.bought_mw.tolist()
    assert rest.plan.held_mwh["B"] == pytest.approx(last.plan.held_mwh["B"])


def test_it_goes_on_where_the_clock_stands() -> None:
    whole = site(9)
    last = last_of(window(whole, 0, 6))
    later = resume(window(whole, 2, 9), carry(window(whole, 0, 6), last.plan, 2))
    rest = found(rest_of(last, later))
    assert rest.problem.intervals == 4
    assert rest.problem.start[0] == whole.start[2]
    assert rest.plan.bought_mw.tolist() == last.plan.bought_mw[2:].tolist()
    assert rest.problem.batteries[0].least_end_mwh == 0.0, "the end is a matter of the end"


def test_what_batteries_hold_is_counted_from_what_they_hold_now() -> None:
    problem = site()
    fuller = replace(problem, batteries=(replace(problem.batteries[0], start_mwh=2.1),))
    last = last_of(problem)
    rest = rest_of(last, fuller)
    if (last.plan.held_mwh["B"] <= 3.9).all():
        assert found(rest).plan.held_mwh["B"] == pytest.approx(last.plan.held_mwh["B"] + 0.1)
    full = int(np.argmax(last.plan.held_mwh["B"] > 3.9 + 1e-6))
    assert (0 if rest is None else rest.problem.intervals) == full, "until it would overflow"


def test_other_parts_other_lengths_and_other_times_are_no_rest() -> None:
    problem = site()
    last = last_of(problem)
    more_steps = replace(problem, loads=(load_of("A", [np.full(6, 60.0)] * 2, [2.0, 3.0]),))
    renamed = replace(problem, loads=(load_of("C", [np.full(6, 60.0)], [5.0]),))
    without = replace(problem, batteries=())
    before = replace(problem, start=problem.start - 10 * HOUR)
    after = replace(problem, start=problem.start + 10 * HOUR)
    between = replace(problem, start=problem.start + HOUR // 2)
    for other in (more_steps, renamed, without, before, after, between):
        assert rest_of(last, other) is None
    halves = problem_of([20.0] * 6, problem.loads, grid=problem.grid, batteries=problem.batteries)
    halves = replace(halves, hours=np.full(6, 0.5), start=problem.start[0] + np.arange(6) * HOUR // 2)
    assert rest_of(last, halves) is None


def test_work_that_came_later_waits_and_work_that_is_over_is_forgotten() -> None:
    seeds = (seed for seed in range(200) if len(random_site(seed, 6).jobs) == 2)
    problem = random_site(next(seeds), 6)
    last = last_of(problem)
    one = replace(problem, jobs=problem.jobs[:1])
    alone = rest_of(last_of(one), problem)
    assert not found(alone).plan.job_mw[problem.jobs[1].name].any()
    assert set(found(rest_of(last, problem)).plan.job_mw) == {job.name for job in problem.jobs}


def test_a_plan_older_than_its_expiry_is_never_used() -> None:
    """At night 1,000 sites, at every interval from which they may be asked."""
    rng = np.random.default_rng(4)
    used = 0
    for seed in range(SEEDS):
        problem = random_site(seed, 6)
        last = last_of(problem, float(rng.choice([0.0, 0.3, 1.0, 1.6, 2.5, 9.0])))
        for first in range(6):
            now = (
                problem if not first else resume(window(problem, first, 6), carry(problem, last.plan, first))
            )
            rest = rest_of(last, now)
            if rest is None:
                continue
            used += 1
            assert (rest.problem.start < last.expires).all()
            assert now.start[0] < last.expires
            check_coupled(rest.problem, rest.plan, settle_coupled(rest.problem, rest.plan))
    assert used > SEEDS


def test_a_beginning_keeps_what_the_whole_asks_of_its_end() -> None:
    problem = site()
    assert beginning(problem, 6).batteries[0].least_end_mwh == 2.0
    assert beginning(problem, 5).batteries[0].least_end_mwh == 0.0
