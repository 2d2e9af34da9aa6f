"""What a site of a portfolio is asked: its best response to a price, and its best plan within a share.

Every question carries all that its answer depends on, so whoever answers it, and how often, changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import Answer, Limits, solve
from wattshift.allocate.coupled.interior.linear import solve_linear
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Program
from wattshift.errors import Infeasible

__all__ = [
    "PricedSite",
    "Response",
    "SharedSite",
    "SitePlan",
    "least_draw_mwh",
    "plan_within",
    "priced",
    "respond",
]

_Row: TypeAlias = NDArray[np.float64]

_STORES = frozenset({"held energy", "work"})
"""Rows through which an interval uses what another one paid for."""

_OF_NO_INTERVAL = frozenset({"peak", "missed"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PricedSite:
    """A site, and the price of its shared limits on each MWh that it draws, shape (T,)."""

    problem: CoupledProblem
    price_usd_per_mwh: _Row
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Response:
    """How a site answers a price.

    Args:
        drawn_mw: what it draws, shape (T,).
        worth_usd: what each interval earns before the price of the limits and charges on peaks, shape (T,).
        profit_usd: what all earns before the price of the limits.
        bound_usd: no plan of the site earns more after that price.
    """

    drawn_mw: _Row
    worth_usd: _Row
    profit_usd: float
    bound_usd: float


def priced(site: CoupledProblem, price_usd_per_mwh: _Row) -> CoupledProblem:
    """A site that pays for its share of the limits on all that it draws."""
    grid = site.grid
    return replace(
        site,
        grid=replace(
            grid,
            buy_usd_per_mwh=grid.buy_usd_per_mwh + price_usd_per_mwh,
            block_adder_usd_per_mwh=grid.block_adder_usd_per_mwh + price_usd_per_mwh,
        ),
    )


def respond(asked: PricedSite) -> Response:
    """The best of a set that holds all of the site's plans: yes-or-no choices are asked of whole loads only.

    Raises:
        Infeasible: if the site has no plan at all.
        LimitReached: if none was found in time.
    """
    problem = priced(asked.problem, asked.price_usd_per_mwh)
    program, columns = formulate(problem)
    answer = (solve_linear if program.is_linear else solve)(program, asked.limits)
    drawn = answer.x[columns.bought] + answer.x[columns.block]
    paid = asked.price_usd_per_mwh * asked.problem.hours * drawn
    return Response(
        drawn_mw=drawn,
        worth_usd=_worth(program, answer, problem.intervals) + paid,
        profit_usd=float(paid.sum()) - answer.cost_usd,
        bound_usd=-answer.bound_usd,
    )


def _worth(program: Program, answer: Answer, intervals: int) -> _Row:
    """What the decisions of each interval earn; what they store or take from store at its own value."""
    cost = program.cost_usd
    if answer.row_dual_usd.size:
        kept = np.zeros(program.row_low.size)
        for label in program.rows:
            if label.kind in _STORES:
                kept[label.span] = answer.row_dual_usd[label.span]
        rows = np.repeat(kept, np.diff(program.row_start))
        cost = cost - np.bincount(program.column, rows * program.value, minlength=cost.size)
    worth = np.zeros(intervals)
    for label in program.columns:
        if label.kind not in _OF_NO_INTERVAL:
            np.add.at(worth, label.at, -(cost * answer.x)[label.span])
    return worth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedSite:
    """A site, and what it may draw of what it shares [MW], shape (T,)."""

    problem: CoupledProblem
    share_mw: _Row
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SitePlan:
    """A site's plan, and how much better another one within its share might be at most [USD]."""

    plan: CoupledPlan
    gap_usd: float


def plan_within(asked: SharedSite) -> SitePlan | None:
    """The best plan within a share, proved against the site's own limits; None if there is none.

    Raises:
        LimitReached: if none was found in time.
    """
    grid = asked.problem.grid
    cap = np.clip(asked.share_mw, 0.0, grid.import_mw)
    try:
        found = plan_coupled(replace(asked.problem, grid=replace(grid, import_mw=cap)), asked.limits)
    except Infeasible:
        return None
    return SitePlan(plan=found.plan, gap_usd=found.gap_usd)


def least_draw_mwh(asked: PricedSite) -> float:
    """The least that a site can draw, each interval's energy times its price [MWh, for prices of 0 and 1]."""
    program, columns = formulate(asked.problem)
    cost = np.zeros_like(program.cost_usd)
    for drawn in (columns.bought, columns.block):
        cost[drawn] = asked.price_usd_per_mwh * asked.problem.hours
    loose = replace(program, cost_usd=cost, offset_usd=0.0, whole=np.zeros_like(program.whole))
    return solve_linear(loose, asked.limits).bound_usd
