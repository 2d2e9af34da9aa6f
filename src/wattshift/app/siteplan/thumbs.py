"""Rules of thumb on the same window: what a site earns that mines by them, its batteries at rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.highs import Limits
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.told import fleet_worth_usd_per_mwh, told
from wattshift.app.engine.guard import Guard, GuardLimits
from wattshift.assets.site import Site
from wattshift.errors import CheckFailed, SolveError
from wattshift.report.documents.siteplan import RuleRow

__all__ = ["rule_rows"]

_Runs: TypeAlias = Mapping[str, NDArray[np.bool_]]
"""When each rule mines, shape (T,)."""

_SOLVER_SHARE = 0.8
_FLEET, _STRIKE, _ALWAYS = "fleet average", "typed strike", "always mine"
_WHAT = {
    _FLEET: "the whole fleet on or off by its average break-even",
    _STRIKE: "mines while the market's price is at or below the typed strike",
    _ALWAYS: "mines at every price",
}


def rule_rows(
    guard: Guard,
    site: Site,
    problem: CoupledProblem,
    spot_usd_per_mwh: NDArray[np.float64],
    profit_usd: float,
    limits: GuardLimits,
) -> tuple[RuleRow, ...]:
    """What each rule of thumb earns, where it can be followed.

    A rule is left out that breaks a promise which only the planner can keep, or for which time is too short.

    Args:
        guard: the child process.
        site: the site.
        problem: its window.
        spot_usd_per_mwh: the market's prices, shape (T,).
        profit_usd: the plan's profit [USD].
        limits: for all rules together.
    """
    runs = _runs(site, problem, spot_usd_per_mwh)
    plans: dict[str, CoupledPlan] = guard.call(_followed, (problem, runs, limits), limits) if runs else {}
    rows = []
    for rule, plan in plans.items():
        account = settle_coupled(problem, plan)
        try:
            check_coupled(problem, plan, account)
        except CheckFailed:
            continue
        rows.append(
            RuleRow(
                rule=rule,
                what=_WHAT[rule],
                profit_usd=account.profit_usd,
                energy_mwh=float(plan.drawn_mw @ problem.hours),
                versus_plan_usd=account.profit_usd - profit_usd,
            )
        )
    return tuple(rows)


def _runs(site: Site, problem: CoupledProblem, spot_usd_per_mwh: NDArray[np.float64]) -> _Runs:
    if site.mining is None:
        return {}
    runs = {
        _FLEET: problem.grid.buy_usd_per_mwh <= fleet_worth_usd_per_mwh(problem),
        _ALWAYS: np.ones(problem.intervals, np.bool_),
    }
    if site.mining.strike_usd_per_mwh is not None:
        runs[_STRIKE] = spot_usd_per_mwh <= site.mining.strike_usd_per_mwh
    return runs


def _followed(asked: tuple[CoupledProblem, _Runs, GuardLimits]) -> dict[str, CoupledPlan]:
    """In the child process: the plan of each rule that has one."""
    problem, runs, limits = asked
    each = Limits(wall_s=_SOLVER_SHARE * limits.wall_s / len(runs))
    plans = {}
    for rule, mines in runs.items():
        try:
            plans[rule] = plan_coupled(told(problem, mines), each).plan
        except SolveError:
            continue
    return plans
