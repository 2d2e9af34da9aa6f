"""One site for a year of hours, a week of on and off decisions: build, solve, check apart, beside peers.

The site: three classes of machines with ramps, an AI hall with a floor, one ancillary product, a monthly
demand charge. linopy and PuLP take part where they are installed; every front end must find the same optimum.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from support.frontends import FrontEnd, time_apart
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import Limits, solve
from wattshift.allocate.coupled.parts import Grid, Load, Peak, Reserve, Step
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Program
from wattshift.allocate.coupled.solve import Solved, solve_coupled
from wattshift.assets.kind import UseKind

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

YEAR, WEEK, FIVE_MINUTES = 8_760, 168, 105_120
MACHINES = {"a": (40.0, 55.0), "b": (30.0, 70.0), "c": (25.0, 90.0)}
HALL_MW, HALL_FLOOR_MW, HALL_USD = 20.0, 10.0, 400.0
IMPORT_MW, RESERVE_MW, PEAK_USD = 100.0, 30.0, 3_000.0


def site(rows: int, *, least_h: float = 0.0, hour: float = 1.0) -> CoupledProblem:
    """The site; with a least time its machines run class by class, whole or not at all."""
    rng, at = np.random.default_rng(1), np.arange(rows)
    daily = 40.0 + 25.0 * np.sin(2.0 * np.pi * at * hour / 24.0) + rng.normal(0.0, 20.0, rows)
    price = np.maximum(1.0, daily + (rng.random(rows) < 0.01) * rng.exponential(800.0, rows))
    nothing, month = np.zeros(rows), np.minimum((at * hour / 730.0).astype(np.int64), 11)

    def machines(name: str, size: float, worth: float) -> Load:
        return Load(
            name=name,
            kind=UseKind.MINING,
            steps=(Step(name="on", capacity_mw=size, worth_usd_per_mwh=np.full(rows, worth)),),
            available_mw=np.full(rows, size),
            ramp_up_mw_per_h=np.inf if least_h else size / 2.0,
            ramp_down_mw_per_h=np.inf if least_h else size / 2.0,
            min_up_h=least_h,
            min_down_h=least_h,
            start_usd_per_mw=25.0 if least_h else 0.0,
            whole=bool(least_h),
            floor_mw=nothing,
            promised_mw=nothing,
        )

    hall = Load(
        name="hall",
        kind=UseKind.GPU_CLOUD,
        steps=(Step(name="on", capacity_mw=HALL_MW, worth_usd_per_mwh=np.full(rows, HALL_USD)),),
        available_mw=np.full(rows, HALL_MW),
        floor_mw=np.full(rows, HALL_FLOOR_MW),
        promised_mw=nothing,
        before_mw=HALL_FLOOR_MW,
    )
    return CoupledProblem(
        start=np.datetime64("2025-01-01", "us") + np.round(at * hour * 3.6e9).astype("timedelta64[us]"),
        hours=np.full(rows, hour),
        grid=Grid(
            import_mw=np.full(rows, IMPORT_MW),
            buy_usd_per_mwh=price,
            **dict.fromkeys(
                ("export_mw", "sell_usd_per_mwh", "block_mw", "block_usd_per_mwh", "resale_usd_per_mwh"),
                nothing,
            ),
            block_adder_usd_per_mwh=nothing,
        ),
        loads=(*(machines(name, *figures) for name, figures in MACHINES.items()), hall),
        reserves=(
            Reserve(
                name="reserve",
                price_usd_per_mwh=np.maximum(0.0, rng.normal(8.0, 4.0, rows)),
                max_mw=RESERVE_MW,
                duration_h=1.0,
                loads=tuple(MACHINES),
            ),
        ),
        peaks=(
            Peak(
                name="demand",
                period=month,
                usd_per_mw=np.full(int(month[-1]) + 1, PEAK_USD),
                already_mw=np.zeros(int(month[-1]) + 1),
            ),
        ),
    )


@pytest.fixture(scope="module")
def year() -> CoupledProblem:
    return site(YEAR)


@pytest.fixture(scope="module")
def solved(year: CoupledProblem) -> Solved:
    return solve_coupled(year)


def by_linprog(program: Program) -> float:
    """The same matrices through scipy's front end of the same solver [USD]."""
    shape = (program.row_low.size, program.cost_usd.size)
    matrix = csr_array((program.value, program.column, program.row_start), shape=shape)
    same = program.row_low == program.row_high
    above, below = np.isfinite(program.row_low) & ~same, np.isfinite(program.row_high) & ~same
    bounds: Any = np.column_stack([program.low, program.high])
    found = linprog(
        program.cost_usd,
        A_ub=vstack([matrix[below], -matrix[above]], format="csr"),
        b_ub=np.concatenate([program.row_high[below], -program.row_low[above]]),
        A_eq=matrix[same],
        b_eq=program.row_low[same],
        bounds=bounds,
        method="highs",
    )
    assert found.status == 0
    return -float(found.fun or 0.0) - program.offset_usd


