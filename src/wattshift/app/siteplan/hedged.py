"""A stochastic plan with all that it is compared with, from a child process with limits."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TypeAlias

from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.highs import Limits
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.stochastic.check import check_stochastic
from wattshift.allocate.coupled.stochastic.firststage import Decisions, FirstStage
from wattshift.allocate.coupled.stochastic.follow import follow
from wattshift.allocate.coupled.stochastic.plan import StochasticPlan
from wattshift.allocate.coupled.stochastic.planner import plan_stochastic
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.allocate.coupled.stochastic.scenarios import ScenarioSet
from wattshift.allocate.coupled.stochastic.value import Valued, risk_frontier, value_plan
from wattshift.app.engine.guard import Guard, GuardLimits
from wattshift.app.engine.port import Engine
from wattshift.errors import Infeasible, LimitReached

__all__ = ["Hedge", "Hedged", "Realised", "hedge"]

_PLAN_SHARE, _VALUE_SHARE, _REAL_SHARE = 0.6, 0.15, 0.05
"""Shares of the time; the rest is for other attitudes to risk, less what is left for the way back:"""
_ALL_SHARE, _LEFT_SHARE = 0.7, 0.05

_FRONTIER_FRAC = (0.0, 0.5, 0.9)
_IN_VAIN = (
    "give more --seconds (60 unless given), fewer --scenarios or fewer --firm-hours; other work on the"
    " machine slows planning down"
)
_PLAN, _MEAN = "this plan", "the mean scenario's plan"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hedge:
    """What is asked.

    Args:
        scenarios: the futures.
        truth: the site with what really came; None where that is not known.
        stage: what is decided first.
        risk: how outcomes are judged.
    """

    scenarios: ScenarioSet
    truth: CoupledProblem | None
    stage: FirstStage
    risk: Risk


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Realised:
    """What really comes of decisions.

    Args:
        decided_by: whose they are.
        plan: the best that keeps to them; None where there is none.
        told: why there is none.
    """

    decided_by: str
    plan: CoupledPlan | None
    told: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hedged:
    """What was found.

    Args:
        plan: the plan.
        valued: the plan beside those that know less and more; None where time did not suffice.
        frontier: plans of other attitudes to risk; empty where time did not suffice.
        realised: what really comes of its decisions and of the mean scenario's; empty without a truth, or
            where time did not suffice.
        foresight: the plan that knows the truth; None likewise.
    """

    plan: StochasticPlan
    valued: Valued | None
    frontier: tuple[StochasticPlan, ...]
    realised: tuple[Realised, ...]
    foresight: CoupledPlan | None

    @property
    def deterministic_usd(self) -> float | None:
        """Expected profit of what the mean scenario's plan decides; None where that cannot be told."""
        mean = None if self.valued is None else self.valued.deterministic
        return None if mean is None else mean.expected_usd

    @property
    def stochastic_value_usd(self) -> float | None:
        """What the plan is worth beyond that, by its objective; None likewise."""
        return None if self.valued is None else self.valued.stochastic_value_usd

    @property
    def information_value_usd(self) -> float | None:
        """What it would be worth to know the scenario first; None where time did not suffice."""
        return None if self.valued is None else self.valued.information_value_usd

    @property
    def foresight_usd(self) -> float | None:
        """Expected profit of plans that know their scenario first; None likewise."""
        known = self.information_value_usd
        return None if known is None else self.plan.decided.expected_usd + known


def hedge(guard: Guard, asked: Hedge, limits: GuardLimits, *, engine: Engine | None = None) -> Hedged:
    """The best decisions that are found within the limits, proved here once more.

    Args:
        guard: the child process.
        asked: the question.
        limits: for everything together.
        engine: what plans the scenarios one by one that are known first; the child process unless given.

    Raises:
        Infeasible: naming the scenario that has no plan, and why.
        LimitReached: if time or memory ran out before a plan was found.
        SolveError: if the solver crashed.
        CheckFailed: if the independent proof refuses what came out.
    """
    known = None if engine is None else engine.map(_planned, asked.scenarios.problems)
    try:
        found = guard.call(_found, (asked, limits, known), limits)
    except LimitReached as error:
        raise LimitReached(error.message, hint=_IN_VAIN, **error.context) from error
    check_stochastic(asked.scenarios, found.plan.decided)
    if found.valued is not None and found.valued.deterministic is not None:
        check_stochastic(asked.scenarios, found.valued.deterministic)
    for plan in found.frontier:
        check_stochastic(asked.scenarios, plan.decided)
    if asked.truth is not None:
        for real in (*(each.plan for each in found.realised), found.foresight):
            if real is not None:
                check_coupled(asked.truth, real, settle_coupled(asked.truth, real))
    return found


def _planned(problem: CoupledProblem) -> tuple[CoupledPlan, float]:
    found = plan_coupled(problem)
    return found.plan, found.gap_usd


_Known: TypeAlias = list[tuple[CoupledPlan, float]] | None


def _found(asked: tuple[Hedge, GuardLimits, _Known]) -> Hedged:
    """In the child process: the plan, what it is worth, what really came, and with the time left the rest."""
    question, limits, known = asked
    began_s = monotonic()
    scenarios, stage, risk = question.scenarios, question.stage, question.risk
    plan = plan_stochastic(scenarios, stage, risk, _share(limits, _PLAN_SHARE))
    solver = None if known is None else lambda _problems: known
    valued, realised, foresight = None, tuple[Realised, ...](), None
    with suppress(LimitReached):  # a plan that was found is not lost for want of what it is compared with
        valued = value_plan(scenarios, plan, _share(limits, _VALUE_SHARE), solver=solver)
        realised, foresight = _realised(question, valued, _share(limits, _REAL_SHARE))
    left_s = _ALL_SHARE * (limits.wall_s - (monotonic() - began_s)) - _LEFT_SHARE * limits.wall_s
    frontier: Sequence[StochasticPlan] = ()
    if left_s > 0.0:
        aversions = sorted({*_FRONTIER_FRAC} - {risk.aversion_frac})
        time = Limits(wall_s=left_s, gap_ratio=limits.gap_ratio)
        try:
            frontier = risk_frontier(scenarios, stage, aversions, tail_frac=risk.tail_frac, limits=time)
        except LimitReached:
            frontier = ()
    return Hedged(plan=plan, valued=valued, frontier=tuple(frontier), realised=realised, foresight=foresight)


def _share(limits: GuardLimits, share: float) -> Limits:
    return Limits(wall_s=share * limits.wall_s, gap_ratio=limits.gap_ratio)


def _realised(
    asked: Hedge, valued: Valued, limits: Limits
) -> tuple[tuple[Realised, ...], CoupledPlan | None]:
    if asked.truth is None:
        return (), None
    truth, stage = asked.truth, asked.stage
    rows = [_real(_PLAN, truth, stage, valued.plan.decided.decisions, limits)]
    rows.append(_real(_MEAN, truth, stage, valued.mean_decisions, limits))
    return tuple(rows), plan_coupled(truth, limits).plan


def _real(
    decided_by: str, truth: CoupledProblem, stage: FirstStage, decisions: Decisions, limits: Limits
) -> Realised:
    try:
        return Realised(decided_by=decided_by, plan=follow(truth, stage, decisions, limits).plan, told="")
    except Infeasible as error:
        return Realised(decided_by=decided_by, plan=None, told=error.message)
