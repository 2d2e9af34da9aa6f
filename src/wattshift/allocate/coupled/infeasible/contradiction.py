"""A conflict in the site's own words."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from wattshift.allocate.coupled.infeasible.conflict import Conflict, Limit, LimitKind
from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["say_conflict", "say_when"]

_HOUR_US = 3.6e9


def say_conflict(problem: CoupledProblem, conflict: Conflict) -> tuple[str, ...]:
    """One clause for each limit of each part, with its figures and times (UTC).

    Together they contradict each other; without any one of them they do not.
    """
    clauses = []
    for (kind, part), group in groupby(conflict.limits, key=lambda limit: (limit.kind, limit.part)):
        limits = list(group)
        figures = [_figure(problem, limit) for limit in limits]
        least, most = min(figures), max(figures)
        amount = f"{least:g}" if least == most else f"{least:g} to {most:g}"
        text = _WORDS[kind].format(part=part, amount=amount)
        clauses.append(f"{text} {say_when(problem, [limit.interval for limit in limits])}")
    return tuple(clauses)


_WORDS = {
    LimitKind.CONNECTION: "the connection allows {amount} MW",
    LimitKind.GROUP: "{part} allows {amount} MW",
    LimitKind.AVAILABLE: "{part} can run {amount} MW",
    LimitKind.GENERATOR: "{part} makes no more than {amount} MW",
    LimitKind.FLOOR: "{part} is promised {amount} MW",
    LimitKind.JOB: "{part} can use {amount} MW",
    LimitKind.HELD: "{part} must hold what was agreed and no more than {amount} MWh",
    LimitKind.CHARGE: "{part} charges with no more than {amount} MW",
    LimitKind.DISCHARGE: "{part} gives no more than {amount} MW",
    LimitKind.RAMP: "{part} moves by no more than {amount} MW an hour",
    LimitKind.TIME_ON: "what {part} has started stays on for {amount} h",
    LimitKind.TIME_OFF: "what {part} has stopped stays off for {amount} h",
    LimitKind.EXPORT: "no more than {amount} MW may be fed in",
}


def say_when(problem: CoupledProblem, intervals: list[int]) -> str:
    """Stretches of intervals, such as "from 2026-01-19 14:00 to 15:00 UTC"."""
    length_us = np.round(problem.hours * _HOUR_US).astype("timedelta64[us]")
    spans = []
    runs = np.split(np.array(intervals), np.flatnonzero(np.diff(intervals) != 1) + 1)
    for run in runs:
        begin, end = problem.start[run[0]], problem.start[run[-1]] + length_us[run[-1]]
        first, last = (str(at.astype("datetime64[m]")).replace("T", " ") for at in (begin, end))
        spans.append(f"from {first} to {last.removeprefix(first[:11])}")
    return " and ".join(spans) + " UTC"


def _figure(problem: CoupledProblem, limit: Limit) -> float:
    at, kind = limit.interval, limit.kind
    if kind is LimitKind.CONNECTION:
        return float(problem.grid.import_mw[at])
    if kind is LimitKind.EXPORT:
        return float(problem.grid.export_mw[at])
    if kind is LimitKind.GROUP:
        return float(next(group for group in problem.groups if group.name == limit.part).limit_mw[at])
    if kind is LimitKind.GENERATOR:
        maker = next(maker for maker in problem.generators if maker.name == limit.part)
        return float(maker.available_mw[at])
    if kind is LimitKind.JOB:
        return next(job for job in problem.jobs if job.name == limit.part).max_mw
    if kind in {LimitKind.HELD, LimitKind.CHARGE, LimitKind.DISCHARGE}:
        battery = next(battery for battery in problem.batteries if battery.name == limit.part)
        return {
            LimitKind.HELD: battery.energy_mwh,
            LimitKind.CHARGE: battery.charge_mw,
            LimitKind.DISCHARGE: battery.discharge_mw,
        }[kind]
    load = problem.load(limit.part)
    return {
        LimitKind.AVAILABLE: min(float(load.available_mw[at]), load.capacity_mw),
        LimitKind.FLOOR: float(load.floor_mw[at]),
        LimitKind.RAMP: min(load.ramp_up_mw_per_h, load.ramp_down_mw_per_h),
        LimitKind.TIME_ON: load.min_up_h,
        LimitKind.TIME_OFF: load.min_down_h,
    }[kind]
