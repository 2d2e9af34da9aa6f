"""What does not couple is solved alone, and exactly so.

1. **Nothing couples.** The merit order of each interval, ramps, least times and peak charges left out, is the
   best plan of a larger set. If it keeps what was left out, and pays nothing for it, it is the best of all.
2. **Loads that share nothing that can bind.** Where the connection carries all loads at once and nothing
   else ties them (a block, a battery, a peak, a group, a reserve), a chain of loads that is easier on its own
   is a problem.
3. **Time couples only in places.** Between two intervals that no battery, moving load, job or charging
   period spans, the horizon is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.leasttimes import moved_within
from wattshift.allocate.coupled.meritorder import can_bind, has_merit_order, merit_order
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.window import window

__all__ = ["Piece", "join", "plan_in_closed_form", "separate"]

_Row: TypeAlias = NDArray[np.float64]

_ROUNDING = 1e-9
_LEAST_INTERVALS = 168
"""A stretch of fewer intervals is not worth a program of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A problem of its own, and the intervals of the whole at which it stands."""

    problem: CoupledProblem
    rows: slice


def plan_in_closed_form(problem: CoupledProblem) -> CoupledPlan | None:
    """The optimum, where the merit order is it; None where that is not proven."""
    if not has_merit_order(problem):
        return None
    plan = merit_order(problem)
    if plan is None or not all(_keeps_motion(load, plan, problem) for load in problem.loads):
        return None
    account = settle_coupled(problem, plan)
    unavoidable = sum(float(peak.already_mw @ peak.usd_per_mw) for peak in problem.peaks)
    extra = account.moves_usd + account.peaks_usd - unavoidable
    return plan if extra <= _ROUNDING * (1.0 + unavoidable) else None


def separate(problem: CoupledProblem) -> tuple[Piece, ...]:
    """The pieces whose optima together are the optimum; one piece where all hangs together."""
    pieces = []
    for part in _by_load(problem):
        ends = [*_cuts(part), part.intervals]
        for first, end in zip([0, *ends], ends, strict=False):
            whole = first == 0 and end == part.intervals
            pieces.append(Piece(problem=part if whole else window(part, first, end), rows=slice(first, end)))
    return tuple(pieces)


def join(problem: CoupledProblem, plans: Sequence[tuple[Piece, CoupledPlan]]) -> CoupledPlan:
    """The plan of the whole."""
    size = problem.intervals
    whole = CoupledPlan(
        bought_mw=np.zeros(size),
        block_mw=np.zeros(size),
        fed_in_mw=np.zeros(size),
        step_mw={load.name: np.zeros((len(load.steps), size)) for load in problem.loads},
        job_mw={job.name: np.zeros(size) for job in problem.jobs},
        charge_mw={battery.name: np.zeros(size) for battery in problem.batteries},
        discharge_mw={battery.name: np.zeros(size) for battery in problem.batteries},
        held_mwh={battery.name: np.zeros(size) for battery in problem.batteries},
        made_mw={part.name: np.zeros(size) for part in problem.generators},
        reserve_mw={
            (reserve.name, backer): np.zeros(size)
            for reserve in problem.reserves
            for backer in (*reserve.loads, *reserve.batteries)
        },
    )
    rows_of = ("step_mw", "job_mw", "charge_mw", "discharge_mw", "held_mwh", "made_mw", "reserve_mw")
    for piece, plan in plans:
        for key in ("bought_mw", "block_mw", "fed_in_mw"):
            getattr(whole, key)[piece.rows] += getattr(plan, key)
        for key in rows_of:
            for name, row in getattr(plan, key).items():
                getattr(whole, key)[name][..., piece.rows] += row
    return whole


# Motion


def _keeps_motion(load: Load, plan: CoupledPlan, problem: CoupledProblem) -> bool:
    """Whether a plan keeps a load's ramps and least times."""
    hours, power = problem.hours, load_mw(plan, load.name)
    moves = np.diff(power, prepend=load.before_mw)
    if (moves > load.ramp_up_mw_per_h * hours + _ROUNDING).any():
        return False
    if (moves < -load.ramp_down_mw_per_h * hours - _ROUNDING).any():
        return False
    on = moved_within(np.maximum(0.0, moves), hours, load.min_up_h)
    off = moved_within(np.maximum(0.0, -moves), hours, load.min_down_h)
    still_on = 0.0 if load.still_on_mw is None else load.still_on_mw
    still_off = 0.0 if load.still_off_mw is None else load.still_off_mw
    keeps_on = not load.min_up_h or bool((power >= on + still_on - _ROUNDING).all())
    return keeps_on and (
        not load.min_down_h or bool((power <= load.capacity_mw - off - still_off + _ROUNDING).all())
    )


