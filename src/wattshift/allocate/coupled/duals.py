"""What each limit is worth, from the duals of the program.

Where several sets of prices are right, each lies between what a little more of its limit brings and what a
little less costs, whichever method found the plan: simplex gives a corner of them, the interior-point method
a point within.

Where a plan needed yes-or-no choices, these are the duals of the linear program with the choices as they
are: they say nothing of what another choice would bring (`Prices.choices_fixed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Answer, Limits, solve
from wattshift.allocate.coupled.infeasible.conflict import LimitKind, kind_of_column, kind_of_row
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Program
from wattshift.allocate.coupled.solve import Solved

__all__ = ["Prices", "price_limits"]

_Row: TypeAlias = NDArray[np.float64]

_LEAST_USD = 1e-6
"""A smaller dual is the solver's rounding: an interior point comes near to nothing, not to it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prices:
    """Shadow prices of a plan; of equally valid ones, those that the solver found.

    Args:
        power_usd_per_mwh: what one MWh more would cost the site in each interval [USD/MWh], shape (T,).
        limits: for each (kind, part) what a MW more room (of a floor: less of it) is worth for an hour of
            each interval [USD/MWh], shape (T,); of what a battery holds, one MWh more in the interval.
        peaks: for each peak charge what it adds to the price of power [USD/MWh], shape (T,).
        turn_usd_per_mwh: for each load and each of its steps the worth at which it turns: up to it a step
            that is off stays off, down to it one that is on stays on [USD/MWh], shape (number of steps, T).
        choices_fixed: whether yes-or-no choices were held as they are.
    """

    power_usd_per_mwh: _Row
    limits: Mapping[tuple[LimitKind, str], _Row]
    peaks: Mapping[str, _Row]
    turn_usd_per_mwh: Mapping[str, _Row]
    choices_fixed: bool

    def total_usd_per_mw(self, kind: LimitKind, part: str, hours: _Row) -> float:
        """What one MW more of a limit is worth over the whole horizon [USD/MW]; zero if it never binds."""
        row = self.limits.get((kind, part))
        return 0.0 if row is None else float(row @ hours)


def price_limits(problem: CoupledProblem, solved: Solved, limits: Limits = DEFAULT_LIMITS) -> Prices:
    """The shadow prices of a plan.

    Args:
        problem: what was solved.
        solved: by `wattshift.allocate.coupled.solve.solve_coupled`, as a whole.
        limits: for the linear program, where choices must be fixed first.

    Raises:
        LimitReached: if time ran out.
    """
    program, answer = solved.program, solved.answer
    fixed = not program.is_linear
    if fixed:
        program = _with_choices_fixed(program, answer)
        answer = solve(program, limits)
    rows, columns = _told(answer.row_dual_usd), _told(answer.column_dual_usd)
    balance = next(label for label in program.rows if label.kind == "balance")
    per_hour = 1.0 / problem.hours
    peaks = {peak.name: np.zeros(problem.intervals) for peak in problem.peaks}
    for label in program.rows:
        if label.kind == "peak":
            np.add.at(peaks[label.part], label.at, np.abs(rows[label.span]))
    worth = _Worths(problem, solved, rows, columns).all()
    return Prices(
        power_usd_per_mwh=rows[balance.span] * per_hour,
        limits={
            key: row if key[0] is LimitKind.HELD else row * per_hour
            for key, row in worth.items()
            if row.any()
        },
        peaks={name: row * per_hour for name, row in peaks.items()},
        turn_usd_per_mwh={
            load.name: np.stack([step.worth_usd_per_mwh for step in load.steps])
            + columns[solved.columns.steps[load.name]] * per_hour
            for load in problem.loads
        },
        choices_fixed=fixed,
    )


class _Worths:
    """Adds up, for each limit of the site, the duals of all rows and bounds that hold it [USD/MW]."""

    def __init__(self, problem: CoupledProblem, solved: Solved, rows: _Row, columns: _Row) -> None:
        self.problem, self.solved = problem, solved
        self.rows = np.abs(rows)
        self.bounds = np.maximum(0.0, -columns)
        self.worth: dict[tuple[LimitKind, str], _Row] = {}

    def all(self) -> dict[tuple[LimitKind, str], _Row]:
        """Each limit's worth in each interval."""
        for label in self.solved.program.rows:
            kind = kind_of_row(label, self.problem)
            if kind is not None:
                self._add(kind, label.part, label.at, self.rows[label.span])
        for label in self.solved.program.columns:
            kind = kind_of_column(label)
            if kind is not None and kind is not LimitKind.AVAILABLE:
                self._add(kind, label.part, label.at, self.bounds[label.span])
        at = np.arange(self.problem.intervals)
        grid = self.problem.grid
        narrow = grid.import_mw < grid.block_mw  # there the connection is what bounds the block
        within = np.where(narrow, self.bounds[self.solved.columns.block], 0.0)
        self._add(LimitKind.CONNECTION, "the grid", at, within)
        for load in self.problem.loads:
            self._available(load, at)
            key = LimitKind.FLOOR, load.name
            if key in self.worth:  # backing a promise holds a floor of nothing as well
                self.worth[key] *= load.floor_mw > 0.0
        return self.worth

    def _available(self, load: Load, at: NDArray[np.int64]) -> None:
        """One MW more of a load lengthens its last step, and any other that is longer than what can run."""
        for step, columns in zip(load.steps, self.solved.columns.steps[load.name], strict=True):
            counts = (load.available_mw < step.capacity_mw) | (step is load.steps[-1])
            self._add(LimitKind.AVAILABLE, load.name, at, np.where(counts, self.bounds[columns], 0.0))

    def _add(self, kind: LimitKind, part: str, at: NDArray[np.int64], row: _Row) -> None:
        np.add.at(self.worth.setdefault((kind, part), np.zeros(self.problem.intervals)), at, row)


def _told(dual_usd: _Row) -> _Row:
    return np.where(np.abs(dual_usd) < _LEAST_USD, 0.0, dual_usd)


def _with_choices_fixed(program: Program, answer: Answer) -> Program:
    said = np.round(answer.x)
    return replace(
        program,
        low=np.where(program.whole, said, program.low),
        high=np.where(program.whole, said, program.high),
        whole=np.zeros_like(program.whole),
    )
