"""The best decisions before it is known which scenario it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Answer, Limits, solve
from wattshift.allocate.coupled.infeasible.conflict import find_conflict
from wattshift.allocate.coupled.infeasible.contradiction import say_conflict
from wattshift.allocate.coupled.plan import plan_of
from wattshift.allocate.coupled.program import Index
from wattshift.allocate.coupled.sketch import Choice
from wattshift.allocate.coupled.solve import cheats_of, solve_coupled
from wattshift.allocate.coupled.stochastic.check import check_stochastic
from wattshift.allocate.coupled.stochastic.firststage import FirstStage
from wattshift.allocate.coupled.stochastic.follow import follow_all
from wattshift.allocate.coupled.stochastic.plan import DecidedPlan, StochasticPlan
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.allocate.coupled.stochastic.scenarios import ScenarioSet
from wattshift.allocate.coupled.stochastic.stack import Stack, stack
from wattshift.errors import CheckFailed, Infeasible, LimitReached

__all__ = ["plan_stochastic"]

_STACK_SHARE = 0.8
_MONEY_RATIO = 1e-6
_DIGITS = 9
_NEUTRAL = Risk()


def plan_stochastic(
    scenarios: ScenarioSet, stage: FirstStage, risk: Risk = _NEUTRAL, limits: Limits = DEFAULT_LIMITS
) -> StochasticPlan:
    """The decisions whose outcomes are worth most, to the gap of the limits.

    All scenarios are solved as one program for what is decided first; then each is planned once more with
    that as given, which earns no less in any of them and is what it is judged by.

    Raises:
        Infeasible: naming the scenario that has no plan and why, or the one whose needs contradict those of
            the others.
        LimitReached: if no plan was found in time.
        CheckFailed: if the independent proof refuses the plan, or its objective is not the solver's.
    """
    try:
        stacked, answer, rounds = _solved(scenarios, stage, risk, limits)
    except Infeasible as error:
        raise _explained(scenarios, stage, limits) from error
    decisions = {key: _rounded(answer.x[columns]) for key, columns in stacked.decisions.items()}
    left = replace(limits, wall_s=max(limits.wall_s - answer.spent_s, (1.0 - _STACK_SHARE) * limits.wall_s))
    decided = follow_all(scenarios, stage, decisions, risk, left)
    check_stochastic(scenarios, decided)
    _require_same_objective(answer, decided)
    return StochasticPlan(
        decided=decided,
        ended=answer.ended,
        gap_usd=max(0.0, -answer.bound_usd - decided.objective_usd),
        rounds=rounds,
    )


def _solved(
    scenarios: ScenarioSet, stage: FirstStage, risk: Risk, limits: Limits
) -> tuple[Stack, Answer, int]:
    """The program of all, asked again with more choices until no scenario's plan cheats."""
    choices: list[dict[tuple[Choice, str], Index]] = [{} for _ in scenarios.scenarios]
    rounds, spent_s = 0, 0.0
    while True:
        stacked = stack(scenarios, stage, risk, choices)
        left_s = _STACK_SHARE * limits.wall_s - spent_s
        if left_s <= 0.0:
            raise LimitReached(
                "no plan was found in time", hint="allow more time, fewer scenarios or a shorter window"
            )
        answer = solve(stacked.program, replace(limits, wall_s=left_s))
        spent_s += answer.spent_s
        if not _add_choices(scenarios, stacked, answer, choices):
            return stacked, replace(answer, spent_s=spent_s), rounds
        rounds += 1


def _add_choices(
    scenarios: ScenarioSet,
    stacked: Stack,
    answer: Answer,
    choices: list[dict[tuple[Choice, str], Index]],
) -> bool:
    """Whether a scenario's plan cheats where it was not asked yet."""
    found = False
    for scenario, block, asked in zip(scenarios.scenarios, stacked.blocks, choices, strict=True):
        plan = plan_of(scenario.problem, block.columns, block.of(answer.x))
        for key, where in cheats_of(scenario.problem, plan).items():
            known = asked.get(key, np.empty(0, np.int64))
            if np.setdiff1d(where, known).size:
                asked[key], found = np.union1d(known, where), True
    return found


def _rounded(decided_mw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the solver's last digits, which would be noise to the next one."""
    return np.round(decided_mw, _DIGITS) + 0.0


def _require_same_objective(answer: Answer, decided: DecidedPlan) -> None:
    """No worse than the solver says, and better only as far as it left open."""
    rounding = _MONEY_RATIO * (1.0 + decided.turnover_usd)
    room = rounding + sum(each.occurs_prob * each.gap_usd for each in decided.outcomes)
    if not -answer.cost_usd - room <= decided.objective_usd <= -answer.bound_usd + rounding:
        raise CheckFailed(
            "the solver's objective is not what the outcomes are worth",
            objective_usd=-answer.cost_usd,
            outcomes_usd=decided.objective_usd,
        )


def _explained(scenarios: ScenarioSet, stage: FirstStage, limits: Limits) -> Infeasible:
    """Which scenario has no plan of its own, or none beside those before it."""
    for scenario in scenarios.scenarios:
        try:
            solve_coupled(scenario.problem, limits)
        except Infeasible:
            told = "; ".join(say_conflict(scenario.problem, find_conflict(scenario.problem, limits)))
            return Infeasible(
                f"in {scenario.name} no plan keeps all limits; these contradict each other: {told}",
                scenario=scenario.name,
                hint="change any one of them: the others then have a plan",
            )
    low, high = 1, len(scenarios.scenarios)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if not _have_plan(scenarios, middle, stage, limits) else (middle + 1, high)
    return Infeasible(
        f"nothing can be decided first that {scenarios.scenarios[low - 1].name} and the scenarios before it"
        " can all keep to",
        scenario=scenarios.scenarios[low - 1].name,
        hint="decide less ahead, or for a shorter time",
    )


def _have_plan(scenarios: ScenarioSet, count: int, stage: FirstStage, limits: Limits) -> bool:
    """Whether the first scenarios have a first stage in common."""
    few = scenarios.scenarios[:count]
    total = sum(scenario.occurs_prob for scenario in few)
    some = tuple(replace(each, occurs_prob=each.occurs_prob / total) for each in few)
    stacked = stack(ScenarioSet(scenarios=some), stage, _NEUTRAL, [{}] * count)
    try:
        solve(stacked.program, limits)
    except Infeasible:
        return False
    return True
