"""Loads and jobs as columns and rows: steps, limits, promises, ramps, starts, least times."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.program import Index
from wattshift.allocate.coupled.sketch import Choice, Sketch

__all__ = ["draw_loads"]


def draw_loads(sketch: Sketch) -> None:
    """Every load and job, and what limits them on their own."""
    for load in sketch.problem.loads:
        sketch.columns.steps[load.name] = _steps(sketch, load)
    _jobs(sketch)
    for load in sketch.problem.loads:
        _bounds(sketch, load)
        _promise(sketch, load)
        _motion(sketch, load)


def _steps(sketch: Sketch, load: Load) -> Index:
    build, at, hours = sketch.build, sketch.at, sketch.hours
    steps = np.stack(
        [
            build.add_columns(
                "power",
                f"{load.name}, {step.name}" if len(load.steps) > 1 else load.name,
                at=at,
                high=np.minimum(step.capacity_mw, load.available_mw),
                cost_usd=-step.worth_usd_per_mwh * hours,
            )
            for step in load.steps
        ]
    )
    if load.whole:
        _whole(sketch, load, steps)
    _in_order(sketch, load, steps)
    return steps


def _whole(sketch: Sketch, load: Load, steps: Index) -> None:
    build, at = sketch.build, sketch.at
    runs = build.add_columns("runs", load.name, at=at, high=1.0, whole=True)
    for step, columns in zip(load.steps, steps, strict=True):
        terms = ((columns, 1.0), (runs, -step.capacity_mw))
        build.add_rows("runs whole", load.name, *terms, at=at, low=0.0, high=0.0)


def _in_order(sketch: Sketch, load: Load, steps: Index) -> None:
    """A step is entered only when the one before it is full."""
    where, build = sketch.choice(Choice.STEP, load.name), sketch.build
    if not where.size:
        return
    for i, (step, next_step) in enumerate(pairwise(load.steps)):
        full = build.add_columns("step full", load.name, at=where, high=1.0, whole=True)
        lower = ((steps[i][where], 1.0), (full, -step.capacity_mw))
        build.add_rows("step order", load.name, *lower, at=where, low=0.0)
        upper = ((steps[i + 1][where], 1.0), (full, -next_step.capacity_mw))
        build.add_rows("step order", load.name, *upper, at=where, high=0.0)


def _jobs(sketch: Sketch) -> None:
    for job in sketch.problem.jobs:
        within = np.arange(max(job.first, 0), min(job.end, sketch.problem.intervals))
        power = sketch.build.add_columns(
            "job",
            job.name,
            at=within,
            high=np.minimum(job.max_mw, sketch.problem.load(job.load).available_mw[within]),
            cost_usd=-job.worth_usd_per_mwh * sketch.hours[within],
        )
        missed = sketch.build.add_columns(
            "missed",
            job.name,
            at=np.zeros(1, np.int64),
            high=job.energy_mwh,
            cost_usd=np.full(1, job.missed_usd_per_mwh),
        )
        row = sketch.build.add_rows(
            "work",
            job.name,
            (missed, 1.0),
            at=np.zeros(1, np.int64),
            low=job.energy_mwh,
            high=job.energy_mwh,
        )
        sketch.build.add_terms(np.repeat(row, within.size), power, sketch.hours[within])
        columns = np.full(sketch.problem.intervals, -1)
        columns[within] = power
        sketch.columns.jobs[job.name] = columns


def _bounds(sketch: Sketch, load: Load) -> None:
    has_jobs = any(job.load == load.name for job in sketch.problem.jobs)
    tight = sketch.at[load.available_mw < load.capacity_mw] if len(load.steps) > 1 else sketch.at[:0]
    where = sketch.at if has_jobs else tight
    sketch.build.add_rows(
        "available",
        load.name,
        *sketch.with_jobs(load.name, where),
        at=where,
        high=load.available_mw[where],
    )
    where = sketch.at[load.floor_mw > 0.0]
    sketch.build.add_rows(
        "floor", load.name, *sketch.power(load.name, where), at=where, low=load.floor_mw[where]
    )


def _promise(sketch: Sketch, load: Load) -> None:
    where = sketch.at[load.promised_mw > load.floor_mw]
    short = sketch.build.add_columns(
        "shortfall", load.name, at=where, cost_usd=load.credit_usd_per_mwh * sketch.hours[where]
    )
    sketch.build.add_rows(
        "promise",
        load.name,
        *sketch.power(load.name, where),
        (short, 1.0),
        at=where,
        low=load.promised_mw[where],
    )


def _motion(sketch: Sketch, load: Load) -> None:
    """Ramps, starts and stops; a load's power before the first interval is known."""
    at, build = sketch.at, sketch.build
    moves = sketch.power(load.name, at)
    moves += [(np.concatenate([[-1], columns[:-1]]), -1.0) for columns in sketch.columns.steps[load.name]]
    known = np.zeros(at.size)
    known[0] = load.before_mw
    up, down = load.ramp_up_mw_per_h * sketch.hours, load.ramp_down_mw_per_h * sketch.hours
    if min(up.min(), down.min()) < max(load.capacity_mw, load.before_mw):
        more = 0.0 if load.ramp_excess_mw is None else load.ramp_excess_mw
        build.add_rows("ramp", load.name, *moves, at=at, low=known - down - more, high=known + up + more)
    if load.min_up_h or load.min_down_h or load.start_usd_per_mw or load.stop_usd_per_mw:
        started = build.add_columns(
            "started", load.name, at=at, cost_usd=np.full(at.size, load.start_usd_per_mw)
        )
        stopped = build.add_columns(
            "stopped", load.name, at=at, cost_usd=np.full(at.size, load.stop_usd_per_mw)
        )
        moved = (*moves, (started, -1.0), (stopped, 1.0))
        build.add_rows("motion", load.name, *moved, at=at, low=known, high=known)
        _least_times(sketch, load, started, stopped)


def _least_times(sketch: Sketch, load: Load, started: Index, stopped: Index) -> None:
    at, build, power = sketch.at, sketch.build, sketch.power(load.name, sketch.at)
    still_on = 0.0 if load.still_on_mw is None else load.still_on_mw
    still_off = 0.0 if load.still_off_mw is None else load.still_off_mw
    if load.min_up_h:
        rows = build.add_rows("least time on", load.name, *power, at=at, low=still_on)
        _sum_window(sketch, rows, started, load.min_up_h, -1.0)
    if load.min_down_h:
        most = load.capacity_mw - still_off
        rows = build.add_rows("least time off", load.name, *power, at=at, high=most)
        _sum_window(sketch, rows, stopped, load.min_down_h, 1.0)


def _sum_window(sketch: Sketch, rows: Index, columns: Index, window_h: float, sign: float) -> None:
    """Add to each row the columns of the intervals that began within a window before its own start."""
    begins = np.cumsum(sketch.hours) - sketch.hours
    first = np.searchsorted(begins, begins - window_h + 1e-9, side="right")
    counts = sketch.at - first + 1
    ends = np.cumsum(counts)
    offset = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    sketch.build.add_terms(
        np.repeat(rows, counts), columns[np.repeat(first, counts) + offset], np.full(int(ends[-1]), sign)
    )
