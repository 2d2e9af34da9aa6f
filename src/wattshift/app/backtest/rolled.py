"""The planner that decides every interval anew.

It looks a day ahead: the next hour in the tariff's own intervals, the rest in hours. A day's income alone
would never pay for a month's peak. So the peak for which prices like those of the past four weeks would pay
in the rest of the month counts as paid; and what goes beyond it has to bring in thrice the share of the
charge that falls on the day, for the best of many days always seems to pay for its own share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.coupled.parts import Job, Peak
from wattshift.allocate.coupled.peaktarget import peak_worth_reaching_mw
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.rolling import State, carry, first_intervals, resume
from wattshift.allocate.coupled.separate import Piece, join
from wattshift.app.backtest.month import Month, compiled
from wattshift.assets.state import SiteState
from wattshift.tables import UTC_INSTANT

__all__ = ["Path", "blocks", "rolled"]

_Row: TypeAlias = NDArray[np.float64]

Path: TypeAlias = Callable[[int, int], _Row]
"""Prices after interval `last` of the material: (last, count) -> shape (count,)."""

_FINE_H = 1.0
_LOOKS_BACK_DAYS = 28
_BEST_DAY_RATIO = 3.0


@dataclass(slots=True)
class _Past:
    """What the intervals that were done leave behind.

    Args:
        state: as `carry` left it; None at the start of the month.
        peak_mw: the highest power of the month so far, by charge.
        done_mwh: the work that was done of each job.
    """

    state: State | None = None
    peak_mw: dict[str, float] = field(default_factory=dict)
    done_mwh: dict[str, float] = field(default_factory=dict)

    def add(self, problem: CoupledProblem, plan: CoupledPlan) -> None:
        """The first interval of a plan is done."""
        self.state = carry(problem, plan, 1)
        for peak in problem.peaks:
            if peak.period[0] >= 0:
                self.peak_mw[peak.name] = max(self.peak_mw.get(peak.name, 0.0), float(plan.drawn_mw[0]))
        for name, row in plan.job_mw.items():
            self.done_mwh[name] = self.done_mwh.get(name, 0.0) + float(row[0] * problem.hours[0])


def rolled(month: Month, path: Path) -> CoupledPlan:
    """What comes of planning a day, doing its first interval, and planning again, until the month ends.

    Args:
        month: the month; of its truth each decision knows what holds in its own interval.
        path: the prices that are expected.

    Raises:
        Infeasible: if a horizon's limits contradict each other.
        CheckFailed: if a plan is refused by the proof: a fault in wattshift.
    """
    past = _Past()
    done: list[tuple[Piece, CoupledPlan]] = []
    for row in range(month.truth.intervals):
        problem = _seen(month, row, path, past)
        plan = plan_coupled(problem).plan
        past.add(problem, plan)
        done.append((Piece(problem=problem, rows=slice(row, row + 1)), first_intervals(plan, 1)))
    return join(month.truth, done)


def _seen(month: Month, row: int, path: Path, past: _Past) -> CoupledProblem:
    """The horizon from an interval on as it looked at its start."""
    material, truth = month.material, month.truth
    at, count = material.first + row, min(material.n_per_day, truth.intervals - row)
    first, lengths = blocks(count, material.n_per_day)
    at_us = int(truth.start[row].astype(np.int64))
    held = {} if past.state is None else past.state.held_mwh
    ahead = path(at - 1, count)
    problem = compiled(
        month.site,
        _frame(truth.start[row + first], lengths * truth.hours[row], _coarse(ahead, first)),
        float(material.hashprice_usd_per_ph_day[row]),
        {name: _coarse(each.foreseen(at, count, at_us), first) for name, each in material.series.items()},
        SiteState(held_mwh=held, peak_mw=past.peak_mw),
    )
    problem = _with_what_is_known(problem, month, row, past.done_mwh)
    problem = _with_peaks_worth_reaching(problem, month, row, float(ahead[0]))
    return problem if past.state is None else resume(problem, replace(past.state, peak_mw={}, left_mwh={}))


def blocks(count: int, n_per_day: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The next hour in intervals as they are, the rest in hours: first interval and length of each block.

    Args:
        count: intervals ahead.
        n_per_day: intervals a day.
    """
    each = max(1, round(_FINE_H * n_per_day / 24.0))
    fine = min(each, count)
    first = np.concatenate([np.arange(fine), np.arange(fine, count, each)])
    return first, np.diff(first, append=count)


def _coarse(row: _Row, first: NDArray[np.int64]) -> _Row:
    mean: _Row = np.add.reduceat(row, first) / np.diff(first, append=row.size)
    return mean


def _frame(start: NDArray[np.datetime64], hours: _Row, price_usd_per_mwh: _Row) -> pl.DataFrame:
    return pl.DataFrame(
        [
            pl.Series("start", start).cast(UTC_INSTANT),
            pl.Series("hours", hours),
            pl.Series("price_usd_per_mwh", price_usd_per_mwh),
        ]
    )


def _with_what_is_known(
    problem: CoupledProblem, month: Month, row: int, done_mwh: Mapping[str, float]
) -> CoupledProblem:
    """The grid's orders arrive in real time; what batteries must hold in the end is known all along.

    Work that may wait has its energy by the site file; what ends behind the horizon may still be left.
    """
    truth = month.truth
    import_mw = problem.grid.import_mw.copy()
    import_mw[0] = truth.grid.import_mw[row]
    hours = float(problem.hours.sum())
    end = row + round(hours / float(truth.hours[row]))
    return replace(
        problem,
        grid=replace(problem.grid, import_mw=import_mw),
        batteries=tuple(
            replace(battery, least_end_mwh=true.least_end_mwh)
            for battery, true in zip(problem.batteries, truth.batteries, strict=True)
        ),
        jobs=tuple(_left(job, truth, end, done_mwh.get(job.name, 0.0)) for job in problem.jobs),
    )


def _with_peaks_worth_reaching(
    problem: CoupledProblem, month: Month, row: int, expected_usd_per_mwh: float
) -> CoupledProblem:
    """The peak that the rest of the month will pay for counts as if it had been reached."""
    prices, now = month.material.price_usd_per_mwh, month.material.first + row
    past = prices[max(0, now - _LOOKS_BACK_DAYS * month.material.n_per_day) : now]
    charges_usd_per_mwh = float(problem.grid.buy_usd_per_mwh[0]) - expected_usd_per_mwh
    left_h = float(month.truth.hours[row:].sum())
    share = min(1.0, _BEST_DAY_RATIO * float(problem.hours.sum()) / left_h)

    def foreseen(peak: Peak) -> Peak:
        reached_mw = [
            peak_worth_reaching_mw(
                problem, past + charges_usd_per_mwh, hours=left_h, charge_usd_per_mw=float(charge)
            )
            for charge in peak.usd_per_mw
        ]
        already_mw = np.maximum(peak.already_mw, reached_mw)
        return replace(peak, usd_per_mw=share * peak.usd_per_mw, already_mw=already_mw)

    return replace(problem, peaks=tuple(foreseen(peak) for peak in problem.peaks))


def _left(job: Job, truth: CoupledProblem, end: int, done_mwh: float) -> Job:
    whole = next(each for each in truth.jobs if each.name == job.name)
    return replace(
        job,
        energy_mwh=max(0.0, whole.energy_mwh - done_mwh),
        missed_usd_per_mwh=whole.missed_usd_per_mwh if whole.end <= end else 0.0,
    )
