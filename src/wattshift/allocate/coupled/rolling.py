"""A rolling horizon: plan many intervals, do the first few, carry over what they left, plan again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Limits
from wattshift.allocate.coupled.leasttimes import still_mw
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.separate import Piece, join
from wattshift.allocate.coupled.window import window
from wattshift.errors import InputError

__all__ = ["State", "carry", "cut_plan", "first_intervals", "resume", "roll"]

_Row: TypeAlias = NDArray[np.float64]

_HOUR_US = 3.6e9
_ZERO = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """What a site's past leaves to its future.

    Args:
        start: when the future begins (UTC).
        power_mw: what each load ran last.
        still_on_mw: for each load (instant, power): started machines that must stay on until then.
        still_off_mw: likewise, stopped machines that must stay off.
        held_mwh: what each battery holds.
        peak_mw: for each peak charge what each of its periods has reached.
        left_mwh: what each job still needs.
        above_h: for each soft cap how long it was exceeded in what was just done [h].
    """

    start: np.datetime64
    power_mw: Mapping[str, float]
    still_on_mw: Mapping[str, tuple[tuple[np.datetime64, float], ...]]
    still_off_mw: Mapping[str, tuple[tuple[np.datetime64, float], ...]]
    held_mwh: Mapping[str, float]
    peak_mw: Mapping[str, _Row]
    left_mwh: Mapping[str, float]
    above_h: Mapping[str, float]


def carry(problem: CoupledProblem, plan: CoupledPlan, count: int) -> State:
    """The state after the first `count` intervals of a plan.

    Raises:
        InputError: if the problem has fewer intervals.
    """
    if not 0 < count <= problem.intervals:
        raise InputError("so many intervals cannot be carried over", count=count, intervals=problem.intervals)
    done, hours = slice(count), problem.hours[:count]
    last_us = np.timedelta64(round(float(hours[-1]) * _HOUR_US), "us")
    moves = {
        load.name: np.diff(load_mw(plan, load.name)[done], prepend=load.before_mw) for load in problem.loads
    }
    peak_mw = {}
    for peak in problem.peaks:
        peak_mw[peak.name] = peak.already_mw.copy()
        counts = peak.period[done] >= 0
        np.maximum.at(peak_mw[peak.name], peak.period[done][counts], plan.drawn_mw[done][counts])
    return State(
        start=problem.start[count - 1] + last_us,
        power_mw={load.name: float(load_mw(plan, load.name)[count - 1]) for load in problem.loads},
        still_on_mw={
            load.name: _until(problem, count, moves[load.name], load.min_up_h, load.still_on_mw)
            for load in problem.loads
        },
        still_off_mw={
            load.name: _until(problem, count, -moves[load.name], load.min_down_h, load.still_off_mw)
            for load in problem.loads
        },
        held_mwh={
            battery.name: float(plan.held_mwh[battery.name][count - 1]) for battery in problem.batteries
        },
        peak_mw=peak_mw,
        left_mwh={
            job.name: max(0.0, job.energy_mwh - float(plan.job_mw[job.name][done] @ hours))
            for job in problem.jobs
        },
        above_h={
            cap.name: float(hours[(plan.drawn_mw > cap.cap_mw + _ZERO)[done]].sum())
            for cap in problem.soft_caps
        },
    )


def resume(problem: CoupledProblem, state: State) -> CoupledProblem:
    """A problem that begins where a state ends, with what the state left.

    Periods of peak charges must be numbered as they were; parts that the state does not know keep their own
    beginning.

    Raises:
        InputError: if it begins at another instant.
    """
    if problem.start[0] != state.start:
        raise InputError(
            "the plan's horizon does not begin where the past ends",
            start=problem.start[0],
            past_end=state.start,
        )
    return replace(
        problem,
        loads=tuple(
            _resumed(load, state, problem.start) if load.name in state.power_mw else load
            for load in problem.loads
        ),
        jobs=tuple(
            replace(job, energy_mwh=state.left_mwh.get(job.name, job.energy_mwh)) for job in problem.jobs
        ),
        batteries=tuple(
            replace(battery, start_mwh=_held(state, battery.name, battery.start_mwh, battery.energy_mwh))
            for battery in problem.batteries
        ),
        peaks=tuple(
            replace(peak, already_mw=np.maximum(peak.already_mw, state.peak_mw.get(peak.name, 0.0)))
            for peak in problem.peaks
        ),
    )


def roll(
    truth: CoupledProblem,
    *,
    horizon: int,
    step: int,
    seen: Callable[[int, int], CoupledProblem] | None = None,
    planner: Callable[[CoupledProblem], CoupledPlan] | None = None,
) -> CoupledPlan:
    """The plan that comes of planning `horizon` intervals and doing `step` of them, again and again.

    Args:
        truth: all intervals; its limits are known, its prices perhaps not.
        horizon: how far each plan looks; at least as far as the longest least time.
        step: how many intervals of it are done.
        seen: the intervals (first, end) as they look at the first; as they truly are unless given.
        planner: what plans; `plan_coupled` unless given.

    Raises:
        InputError: if the horizon is shorter than the step.
        SolveError: as the planner does.
    """
    if not 0 < step <= horizon:
        raise InputError("a plan must look as far as what is done of it", horizon=horizon, step=step)
    look = seen or (lambda first, end: window(truth, first, end))
    find = planner or _planned(DEFAULT_LIMITS)
    state: State | None = None
    done: list[tuple[Piece, CoupledPlan]] = []
    for first in range(0, truth.intervals, step):
        problem = look(first, min(first + horizon, truth.intervals))
        problem = problem if state is None else resume(problem, state)
        plan = find(problem)
        count = min(step, problem.intervals)
        state = carry(problem, plan, count)
        done.append((Piece(problem=problem, rows=slice(first, first + count)), first_intervals(plan, count)))
    return join(truth, done)


def first_intervals(plan: CoupledPlan, count: int) -> CoupledPlan:
    """The first intervals of a plan."""
    return cut_plan(plan, slice(count))


def cut_plan(plan: CoupledPlan, rows: slice) -> CoupledPlan:
    """A stretch of a plan's intervals."""
    values: dict[str, Any] = {field.name: getattr(plan, field.name) for field in fields(plan)}
    for key, value in values.items():
        if isinstance(value, Mapping):
            values[key] = {name: row[..., rows] for name, row in value.items()}
        else:
            values[key] = value[rows]
    return CoupledPlan(**values)