def linopy_of(problem: CoupledProblem) -> Any:
    """Written as its users would, in named arrays."""
    linopy, xarray = importlib.import_module("linopy"), importlib.import_module("xarray")
    at, month, reserve = np.arange(problem.intervals), problem.peaks[0].period, problem.reserves[0]
    m = linopy.Model()
    hours = [range(problem.intervals)]
    bought = m.add_variables(0, IMPORT_MW, coords=hours, dims=["t"], name="bought")
    peak = m.add_variables(0, np.inf, coords=[range(int(month[-1]) + 1)], dims=["month"], name="peak")
    cost = (bought * xarray.DataArray(problem.grid.buy_usd_per_mwh, dims="t")).sum() + (PEAK_USD * peak).sum()
    total, promised = 0, 0
    for name, (size, worth) in MACHINES.items():
        power = m.add_variables(0, size, coords=hours, dims=["t"], name=name)
        backed = m.add_variables(0, np.inf, coords=hours, dims=["t"], name=f"reserve {name}")
        moved = power - power.shift(t=1)
        m.add_constraints(moved <= size / 2, name=f"up {name}")
        m.add_constraints(moved >= -size / 2, name=f"down {name}")
        m.add_constraints(power - backed >= 0, name=f"backing {name}")
        cost += (-worth * power).sum()
        cost += (backed * xarray.DataArray(-reserve.price_usd_per_mwh, dims="t")).sum()
        total, promised = total + power, promised + backed
    hall = m.add_variables(HALL_FLOOR_MW, HALL_MW, coords=hours, dims=["t"], name="hall")
    cost += (-HALL_USD * hall).sum()
    m.add_constraints(promised <= RESERVE_MW, name="reserve")
    m.add_constraints(bought - total - hall == 0, name="balance")
    of_hour = peak.sel(month=xarray.DataArray(month, dims="t", coords={"t": at}))
    m.add_constraints(bought - of_hour <= 0, name="peak")
    m.add_objective(cost)
    return m


def with_linopy(m: Any) -> float:
    m.solve("highs", io_api="direct", output_flag=False)
    return -float(m.objective.value)


def pulp_of(problem: CoupledProblem) -> Any:
    """Written as its users would, hour by hour."""
    pulp = importlib.import_module("pulp")
    m, at = pulp.LpProblem("site", pulp.LpMinimize), range(problem.intervals)
    month, price, reserve = problem.peaks[0].period, problem.grid.buy_usd_per_mwh, problem.reserves[0]
    new = pulp.LpVariable
    peak = [new(f"peak{i}", 0) for i in range(int(month[-1]) + 1)]
    cost: list[Any] = [PEAK_USD * x for x in peak]
    before: dict[str, Any] = dict.fromkeys(MACHINES, 0.0)
    for t in at:
        bought = new(f"bought{t}", 0, IMPORT_MW)
        hall = new(f"hall{t}", HALL_FLOOR_MW, HALL_MW)
        cost += [float(price[t]) * bought, -HALL_USD * hall]
        powers, backed = [], []
        for name, (size, worth) in MACHINES.items():
            power, promised = new(f"{name}{t}", 0, size), new(f"reserve{name}{t}", 0)
            m += power - before[name] <= size / 2
            m += power - before[name] >= -size / 2
            m += power - promised >= 0
            cost += [-worth * power, -float(reserve.price_usd_per_mwh[t]) * promised]
            before[name] = power
            powers.append(power)
            backed.append(promised)
        m += pulp.lpSum(backed) <= RESERVE_MW
        m += bought - pulp.lpSum(powers) - hall == 0
        m += bought - peak[month[t]] <= 0
    m += pulp.lpSum(cost)
    return m


def with_pulp(m: Any) -> float:
    pulp = importlib.import_module("pulp")
    m.solve(pulp.HiGHS(msg=False, gapRel=1e-9))
    return -float(pulp.value(m.objective))


def bench_build(benchmark: BenchmarkFixture, year: CoupledProblem) -> None:
    benchmark.group = "a year of hours, its parts"
    benchmark(formulate, year)


def bench_solve(benchmark: BenchmarkFixture, solved: Solved) -> None:
    benchmark.group = "a year of hours, its parts"
    benchmark.pedantic(solve, (solved.program,), rounds=3)  # type: ignore[no-untyped-call]  # pytest-benchmark's own


def bench_check(benchmark: BenchmarkFixture, year: CoupledProblem, solved: Solved) -> None:
    benchmark.group = "a year of hours, its parts"
    benchmark(check_coupled, year, solved.plan, solved.account)


def bench_build_of_five_minutes(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "a year of five minutes, its parts"
    problem = site(FIVE_MINUTES, hour=1.0 / 12.0)
    benchmark.pedantic(formulate, (problem,), rounds=3)  # type: ignore[no-untyped-call]  # pytest-benchmark's own


MATRICES = FrontEnd("scipy linprog, same matrices", lambda problem: formulate(problem)[0], by_linprog)
OURS = FrontEnd(
    "wattshift, not yet proved",
    lambda problem: formulate(problem)[0],
    lambda program: -solve(program).cost_usd,
)
PEERS = (
    MATRICES,
    FrontEnd("linopy", linopy_of, with_linopy, "linopy"),
    FrontEnd("PuLP", pulp_of, with_pulp, "pulp"),
)


def bench_year(benchmark: BenchmarkFixture, year: CoupledProblem) -> None:
    benchmark.group = "a year of hours, from prices to a plan"
    benchmark.pedantic(solve_coupled, (year,), rounds=3)  # type: ignore[no-untyped-call]  # pytest-benchmark's own


@pytest.mark.parametrize("peer", [OURS, *PEERS], ids=lambda peer: peer.name)
def bench_year_of_peers(
    benchmark: BenchmarkFixture, year: CoupledProblem, solved: Solved, peer: FrontEnd
) -> None:
    benchmark.group = "a year of hours, from prices to a plan"
    time_apart(benchmark, peer, year, solved.account.profit_usd)


def bench_week_on_or_off(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "a week of hours, machines whole or not at all"
    asked = site(WEEK, least_h=4.0), Limits(wall_s=120.0, gap_ratio=1e-4)
    found = benchmark.pedantic(solve_coupled, asked, rounds=3)  # type: ignore[no-untyped-call]  # likewise
    assert found.answer.gap_usd <= 1e-4 * abs(found.answer.cost_usd) + 1e-6
