"""A year of quarter-hours on the example site: the closed form beside scipy's HiGHS on the same problem.

The ratio of the two rows of the group is the result; both must find the same optimum.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from scipy import sparse
from scipy.optimize import linprog

from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem, build
from wattshift.config import load_site
from wattshift.sources.files.pricefile import parse_prices

ROOT = Path(__file__).parents[1]
HOUSTON = ROOT / "src" / "wattshift" / "data" / "ercot_rtm_hb_houston_15min.parquet"
ROWS = 35_040

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture


@pytest.fixture(scope="module")
def problem() -> Problem:
    prices = parse_prices(HOUSTON.read_bytes(), name=HOUSTON.name)
    year = prices.filter(pl.col("start").dt.year() == 2024).head(ROWS)
    # HiGHS needs a convex cost, so negative prices, which the closed form takes as they are, become zero.
    convex = year.with_columns(pl.col("price_usd_per_mwh").clip(lower_bound=0.0))
    return build(load_site(ROOT / "examples" / "houston-100mw.toml"), convex, hashprice_usd_per_ph_day=45.0)


def closed_form_usd(problem: Problem) -> float:
    return float(dispatch(problem).profit_usd.sum())


def highs_usd(problem: Problem) -> float:
    """Loads, purchases and unused block power of all intervals as one sparse linear program."""
    block, hours, rows, n = problem.block, problem.hours, problem.hours.size, len(problem.uses)
    assert block is not None
    assert block.resale
    spot, adder = problem.spot_usd_per_mwh, problem.adder_usd_per_mwh
    resale = np.maximum(0.0, spot - block.resale_fee_usd_per_mwh)
    worth = np.concatenate([(use.worth_usd_per_mwh - adder) * hours for use in problem.uses])
    eye = sparse.identity(rows, format="csr")
    total = sparse.hstack([eye] * n, format="csr")
    nothing = sparse.csr_matrix((rows, rows))
    floors = np.repeat([use.floor_mw for use in problem.uses], rows)
    capacities = np.repeat([use.capacity_mw for use in problem.uses], rows)
    bounds: Any = np.column_stack(
        [
            np.concatenate([floors, np.zeros(2 * rows)]),
            np.concatenate([capacities, np.full(rows, np.inf), np.full(rows, block.block_mw)]),
        ]
    )
    solution = linprog(
        np.concatenate([-worth, spot * hours, -resale * hours]),
        A_ub=sparse.hstack([total, nothing, nothing], format="csr"),
        b_ub=problem.cap_mw,
        A_eq=sparse.hstack([total, -eye, eye], format="csr"),
        b_eq=np.full(rows, block.block_mw),
        bounds=bounds,
        method="highs",
    )
    assert solution.status == 0
    return -float(solution.fun or 0.0) - block.block_mw * block.block_usd_per_mwh * float(hours.sum())


def bench_closed_form(benchmark: BenchmarkFixture, problem: Problem) -> None:
    benchmark.group = "a year of quarter-hours, 5 uses"
    assert benchmark(closed_form_usd, problem) > 0.0


def bench_highs(benchmark: BenchmarkFixture, problem: Problem) -> None:
    benchmark.group = "a year of quarter-hours, 5 uses"
    found = benchmark(highs_usd, problem)
    assert found == pytest.approx(closed_form_usd(problem), rel=1e-9)
