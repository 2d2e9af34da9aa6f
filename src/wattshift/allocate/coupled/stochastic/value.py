"""What it is worth to reckon with several scenarios, and what it would be worth to know which it is.

The deterministic plan is that of the mean scenario, its first stage imposed on every scenario. The value of
the stochastic plan is what the stochastic one is worth more, by the same objective; the expected value of
perfect information is what plans that know their scenario expect to earn more (Birge & Louveaux, Introduction
to Stochastic Programming, 2nd ed. 2011, chapter 4). Neither is below zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Limits
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.stochastic.firststage import Decisions, FirstStage, decided_in
from wattshift.allocate.coupled.stochastic.follow import follow_all
from wattshift.allocate.coupled.stochastic.plan import DecidedPlan, StochasticPlan
from wattshift.allocate.coupled.stochastic.planner import plan_stochastic
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.allocate.coupled.stochastic.scenarios import ScenarioSet, mean_problem
from wattshift.errors import Infeasible, LimitReached

__all__ = ["Solver", "Valued", "mean_decisions", "risk_frontier", "value_plan", "wait_and_see_usd"]

Solver: TypeAlias = Callable[[Sequence[CoupledProblem]], Sequence[tuple[CoupledPlan, float]]]
"""Plans of several problems, and how much better each might be at most [USD], in their order."""

_Row: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Valued:
    """A stochastic plan beside one that knows less and plans that know more.

    Args:
        plan: the stochastic one.
        mean_decisions: what is best in the mean scenario.
        deterministic: those decisions with their outcomes; None where some scenario cannot keep to them.
        refused: why, naming the scenario; empty otherwise.
        foresight_usd: what the plan of each scenario earns that knew it, shape (scenarios,).
    """

    plan: StochasticPlan
    mean_decisions: Decisions
    deterministic: DecidedPlan | None
    refused: str
    foresight_usd: _Row

    @property
    def stochastic_value_usd(self) -> float | None:
        """What the stochastic plan is worth beyond the deterministic one; None where that has no outcome."""
        if self.deterministic is None:
            return None
        return self.plan.decided.objective_usd - self.deterministic.objective_usd

    @property
    def information_value_usd(self) -> float:
        """What it would be worth to know the scenario first, in the mean."""
        decided = self.plan.decided
        return float(decided.occurs_prob @ self.foresight_usd) - decided.expected_usd


def value_plan(
    scenarios: ScenarioSet,
    plan: StochasticPlan,
    limits: Limits = DEFAULT_LIMITS,
    *,
    solver: Solver | None = None,
) -> Valued:
    """The plan with what it is worth.

    Args:
        scenarios: what it was made for.
        plan: the plan.
        limits: for the plans beside it, together.
        solver: what plans the scenarios one by one; one after the other unless given.

    Raises:
        LimitReached: if time ran out.
        CheckFailed: if the independent proof refuses one of the plans.
    """
    half = replace(limits, wall_s=0.5 * limits.wall_s)
    stage, risk = plan.decided.stage, plan.decided.risk
    decisions = mean_decisions(scenarios, stage, half)
    deterministic, refused = None, ""
    try:
        deterministic = follow_all(scenarios, stage, decisions, risk, half)
    except Infeasible as error:
        refused = error.message
    return Valued(
        plan=plan,
        mean_decisions=decisions,
        deterministic=deterministic,
        refused=refused,
        foresight_usd=wait_and_see_usd(scenarios, half, solver=solver),
    )


def mean_decisions(scenarios: ScenarioSet, stage: FirstStage, limits: Limits = DEFAULT_LIMITS) -> Decisions:
    """The decisions that are best in the mean scenario.

    Raises:
        Infeasible, LimitReached, CheckFailed: as `plan_coupled`.
    """
    mean = mean_problem(scenarios)
    return decided_in(mean, plan_coupled(mean, limits).plan, stage)


def wait_and_see_usd(
    scenarios: ScenarioSet, limits: Limits = DEFAULT_LIMITS, *, solver: Solver | None = None
) -> _Row:
    """What the best plan of each scenario earns, shape (scenarios,).

    Raises:
        Infeasible, LimitReached, CheckFailed: as `plan_coupled`.
    """
    solve = solver or (lambda problems: _in_turn(problems, limits))
    profit = []
    for problem, (plan, _) in zip(scenarios.problems, solve(scenarios.problems), strict=True):
        account = settle_coupled(problem, plan)
        check_coupled(problem, plan, account)
        profit.append(account.profit_usd)
    return np.array(profit)


def risk_frontier(
    scenarios: ScenarioSet,
    stage: FirstStage,
    aversions_frac: Sequence[float],
    *,
    tail_frac: float,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[StochasticPlan, ...]:
    """The best plan of each attitude to risk, from what the mean says to what the tail says.

    Raises:
        Infeasible, LimitReached, CheckFailed: as `plan_stochastic`.
    """
    each = replace(limits, wall_s=limits.wall_s / max(1, len(aversions_frac)))
    risks = [Risk(aversion_frac=aversion, tail_frac=tail_frac) for aversion in aversions_frac]
    return tuple(plan_stochastic(scenarios, stage, risk, each) for risk in risks)


def _in_turn(problems: Sequence[CoupledProblem], limits: Limits) -> list[tuple[CoupledPlan, float]]:
    plans, left_s = [], limits.wall_s
    for problem in problems:
        if left_s <= 0.0:
            raise LimitReached("no plan was found in time", hint="allow more time, or fewer scenarios")
        found = plan_coupled(problem, replace(limits, wall_s=left_s))
        left_s -= sum(solved.answer.spent_s for solved in found.solved)
        plans.append((found.plan, found.gap_usd))
    return plans
