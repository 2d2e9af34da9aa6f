"""Five years of hours with two flexible loads: cleared at once, and by a linear program an hour (HiGHS).

Five years must stay below a second. The programs are timed on fewer hours, because they are slow; both give
the same prices. PyPSA is asked by hand: `tests/vectors/grid/make.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from wattshift.simulate.grid.clearing import Clearing, FlexibleLoad, clear
from wattshift.simulate.grid.supply import Generator, stack_curve

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

HOURS, FEW = 5 * 8_760, 100
LIMIT_S = 1.0
CAP = 5_000.0
STEPS = tuple((2_003.0 + 97.0 * step, 7.0 + 1.13**step) for step in range(40))
POWER = (2_000.5, 750.25)
RNG = np.random.default_rng(1)
INFLEXIBLE = RNG.uniform(20_000.0, 160_000.0, HOURS)
STRIKES = np.array([[60.0], [45.0]]) * RNG.uniform(0.7, 1.4, (2, HOURS))


def at_once(hours: int) -> Clearing:
    loads = [
        FlexibleLoad(power_mw=power, strike_usd_per_mwh=strike[:hours])
        for power, strike in zip(POWER, STRIKES, strict=True)
    ]
    curve = stack_curve([Generator(capacity_mw=power, cost_usd_per_mwh=cost) for power, cost in STEPS])
    return clear(curve, INFLEXIBLE[:hours], loads, cap_usd_per_mwh=CAP)


def one_by_one(hours: int) -> NDArray[np.float64]:
    """Prices [USD/MWh], shape (hours,)."""
    bounds = [(0, power) for power, _ in STEPS] + [(0, None)] + [(0, power) for power in POWER]
    balance = [[1.0] * (len(STEPS) + 1) + [-1.0] * len(POWER)]
    prices = []
    for hour in range(hours):
        costs = [*(cost for _, cost in STEPS), CAP, *(-STRIKES[:, hour])]
        best = linprog(costs, A_eq=balance, b_eq=[INFLEXIBLE[hour]], bounds=bounds, method="highs")
        prices.append(float(best.eqlin.marginals[0]))
    return np.array(prices)


@pytest.mark.benchmark(group="five years of hours")
def bench_at_once(benchmark: BenchmarkFixture) -> None:
    benchmark(at_once, HOURS)
    assert benchmark.stats is not None
    assert benchmark.stats.stats.median < LIMIT_S


@pytest.mark.benchmark(group="a hundred hours")
def bench_a_hundred_at_once(benchmark: BenchmarkFixture) -> None:
    benchmark(at_once, FEW)


@pytest.mark.benchmark(group="a hundred hours")
def bench_a_program_an_hour(benchmark: BenchmarkFixture) -> None:
    prices = benchmark.pedantic(one_by_one, (FEW,), rounds=3)  # type: ignore[no-untyped-call]  # pytest-benchmark's own
    np.testing.assert_allclose(prices, at_once(FEW).price_usd_per_mwh, atol=1e-6)
