"""Why a site has no plan: a smallest set of its own limits that contradict each other.

Physics stays: what is used is supplied, a battery's energy adds up, a block load runs whole, nothing is below
zero. Every limit of the site may be left out. A proof of infeasibility names candidates; of these a set is
found by divide and conquer (QuickXplain, Junker 2004) that has no plan, but has one as soon as any one
of its limits is left out. Where there are several, limits of higher standing in `LimitKind` are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from wattshift.allocate.coupled.formulate import Columns, formulate
from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Limits, solve
from wattshift.allocate.coupled.infeasible.farkas import farkas
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Index, Label, Program
from wattshift.errors import Infeasible, InputError

__all__ = [
    "Conflict",
    "Limit",
    "LimitKind",
    "find_conflict",
    "kind_of_column",
    "kind_of_row",
    "limits_of",
    "without",
]


class LimitKind(StrEnum):
    """What can limit a site, those that are hardest to change first."""

    CONNECTION = "connection"
    GROUP = "group"
    AVAILABLE = "available"
    GENERATOR = "generator"
    FLOOR = "floor"
    JOB = "job"
    HELD = "held"
    CHARGE = "charge"
    DISCHARGE = "discharge"
    RAMP = "ramp"
    TIME_ON = "least time on"
    TIME_OFF = "least time off"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit in one interval."""

    kind: LimitKind
    part: str
    interval: int

    @property
    def standing(self) -> tuple[int, str, int]:
        """Its place in the order of limits."""
        return list(LimitKind).index(self.kind), self.part, self.interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Limits that contradict each other; without any one of them there is a plan that keeps the others."""

    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sides:
    """Where a program holds a limit: numbers of rows and columns."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]


_ROWS: Mapping[str, LimitKind] = {
    "connection": LimitKind.CONNECTION,
    "available": LimitKind.AVAILABLE,
    "floor": LimitKind.FLOOR,
    "ramp": LimitKind.RAMP,
    "least time on": LimitKind.TIME_ON,
    "least time off": LimitKind.TIME_OFF,
    "group": LimitKind.GROUP,
}
_COLUMNS: Mapping[str, LimitKind] = {
    "power": LimitKind.AVAILABLE,
    "bought": LimitKind.CONNECTION,
    "fed in": LimitKind.EXPORT,
    "job": LimitKind.JOB,
    "charge": LimitKind.CHARGE,
    "discharge": LimitKind.DISCHARGE,
    "held": LimitKind.HELD,
    "made": LimitKind.GENERATOR,
}


def find_conflict(problem: CoupledProblem, limits: Limits = DEFAULT_LIMITS) -> Conflict:
    """A smallest contradiction of a problem that has no plan.

    Raises:
        InputError: if it has a plan.
        LimitReached: if time ran out.
    """
    program, columns = formulate(problem)
    program = replace(program, cost_usd=np.zeros_like(program.cost_usd))
    sides = limits_of(problem, program, columns)

    def has_plan(kept: Iterable[Limit]) -> bool:
        left_out = sides.keys() - set(kept)
        try:
            solve(without(program, (sides[limit] for limit in left_out)), limits)
        except Infeasible:
            return False
        return True

    if has_plan(sides):
        raise InputError("there is no conflict: the problem has a plan", hint="solve it")
    candidates = _ordered(_suspects(program, sides, limits))
    if has_plan(candidates):  # the whole numbers have a part in it, and no proof says which
        candidates = _ordered(sides)
    return Conflict(limits=tuple(_ordered(_smallest(has_plan, [], candidates, sure=False))))


def limits_of(problem: CoupledProblem, program: Program, columns: Columns) -> dict[Limit, _Sides]:
    """Every limit of a program that its site may be said to have."""
    load_of = {
        int(number): load.name for load in problem.loads for number in columns.steps[load.name].ravel()
    }
    rows: dict[Limit, list[int]] = {}
    bounds: dict[Limit, list[int]] = {}
    for label in program.rows:
        kind = kind_of_row(label, problem)
        if kind is not None:
            for number, at in enumerate(label.at.tolist(), start=label.first):
                rows.setdefault(Limit(kind, label.part, at), []).append(number)
    for label in program.columns:
        kind = kind_of_column(label)
        if kind is not None:
            for number, at in enumerate(label.at.tolist(), start=label.first):
                part = load_of.get(number, label.part)
                bounds.setdefault(Limit(kind, part, at), []).append(number)
    return {
        limit: _Sides(rows=tuple(rows.get(limit, ())), columns=tuple(bounds.get(limit, ())))
        for limit in rows.keys() | bounds.keys()
    }


def kind_of_row(label: Label, problem: CoupledProblem) -> LimitKind | None:
    """Which limit some rows hold; None for physics and for what may be broken at a price."""
    if label.kind == "backing":  # power behind a promise stays above the floor, or within the battery's
        return LimitKind.FLOOR if label.part in {load.name for load in problem.loads} else LimitKind.DISCHARGE
    return _ROWS.get(label.kind)


def kind_of_column(label: Label) -> LimitKind | None:
    """Which limit the upper bounds of some columns hold."""
    return _COLUMNS.get(label.kind)


def without(program: Program, left_out: Iterable[_Sides]) -> Program:
    """A program without some of its limits."""
    low, high = program.low.copy(), program.high.copy()
    row_low, row_high = program.row_low.copy(), program.row_high.copy()
    sides = list(left_out)
    rows = [number for side in sides for number in side.rows]
    columns = [number for side in sides for number in side.columns]
    row_low[rows], row_high[rows] = -np.inf, np.inf
    low[columns], high[columns] = 0.0, np.inf
    return replace(program, low=low, high=high, row_low=row_low, row_high=row_high)


def _suspects(program: Program, sides: Mapping[Limit, _Sides], limits: Limits) -> set[Limit]:
    """The limits that a proof of infeasibility uses; all, where there is none without the whole numbers."""
    proof = farkas(replace(program, whole=np.zeros_like(program.whole)), limits)
    if proof is None:
        return set(sides)
    rows, columns = proof
    used_rows, used_columns = set(_numbers(rows)), set(_numbers(columns))
    return {
        limit
        for limit, side in sides.items()
        if used_rows.intersection(side.rows) or used_columns.intersection(side.columns)
    }


def _ordered(limits: Iterable[Limit]) -> list[Limit]:
    return sorted(limits, key=lambda limit: limit.standing)


def _numbers(used: Index) -> list[int]:
    numbers: list[int] = used.tolist()
    return numbers


def _smallest(
    has_plan: Callable[[Iterable[Limit]], bool], kept: list[Limit], candidates: list[Limit], *, sure: bool
) -> list[Limit]:
    """A smallest part of the candidates that has no plan beside what is kept."""
    if sure and not has_plan(kept):
        return []
    if len(candidates) == 1:
        return candidates
    half = len(candidates) // 2
    first, second = candidates[:half], candidates[half:]
    of_second = _smallest(has_plan, kept + first, second, sure=True)
    of_first = _smallest(has_plan, kept + of_second, first, sure=bool(of_second))
    return of_first + of_second
