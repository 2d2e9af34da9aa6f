"""A plan with its shadow prices, or why there is none, from a child process with limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic

from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.duals import Prices, price_limits
from wattshift.allocate.coupled.highs import Ended, Limits
from wattshift.allocate.coupled.infeasible.conflict import find_conflict
from wattshift.allocate.coupled.infeasible.contradiction import say_conflict
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import Planned, plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.solve import Solved, solve_coupled
from wattshift.app.engine.guard import DEFAULT_GUARD_LIMITS, Guard, GuardLimits
from wattshift.errors import Infeasible, LimitReached, SolveError

__all__ = ["PricedPlan", "limits_for", "solve_site"]

_PLAN_SHARE = 0.6
"""The plan's share of the time, and with the shadow prices:"""
_SOLVER_SHARE = 0.8


_MANY = 1_500
_LONG_GAP_RATIO = 1e-3
"""How near to the optimum is near enough where so many times a block is on or off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PricedPlan:
    """A plan that was proved here, with what its limits are worth.

    Args:
        plan: powers and energies.
        account: its money.
        ended: whether it is the optimum, or the best found in time; None where no solver found it.
        gap_usd: how much better another plan might be at most; likewise [USD].
        prices: shadow prices; None where the time did not suffice for them.
    """

    plan: CoupledPlan
    account: CoupledAccount
    ended: Ended | None
    gap_usd: float | None
    prices: Prices | None


def limits_for(problem: CoupledProblem, wall_s: float, *, scenarios: int = 1) -> GuardLimits:
    """Limits of a plan: to the optimum, but to a thousandth for long horizons of blocks that are on or off.

    The last thousandth of those takes most of the time.

    Args:
        problem: what is planned.
        wall_s: for how long it may be [s].
        scenarios: in how many futures at once.
    """
    limits = replace(DEFAULT_GUARD_LIMITS, wall_s=wall_s)
    blocks = sum(load.whole for load in problem.loads)
    long = blocks * problem.intervals * scenarios >= _MANY
    return replace(limits, gap_ratio=_LONG_GAP_RATIO) if long else limits


def solve_site(guard: Guard, problem: CoupledProblem, limits: GuardLimits) -> PricedPlan:
    """The most profitable plan that is found within the limits.

    Raises:
        Infeasible: naming a smallest set of the site's limits that contradict each other.
        LimitReached: if time or memory ran out before any plan was found.
        SolveError: if the solver crashed.
        CheckFailed: if the independent proof refuses what came out.
    """
    try:
        plan, ended, gap_usd, prices = guard.call(_found, (problem, limits), limits)
    except Infeasible as error:
        raise _explained(guard, problem, limits, error) from error
    account = settle_coupled(problem, plan)
    check_coupled(problem, plan, account)
    return PricedPlan(plan=plan, account=account, ended=ended, gap_usd=gap_usd, prices=prices)


def _found(asked: tuple[CoupledProblem, GuardLimits]) -> tuple[CoupledPlan, Ended, float, Prices | None]:
    """In the child process: the plan first, its prices with the time that is left."""
    problem, limits = asked
    began_s = monotonic()
    found = plan_coupled(problem, Limits(wall_s=_PLAN_SHARE * limits.wall_s, gap_ratio=limits.gap_ratio))
    left_s = _SOLVER_SHARE * limits.wall_s - (monotonic() - began_s)
    prices = _priced(problem, found, left_s) if left_s > 0.0 else None
    return found.plan, found.ended, found.gap_usd, prices


def _priced(problem: CoupledProblem, found: Planned, left_s: float) -> Prices | None:
    """Prices of the whole: where it was planned in pieces or without a solver, it is solved once more."""
    limits = Limits(wall_s=left_s)
    try:
        return price_limits(problem, _whole(problem, found, limits), limits)
    except LimitReached:
        return None


def _whole(problem: CoupledProblem, found: Planned, limits: Limits) -> Solved:
    for solved in found.solved:
        if solved.plan is found.plan:
            return solved
    return solve_coupled(problem, limits)


def _explained(guard: Guard, problem: CoupledProblem, limits: GuardLimits, error: Infeasible) -> Infeasible:
    """The same error with the conflict in the site's own words, where it is found in time."""
    try:
        clauses = guard.call(_clauses, (problem, limits), limits)
    except SolveError:
        return error
    return Infeasible(
        f"no plan keeps all limits; these contradict each other: {'; '.join(clauses)}",
        hint="change any one of them: the others then have a plan; --relax plans with what gives way first",
    )


def _clauses(asked: tuple[CoupledProblem, GuardLimits]) -> tuple[str, ...]:
    problem, limits = asked
    return say_conflict(problem, find_conflict(problem, Limits(wall_s=_SOLVER_SHARE * limits.wall_s)))