def _planned(limits: Limits) -> Callable[[CoupledProblem], CoupledPlan]:
    return lambda problem: plan_coupled(problem, limits).plan


def _until(
    problem: CoupledProblem, count: int, moved: _Row, least_h: float, still: _Row | None
) -> tuple[tuple[np.datetime64, float], ...]:
    """Until when which power must stay: moves within the least time, and what stayed already."""
    if not least_h:
        return ()
    least_us = np.timedelta64(round(least_h * _HOUR_US), "us")
    ends = problem.start[:count] + least_us
    begin = problem.start[count - 1] + np.timedelta64(round(float(problem.hours[count - 1]) * _HOUR_US), "us")
    kept = [(end, float(mw)) for end, mw in zip(ends, moved, strict=True) if mw > _ZERO and end > begin]
    if still is not None:
        ahead = np.append(np.maximum(0.0, still[count:]), 0.0)
        falls = -np.diff(ahead)
        kept += [
            (problem.start[count + i + 1] if count + i + 1 < problem.intervals else _end(problem), float(mw))
            for i, mw in enumerate(falls)
            if mw > _ZERO
        ]
    return tuple(kept)


def _end(problem: CoupledProblem) -> np.datetime64:
    length: np.datetime64 = problem.start[-1] + np.timedelta64(
        round(float(problem.hours[-1]) * _HOUR_US), "us"
    )
    return length


def _resumed(load: Load, state: State, start: NDArray[np.datetime64]) -> Load:
    return replace(
        load,
        before_mw=max(0.0, state.power_mw[load.name]),
        still_on_mw=still_mw(state.still_on_mw[load.name], start),
        still_off_mw=still_mw(state.still_off_mw[load.name], start),
    )


def _held(state: State, name: str, start_mwh: float, energy_mwh: float) -> float:
    """What a battery holds; what its plan rounded beyond its walls is taken off."""
    return min(max(0.0, state.held_mwh.get(name, start_mwh)), energy_mwh)
