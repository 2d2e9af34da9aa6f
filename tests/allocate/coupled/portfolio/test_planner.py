"""Sites that are coordinated by prices earn what they would earn as one, to the proven gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.coupledsites import grid_of, load_of, problem_of, random_site
from support.faults import scaled
from support.jointly import joint_usd
from wattshift.allocate.coupled.parts import Battery, Peak
from wattshift.allocate.coupled.portfolio.planner import plan_portfolio
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import Infeasible, InputError, LimitReached

ROWS = 12
Row = np.ndarray[tuple[int], np.dtype[np.float64]]


def sites(seed: int, count: int = 3, floor_mw: float = 1.0, rows: int = ROWS) -> list[CoupledProblem]:
    """Ramps, starts, a peak charge and a battery now and then."""
    rng = np.random.default_rng(seed)
    buy = 45.0 + 25.0 * rng.normal(size=rows)

    def site(number: int) -> CoupledProblem:
        loads = tuple(
            load_of(
                f"{number}{kind}",
                [np.full(rows, rng.normal(65.0, 15.0))],
                [10.0],
                ramp_up_mw_per_h=float(rng.choice([4.0, np.inf])),
                start_usd_per_mw=float(rng.choice([0.0, 10.0])),
                floor_mw=np.full(rows, floor_mw),
                before_mw=2.0,
            )
            for kind in "xyz"
        )
        own = buy + rng.normal(0.0, 3.0, rows)
        peak = Peak(
            name="peak",
            period=(np.arange(rows) * 2) // rows,
            usd_per_mw=np.array([40.0, 60.0]),
            already_mw=np.array([5.0, 0.0]),
        )
        battery = Battery(
            name="battery",
            charge_mw=4.0,
            discharge_mw=4.0,
            energy_mwh=8.0,
            charge_ratio=0.95,
            discharge_ratio=0.95,
            wear_usd_per_mwh=2.0,
            start_mwh=4.0,
            least_end_mwh=0.0,
            end_usd_per_mwh=40.0,
        )
        return problem_of(
            own.tolist(),
            loads,
            grid=grid_of(own, 25.0),
            peaks=(peak,) if rng.random() < 0.5 else (),
            batteries=(battery,) if rng.random() < 0.5 else (),
        )

    return [site(number) for number in range(count)]


def limits_of(seed: int, parts: Sequence[CoupledProblem]) -> tuple[SharedLimit, ...]:
    """A cap for each interval, a quota of two periods, a block for some sites: one, two or all three."""
    rng, hours = np.random.default_rng(seed), parts[0].hours
    every = (
        SharedLimit.of_power("substation", 30.0 + 15.0 * rng.random(hours.size), hours),
        SharedLimit(
            name="quota",
            period=(np.arange(hours.size) * 2) // hours.size,
            limit_mwh=np.full(2, 4.0 * hours.size * len(parts)),
        ),
        SharedLimit(
            name="block",
            period=np.where(np.arange(hours.size) % 3 == 0, -1, 0),
            limit_mwh=np.array([7.0 * hours.size]),
            sites=(0, 2),
        ),
    )
    chosen = rng.random(3) < 0.6
    chosen[rng.integers(3)] = True
    return tuple(limit for limit, kept in zip(every, chosen, strict=True) if kept)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=scaled(8, 100), deadline=None)
def test_several_limits_at_once_earn_what_one_program_of_all_sites_earns(seed: int) -> None:
    parts = sites(seed)
    shared = limits_of(seed, parts)
    found = plan_portfolio(parts, shared, gap_ratio=1e-4)
    joint = joint_usd(parts, shared)
    scale = 1e-6 * (1.0 + abs(joint))
    assert found.profit_usd <= joint + scale, "no plan beats the best of all"
    assert joint <= found.bound_usd + scale, "the bound is one"
    assert found.gap_usd <= 1.01e-4 * (1.0 + abs(joint))
    for limit in shared:
        drawn = limit.drawn_mwh(np.stack([plan.drawn_mw for plan in found.plans]), parts[0].hours)
        assert (drawn <= limit.limit_mwh + 1e-5).all()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=scaled(6, 60), deadline=None)
def test_the_bound_holds_for_sites_of_every_kind(seed: int) -> None:
    parts = [random_site(seed + number, rows=4, whole=False) for number in range(3)]
    parts = [replace(part, start=parts[0].start, hours=parts[0].hours) for part in parts]
    caps = np.full(4, 0.6 * sum(float(part.grid.import_mw.mean()) for part in parts))
    shared = SharedLimit.of_power("substation", caps, parts[0].hours)
    try:
        found = plan_portfolio(parts, shared, max_rounds=25)
    except (Infeasible, LimitReached):
        return
    joint = joint_usd(parts, (shared,))
    assert joint <= found.bound_usd + 1e-6 * (1.0 + abs(joint)), (
        "the joint program without yes or no earns more"
    )
    assert found.profit_usd <= joint + 1e-6 * (1.0 + abs(joint))


def test_one_more_megawatt_of_the_connection_is_worth_its_price() -> None:
    """The joint optimum is concave in the limit, and its slopes on both sides enclose the price."""
    parts = sites(4)
    cap, step = np.full(ROWS, 40.0), 1e-3
    shared = SharedLimit.of_power("substation", cap, parts[0].hours)
    found = plan_portfolio(parts, shared, gap_ratio=1e-7)
    price = float(found.prices_usd_per_mwh[0] @ parts[0].hours)
    earns = [
        joint_usd(parts, (SharedLimit.of_power("s", cap + change, parts[0].hours),))
        for change in (-1.0, -step, 0.0, step, 1.0)
    ]
    slack = 1e-7 * abs(earns[2]) / step
    assert earns[4] - earns[2] <= price + slack
    assert (earns[3] - earns[2]) / step <= price + slack
    assert price <= (earns[2] - earns[1]) / step + slack
    assert price <= earns[2] - earns[0] + slack
    assert price > 0.0


def test_a_shared_block_of_energy_is_priced() -> None:
    parts = sites(9)
    energy = np.array([300.0])
    shared = SharedLimit(name="the year's energy", period=np.zeros(ROWS, np.int64), limit_mwh=energy)
    found = plan_portfolio(parts, shared, gap_ratio=1e-7)
    assert found.gap_usd <= 1e-5 * abs(found.profit_usd)
    more = joint_usd(parts, (replace(shared, limit_mwh=energy + 1e-2),)) - joint_usd(parts, (shared,))
    assert more / 1e-2 == pytest.approx(found.prices_usd_per_mwh[0][0], rel=0.05)


def test_a_limit_that_does_not_bind_costs_nothing() -> None:
    parts = sites(2)
    found = plan_portfolio(parts, SharedLimit.of_power("s", np.full(ROWS, 99.0), parts[0].hours))
    assert found.rounds == 1
    assert found.gap_usd <= 1e-6 * abs(found.profit_usd)
    assert not found.prices_usd_per_mwh[0].any()


def test_rounds_and_gap_are_told() -> None:
    parts, heard = sites(3), list[tuple[int, float | None]]()
    shared = SharedLimit.of_power("s", np.full(ROWS, 40.0), parts[0].hours)
    found = plan_portfolio(parts, shared, told=lambda rounds, gap: heard.append((rounds, gap)))
    assert [rounds for rounds, _ in heard] == list(range(1, found.rounds + 1))
    assert heard[0][1] is None


def test_floors_above_the_shared_limit_are_told_with_the_least_that_must_run() -> None:
    parts = sites(2)
    with pytest.raises(Infeasible, match="exceeds what the sites may draw together") as told:
        plan_portfolio(parts, SharedLimit.of_power("s", np.full(ROWS, 5.0), parts[0].hours), max_rounds=10)
    assert told.value.context["limit_mwh"] == 5.0
    assert float(str(told.value.context["least_mwh"])) > 5.0


def test_other_intervals_are_refused() -> None:
    parts = sites(2)
    with pytest.raises(InputError, match="same intervals"):
        plan_portfolio(parts, SharedLimit.of_power("s", np.full(3, 5.0), np.ones(3)))
    with pytest.raises(InputError, match="a site that there is not"):
        plan_portfolio(parts, SharedLimit.of_power("s", np.full(ROWS, 5.0), parts[0].hours, (3,)))
    with pytest.raises(InputError, match="needs sites"):
        plan_portfolio(parts, ())
