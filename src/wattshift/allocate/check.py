"""The independent proof: limits and money once more, from the raw inputs alone.

This module shares no code with `merit` and `account`. It works in energy (drawn, contracted, bought, unused
MWh) where they work in power, and adds up with `math.fsum`, so that a fault there is not repeated here.

Tolerances: 1e-9 MW on every limit; on energy and money 1e-9 of the sum of the absolute amounts involved
(plus 1e-12, for figures that are zero). Every comparison is written so that NaN fails it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.account import Account
from wattshift.allocate.problem import Problem
from wattshift.errors import CheckFailed

__all__ = ["check_plan"]

_LIMIT_MW = 1e-9
_RELATIVE = 1e-9
_ABSOLUTE = 1e-12
_RUNNING_MW = 1e-6
_MONEY = ("revenue_usd", "spot_usd", "adder_usd", "block_usd", "resale_usd")

_Row = NDArray[np.float64]


def check_plan(
    problem: Problem,
    load_mw: NDArray[np.float64],
    account: Account,
    *,
    claimed_profit_usd: NDArray[np.float64] | None = None,
) -> None:
    """Prove that a plan keeps every limit and that its account is right.

    Args:
        problem: what was asked.
        load_mw: load of each use in each interval [MW], shape (T, number of uses).
        account: the money that the plan is said to make.
        claimed_profit_usd: the solver's own objective for each interval [USD], shape (T,).

    Raises:
        CheckFailed: naming the interval, the use and the figure that is wrong.
    """
    expected = (len(problem.hours), len(problem.uses))
    if load_mw.shape != expected:
        raise CheckFailed(
            "the plan has another shape than the problem", shape=load_mw.shape, expected=expected
        )
    _check_limits(problem, load_mw)
    right = _figures(problem, load_mw)
    scale = _scales(right)
    _check_intervals(problem, account, right, scale)
    _check_totals(account, right, scale)
    _check_uses(problem, account, load_mw)
    if claimed_profit_usd is not None:
        _check_row(
            problem, "claimed profit_usd", claimed_profit_usd, right["profit_usd"], scale["profit_usd"]
        )


def _check_limits(problem: Problem, load: NDArray[np.float64]) -> None:
    for i, use in enumerate(problem.uses):
        column = load[:, i]
        _refuse(problem, column >= use.floor_mw - _LIMIT_MW, f"{use.name} is below its floor", column)
        _refuse(problem, column <= use.capacity_mw + _LIMIT_MW, f"{use.name} is above its capacity", column)
    total = load.sum(axis=1)
    _refuse(problem, total <= problem.cap_mw + _LIMIT_MW, "the site is above its limit", total)
    _refuse(problem, total <= problem.connection_mw + _LIMIT_MW, "the site is above its connection", total)


def _refuse(problem: Problem, holds: NDArray[np.bool_], message: str, load: _Row) -> None:
    if not holds.all():
        row = int(np.argmin(holds))
        raise CheckFailed(message, start=f"{problem.start[row]}Z", load_mw=load[row])


def _figures(problem: Problem, load: NDArray[np.float64]) -> dict[str, _Row]:
    """Every column of the account, from prices and loads alone."""
    block, hours, spot = problem.block, problem.hours, problem.spot_usd_per_mwh
    drawn = sum((load[:, i] * hours for i in range(load.shape[1])), np.zeros_like(hours))
    contracted = hours * (block.block_mw if block else 0.0)
    fixed_usd = contracted * (block.block_usd_per_mwh if block else 0.0)
    inside = drawn < contracted
    resold = np.zeros_like(hours)
    if block and block.resale:
        worth_selling = inside & (spot > block.resale_fee_usd_per_mwh)
        resold = np.where(worth_selling, (contracted - drawn) * (spot - block.resale_fee_usd_per_mwh), 0.0)
    revenue = np.einsum("ti,it,t->t", load, np.stack([use.worth_usd_per_mwh for use in problem.uses]), hours)
    bought = np.where(inside, 0.0, (drawn - contracted) * spot)
    adder = drawn * problem.adder_usd_per_mwh
    return {
        "hours": hours,
        "load_mw": drawn / hours,
        "energy_mwh": drawn,
        "revenue_usd": revenue,
        "spot_usd": bought,
        "adder_usd": adder,
        "block_usd": fixed_usd,
        "resale_usd": resold,
        "profit_usd": revenue - (bought + adder + fixed_usd - resold),
    }


def _scales(right: Mapping[str, _Row]) -> dict[str, _Row]:
    """The size of the amounts that each figure is made of."""
    money = np.abs([right[name] for name in _MONEY]).sum(axis=0)
    return {name: money if name.endswith("_usd") else np.abs(figures) for name, figures in right.items()}


def _check_intervals(
    problem: Problem, account: Account, right: Mapping[str, _Row], scale: Mapping[str, _Row]
) -> None:
    frame = account.intervals
    if frame.columns != ["start", *right] or frame.height != len(problem.hours):
        raise CheckFailed("the account has other rows or columns than the plan", columns=frame.columns)
    starts = frame["start"].dt.replace_time_zone(None).to_numpy().astype("datetime64[us]")
    if not np.array_equal(starts, problem.start):
        raise CheckFailed("the account's intervals are not the problem's", key="start")
    for name, figures in right.items():
        _check_row(problem, name, frame[name].to_numpy(), figures, scale[name])


def _check_row(problem: Problem, name: str, said: _Row, right: _Row, scale: _Row) -> None:
    if said.shape != right.shape:
        raise CheckFailed(f"{name} has another length than the plan", length=len(said))
    close = np.abs(said - right) <= _RELATIVE * scale + _ABSOLUTE
    if not close.all():
        row = int(np.argmin(close))
        raise CheckFailed(
            f"{name} is wrong", start=f"{problem.start[row]}Z", said=said[row], right=right[row]
        )


def _check_totals(account: Account, right: Mapping[str, _Row], scale: Mapping[str, _Row]) -> None:
    for name in ("energy_mwh", *_MONEY, "profit_usd"):
        _check_sum(f"the total {name}", getattr(account, name), right[name], math.fsum(scale[name]))


def _check_uses(problem: Problem, account: Account, load: NDArray[np.float64]) -> None:
    if [(use.name, use.kind) for use in account.uses] != [(use.name, use.kind) for use in problem.uses]:
        raise CheckFailed("the account's uses are not the problem's", uses=[use.name for use in account.uses])
    for i, (said, use) in enumerate(zip(account.uses, problem.uses, strict=True)):
        energy = load[:, i] * problem.hours
        parts = {
            "energy_mwh": energy,
            "revenue_usd": energy * use.worth_usd_per_mwh,
            "running_hours": np.where(load[:, i] > _RUNNING_MW, problem.hours, 0.0),
        }
        for name, row in parts.items():
            _check_sum(f"the {name} of {use.name}", getattr(said, name), row, math.fsum(np.abs(row)))


def _check_sum(label: str, said: float, parts: _Row, scale: float) -> None:
    right = math.fsum(parts)
    if not abs(said - right) <= _RELATIVE * scale + _ABSOLUTE:
        raise CheckFailed(f"{label} is wrong", said=said, right=right)
