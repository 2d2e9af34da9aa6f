"""The planner's entry: what does not couple is solved alone, the rest as one program, the whole is proved."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Ended, Limits
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.separate import Piece, join, plan_in_closed_form, separate
from wattshift.allocate.coupled.solve import Solved, solve_coupled
from wattshift.errors import LimitReached

__all__ = ["Planned", "plan_coupled"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planned:
    """A proved plan of a whole problem.

    Args:
        plan: powers and energies.
        account: its money.
        ended: whether it is the optimum, or the best found in time.
        gap_usd: how much better another plan might be at most [USD].
        solved: the programs that were needed; none where the merit order is the optimum.
    """

    plan: CoupledPlan
    account: CoupledAccount
    ended: Ended
    gap_usd: float
    solved: tuple[Solved, ...]


def plan_coupled(problem: CoupledProblem, limits: Limits = DEFAULT_LIMITS) -> Planned:
    """The most profitable plan, to the gap of the limits, by the cheapest way that is exact.

    Raises:
        Infeasible: if the problem's limits contradict each other.
        LimitReached: if no plan was found in time.
        CheckFailed: if the independent proof refuses the plan.
    """
    plan = plan_in_closed_form(problem)
    if plan is not None:
        return _proved(problem, plan, ())
    pieces = separate(problem)
    if len(pieces) == 1:
        solved = solve_coupled(problem, limits)
        return _planned(solved.plan, solved.account, (solved,))
    plans: list[tuple[Piece, CoupledPlan]] = []
    programs: list[Solved] = []
    left_s = limits.wall_s
    for piece in pieces:
        plan = plan_in_closed_form(piece.problem)
        if plan is None:
            if left_s <= 0.0:
                raise LimitReached("no plan was found in time", hint="allow more time")
            programs.append(solve_coupled(piece.problem, replace(limits, wall_s=left_s)))
            left_s -= programs[-1].answer.spent_s
            plan = programs[-1].plan
        plans.append((piece, plan))
    return _proved(problem, join(problem, plans), tuple(programs))


def _proved(problem: CoupledProblem, plan: CoupledPlan, solved: tuple[Solved, ...]) -> Planned:
    account = settle_coupled(problem, plan)
    check_coupled(problem, plan, account)
    return _planned(plan, account, solved)


def _planned(plan: CoupledPlan, account: CoupledAccount, solved: tuple[Solved, ...]) -> Planned:
    in_time = any(part.answer.ended is Ended.IN_TIME for part in solved)
    return Planned(
        plan=plan,
        account=account,
        ended=Ended.IN_TIME if in_time else Ended.OPTIMAL,
        gap_usd=sum(part.answer.gap_usd for part in solved),
        solved=solved,
    )
