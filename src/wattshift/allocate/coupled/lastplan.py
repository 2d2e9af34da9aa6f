"""How far an earlier plan is still safe, when no new one can be had."""

from __future__ import annotations

from dataclasses import replace

from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.rolling import first_intervals
from wattshift.allocate.coupled.window import window
from wattshift.errors import CheckFailed

__all__ = ["safe_intervals"]


def safe_intervals(problem: CoupledProblem, plan: CoupledPlan) -> int:
    """How many of the first intervals of a plan keep every limit of a problem, by the independent proof.

    Args:
        problem: as it is now, perhaps without any plan at all.
        plan: an earlier one, of the same parts and intervals.
    """
    low, high = 0, problem.intervals
    while low < high:
        middle = (low + high + 1) // 2
        if _is_safe(problem, plan, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _is_safe(problem: CoupledProblem, plan: CoupledPlan, count: int) -> bool:
    seen = window(problem, 0, count)
    if count < problem.intervals:  # what must be held at the end is a matter of the end
        seen = replace(
            seen, batteries=tuple(replace(battery, least_end_mwh=0.0) for battery in seen.batteries)
        )
    names = {job.name for job in seen.jobs}
    part = first_intervals(plan, count)
    part = replace(part, job_mw={name: row for name, row in part.job_mw.items() if name in names})
    try:
        check_coupled(seen, part, settle_coupled(seen, part))
    except CheckFailed:
        return False
    return True
