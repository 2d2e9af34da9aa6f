"""The planner beside oracles: brute force, a naive second formulation, the merit order, simple plans.

`WATTSHIFT_FAULTS=20` takes the 5,000 random sites of the reliability goals.
"""

from __future__ import annotations

import itertools
import math
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.coupledsites import PRICES, grid_of, load_of, problem_of, random_site
from support.faults import scaled
from support.naive import naive_profit_usd
from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.highs import Limits
from wattshift.allocate.coupled.parts import Battery, Load, Peak, Reserve
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.solve import Solved, solve_coupled
from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem, Use
from wattshift.assets.kind import UseKind
from wattshift.assets.tariff import PowerBlock
from wattshift.errors import Infeasible, LimitReached

FAULTS = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
SITES = st.integers(0, 2**32 - 1)


def tolerance_usd(solved: Solved) -> float:
    return 1e-6 * (1.0 + solved.account.turnover_usd)


@settings(max_examples=scaled(120, 5_000))
@given(seed=SITES)
def test_no_energy_appears_and_the_objective_is_the_account(seed: int) -> None:
    problem = random_site(seed)
    solved = solve_coupled(problem)
    plan = solved.plan
    source = plan.drawn_mw - plan.fed_in_mw
    for power in (*plan.made_mw.values(), *plan.discharge_mw.values()):
        source = source + power
    for power in (*plan.charge_mw.values(), *plan.job_mw.values()):
        source = source - power
    for load in problem.loads:
        source = source - load_mw(plan, load.name)
    assert (np.abs(source * problem.hours) <= 1e-6).all()
    assert abs(solved.account.profit_usd + solved.answer.cost_usd) <= tolerance_usd(solved)


@settings(max_examples=scaled(60, 2_400))
@given(seed=SITES, rows=st.integers(1, 6))
def test_it_equals_a_naive_formulation(seed: int, rows: int) -> None:
    problem = random_site(seed, rows)
    solved, naive = solve_coupled(problem), naive_profit_usd(problem)
    assert naive is not None
    assert abs(solved.account.profit_usd - naive) <= tolerance_usd(solved)


@settings(max_examples=scaled(50, 2_000))
@given(seed=SITES, share=st.sampled_from([0.0, 0.02, 0.1, 0.3]), held=st.sampled_from([0.0, 1.0]))
def test_what_contradicts_itself_is_said_to(seed: int, share: float, held: float) -> None:
    """A connection cut to a share of itself, batteries that must end full: some of these have no plan."""
    problem = random_site(seed, 4)
    batteries = tuple(replace(part, least_end_mwh=held * part.energy_mwh) for part in problem.batteries)
    grid = replace(problem.grid, import_mw=problem.grid.import_mw * share)
    problem = replace(problem, grid=grid, batteries=batteries)
    naive = naive_profit_usd(problem)
    if naive is None:
        with pytest.raises(Infeasible):
            solve_coupled(problem)
    else:
        solved = solve_coupled(problem)
        assert abs(solved.account.profit_usd - naive) <= tolerance_usd(solved)


# Brute force: every on and off of small whole loads; all else follows from them.


@st.composite
def whole_sites(draw: st.DrawFn) -> CoupledProblem:
    rows, n = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    price = st.sampled_from(PRICES)
    buy = np.array([draw(price) for _ in range(rows)])
    loads = []
    for i in range(n):
        size = float(draw(st.integers(1, 3)))
        loads.append(
            load_of(
                str(i),
                [np.array([draw(price) for _ in range(rows)])],
                [size],
                before_mw=draw(st.sampled_from([0.0, size])),
                min_up_h=draw(st.sampled_from([0.0, 2.0, 3.0])),
                min_down_h=draw(st.sampled_from([0.0, 2.0])),
                start_usd_per_mw=draw(st.sampled_from([0.0, 45.0])),
                promised_mw=np.full(rows, draw(st.sampled_from([0.0, 2.0]))),
                credit_usd_per_mwh=draw(st.sampled_from([0.0, 70.0])),
                whole=True,
            )
        )
    block_mw = draw(st.sampled_from([0.0, 2.0]))
    grid = grid_of(
        buy, 5.0, block_mw=block_mw, block_usd_per_mwh=30.0, resale_usd_per_mwh=np.maximum(0.0, buy - 2.0)
    )
    peak = Peak(
        name="demand",
        period=np.zeros(rows, np.int64),
        usd_per_mw=np.array([draw(st.sampled_from([0.0, 60.0]))]),
        already_mw=np.array([1.0]),
    )
    return problem_of(buy.tolist(), tuple(loads), grid=grid, peaks=(peak,))


