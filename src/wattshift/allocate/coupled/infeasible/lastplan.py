"""What is left of an earlier plan, when no new one can be had: as far as it is still safe, proved anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.rolling import cut_plan, first_intervals
from wattshift.allocate.coupled.window import window
from wattshift.errors import CheckFailed

__all__ = ["LastPlan", "Rest", "beginning", "rest_of", "safe_intervals", "tells_of"]

_Row: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LastPlan:
    """An earlier plan and its intervals.

    Args:
        start: their starts (UTC), `datetime64[us]`, shape (T,).
        hours: their lengths [h], shape (T,).
        plan: powers and energies.
        expires: no interval that starts then or later is taken from it.
    """

    start: NDArray[np.datetime64]
    hours: _Row
    plan: CoupledPlan
    expires: np.datetime64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rest:
    """The first intervals of a problem, with what an earlier plan says of them.

    Args:
        problem: these intervals as a problem of their own.
        plan: powers and energies; what batteries hold is counted anew.
    """

    problem: CoupledProblem
    plan: CoupledPlan


def rest_of(last: LastPlan, problem: CoupledProblem) -> Rest | None:
    """What is left of an earlier plan for a problem as it is now; None where not one interval is safe.

    Args:
        last: an earlier plan; its intervals must be those of the problem as far as both go.
        problem: as it is now, perhaps without any plan at all.
    """
    known = _aligned(last, problem)
    if known is None:
        return None
    count = safe_intervals(problem, known)
    if not count:
        return None
    seen = beginning(problem, count)
    return Rest(problem=seen, plan=_of_jobs(first_intervals(known, count), seen))


def tells_of(last: LastPlan, problem: CoupledProblem) -> bool:
    """Whether an earlier plan says anything of a problem's first interval, safe or not."""
    return _aligned(last, problem) is not None


def safe_intervals(problem: CoupledProblem, plan: CoupledPlan) -> int:
    """How many of the first intervals of a plan keep every limit of a problem, by the independent proof.

    Args:
        problem: as it is now, perhaps without any plan at all.
        plan: an earlier one of the same parts, for all or the first of its intervals.
    """
    low, high = 0, min(problem.intervals, plan.bought_mw.size)
    while low < high:
        middle = (low + high + 1) // 2
        if _is_safe(problem, plan, middle):
            low = middle
        else:
            high = middle - 1
    return low


def beginning(problem: CoupledProblem, count: int) -> CoupledProblem:
    """The first intervals of a problem; what must be held at the end is a matter of the end."""
    seen = window(problem, 0, count)
    if count == problem.intervals:
        return seen
    return replace(seen, batteries=tuple(replace(battery, least_end_mwh=0.0) for battery in seen.batteries))


def _is_safe(problem: CoupledProblem, plan: CoupledPlan, count: int) -> bool:
    seen = beginning(problem, count)
    part = _of_jobs(first_intervals(plan, count), seen)
    try:
        check_coupled(seen, part, settle_coupled(seen, part))
    except CheckFailed:
        return False
    return True


def _aligned(last: LastPlan, problem: CoupledProblem) -> CoupledPlan | None:
    """The plan from a problem's first interval on, as long as both tell of the same intervals.

    None where they have none in common, where it has expired, or where the site has other parts by now.
    """
    first = int(np.searchsorted(last.start, problem.start[0]))
    size = min(last.start.size - first, problem.intervals)
    if size <= 0 or not _same_parts(problem, last.plan):
        return None
    rows = slice(first, first + size)
    same = (last.start[rows] == problem.start[:size]) & (last.start[rows] < last.expires)
    same &= np.abs(last.hours[rows] - problem.hours[:size]) < 1e-9
    count = size if same.all() else int(np.argmin(same))
    return _counted_anew(cut_plan(last.plan, slice(first, first + count)), problem, count) if count else None


def _same_parts(problem: CoupledProblem, plan: CoupledPlan) -> bool:
    steps = {load.name: len(load.steps) for load in problem.loads}
    batteries = {battery.name for battery in problem.batteries}
    backers = {
        (reserve.name, backer)
        for reserve in problem.reserves
        for backer in (*reserve.loads, *reserve.batteries)
    }
    return (
        {name: rows.shape[0] for name, rows in plan.step_mw.items()} == steps
        and set(plan.charge_mw) == set(plan.discharge_mw) == batteries
        and set(plan.made_mw) == {maker.name for maker in problem.generators}
        and set(plan.reserve_mw) == backers
    )


def _counted_anew(plan: CoupledPlan, problem: CoupledProblem, count: int) -> CoupledPlan:
    """The same powers, with what batteries hold after them from what they hold now."""
    hours = problem.hours[:count]
    held = {}
    for battery in problem.batteries:
        kept = plan.charge_mw[battery.name] * battery.charge_ratio
        kept = kept - plan.discharge_mw[battery.name] / battery.discharge_ratio
        held[battery.name] = battery.start_mwh + np.cumsum(kept * hours)
    return replace(plan, held_mwh=held)


def _of_jobs(plan: CoupledPlan, problem: CoupledProblem) -> CoupledPlan:
    """A plan that speaks of a problem's own work; what it does not know of is not done."""
    nothing = np.zeros(problem.intervals)
    return replace(plan, job_mw={job.name: plan.job_mw.get(job.name, nothing) for job in problem.jobs})
