"""A stretch of a coupled problem's intervals, as a problem of its own."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from wattshift.allocate.coupled.parts import (
    Battery,
    Generator,
    Grid,
    Job,
    Load,
    Peak,
    PowerGroup,
    Reserve,
    SoftCap,
    Step,
)
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import InputError

__all__ = ["window"]

_Part = TypeVar("_Part", Grid, Step, Generator, Reserve, PowerGroup, SoftCap)


def window(problem: CoupledProblem, first: int, end: int) -> CoupledProblem:
    """The intervals from `first` up to `end`, excluded.

    What came before is not carried over (see `wattshift.allocate.coupled.rolling`). What lies behind its end
    is: a battery's least end is what still leads to it at full charge; a job whose deadline lies behind may
    be left for later without a penalty; a peak charge whose period is not seen costs nothing.

    Raises:
        InputError: if there is no such stretch.
    """
    if not 0 <= first < end <= problem.intervals:
        raise InputError("there is no such stretch of intervals", first=first, end=end)
    rows = slice(first, end)
    final = end == problem.intervals
    after_h = float(problem.hours[end:].sum())
    return CoupledProblem(
        start=problem.start[rows],
        hours=problem.hours[rows],
        grid=_cut(problem.grid, rows),
        loads=tuple(_load(load, rows) for load in problem.loads),
        jobs=tuple(
            _job(job, first, end, final=final) for job in problem.jobs if job.first < end and job.end > first
        ),
        batteries=tuple(_battery(battery, after_h) for battery in problem.batteries),
        generators=tuple(_cut(generator, rows) for generator in problem.generators),
        reserves=tuple(_cut(reserve, rows) for reserve in problem.reserves),
        groups=tuple(_cut(group, rows) for group in problem.groups),
        peaks=tuple(_peak(peak, rows) for peak in problem.peaks),
        soft_caps=tuple(_cut(cap, rows) for cap in problem.soft_caps),
    )


def _cut(part: _Part, rows: slice) -> _Part:
    """A part all of whose arrays run over the intervals."""
    return replace(part, **_cut_rows(part, rows))


def _cut_rows(part: Any, rows: slice) -> dict[str, Any]:
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {name: value[rows] for name, value in values.items() if isinstance(value, np.ndarray)}


def _load(load: Load, rows: slice) -> Load:
    return replace(load, steps=tuple(_cut(step, rows) for step in load.steps), **_cut_rows(load, rows))


def _job(job: Job, first: int, end: int, *, final: bool) -> Job:
    return replace(
        job,
        first=max(job.first - first, 0),
        end=(job.end if final else min(job.end, end)) - first,
        missed_usd_per_mwh=job.missed_usd_per_mwh if final or job.end <= end else 0.0,
    )


def _battery(battery: Battery, after_h: float) -> Battery:
    if after_h == 0.0:
        return battery
    later_mwh = battery.charge_mw * battery.charge_ratio * after_h
    return replace(battery, least_end_mwh=max(0.0, battery.least_end_mwh - later_mwh))


def _peak(peak: Peak, rows: slice) -> Peak:
    period = peak.period[rows]
    seen = np.isin(np.arange(peak.usd_per_mw.size), period)
    return replace(peak, period=period, usd_per_mw=np.where(seen, peak.usd_per_mw, 0.0))