def keeps_times(load: Load, runs: tuple[bool, ...]) -> bool:
    """Whether each run and each pause that begins within the horizon lasts as long as it must."""
    was = load.before_mw > 0.0
    since: int | None = None
    for t, now in enumerate(runs):
        if now == was:
            continue
        least_h = load.min_up_h if was else load.min_down_h
        if since is not None and t - since < least_h:
            return False
        was, since = now, t
    return True


def profit_of_runs(problem: CoupledProblem, runs: tuple[tuple[bool, ...], ...]) -> float:
    grid, money, highest = problem.grid, [], 1.0
    for t in range(problem.intervals):
        total = 0.0
        for load, on in zip(problem.loads, runs, strict=True):
            power = load.capacity_mw if on[t] else 0.0
            before = load.before_mw if t == 0 else load.capacity_mw * on[t - 1]
            money.append(power * float(load.steps[0].worth_usd_per_mwh[t]))
            money.append(-load.start_usd_per_mw * max(0.0, power - before))
            money.append(-load.credit_usd_per_mwh * max(0.0, float(load.promised_mw[t]) - power))
            total += power
        if total > 5.0:
            return -math.inf
        used = min(total, float(grid.block_mw[t]))
        money.append(-30.0 * float(grid.block_mw[t]))
        money.append((float(grid.block_mw[t]) - used) * float(grid.resale_usd_per_mwh[t]))
        money.append(-(total - used) * float(grid.buy_usd_per_mwh[t]))
        highest = max(highest, total)
    return math.fsum(money) - highest * float(problem.peaks[0].usd_per_mw[0])


@settings(max_examples=60 * FAULTS)
@given(problem=whole_sites())
def test_it_equals_brute_force_over_every_on_and_off(problem: CoupledProblem) -> None:
    each = [
        [
            runs
            for runs in itertools.product((False, True), repeat=problem.intervals)
            if keeps_times(load, runs)
        ]
        for load in problem.loads
    ]
    best = max(profit_of_runs(problem, runs) for runs in itertools.product(*each))
    solved = solve_coupled(problem)
    assert abs(solved.account.profit_usd - best) <= tolerance_usd(solved)


# Where nothing couples: the closed form.


@st.composite
def separable(draw: st.DrawFn) -> tuple[Problem, CoupledProblem]:
    rows = draw(st.integers(1, 5))
    price = st.sampled_from(PRICES) | st.floats(-300.0, 300.0)
    spot = np.array([draw(price) for _ in range(rows)])
    uses = tuple(
        Use(
            name=str(i),
            kind=UseKind.MINING,
            capacity_mw=draw(st.sampled_from([1.0, 2.0, 7.5])),
            floor_mw=draw(st.sampled_from([0.0, 0.0, 1.0])),
            worth_usd_per_mwh=np.array([draw(price) for _ in range(rows)]),
        )
        for i in range(draw(st.integers(1, 3)))
    )
    adder = draw(st.sampled_from([0.0, 3.0, 17.0]))
    resold, fee = draw(st.booleans()), draw(st.sampled_from([0.0, 1.5, 30.0]))
    block = draw(
        st.none()
        | st.builds(
            PowerBlock,
            block_mw=st.sampled_from([0.5, 4.5, 40.0]),
            block_usd_per_mwh=st.sampled_from([-5.0, 38.0]),
            resale=st.just(resold),
            resale_fee_usd_per_mwh=st.just(fee),
        )
    )
    cap = np.array(
        [sum(use.floor_mw for use in uses) + draw(st.sampled_from([0.0, 2.0, 9.0])) for _ in range(rows)]
    )
    loads = tuple(
        load_of(use.name, [use.worth_usd_per_mwh], [use.capacity_mw], floor_mw=np.full(rows, use.floor_mw))
        for use in uses
    )
    changes = (
        {
            "block_mw": block.block_mw,
            "block_usd_per_mwh": block.block_usd_per_mwh,
            "block_adder_usd_per_mwh": adder,
            "resale_usd_per_mwh": np.maximum(0.0, spot - fee) if resold else 0.0,
        }
        if block
        else {}
    )
    coupled = problem_of(spot.tolist(), loads, grid=grid_of(spot + adder, cap, **changes))
    plain = Problem(
        start=coupled.start,
        hours=coupled.hours,
        spot_usd_per_mwh=spot,
        adder_usd_per_mwh=adder,
        connection_mw=50.0,
        cap_mw=cap,
        cap_rule=np.full(rows, -1),
        rule_reasons=(),
        uses=uses,
        block=block,
    )
    return plain, coupled


