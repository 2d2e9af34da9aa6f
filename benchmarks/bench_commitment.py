"""Machines that run whole or not at all: a week, a week of five minutes, a year; and a plan made anew, warm.

The site: three classes of machines that run whole, for four hours at least, and cost something to start; an
AI hall with a floor and ramps, one ancillary product, a charge on each month's peak. Beside it stands HiGHS's
own search on the same program, to the same gap of 0.1 % and for at most a minute; `extra_info` holds the gap
that each proved. With other work on the machine take `--benchmark-timer=time.process_time`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import Answer, Limits, handed_over, run
from wattshift.allocate.coupled.parts import Peak, Reserve
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.rolling import carry, resume
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.allocate.coupled.warm import WarmModel, WarmPlanner
from wattshift.allocate.coupled.window import window

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

HOUR, FIVE_MINUTES = 1.0, 1.0 / 12.0
MACHINES = {"a": (40.0, 55.0), "b": (30.0, 70.0), "c": (25.0, 90.0)}
CLOSE = Limits(wall_s=60.0, gap_ratio=1e-3)
HORIZON, ROUNDS = 288, 100

LENGTHS = [(168, HOUR), (2_016, FIVE_MINUTES), (8_760, HOUR)]
NAMES = ["a week of hours", "a week of five minutes", "a year of hours"]


def site(rows: int, hour: float, *, whole: bool = True) -> CoupledProblem:
    """The site; where it is not whole, its classes are divisible and have ramps."""
    rng, at = np.random.default_rng(1), np.arange(rows)
    daily = 40.0 + 25.0 * np.sin(2.0 * np.pi * at * hour / 24.0) + rng.normal(0.0, 20.0, rows)
    buy = np.maximum(1.0, daily + (rng.random(rows) < 0.01) * rng.exponential(800.0, rows))
    month = np.minimum((at * hour / 730.0).astype(np.int64), 11)

    def moves(size: float) -> dict[str, float]:
        if whole:
            return {"min_up_h": 4.0, "min_down_h": 4.0, "start_usd_per_mw": 25.0}
        return {"ramp_up_mw_per_h": size / 2.0, "ramp_down_mw_per_h": size / 2.0}

    machines = tuple(
        load_of(name, [np.full(rows, worth)], [size], whole=whole, **moves(size))
        for name, (size, worth) in MACHINES.items()
    )
    hall = load_of(
        "hall",
        [np.full(rows, 400.0)],
        [20.0],
        floor_mw=np.full(rows, 10.0),
        before_mw=10.0,
        ramp_up_mw_per_h=5.0,
        ramp_down_mw_per_h=5.0,
    )
    return CoupledProblem(
        start=np.datetime64("2025-01-01", "us") + np.round(at * hour * 3.6e9).astype("timedelta64[us]"),
        hours=np.full(rows, hour),
        grid=grid_of(buy, 100.0),
        loads=(*machines, hall),
        reserves=(
            Reserve(
                name="reserve",
                price_usd_per_mwh=np.maximum(0.0, rng.normal(8.0, 4.0, rows)),
                max_mw=30.0,
                duration_h=1.0,
                loads=tuple(MACHINES),
            ),
        ),
        peaks=(
            Peak(
                name="demand",
                period=month,
                usd_per_mw=np.full(int(month[-1]) + 1, 3_000.0),
                already_mw=np.zeros(int(month[-1]) + 1),
            ),
        ),
    )


def ours(problem: CoupledProblem) -> Answer:
    """Formulated, solved, settled and proved."""
    return solve_coupled(problem, CLOSE).answer


def by_highs(problem: CoupledProblem) -> Answer:
    """The same program, as it is."""
    program, _ = formulate(problem)
    return run(handed_over(program, CLOSE), program)


@pytest.mark.parametrize("way", [ours, by_highs], ids=["wattshift, proved", "HiGHS alone"])
@pytest.mark.parametrize(("rows", "hour"), LENGTHS, ids=NAMES)
def bench_on_or_off(
    benchmark: BenchmarkFixture, rows: int, hour: float, way: object, request: pytest.FixtureRequest
) -> None:
    assert callable(way)
    problem = site(rows, hour)
    benchmark.group = f"on or off, {request.node.callspec.id.split('-')[0]}"
    found = benchmark.pedantic(way, (problem,), rounds=3 if rows < 1_000 else 1)  # type: ignore[no-untyped-call]  # pytest-benchmark's own
    gap_ratio = found.gap_usd / abs(found.cost_usd)
    benchmark.extra_info.update(profit_usd=-found.cost_usd, gap_ratio=gap_ratio)
    if way is ours:
        assert gap_ratio <= CLOSE.gap_ratio


@pytest.fixture(scope="module")
def day() -> list[CoupledProblem]:
    """Horizons of a day in steps of five minutes, each one step after the other and going on from it."""
    truth = site(HORIZON + ROUNDS + 10, FIVE_MINUTES, whole=False)
    planner, problem, horizons = WarmPlanner(), window(truth, 0, HORIZON), []
    for first in range(1, ROUNDS + 10):
        horizons.append(problem)
        state = carry(problem, planner.solve(problem).plan, 1)
        problem = resume(window(truth, first, first + HORIZON), state)
    return horizons


def bench_anew_cold(benchmark: BenchmarkFixture, day: list[CoupledProblem]) -> None:
    benchmark.group = "a day of five minutes, planned anew"
    benchmark(solve_coupled, day[0])


def bench_anew_warm(benchmark: BenchmarkFixture, day: list[CoupledProblem]) -> None:
    """All of it: program, solver, account, proof."""
    benchmark.group = "a day of five minutes, planned anew"
    planner, horizons = WarmPlanner(), iter(day)
    planner.solve(next(horizons))
    benchmark.pedantic(lambda: planner.solve(next(horizons)), rounds=ROUNDS)  # type: ignore[no-untyped-call]  # likewise


def bench_anew_warm_build(benchmark: BenchmarkFixture, day: list[CoupledProblem]) -> None:
    benchmark.group = "a day of five minutes, planned anew"
    benchmark(formulate, day[0])


def bench_anew_warm_solve(benchmark: BenchmarkFixture, day: list[CoupledProblem]) -> None:
    """What differs handed over, the basis moved, solved, read back."""
    benchmark.group = "a day of five minutes, planned anew"
    model, programs = WarmModel(), iter([formulate(problem)[0] for problem in day])
    model.solve(next(programs))
    benchmark.pedantic(lambda: model.solve(next(programs), shift=1), rounds=ROUNDS)  # type: ignore[no-untyped-call]  # likewise


def bench_anew_warm_check(benchmark: BenchmarkFixture, day: list[CoupledProblem]) -> None:
    benchmark.group = "a day of five minutes, planned anew"
    solved = solve_coupled(day[0])
    benchmark(check_coupled, day[0], solved.plan, solved.account)