# Loads


def _by_load(problem: CoupledProblem) -> tuple[CoupledProblem, ...]:
    """Each chain of loads that is easier alone, and the others together; or the problem itself."""
    grid = problem.grid
    tied = problem.batteries or problem.generators or problem.peaks or problem.soft_caps
    names = tuple(load.name for load in problem.loads)
    if tied or grid.block_mw.any() or can_bind(problem, names, grid.import_mw):
        return (problem,)
    chains = _chains(problem)
    if len(chains) == 1:
        return (problem,)
    parts = [(chain, _chain(problem, chain)) for chain in chains]
    together = [chain for chain, part in parts if not _pays_alone(part)]
    if len(together) == len(parts):
        return (problem,)
    alone = tuple(part for chain, part in parts if chain not in together)
    return (*alone, _chain(problem, set.union(*together))) if together else alone


def _pays_alone(part: CoupledProblem) -> bool:
    """Whether loads on their own are easier: by a closed form, or with fewer choices to search.

    A linear program of many is solved as fast as one after the other, and has fewer columns.
    """
    return any(load.whole for load in part.loads) or plan_in_closed_form(part) is not None


def _chains(problem: CoupledProblem) -> list[set[str]]:
    """Loads that a group or a reserve ties together."""
    ties = [set(group.loads) for group in problem.groups if can_bind(problem, group.loads, group.limit_mw)]
    ties += [set(reserve.loads) for reserve in problem.reserves]
    chains = [{load.name} for load in problem.loads]
    for tie in ties:
        touched = [chain for chain in chains if chain & tie]
        chains = [chain for chain in chains if not chain & tie]
        if touched:
            chains.append(set.union(*touched))
    return chains


def _chain(problem: CoupledProblem, names: set[str]) -> CoupledProblem:
    nothing = np.zeros(problem.intervals)
    return replace(
        problem,
        grid=replace(problem.grid, export_mw=nothing),  # nobody makes power, and none is sold above its price
        loads=tuple(load for load in problem.loads if load.name in names),
        jobs=tuple(job for job in problem.jobs if job.load in names),
        reserves=tuple(reserve for reserve in problem.reserves if names & set(reserve.loads)),
        groups=tuple(group for group in problem.groups if names.issuperset(group.loads)),
    )


# Time


def _cuts(problem: CoupledProblem) -> list[int]:
    """The intervals before which the horizon can be cut, not too close to each other."""
    if problem.batteries or any(_moves(load, problem) for load in problem.loads):
        return []
    spanned = np.zeros(problem.intervals + 1, np.int64)
    spans = [(max(job.first, 0), job.end) for job in problem.jobs if job.first < problem.intervals]
    for peak in problem.peaks:
        for period in np.unique(peak.period[peak.period >= 0]):
            where = np.flatnonzero(peak.period == period)
            spans.append((int(where[0]), int(where[-1]) + 1))
    for first, end in spans:
        spanned[first + 1] += 1
        spanned[min(max(end, first + 1), problem.intervals)] -= 1
    free = np.flatnonzero(np.cumsum(spanned)[1 : problem.intervals] == 0) + 1
    cuts: list[int] = []
    for cut in free.tolist():
        if (
            cut - (cuts[-1] if cuts else 0) >= _LEAST_INTERVALS
            and problem.intervals - cut >= _LEAST_INTERVALS
        ):
            cuts.append(cut)
    return cuts


def _moves(load: Load, problem: CoupledProblem) -> bool:
    """Whether it matters to a load what it did before."""
    slowest = min(load.ramp_up_mw_per_h, load.ramp_down_mw_per_h) * float(problem.hours.min())
    times = load.min_up_h or load.min_down_h or load.start_usd_per_mw or load.stop_usd_per_mw
    return bool(times) or slowest < max(load.capacity_mw, load.before_mw)