@settings(max_examples=120 * FAULTS)
@given(problems=separable())
def test_it_equals_the_merit_order_where_nothing_couples(problems: tuple[Problem, CoupledProblem]) -> None:
    plain, coupled = problems
    solved = solve_coupled(coupled)
    best = float(dispatch(plain).profit_usd.sum())
    assert abs(solved.account.profit_usd - best) <= tolerance_usd(solved)


# Simple plans never earn more.


def simple_plan(problem: CoupledProblem, load: list[np.ndarray]) -> CoupledPlan:
    """Loads as given, everything bought, batteries at rest, no promises."""
    nothing = np.zeros(problem.intervals)
    total = sum((steps.sum(axis=0) for steps in load), nothing)
    block = np.minimum(total, problem.grid.block_mw)
    backers = [(r.name, b) for r in problem.reserves for b in (*r.loads, *r.batteries)]
    return CoupledPlan(
        bought_mw=total - block,
        block_mw=block,
        fed_in_mw=nothing,
        step_mw={part.name: steps for part, steps in zip(problem.loads, load, strict=True)},
        job_mw={job.name: nothing for job in problem.jobs},
        charge_mw={battery.name: nothing for battery in problem.batteries},
        discharge_mw={battery.name: nothing for battery in problem.batteries},
        held_mwh={battery.name: nothing + battery.start_mwh for battery in problem.batteries},
        made_mw={maker.name: nothing for maker in problem.generators},
        reserve_mw=dict.fromkeys(backers, nothing),
    )


@settings(max_examples=60 * FAULTS)
@given(seed=SITES)
def test_no_steady_plan_earns_more(seed: int) -> None:
    """Every load stays where it was, in the order of its steps: nothing moves, so nothing is broken."""
    problem = random_site(seed, whole=False)
    steady = []
    for load in problem.loads:
        sizes = np.array([[step.capacity_mw] for step in load.steps])
        before = np.minimum(load.before_mw, load.available_mw.min())
        steps = np.clip(before - (np.cumsum(sizes, axis=0) - sizes), 0.0, sizes)
        steady.append(np.repeat(steps, problem.intervals, axis=1))
    assume(all(load.before_mw <= load.available_mw.min() for load in problem.loads))  # a derating moves it
    plan = simple_plan(problem, steady)
    account = settle_coupled(problem, plan)
    check_coupled(problem, plan, account)
    solved = solve_coupled(problem)
    assert account.profit_usd <= solved.account.profit_usd + tolerance_usd(solved)


# Choices


def lossy_battery(**changes: float) -> Battery:
    given: dict[str, float] = {
        "charge_mw": 2.0,
        "discharge_mw": 2.0,
        "energy_mwh": 4.0,
        "charge_ratio": 0.9,
        "discharge_ratio": 0.9,
        "wear_usd_per_mwh": 0.0,
        "start_mwh": 0.0,
        "least_end_mwh": 0.0,
        "end_usd_per_mwh": 0.0,
        **changes,
    }
    return Battery(name="battery", **given)


def asked(solved: Solved) -> set[str]:
    """What had to be answered by yes or no."""
    return {label.kind for label in solved.program.columns if solved.program.whole[label.span].any()}


