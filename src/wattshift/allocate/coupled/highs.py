"""The hand-over to HiGHS, and the only file that knows it.

HiGHS calls an answer optimal when a price is NaN and drops a row whose side is NaN, so `Program` refuses
both, every call's own status is looked at, and what comes back is tried against the program once more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.program import Program
from wattshift.errors import CheckFailed, Infeasible, LimitReached, SolveError, Unbounded

if TYPE_CHECKING:
    import highspy

__all__ = [
    "DEFAULT_LIMITS",
    "Answer",
    "Ended",
    "Limits",
    "Method",
    "handed_over",
    "must",
    "prove",
    "run",
    "settled",
    "solve",
]

_Row: TypeAlias = NDArray[np.float64]

_LEAST_SHARE = 0.1

_TOLERANCE = 1e-6
"""How far a row or a bound may be missed, relative to its size: HiGHS's own tolerance is 1e-7."""


class Ended(StrEnum):
    """How solving ended."""

    OPTIMAL = "optimal"
    IN_TIME = "the best found in time"


class Method(StrEnum):
    """How a program is solved."""

    AUTOMATIC = "automatic"
    INTERIOR = "interior point"
    SIMPLEX = "simplex"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to stop, and how to go.

    Args:
        wall_s: time [s].
        gap_ratio: how close to the proven bound is close enough, relative to the objective.
        method: how linear programs are solved; what is not certified is solved by simplex anyway.
    """

    wall_s: float = 60.0
    gap_ratio: float = 1e-6
    method: Method = Method.AUTOMATIC


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What came out.

    Args:
        ended: how.
        x: the decisions, shape (columns,).
        row_dual_usd: what one unit more on the right-hand side of each row costs [USD], shape (rows,); empty
            for a program with whole numbers.
        column_dual_usd: reduced costs, shape (columns,); likewise.
        cost_usd: the objective, offset included.
        bound_usd: no plan can cost less than this.
        spent_s: how long it took [s].
        by: which method found it.
        note: why another method was left; empty where none was.
    """

    ended: Ended
    x: _Row
    row_dual_usd: _Row
    column_dual_usd: _Row
    cost_usd: float
    bound_usd: float
    spent_s: float
    by: Method = Method.SIMPLEX
    note: str = ""

    @property
    def gap_usd(self) -> float:
        """How much better another plan might be at most [USD]."""
        return max(0.0, self.cost_usd - self.bound_usd)


def solve(program: Program, limits: Limits = DEFAULT_LIMITS) -> Answer:
    """Solve a program.

    Raises:
        Infeasible: if its limits contradict each other.
        Unbounded: if it was built wrongly.
        LimitReached: if time ran out before any plan was found.
        CheckFailed: if what came back does not keep the program's own rows.
    """
    if program.is_linear:
        return _solve_once(program, limits)
    # What contradicts itself without any yes or no must not reach the solver's own preparation of whole
    # numbers: HiGHS 1.15.1 is known to end the whole process there.
    loose = _solve_once(replace(program, whole=np.zeros_like(program.whole)), limits)
    answer = _solve_once(program, _left(limits, loose.spent_s))
    spent_s = loose.spent_s + answer.spent_s
    try:
        exact = _solve_once(settled(program, answer.x), _left(limits, spent_s))
    except Infeasible:  # said to within a tolerance only: the independent proof decides
        return replace(answer, spent_s=spent_s)
    return replace(
        answer,
        x=exact.x,
        cost_usd=exact.cost_usd,
        bound_usd=min(answer.bound_usd, exact.cost_usd),
        spent_s=spent_s + exact.spent_s,
    )


def settled(program: Program, x: _Row) -> Program:
    """The linear program that is left once every yes and no is taken as said.

    A solver calls a yes of 0.999999 a yes, and 1e-6 of a large machine is not nothing.
    """
    said = np.round(x)
    return replace(
        program,
        low=np.where(program.whole, said, program.low),
        high=np.where(program.whole, said, program.high),
        whole=np.zeros_like(program.whole),
    )


def _left(limits: Limits, spent_s: float) -> Limits:
    """What is left of the time; some for each step."""
    return replace(limits, wall_s=max(limits.wall_s - spent_s, _LEAST_SHARE * limits.wall_s))


def _solve_once(program: Program, limits: Limits) -> Answer:
    return run(handed_over(program, limits), program)


def handed_over(program: Program, limits: Limits) -> highspy.Highs:
    """The solver's own model of a program, not yet run."""
    import highspy

    if (program.low > program.high).any() or (program.row_low > program.row_high).any():
        raise Infeasible("the site's limits contradict each other")  # the solver refuses to look at it
    model = highspy.Highs()  # type: ignore[no-untyped-call]  # its constructor has no annotation
    options = {
        "output_flag": False,
        "time_limit": limits.wall_s,
        "mip_rel_gap": limits.gap_ratio,
        "threads": 1,
    }
    for name, value in options.items():
        must(model.setOptionValue(name, value))
    must(_pass(model, program))
    return model


