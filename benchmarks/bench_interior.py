"""A year of hours, of five minutes: the interior-point method beside HiGHS by bulk arrays, at the same cost.

The site of `bench_coupled`; build, solve and check apart; memory is that of a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import Limits, Method
from wattshift.allocate.coupled.interior.linear import solve_linear
from wattshift.allocate.coupled.parts import Grid, Load, Peak, Reserve, Step
from wattshift.allocate.coupled.plan import plan_of
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.assets.kind import UseKind

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

WAYS = {"interior point": Method.INTERIOR, "simplex": Method.SIMPLEX}
HORIZONS = {
    "a month of hours": (730, 60),
    "a year of hours": (8_760, 60),
    "a year of five minutes": (105_120, 5),
}
MACHINES = {"a": (40.0, 55.0), "b": (30.0, 70.0), "c": (25.0, 90.0)}
LONG = Limits(wall_s=600.0)
COSTS: dict[str, float] = {}
"""What the way that came first found for a horizon; the other one must find the same."""

MEMORY = """
import re, sys
sys.path.insert(0, {folder!r})
from bench_interior import LONG, site, solve_linear, formulate
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
program = formulate(site(105_120, 5))[0]
before = peak()
answer = solve_linear(program, LONG)
print(before, peak(), answer.by.value)
"""


def load(name: str, size_mw: float, rows: int, **changes: object) -> Load:
    worth = MACHINES[name][1] if name in MACHINES else 400.0
    given: dict[str, object] = {
        "kind": UseKind.MINING,
        "floor_mw": np.zeros(rows),
        "promised_mw": np.zeros(rows),
        **changes,
    }
    step = Step(name="on", capacity_mw=size_mw, worth_usd_per_mwh=np.full(rows, worth))
    return Load(name=name, steps=(step,), available_mw=np.full(rows, size_mw), **given)  # type: ignore[arg-type]  # keys as above


def site(rows: int, minutes: int) -> CoupledProblem:
    """Three classes of machines with ramps, a hall with a floor, a reserve, a monthly demand charge."""
    rng, at, hour = np.random.default_rng(1), np.arange(rows), minutes / 60.0
    daily = 40.0 + 25.0 * np.sin(2.0 * np.pi * at * hour / 24.0) + rng.normal(0.0, 20.0, rows)
    price = np.maximum(1.0, daily + (rng.random(rows) < 0.01) * rng.exponential(800.0, rows))
    month, nothing = np.minimum((at * hour / 730.0).astype(np.int64), 11), np.zeros(rows)
    machines = [
        load(name, size, rows, ramp_up_mw_per_h=size / 2.0, ramp_down_mw_per_h=size / 2.0)
        for name, (size, _) in MACHINES.items()
    ]
    hall = load("hall", 20.0, rows, kind=UseKind.GPU_CLOUD, floor_mw=np.full(rows, 10.0), before_mw=10.0)
    idle = ("export_mw", "sell_usd_per_mwh", "block_mw", "block_usd_per_mwh", "resale_usd_per_mwh")
    return CoupledProblem(
        start=np.datetime64("2025-01-01", "us") + at * np.timedelta64(minutes, "m"),
        hours=np.full(rows, hour),
        grid=Grid(
            import_mw=np.full(rows, 100.0),
            buy_usd_per_mwh=price,
            block_adder_usd_per_mwh=nothing,
            **dict.fromkeys(idle, nothing),
        ),
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


@pytest.mark.parametrize("horizon", list(HORIZONS))
@pytest.mark.parametrize("way", list(WAYS))
def bench_solve(benchmark: BenchmarkFixture, horizon: str, way: str) -> None:
    benchmark.group = f"{horizon}: solve"
    program = formulate(site(*HORIZONS[horizon]))[0]
    limits = Limits(wall_s=600.0, method=WAYS[way])
    warm = 0 if way == "simplex" else 1  # the first call reads the compiled loops
    rounds = 1 if HORIZONS[horizon][0] > 10_000 and way == "simplex" else 3
    answer = benchmark.pedantic(solve_linear, (program, limits), rounds=rounds, warmup_rounds=warm)  # type: ignore[no-untyped-call]  # pytest-benchmark's own
    assert answer.by is WAYS[way]
    assert answer.cost_usd == pytest.approx(COSTS.setdefault(horizon, answer.cost_usd), rel=1e-7)
    assert answer.gap_usd <= 1e-8 * abs(answer.cost_usd)


@pytest.mark.parametrize("horizon", list(HORIZONS))
def bench_build(benchmark: BenchmarkFixture, horizon: str) -> None:
    benchmark.group = f"{horizon}: build"
    benchmark.pedantic(formulate, (site(*HORIZONS[horizon]),), rounds=3)  # type: ignore[no-untyped-call]  # likewise


@pytest.mark.parametrize("horizon", list(HORIZONS))
def bench_check(benchmark: BenchmarkFixture, horizon: str) -> None:
    benchmark.group = f"{horizon}: check"
    problem = site(*HORIZONS[horizon])
    program, columns = formulate(problem)
    plan = plan_of(problem, columns, solve_linear(program, LONG).x)
    account = settle_coupled(problem, plan)
    benchmark.pedantic(check_coupled, (problem, plan, account), rounds=3)  # type: ignore[no-untyped-call]  # likewise


def bench_memory(benchmark: BenchmarkFixture) -> None:
    """Prints the peak [MiB] of a process that builds and solves a year of five minutes (Linux).

    Not by `getrusage`: a child begins with the peak of its parent, in which HiGHS may have run.
    """
    benchmark.group = "a year of five minutes: a process of its own"
    folder = __file__.rpartition("/")[0]
    command = [sys.executable, "-c", MEMORY.format(folder=folder)]
    done = benchmark.pedantic(  # type: ignore[no-untyped-call]  # likewise
        subprocess.run, (command,), kwargs={"check": True, "capture_output": True, "text": True}, rounds=1
    )
    before, after, by = done.stdout.strip().split(maxsplit=2)
    print(f"\nbuilt: {before} MiB, solved by {by}: {after} MiB")
    assert by == "interior point"
    assert int(after) <= 600
