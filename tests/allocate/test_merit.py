from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from wattshift.allocate.account import settle
from wattshift.allocate.check import check_plan
from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem, Use
from wattshift.assets.kind import UseKind
from wattshift.assets.tariff import PowerBlock

# Few distinct values on purpose: ties and coinciding breakpoints are where a merit order goes wrong.
sizes = st.sampled_from([0.0, 1.0, 2.0, 2.5, 10.0]) | st.floats(0.0, 20.0)
prices = st.sampled_from([-250.0, -20.0, -3.0, 0.0, 3.0, 20.0, 60.0, 9_000.0]) | st.floats(-300.0, 300.0)


@st.composite
def problems(draw: st.DrawFn, *, lowest: float = -1e4) -> Problem:
    rows, n = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    spot = np.array([max(lowest, draw(prices)) for _ in range(rows)])
    uses = []
    for i in range(n):
        floor, spare = draw(st.sampled_from([0.0, 0.0, 1.0, 3.5])), draw(sizes)
        worth = np.array([draw(prices) for _ in range(rows)])
        kind = UseKind.MINING if floor == 0.0 else UseKind.GPU_CLOUD
        uses.append(
            Use(name=str(i), kind=kind, capacity_mw=floor + spare, floor_mw=floor, worth_usd_per_mwh=worth)
        )
    floors = sum(use.floor_mw for use in uses)
    cap = np.array([floors + draw(sizes) for _ in range(rows)])
    block = draw(
        st.none()
        | st.builds(
            PowerBlock,
            block_mw=st.sampled_from([0.5, 2.0, 4.5]) | st.floats(0.1, 40.0),
            block_usd_per_mwh=st.sampled_from([-5.0, 38.0]),
            resale=st.booleans(),
            resale_fee_usd_per_mwh=st.sampled_from([0.0, 1.5, 30.0]),
        )
    )
    hours = draw(st.sampled_from([0.25, 1.0]))
    step = np.timedelta64(round(hours * 3.6e9), "us")
    return Problem(
        start=np.datetime64("2021-02-14T00:00", "us") + step * np.arange(rows),
        hours=np.full(rows, hours),
        spot_usd_per_mwh=spot,
        adder_usd_per_mwh=draw(st.sampled_from([0.0, 3.0, 17.0])),
        connection_mw=float(cap.max()) + 1.0,
        cap_mw=cap,
        cap_rule=np.full(rows, -1),
        rule_reasons=(),
        uses=tuple(uses),
        block=block,
    )


def profit_of(problem: Problem, row: int, loads: tuple[float, ...]) -> float:
    """Profit of one interval, written out once more [USD]."""
    spot, total, block = float(problem.spot_usd_per_mwh[row]), math.fsum(loads), problem.block
    money = math.fsum(
        x * float(use.worth_usd_per_mwh[row]) for x, use in zip(loads, problem.uses, strict=True)
    )
    money -= problem.adder_usd_per_mwh * total
    if block is None:
        money -= spot * total
    else:
        money -= block.block_mw * block.block_usd_per_mwh
        if total > block.block_mw:
            money -= spot * (total - block.block_mw)
        elif block.resale:
            money += max(0.0, spot - block.resale_fee_usd_per_mwh) * (block.block_mw - total)
    return money * float(problem.hours[row])


def vertices(problem: Problem, row: int) -> Iterator[tuple[float, ...]]:
    """All vertices of the two polytopes (load within the block, load above it) of one interval.

    At a vertex all loads but at most one stand at a bound; one that does not makes a limit on the sum tight.
    """
    bounds = [(use.floor_mw, use.capacity_mw) for use in problem.uses]
    sums = [float(problem.cap_mw[row])] + ([problem.block.block_mw] if problem.block else [])
    for corner in itertools.product(*bounds):
        if math.fsum(corner) <= problem.cap_mw[row] + 1e-12:
            yield corner
        for free, total in itertools.product(range(len(bounds)), sums):
            rest = total - math.fsum(x for i, x in enumerate(corner) if i != free)
            low, high = bounds[free]
            if low <= rest <= high and total <= problem.cap_mw[row]:
                yield (*corner[:free], rest, *corner[free + 1 :])


@settings(max_examples=500, deadline=None)
@given(problem=problems())
def test_closed_form_equals_brute_force_over_all_vertices(problem: Problem) -> None:
    found = dispatch(problem)
    for row in range(problem.hours.size):
        best = max(profit_of(problem, row, vertex) for vertex in vertices(problem, row))
        assert found.profit_usd[row] == pytest.approx(best, rel=1e-9, abs=1e-7)


@settings(max_examples=300, deadline=None)
@given(problem=problems())
def test_objective_account_and_check_agree(problem: Problem) -> None:
    found = dispatch(problem)
    account = settle(problem, found.load_mw)
    check_plan(problem, found.load_mw, account, claimed_profit_usd=found.profit_usd)
    assert account.profit_usd == pytest.approx(found.profit_usd.sum(), rel=1e-9, abs=1e-7)


@settings(max_examples=100, deadline=None)
@given(problem=problems(), seed=st.integers(0, 2**32 - 1))
def test_no_random_feasible_plan_earns_more(problem: Problem, seed: int) -> None:
    found, rng = dispatch(problem), np.random.default_rng(seed)
    floor = np.array([use.floor_mw for use in problem.uses])
    spare = np.array([use.capacity_mw for use in problem.uses]) - floor
    for row in range(problem.hours.size):
        for _ in range(20):
            load = floor + spare * rng.uniform(size=spare.size)
            excess = load.sum() - problem.cap_mw[row]
            if excess > 0.0:
                load -= (load - floor) * excess / (load - floor).sum()
            earned = profit_of(problem, row, tuple(load.tolist()))
            assert earned <= found.profit_usd[row] + 1e-9 * (1.0 + abs(earned))


