"""What comes of decisions once it is known which scenario it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Limits, solve
from wattshift.allocate.coupled.infeasible.contradiction import say_when
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Program
from wattshift.allocate.coupled.sketch import Choices, Columns
from wattshift.allocate.coupled.solve import Solved, solve_coupled
from wattshift.allocate.coupled.stochastic.firststage import Decisions, FirstStage
from wattshift.allocate.coupled.stochastic.plan import DecidedPlan, Outcome
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.allocate.coupled.stochastic.scenarios import ScenarioSet
from wattshift.allocate.coupled.stochastic.stack import elastic, imposed
from wattshift.errors import Infeasible, LimitReached

__all__ = ["broken_decisions", "decided_plan", "follow", "follow_all"]

_BROKEN_MW = 1e-6


def follow(
    problem: CoupledProblem, stage: FirstStage, decisions: Decisions, limits: Limits = DEFAULT_LIMITS
) -> Solved:
    """The best plan that keeps to what was decided.

    Raises:
        Infeasible: if there is none, naming the decisions that cannot be kept.
        LimitReached: if none was found in time.
        CheckFailed: if the independent proof refuses it.
    """
    draw = partial(_drawn, stage=stage, decisions=decisions)
    try:
        return solve_coupled(problem, limits, draw=draw)
    except Infeasible as error:
        broken = broken_decisions(problem, stage, decisions, limits)
        told = "; ".join(broken) or error.message
        raise Infeasible(f"what was decided cannot be kept: {told}", hint="decide less ahead") from error


def _drawn(
    problem: CoupledProblem, choices: Choices, *, stage: FirstStage, decisions: Decisions
) -> tuple[Program, Columns]:
    return imposed(problem, choices, stage, decisions)


def follow_all(
    scenarios: ScenarioSet,
    stage: FirstStage,
    decisions: Decisions,
    risk: Risk,
    limits: Limits = DEFAULT_LIMITS,
) -> DecidedPlan:
    """The outcome of decisions in every scenario; the time is for all of them.

    Raises:
        Infeasible: naming the first scenario in which they cannot be kept.
        LimitReached, CheckFailed: as `follow`.
    """
    outcomes, left_s = [], limits.wall_s
    for scenario in scenarios.scenarios:
        if left_s <= 0.0:
            raise LimitReached("no plan was found in time", hint="allow more time, or fewer scenarios")
        try:
            found = follow(scenario.problem, stage, decisions, replace(limits, wall_s=left_s))
        except Infeasible as error:
            raise Infeasible(f"in {scenario.name}, {error.message}", hint=error.hint) from error
        left_s -= found.answer.spent_s
        outcomes.append(
            Outcome(
                name=scenario.name,
                occurs_prob=scenario.occurs_prob,
                plan=found.plan,
                account=found.account,
                gap_usd=found.answer.gap_usd,
            )
        )
    return decided_plan(stage, decisions, outcomes, risk)


def decided_plan(
    stage: FirstStage, decisions: Decisions, outcomes: Sequence[Outcome], risk: Risk
) -> DecidedPlan:
    """Decisions and outcomes with what they are worth."""
    profit = np.array([outcome.account.profit_usd for outcome in outcomes])
    prob = np.array([outcome.occurs_prob for outcome in outcomes])
    return DecidedPlan(
        stage=stage,
        decisions=decisions,
        outcomes=tuple(outcomes),
        risk=risk,
        objective_usd=risk.objective_usd(profit, prob),
    )


def broken_decisions(
    problem: CoupledProblem, stage: FirstStage, decisions: Decisions, limits: Limits = DEFAULT_LIMITS
) -> tuple[str, ...]:
    """The decisions that must be broken, as little as can be, with their times; none if all can be kept.

    Raises:
        Infeasible: if the problem has no plan whatever is decided.
    """
    program, broken = elastic(problem, stage, decisions)
    answer = solve(replace(program, whole=np.zeros_like(program.whole)), limits)
    told = []
    for (firm, part), (less, more) in broken.items():
        off_mw = answer.x[less] + answer.x[more]
        where = np.flatnonzero(off_mw > _BROKEN_MW)
        if where.size:
            when = say_when(problem, where.tolist())
            told.append(f"{part} is off what was decided ({firm.value}) by {off_mw[where].max():g} MW {when}")
    return tuple(told)
