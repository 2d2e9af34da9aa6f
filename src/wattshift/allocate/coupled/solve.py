"""From a coupled problem to a proved plan.

A yes or no is asked only where the plan without it cheats, and is asked again until none does: the plan
without the question is the best of a larger set, so as soon as it does not cheat it is the best of all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.commitment.search import is_long, solve_long
from wattshift.allocate.coupled.formulate import Choice, Choices, Columns, formulate
from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Answer, Limits, Method, solve
from wattshift.allocate.coupled.interior.linear import solve_linear
from wattshift.allocate.coupled.plan import CoupledPlan, plan_of
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Index, Program
from wattshift.errors import CheckFailed, LimitReached

__all__ = ["Draw", "Solved", "cheats_of", "proved", "solve_coupled"]

Draw: TypeAlias = Callable[[CoupledProblem, Choices], tuple[Program, Columns]]
"""What turns a problem into a program."""

_CHEATS_MW = 1e-6
_MONEY_RATIO = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """A plan, its money, and what solving said of it.

    Args:
        plan: powers and energies.
        account: its money.
        program: what was solved, with the choices that were needed.
        columns: where its decisions stand.
        answer: the solver's own, with duals where there are any.
        rounds: how often choices were added.
    """

    plan: CoupledPlan
    account: CoupledAccount
    program: Program
    columns: Columns
    answer: Answer
    rounds: int


def solve_coupled(
    problem: CoupledProblem, limits: Limits = DEFAULT_LIMITS, *, draw: Draw = formulate
) -> Solved:
    """The most profitable plan, to the gap of the limits.

    Args:
        problem: the question.
        limits: when to stop.
        draw: what makes the program, with the choices that must be asked; more rows than `formulate`'s may
            narrow what is allowed, its columns keep their places and their cost.

    Raises:
        Infeasible: if the problem's limits contradict each other.
        LimitReached: if no plan was found in time.
        CheckFailed: if the independent proof refuses the plan, or the solver's objective is not the account's
            profit.
    """
    choices: dict[tuple[Choice, str], Index] = {}
    rounds, left_s = 0, limits.wall_s
    while True:
        program, columns = draw(problem, choices)
        answer = _way(program)(program, replace(limits, wall_s=left_s))
        left_s -= answer.spent_s
        plan = plan_of(problem, columns, answer.x)
        cheats = cheats_of(problem, plan)
        news = {key: where for key, where in cheats.items() if np.setdiff1d(where, choices.get(key, [])).size}
        if not news:
            break
        if answer.by is Method.INTERIOR:  # it lies between several best plans; their corners may be honest
            limits = replace(limits, method=Method.SIMPLEX)
            continue
        if left_s <= 0.0:
            raise LimitReached("no plan was found in time", hint="allow more time, or plan a shorter horizon")
        for key, where in news.items():
            choices[key] = np.union1d(choices.get(key, where), where)
        rounds += 1
    return proved(problem, program, columns, answer, rounds)


def _way(program: Program) -> Callable[[Program, Limits], Answer]:
    """What solves a program of this size and kind."""
    if program.is_linear:
        return solve_linear
    return solve_long if is_long(program) else solve


def proved(
    problem: CoupledProblem, program: Program, columns: Columns, answer: Answer, rounds: int = 0
) -> Solved:
    """An answer as a plan with its money, proved.

    Raises:
        CheckFailed: if the independent proof refuses it, or its money is not the solver's objective.
    """
    plan = plan_of(problem, columns, answer.x)
    account = settle_coupled(problem, plan)
    check_coupled(problem, plan, account)
    _require_same_money(answer, account)
    return Solved(
        plan=plan,
        account=account,
        program=program,
        columns=columns,
        answer=answer,
        rounds=rounds,
    )


def _require_same_money(answer: Answer, account: CoupledAccount) -> None:
    """No less than the solver says; more only as far as it left open that more can be had."""
    rounding_usd = _MONEY_RATIO * (1.0 + account.turnover_usd)
    if not -answer.cost_usd - rounding_usd <= account.profit_usd <= -answer.bound_usd + rounding_usd:
        raise CheckFailed(
            "the solver's objective is not the account's profit",
            objective_usd=-answer.cost_usd,
            account_usd=account.profit_usd,
        )


def cheats_of(problem: CoupledProblem, plan: CoupledPlan) -> dict[tuple[Choice, str], Index]:
    """The intervals in which a plan does two things that exclude each other."""
    found: dict[tuple[Choice, str], Index] = {}
    for battery in problem.batteries:
        both = np.minimum(plan.charge_mw[battery.name], plan.discharge_mw[battery.name]) > _CHEATS_MW
        found[Choice.BATTERY, battery.name] = np.flatnonzero(both)
    unused = np.minimum(problem.grid.block_mw, problem.grid.import_mw) - plan.block_mw
    drawn = np.minimum(plan.drawn_mw, plan.fed_in_mw)
    found[Choice.GRID, "the grid"] = np.flatnonzero(drawn > _CHEATS_MW)
    found[Choice.BLOCK, "the grid"] = np.flatnonzero(np.minimum(unused, plan.bought_mw) > _CHEATS_MW)
    for load in problem.loads:
        power = plan.step_mw[load.name]
        sizes = np.array([step.capacity_mw for step in load.steps])[:, None]
        skipped = np.minimum(sizes[:-1] - power[:-1], power[1:]) > _CHEATS_MW
        found[Choice.STEP, load.name] = np.flatnonzero(skipped.any(axis=0))
    return {key: where for key, where in found.items() if where.size}