def solve_with_linprog(problem: Problem) -> float:
    """The optimum where the cost of power is convex, by an independent solver [USD]."""
    total, block = 0.0, problem.block
    for row in range(problem.hours.size):
        spot = float(problem.spot_usd_per_mwh[row])
        resale = max(0.0, spot - block.resale_fee_usd_per_mwh) if block and block.resale else 0.0
        worth = [float(use.worth_usd_per_mwh[row]) - problem.adder_usd_per_mwh for use in problem.uses]
        n, block_mw = len(worth), block.block_mw if block else 0.0
        solution = linprog(
            [*(-value for value in worth), spot, -resale],
            A_ub=[[1.0] * n + [0.0, 0.0]],
            b_ub=[problem.cap_mw[row]],
            A_eq=[[1.0] * n + [-1.0, 1.0]],
            b_eq=[block_mw],
            bounds=[*((use.floor_mw, use.capacity_mw) for use in problem.uses), (0.0, None), (0.0, block_mw)],
        )
        assert solution.status == 0
        fixed = block_mw * block.block_usd_per_mwh if block else 0.0
        total -= (float(solution.fun or 0.0) + fixed) * float(problem.hours[row])
    return total


@settings(max_examples=120, deadline=None)
@given(problem=problems(lowest=0.0))
def test_closed_form_equals_linprog_where_the_cost_is_convex(problem: Problem) -> None:
    assert dispatch(problem).profit_usd.sum() == pytest.approx(
        solve_with_linprog(problem), rel=1e-7, abs=1e-5
    )


def one_interval(spot: float, worth: float, block: PowerBlock | None = None, cap: float = 10.0) -> Problem:
    use = Use(
        name="a", kind=UseKind.MINING, capacity_mw=10.0, floor_mw=0.0, worth_usd_per_mwh=np.array([worth])
    )
    return Problem(
        start=np.array(["2021-02-14"], "datetime64[us]"),
        hours=np.ones(1),
        spot_usd_per_mwh=np.array([spot]),
        adder_usd_per_mwh=0.0,
        connection_mw=10.0,
        cap_mw=np.array([cap]),
        cap_rule=np.array([-1]),
        rule_reasons=(),
        uses=(use,),
        block=block,
    )


def test_a_tie_chooses_the_least_load() -> None:
    assert dispatch(one_interval(50.0, 50.0)).load_mw.tolist() == [[0.0]]
    assert dispatch(one_interval(50.0, 50.000001)).load_mw.tolist() == [[10.0]]


def test_of_equal_worths_the_earlier_is_served_first() -> None:
    problem = one_interval(20.0, 50.0, cap=4.0)
    twin = dataclasses.replace(problem.uses[0], name="b")
    found = dispatch(dataclasses.replace(problem, uses=(*problem.uses, twin)))
    assert found.load_mw.tolist() == [[4.0, 0.0]]


@pytest.mark.parametrize(
    ("spot", "worth", "resale", "load"),
    [
        (80.0, 60.0, True, 0.0),  # selling the block back brings 79
        (80.0, 60.0, False, 4.0),  # the block is lost if unused, more costs 80
        (60.5, 60.0, True, 4.0),  # selling brings 59.5, more costs 60.5
        (30.0, 60.0, True, 10.0),
        (-15.0, 5.0, False, 10.0),
        (-15.0, -5.0, False, 10.0),  # 4 MWh lose 20, six more bring 60
        (-15.0, -12.0, False, 0.0),  # 4 MWh lose 48, six more bring 18
    ],
)
def test_the_block(spot: float, worth: float, resale: bool, load: float) -> None:
    block = PowerBlock(block_mw=4.0, block_usd_per_mwh=40.0, resale=resale, resale_fee_usd_per_mwh=1.0)
    assert dispatch(one_interval(spot, worth, block)).load_mw.tolist() == [[load]]


def test_slices_do_not_change_the_plan(uri: Problem) -> None:
    rows = 20_000
    repeats = -(-rows // uri.hours.size)

    def tile(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.tile(values, repeats)[:rows]

    uses = tuple(dataclasses.replace(use, worth_usd_per_mwh=tile(use.worth_usd_per_mwh)) for use in uri.uses)
    long = dataclasses.replace(
        uri,
        start=uri.start[0] + np.timedelta64(15, "m") * np.arange(rows),
        hours=np.full(rows, 0.25),
        spot_usd_per_mwh=tile(uri.spot_usd_per_mwh),
        cap_mw=tile(uri.cap_mw),
        cap_rule=np.tile(uri.cap_rule, repeats)[:rows],
        uses=uses,
    )
    short = dispatch(uri).load_mw
    assert np.array_equal(dispatch(long).load_mw, np.tile(short, (repeats, 1))[:rows])


def test_a_month_with_winter_storm_uri(uri: Problem) -> None:
    found = dispatch(uri)
    check_plan(uri, found.load_mw, settle(uri, found.load_mw), claimed_profit_usd=found.profit_usd)
    mining = found.load_mw[:, 2:].sum(axis=1)
    assert uri.spot_usd_per_mwh.max() > 8_900.0
    assert (mining[uri.spot_usd_per_mwh > 200.0] == 0.0).all()
    assert (mining[uri.spot_usd_per_mwh < 30.0] > 79.0).all()
    assert (found.load_mw[:, 0] == 15.0).all()
    best = [max(profit_of(uri, row, v) for v in vertices(uri, row)) for row in range(0, uri.hours.size, 27)]
    assert found.profit_usd[::27].tolist() == pytest.approx(best, rel=1e-9)