def run(model: highspy.Highs, program: Program) -> Answer:
    """The answer of a model that holds this program.

    Raises:
        Infeasible, Unbounded, LimitReached, CheckFailed: as `solve` does.
    """
    import highspy

    must(model.run(), allow_warning=True)
    status = model.getModelStatus()
    if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
        status = _which(model, program)
    _refuse(status, has_plan=bool(model.getInfo().primal_solution_status == 2))
    return _answer(program, model, ended_in_time=status != highspy.HighsModelStatus.kOptimal)


def _which(model: highspy.Highs, program: Program) -> highspy.HighsModelStatus:
    """Unbounded or infeasible: what is infeasible is so at any cost, at none as well."""
    import highspy

    columns = np.arange(program.cost_usd.size, dtype=np.int32)
    must(model.changeColsCost(columns.size, columns, np.zeros(columns.size)))
    must(model.run(), allow_warning=True)
    possible = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    must(model.changeColsCost(columns.size, columns, program.cost_usd))
    return highspy.HighsModelStatus.kUnbounded if possible else highspy.HighsModelStatus.kInfeasible


def _pass(model: highspy.Highs, program: Program) -> highspy.HighsStatus:
    """The program as arrays: four times as fast as through the fields of an `HighsLp`."""
    import highspy

    return model.passModel(
        program.cost_usd.size,
        program.row_low.size,
        program.value.size,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize),
        program.offset_usd,
        program.cost_usd,
        program.low,
        program.high,
        program.row_low,
        program.row_high,
        program.row_start.astype(np.int32),
        program.column.astype(np.int32),
        program.value,
        program.whole.astype(np.int32),  # 0 is continuous, 1 is whole
    )


def must(status: highspy.HighsStatus, *, allow_warning: bool = False) -> None:
    """Refuse a call that the solver did not take as it was meant."""
    import highspy

    if status == highspy.HighsStatus.kError or (status == highspy.HighsStatus.kWarning and not allow_warning):
        raise SolveError(
            "the solver refused its input", status=status.name, hint="this is a fault in wattshift"
        )


def _refuse(status: highspy.HighsModelStatus, *, has_plan: bool) -> None:
    import highspy

    named = highspy.HighsModelStatus
    if status == named.kOptimal or (status in {named.kTimeLimit, named.kIterationLimit} and has_plan):
        return
    if status == named.kInfeasible:
        raise Infeasible("the site's limits contradict each other")
    if status == named.kUnbounded:
        raise Unbounded("the program has no finite optimum", hint="this is a fault in wattshift")
    if status in {named.kTimeLimit, named.kIterationLimit}:
        raise LimitReached("no plan was found in time", hint="allow more time, or plan a shorter horizon")
    raise SolveError("the solver failed", status=status.name, hint="keep the last plan; report the site file")


def _answer(program: Program, model: highspy.Highs, *, ended_in_time: bool) -> Answer:
    solution, info = model.getSolution(), model.getInfo()
    x = np.array(solution.col_value)
    prove(program, x)
    x = np.clip(x, program.low, program.high)
    linear = program.is_linear
    cost = float(program.cost_usd @ x) + program.offset_usd
    if not linear:
        bound = float(info.mip_dual_bound)
    elif ended_in_time:
        bound = -np.inf
    else:
        bound = cost
    return Answer(
        ended=Ended.IN_TIME if ended_in_time else Ended.OPTIMAL,
        x=x,
        row_dual_usd=np.array(solution.row_dual) if linear else np.empty(0),
        column_dual_usd=np.array(solution.col_dual) if linear else np.empty(0),
        cost_usd=cost,
        bound_usd=min(bound, cost),
        spent_s=model.getRunTime(),
    )


def prove(program: Program, x: _Row) -> None:
    """Every row and bound once more, by plain arithmetic; NaN fails.

    Raises:
        CheckFailed: if one is broken by more than 1e-6 of its size.
    """
    if x.shape != program.cost_usd.shape:
        raise CheckFailed("the solver's answer has another length than its program", length=x.size)
    rows = np.repeat(np.arange(program.row_low.size), np.diff(program.row_start))
    terms = program.value * x[program.column]
    activity = np.bincount(rows, terms, minlength=program.row_low.size)
    scale = 1.0 + np.bincount(rows, np.abs(terms), minlength=program.row_low.size)
    for name, value, low, high, size in (
        ("bound", x, program.low, program.high, 1.0 + np.abs(x)),
        ("row", activity, program.row_low, program.row_high, scale),
    ):
        kept = (value >= low - _TOLERANCE * size) & (value <= high + _TOLERANCE * size)
        if not kept.all():
            where = int(np.argmin(kept))
            raise CheckFailed(
                f"the solver's answer breaks a {name} of its own program", number=where, value=value[where]
            )
