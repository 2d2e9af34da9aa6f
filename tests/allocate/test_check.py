from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

import wattshift.allocate.check as check_module
from wattshift.allocate.account import Account, settle
from wattshift.allocate.check import check_plan
from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem, build
from wattshift.assets.site import Site
from wattshift.errors import CheckFailed

Plan = tuple[NDArray[np.float64], Account, NDArray[np.float64]]
COLUMNS = [
    *("hours", "load_mw", "energy_mwh", "revenue_usd", "spot_usd"),
    *("adder_usd", "block_usd", "resale_usd", "profit_usd"),
]


@pytest.fixture(scope="module")
def problem(site: Site, february_2021: pl.DataFrame) -> Problem:
    """Sixteen hours at the end of the storm: prices fall from 9,000 to zero, and limits bind."""
    return build(site, february_2021[1760:1824], hashprice_usd_per_ph_day=45.0)


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    found = dispatch(problem)
    return found.load_mw, settle(problem, found.load_mw), found.profit_usd


def test_the_true_plan_passes(problem: Problem, plan: Plan) -> None:
    load, account, claimed = plan
    check_plan(problem, load, account, claimed_profit_usd=claimed)
    check_plan(problem, load, account)
    binding = load.sum(axis=1) >= problem.cap_mw - 1e-9
    assert 0 < binding.sum() < binding.size


def load_mutants(problem: Problem, plan: Plan) -> Iterator[Plan]:
    """One load out of bounds, moved, or NaN, or the site above its limit; settled anew where that can be."""
    load, account, claimed = plan
    for row in range(load.shape[0]):
        for i, use in enumerate(problem.uses):
            for value in (use.floor_mw - 1e-6, use.capacity_mw + 1e-6, -np.inf, np.nan):
                broken = load.copy()
                broken[row, i] = value
                yield broken, account if not np.isfinite(value) else settle(problem, broken), claimed
            moved = load.copy()
            moved[row, i] += -1e-3 if load[row, i] > use.floor_mw + 1e-2 else 1e-3
            yield moved, account, claimed
        over = load.copy()
        over[row] *= (problem.cap_mw[row] + 1e-6) / load[row].sum()
        yield over, settle(problem, over), claimed


def row_mutants(plan: Plan) -> Iterator[Plan]:
    """One figure of one interval changed by a millionth, or NaN."""
    load, account, claimed = plan
    for name in COLUMNS:
        figures = account.intervals[name].to_numpy()
        for row in range(figures.size):
            for change in (1e-6 * abs(figures[row]) + 1e-3, -1e-6 * abs(figures[row]) - 1e-3, np.nan):
                broken = figures.copy()
                broken[row] += change
                frame = account.intervals.with_columns(pl.Series(name, broken))
                yield load, dataclasses.replace(account, intervals=frame), claimed
    for row in range(claimed.size):
        for change in (1e-3, np.nan):
            boast = claimed.copy()
            boast[row] += change
            yield load, account, boast


def total_mutants(plan: Plan) -> Iterator[Plan]:
    """One total changed, or NaN."""
    load, account, claimed = plan
    for name in ("energy_mwh", *COLUMNS[3:]):
        for change in (1.0, -1.0, np.nan):
            yield load, dataclasses.replace(account, **{name: getattr(account, name) + change}), claimed
    for i, use in enumerate(account.uses):
        for name in ("energy_mwh", "revenue_usd", "running_hours"):
            for change in (1e-3, -1e-3, np.nan):
                wrong = dataclasses.replace(use, **{name: getattr(use, name) + change})
                uses = (*account.uses[:i], wrong, *account.uses[i + 1 :])
                yield load, dataclasses.replace(account, uses=uses), claimed


def test_every_mutant_is_refused(problem: Problem, plan: Plan) -> None:
    refused = 0
    mutants = (*load_mutants(problem, plan), *row_mutants(plan), *total_mutants(plan))
    for load, account, claimed in mutants:
        with pytest.raises(CheckFailed):
            check_plan(problem, load, account, claimed_profit_usd=claimed)
        refused += 1
    assert refused >= 2_000


def test_other_shapes_are_refused(problem: Problem, plan: Plan) -> None:
    load, account, claimed = plan
    shifted = account.intervals.with_columns(pl.col("start").dt.offset_by("15m"))
    wrong = [
        (load[:-1], account, claimed),
        (load[:, :-1], account, claimed),
        (load, dataclasses.replace(account, intervals=account.intervals.drop("spot_usd")), claimed),
        (load, dataclasses.replace(account, intervals=account.intervals[:-1]), claimed),
        (load, dataclasses.replace(account, intervals=shifted), claimed),
        (load, dataclasses.replace(account, uses=account.uses[::-1]), claimed),
        (load, account, claimed[:-1]),
    ]
    for mutant in wrong:
        with pytest.raises(CheckFailed):
            check_plan(problem, mutant[0], mutant[1], claimed_profit_usd=mutant[2])


def test_the_proof_shares_no_code_with_what_it_proves() -> None:
    tree = ast.parse(Path(check_module.__file__).read_text())
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("wattshift.allocate")
        for alias in node.names
    }
    assert imported == {"Account", "Problem"}
