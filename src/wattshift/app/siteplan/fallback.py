"""A plan, or what stands in where there is none: some limits give way, the last safe plan, or the least."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.highs import Limits
from wattshift.allocate.coupled.infeasible.lastplan import Rest, rest_of, tells_of
from wattshift.allocate.coupled.infeasible.leastplan import least_plan
from wattshift.allocate.coupled.infeasible.relax import Relaxed, plan_relaxed
from wattshift.allocate.coupled.infeasible.relaxwords import say_relaxations
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.engine.guard import Guard, GuardLimits
from wattshift.app.siteplan.rows import instants
from wattshift.app.siteplan.saved import last_plan_of, read_saved
from wattshift.app.siteplan.solving import PricedPlan, solve_site
from wattshift.clock import format_instant
from wattshift.errors import Infeasible, SolveError, StoreError
from wattshift.report.documents.savedplan import SavedPlanDocument
from wattshift.report.documents.siteplan import FallbackKind, FallbackNote
from wattshift.report.words import duration_in_words

__all__ = ["Found", "Standby", "plan_or_fall_back"]

_SOLVER_SHARE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """What may stand in for a plan.

    Args:
        relax: whether limits that contradict each other may give way.
        last: file of the last saved plan, or where it would be; None where none is wanted.
        site: name of the site, whose plan it must be.
        as_of: nothing that was known later stands in.
    """

    relax: bool
    last: Path | None
    site: str
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """A plan that was proved here.

    Args:
        problem: what it is a plan of: what was asked, with some limits loosened, or its beginning.
        plan: the plan.
        note: that it is not the plan that was asked for; None where it is.
    """

    problem: CoupledProblem
    plan: PricedPlan
    note: FallbackNote | None


def plan_or_fall_back(guard: Guard, problem: CoupledProblem, limits: GuardLimits, standby: Standby) -> Found:
    """The most profitable plan within the limits, or what stands in for it as far as that is wanted.

    Raises:
        SolveError: as `solve_site`, where nothing is wanted to stand in.
    """
    try:
        return Found(problem=problem, plan=solve_site(guard, problem, limits), note=None)
    except SolveError as error:
        refused, why = error, error.message
    if standby.relax and isinstance(refused, Infeasible):
        try:
            return _relaxed(guard, problem, limits, why)
        except SolveError as error:
            why = f"{why}; with limits that give way: {error.message}"
    elif standby.last is None:
        raise refused
    return _remembered(problem, why, standby)


def _relaxed(guard: Guard, problem: CoupledProblem, limits: GuardLimits, why: str) -> Found:
    relaxed: Relaxed = guard.call(_loosened, (problem, limits), limits)
    plan = solve_site(guard, relaxed.problem, limits)
    note = FallbackNote(
        kind=FallbackKind.RELAXED,
        in_words="no plan keeps all limits, so some of them gave way",
        why=why,
        gave_way=say_relaxations(problem, relaxed.relaxations),
    )
    return Found(problem=relaxed.problem, plan=plan, note=note)


def _loosened(asked: tuple[CoupledProblem, GuardLimits]) -> Relaxed:
    """In the child process."""
    problem, limits = asked
    return plan_relaxed(problem, Limits(wall_s=_SOLVER_SHARE * limits.wall_s, gap_ratio=limits.gap_ratio))[0]


def _remembered(problem: CoupledProblem, why: str, standby: Standby) -> Found:
    """The rest of the last plan, and where there is none, the least."""
    if standby.last is None:
        return _least(problem, why, "")
    try:
        saved = read_saved(standby.last)
    except StoreError as error:
        return _least(problem, why, f"; the last plan is of no use: {error.message}")
    unfit = _unfit(saved, problem, standby)
    if unfit:
        return _least(problem, why, f"; the last plan is of no use: {unfit}")
    last = last_plan_of(saved)
    rest = rest_of(last, problem)
    if rest is None:
        told = (
            "it breaks limits that hold now" if tells_of(last, problem) else "it tells nothing of this window"
        )
        return _least(problem, why, f"; the last plan is of no use: {told}")
    return _resumed(problem, rest, saved, why)


def _unfit(saved: SavedPlanDocument, problem: CoupledProblem, standby: Standby) -> str:
    """Why a saved plan must not be used, whatever it says; empty where it may."""
    if saved.site != standby.site:
        return f"it is that of {saved.site}"
    if saved.made_at > standby.as_of:
        return f"it was made {format_instant(saved.made_at)}, later than what is known here"
    if saved.expires_at <= instants(problem)[0]:
        return f"it expired {format_instant(saved.expires_at)}"
    return ""


def _resumed(problem: CoupledProblem, rest: Rest, saved: SavedPlanDocument, why: str) -> Found:
    first_at = instants(problem)[0]
    age_s = (first_at - saved.made_at).total_seconds()
    age = f", {duration_in_words(age_s)} before this window" if age_s > 0.0 else ""
    note = FallbackNote(
        kind=FallbackKind.LAST_PLAN,
        in_words=f"no plan was found; this is what is left of the plan made {format_instant(saved.made_at)}"
        f"{age}, proved anew: the first {rest.problem.intervals} of {problem.intervals} intervals."
        f" It expires {format_instant(saved.expires_at)}",
        why=why,
        gave_way=(),
        made_at=saved.made_at,
        age_s=age_s,
    )
    return Found(problem=rest.problem, plan=_proved(rest.problem, rest.plan), note=note)


def _least(problem: CoupledProblem, why: str, more: str) -> Found:
    relaxed, plan = least_plan(problem)
    note = FallbackNote(
        kind=FallbackKind.LEAST,
        in_words=f"no plan was found{more}; this is the least that the site can run: floors as far as they"
        " fit, everything else off",
        why=why,
        gave_way=say_relaxations(problem, relaxed.relaxations),
    )
    return Found(problem=relaxed.problem, plan=_proved(relaxed.problem, plan), note=note)


def _proved(problem: CoupledProblem, plan: CoupledPlan) -> PricedPlan:
    account = settle_coupled(problem, plan)
    check_coupled(problem, plan, account)
    return PricedPlan(plan=plan, account=account, ended=None, gap_usd=None, prices=None)
