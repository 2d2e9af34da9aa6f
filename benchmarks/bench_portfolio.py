"""Sites under one connection: 24 for a month beside one program of all, 24 for a year, 1,000 for a day.

Each site has three classes of machines with ramps, a hall with a floor, a grid product and a monthly charge
on its peak; the connection carries four fifths of theirs and binds in two thirds of the hours. The peer is
the same linear program of all sites at once by the simplex method and the interior-point method of HiGHS.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import highspy
import numpy as np
import pytest

from support.jointly import joint_program
from support.portfolios import small_portfolio
from wattshift.allocate.coupled.highs import Limits, Method, handed_over, must
from wattshift.allocate.coupled.parts import Grid, Load, Peak, Reserve, Step
from wattshift.allocate.coupled.portfolio.planner import PortfolioPlan, plan_portfolio
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.engine.local import LocalEngine
from wattshift.assets.kind import UseKind

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

SITES, MONTH, YEAR = 24, 744, 8_760
MANY, DAY = 1_000, 24
MACHINES = {"a": (40.0, 55.0), "b": (30.0, 70.0), "c": (25.0, 90.0)}
HALL_MW, HALL_FLOOR_MW, HALL_USD = 20.0, 10.0, 400.0
IMPORT_MW, SHARE_MW, RESERVE_MW, PEAK_USD = 100.0, 80.0, 30.0, 3_000.0


def machines(name: str, size: float, worth: np.ndarray) -> Load:
    nothing = np.zeros(worth.size)
    return Load(
        name=name,
        kind=UseKind.MINING,
        steps=(Step(name="on", capacity_mw=size, worth_usd_per_mwh=worth),),
        available_mw=np.full(worth.size, size),
        ramp_up_mw_per_h=size / 2.0,
        ramp_down_mw_per_h=size / 2.0,
        floor_mw=nothing,
        promised_mw=nothing,
    )


def site(rows: int, number: int) -> CoupledProblem:
    """Prices have a part that all sites share, a part of their own, and spikes."""
    common, own, at = np.random.default_rng(1), np.random.default_rng(100 + number), np.arange(rows)
    daily = 40.0 + 25.0 * np.sin(2.0 * np.pi * at / 24.0) + common.normal(0.0, 20.0, rows)
    price = np.maximum(1.0, daily + (common.random(rows) < 0.01) * common.exponential(800.0, rows))
    nothing, month = np.zeros(rows), np.minimum((at / 730.0).astype(np.int64), 11)
    loads = [
        machines(name, size, np.full(rows, worth * own.uniform(0.8, 1.25)))
        for name, (size, worth) in MACHINES.items()
    ]
    hall = replace(
        machines("hall", HALL_MW, np.full(rows, HALL_USD)),
        ramp_up_mw_per_h=np.inf,
        ramp_down_mw_per_h=np.inf,
        floor_mw=np.full(rows, HALL_FLOOR_MW),
        before_mw=HALL_FLOOR_MW,
    )
    return CoupledProblem(
        start=np.datetime64("2025-01-01", "us") + at.astype("timedelta64[h]"),
        hours=np.ones(rows),
        grid=Grid(
            import_mw=np.full(rows, IMPORT_MW),
            buy_usd_per_mwh=np.maximum(1.0, price + own.normal(0.0, 4.0, rows)),
            export_mw=nothing,
            sell_usd_per_mwh=nothing,
            block_mw=nothing,
            block_usd_per_mwh=nothing,
            resale_usd_per_mwh=nothing,
            block_adder_usd_per_mwh=nothing,
        ),
        loads=(*loads, hall),
        reserves=(
            Reserve(
                name="reserve",
                price_usd_per_mwh=np.maximum(0.0, common.normal(8.0, 4.0, rows)),
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


def portfolio(rows: int) -> tuple[list[CoupledProblem], SharedLimit]:
    sites = [site(rows, number) for number in range(SITES)]
    cap = np.full(rows, SHARE_MW * SITES)
    return sites, SharedLimit.of_power("the connection", cap, sites[0].hours)


def noted(benchmark: BenchmarkFixture, found: PortfolioPlan) -> None:
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    benchmark.extra_info.update(
        gap_ratio=found.gap_usd / found.bound_usd, rounds=found.rounds, peak_mib=peak_kib // 1024
    )


def by_prices(rows: int) -> tuple[float, float]:
    found = plan_portfolio(*portfolio(rows))
    return found.profit_usd, found.bound_usd


def as_one(rows: int, **options: str) -> tuple[float, float]:
    sites, shared = portfolio(rows)
    program = joint_program(sites, (shared,))
    model = handed_over(program, Limits(wall_s=3_600.0, method=Method.SIMPLEX))
    for name, value in options.items():
        must(model.setOptionValue(name, value))
    must(model.run())
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    profit = -float(model.getInfo().objective_function_value)
    return profit, profit


@pytest.fixture(scope="module")
def earned() -> list[tuple[float, float]]:
    """What each way found; they must agree."""
    return []


@pytest.mark.parametrize(
    "way",
    [
        lambda: by_prices(MONTH),
        lambda: as_one(MONTH, solver="ipm", run_crossover="off"),
        lambda: as_one(MONTH, solver="simplex"),
    ],
    ids=["wattshift, proved to 1e-4", "HiGHS interior point", "HiGHS simplex"],
)
def bench_month(
    benchmark: BenchmarkFixture, earned: list[tuple[float, float]], way: Callable[[], tuple[float, float]]
) -> None:
    benchmark.group = "24 sites under one connection, 744 h"
    found = benchmark.pedantic(way, rounds=1)  # type: ignore[no-untyped-call]  # pytest-benchmark's own
    earned.append(found)
    slack = 1e-6 * found[1]
    assert max(profit for profit, _ in earned) <= min(bound for _, bound in earned) + slack


@pytest.mark.parametrize("engine", [None, 2], ids=["one process", "local:2"])
def bench_year(benchmark: BenchmarkFixture, engine: int | None) -> None:
    benchmark.group = "24 sites under one connection, a year of hours"
    sites, shared = portfolio(YEAR)

    def ours() -> PortfolioPlan:
        if engine is None:
            return plan_portfolio(sites, shared)
        with LocalEngine(engine) as opened:
            return plan_portfolio(sites, shared, mapped=opened.map)

    found = benchmark.pedantic(ours, rounds=1)  # type: ignore[no-untyped-call]  # likewise
    noted(benchmark, found)
    assert found.gap_usd <= 1.01e-4 * found.bound_usd


def bench_many_sites(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "1,000 sites under one connection, a day of hours"
    sites, shared = small_portfolio(MANY, DAY)
    found = benchmark.pedantic(plan_portfolio, (sites, shared), rounds=1)  # type: ignore[no-untyped-call]
    noted(benchmark, found)
    assert found.gap_usd <= 1.01e-4 * found.bound_usd