def nothing_but(buy: list[float], **parts: object) -> CoupledProblem:
    """A site whose one load earns nothing."""
    return problem_of(buy, (load_of("idle", [np.full(len(buy), -1e3)], [1.0]),), **parts)


def test_a_battery_does_not_burn_power_that_is_paid_for_being_drawn() -> None:
    solved = solve_coupled(nothing_but([-100.0, -100.0], batteries=(lossy_battery(energy_mwh=0.9),)))
    assert solved.rounds == 1
    assert asked(solved) == {"charges"}
    assert solved.account.profit_usd == pytest.approx(100.0)


def test_a_block_that_may_not_be_resold_is_not_sold_through_the_meter() -> None:
    buy = np.array([50.0, 50.0])
    grid = grid_of(buy, export_mw=5.0, sell_usd_per_mwh=45.0, block_mw=4.0, block_usd_per_mwh=38.0)
    solved = solve_coupled(nothing_but(buy.tolist(), grid=grid))
    assert asked(solved) == {"draws"}
    assert solved.account.profit_usd == pytest.approx(-2 * 4.0 * 38.0)


def test_a_later_step_worth_more_waits_for_the_earlier() -> None:
    load = load_of("modes", [np.array([10.0]), np.array([90.0])], [2.0, 1.0])
    solved = solve_coupled(problem_of([40.0], (load,)))
    assert solved.account.profit_usd == pytest.approx(0.0)  # 2 x (10 - 40) + 1 x (90 - 40) < 0
    assert asked(solved) == {"step full"}


def test_steps_of_equal_worth_need_no_choice() -> None:
    load = load_of("modes", [np.full(3, 90.0)] * 3, [2.0, 1.0, 1.5])
    solved = solve_coupled(
        problem_of([40.0, 20.0, 30.0], (load,), grid=grid_of(np.array([40.0, 20.0, 30.0]), 2.5))
    )
    assert solved.rounds == 0
    np.testing.assert_allclose(solved.plan.step_mw["modes"], [[2.0] * 3, [0.5] * 3, [0.0] * 3], atol=1e-9)


def test_what_was_started_before_the_horizon_stays_on() -> None:
    """3 MW run, of which 2 were started an hour ago and must run for three: 1 may stop at once."""
    load = load_of(
        "miners",
        [np.full(4, 10.0)],
        [3.0],
        before_mw=3.0,
        min_up_h=3.0,
        still_on_mw=np.array([2.0, 2.0, 0.0, 0.0]),
    )
    plan = solve_coupled(problem_of([90.0] * 4, (load,))).plan
    np.testing.assert_allclose(load_mw(plan, "miners"), [2.0, 2.0, 0.0, 0.0], atol=1e-9)


def test_what_was_stopped_before_the_horizon_stays_off_besides_what_is_stopped_within() -> None:
    load = load_of(
        "miners",
        [np.array([10.0, 300.0, 300.0, 300.0])],
        [3.0],
        before_mw=2.0,
        min_down_h=3.0,
        still_off_mw=np.array([1.0, 1.0, 0.0, 0.0]),
    )
    plan = solve_coupled(problem_of([400.0, 90.0, 90.0, 90.0], (load,))).plan
    np.testing.assert_allclose(load_mw(plan, "miners"), [2.0, 2.0, 3.0, 3.0], atol=1e-9)


def test_a_promise_needs_the_energy_at_the_start_of_its_interval_too() -> None:
    reserve = Reserve(
        name="reserve",
        price_usd_per_mwh=np.array([50.0, 50.0]),
        max_mw=2.0,
        duration_h=1.0,
        loads=(),
        batteries=("battery",),
    )
    battery = lossy_battery(charge_ratio=1.0, discharge_ratio=1.0)
    solved = solve_coupled(nothing_but([1.0, 1.0], batteries=(battery,), reserves=(reserve,)))
    np.testing.assert_allclose(solved.plan.reserve_mw["reserve", "battery"], [0.0, 2.0], atol=1e-9)


def test_time_may_run_out_before_there_is_a_plan() -> None:
    with pytest.raises(LimitReached):
        solve_coupled(random_site(3, 200), Limits(wall_s=1e-9))
