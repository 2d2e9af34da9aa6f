"""The same program with other numbers, over and over: the solver keeps its model and its last basis.

A rolling horizon asks nearly the same question each time, some intervals later. Where the matrix is the same,
only costs, bounds and sides are handed over, and the simplex method starts from the last basis, shifted by as
many intervals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Answer, Limits, handed_over, must, run
from wattshift.allocate.coupled.plan import plan_of
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Label, Program
from wattshift.allocate.coupled.solve import Solved, cheats_of, proved, solve_coupled

if TYPE_CHECKING:
    import highspy

__all__ = ["WarmModel", "WarmPlanner"]


@dataclass(slots=True)
class WarmModel:
    """A solver that remembers the last linear program that it solved."""

    _program: Program | None = None
    _model: highspy.Highs | None = None
    _answer: Answer | None = None
    _shift: _Shift | None = None

    def solve(self, program: Program, limits: Limits = DEFAULT_LIMITS, *, shift: int = 0) -> Answer:
        """Solve a linear program whose intervals are those of the last one, `shift` later.

        Raises:
            Infeasible, Unbounded, LimitReached, CheckFailed: as `wattshift.allocate.coupled.highs.solve`.
        """
        last, model = self._program, self._model
        self._program = None  # until this one is solved, there is nothing to start from
        if last is None or model is None or not _same_matrix(last, program):
            model, self._shift = handed_over(program, limits), None
        else:
            basis = (
                self._by(program, shift).basis(model, last, self._answer) if shift and self._answer else None
            )
            self._change(model, last, program, limits)
            if basis is not None:
                must(model.setBasis(basis), allow_warning=True)
        answer = run(model, program)
        self._program, self._model, self._answer = program, model, answer
        return answer

    def _by(self, program: Program, shift: int) -> _Shift:
        """How numbers move by so many intervals: the same as long as the matrix is."""
        if self._shift is None or self._shift.intervals != shift:
            self._shift = _Shift(program, shift)
        return self._shift

    def _change(self, model: Any, last: Program, program: Program, limits: Limits) -> None:
        """Hand over the numbers that differ: the solver looks at each that it is given."""
        must(model.setOptionValue("time_limit", model.getRunTime() + limits.wall_s))
        where = _differs(last.cost_usd, program.cost_usd)
        must(model.changeColsCost(where.size, where, program.cost_usd[where]))
        where = _differs(last.low, program.low, last.high, program.high)
        must(model.changeColsBounds(where.size, where, program.low[where], program.high[where]))
        where = _differs(last.row_low, program.row_low, last.row_high, program.row_high)
        must(model.changeRowsBounds(where.size, where, program.row_low[where], program.row_high[where]))
        must(model.changeObjectiveOffset(program.offset_usd))


def _differs(*pairs: NDArray[np.float64]) -> NDArray[np.int32]:
    differs = np.zeros(pairs[0].size, np.bool_)
    for one, other in zip(pairs[::2], pairs[1::2], strict=True):
        differs |= one != other
    return np.flatnonzero(differs).astype(np.int32)


def _same_matrix(one: Program, other: Program) -> bool:
    return (
        one.is_linear
        and other.is_linear
        and one.cost_usd.size == other.cost_usd.size
        and np.array_equal(one.row_start, other.row_start)
        and np.array_equal(one.column, other.column)
        and np.array_equal(one.value, other.value)
    )


class _Shift:
    """For each column and row, that of the same thing some intervals later."""

    def __init__(self, program: Program, shift: int) -> None:
        self.intervals = shift
        self.columns = _moved(program.columns, program.cost_usd.size, shift)
        self.rows = _moved(program.rows, program.row_low.size, shift)

    def basis(self, model: Any, program: Program, answer: Answer) -> highspy.HighsBasis:
        """The basis of the same decisions that much later; the last intervals keep their own.

        It is told from the numbers of the basic variables and the side at which the others stand: to read it
        status by status takes longer than to solve.
        """
        import highspy

        named = highspy.HighsBasisStatus
        status = np.array([named.kLower, named.kUpper, named.kBasic])
        taken, basic = model.getBasicVariables()
        must(taken)
        columns = (answer.x - program.low > program.high - answer.x).astype(np.int64)
        rows = (answer.row_dual_usd < 0.0) | ~np.isfinite(program.row_low)
        rows = (rows & np.isfinite(program.row_high)).astype(np.int64)
        columns[basic[basic >= 0]] = 2
        rows[-1 - basic[basic < 0]] = 2
        basis = highspy.HighsBasis()
        basis.alien = True  # it may be singular where old intervals meet new ones: the solver mends it
        basis.valid = True
        basis.col_status = status[columns[self.columns]].tolist()
        basis.row_status = status[rows[self.rows]].tolist()
        return basis


def _moved(labels: tuple[Label, ...], size: int, shift: int) -> NDArray[np.int64]:
    """For each number, that of the same thing `shift` intervals later in the old program."""
    moved = np.arange(size)
    for label in labels:
        if label.at.size > shift and np.all(np.diff(label.at) == 1):
            moved[label.span][:-shift] += shift
    return moved


@dataclass(slots=True)
class WarmPlanner:
    """Plans one horizon after the other; where choices are needed, as `solve_coupled` does."""

    limits: Limits = DEFAULT_LIMITS
    _model: WarmModel = field(default_factory=WarmModel)
    _start: NDArray[np.datetime64] | None = None

    def solve(self, problem: CoupledProblem) -> Solved:
        """A proved plan.

        Raises:
            Infeasible, LimitReached, CheckFailed: as `wattshift.allocate.coupled.solve.solve_coupled`.
        """
        program, columns = formulate(problem)
        if not program.is_linear:
            return solve_coupled(problem, self.limits)
        shift = 0 if self._start is None else int(np.searchsorted(self._start, problem.start[0]))
        answer = self._model.solve(program, self.limits, shift=shift)
        self._start = problem.start
        if cheats_of(problem, plan_of(problem, columns, answer.x)):
            return solve_coupled(problem, self.limits)
        return proved(problem, program, columns, answer)
