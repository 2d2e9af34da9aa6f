"""Which stretch of time each column and row of a program belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.commitment.excerpt import entry_rows
from wattshift.allocate.coupled.program import Index, Program

__all__ = ["SHARED", "Stretches", "reach", "stretches_of"]

_UNTIMED = frozenset({"peak", "missed"})
"""Columns whose label counts periods or jobs, not intervals."""

SHARED = -1
"""The stretch of a column that belongs to several."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretches:
    """A program cut along time.

    Args:
        first: the first interval of each stretch.
        at: the interval of each column; -1 where it has none, shape (columns,).
        column: the stretch of each column; -1 where several share it, shape (columns,).
        row_first: the first stretch of each row's columns, shape (rows,).
        row_last: the last one.
        of_entry: the row of each coefficient.
    """

    first: Index
    at: Index
    column: Index
    row_first: Index
    row_last: Index
    of_entry: Index

    @property
    def count(self) -> int:
        """How many there are."""
        return self.first.size

    @property
    def links(self) -> NDArray[np.bool_]:
        """The rows that tie stretches together."""
        return self.row_first < self.row_last


def stretches_of(program: Program, first: Index) -> Stretches:
    """A program cut before each of some intervals, the first of which is 0."""
    at = _intervals(program)
    of_entry = entry_rows(program)
    column = np.where(at >= 0, np.searchsorted(first, at, side="right") - 1, SHARED)
    row_first, row_last = _reach(program, of_entry, column, first.size)
    for untimed in np.flatnonzero(at < 0):
        column[untimed] = _home(of_entry[program.column == untimed], row_first, row_last)
    return Stretches(
        first=first, at=at, column=column, row_first=row_first, row_last=row_last, of_entry=of_entry
    )


def reach(program: Program) -> int:
    """How many intervals the longest row ties to the one in which it begins, totals of periods left out."""
    at, of_entry = _intervals(program), entry_rows(program)
    rows, when = program.row_low.size, at[program.column]
    earliest, latest = np.full(rows, at.size), np.zeros(rows, np.int64)
    np.minimum.at(earliest, of_entry, when)
    np.maximum.at(latest, of_entry, when)
    return int(np.max((latest - earliest)[earliest >= 0], initial=0))


def _intervals(program: Program) -> Index:
    """The interval of each column; -1 where it has none."""
    at = np.full(program.cost_usd.size, -1)
    for label in program.columns:
        if label.kind not in _UNTIMED:
            at[label.span] = label.at
    return at


def _reach(program: Program, of_entry: Index, column: Index, count: int) -> tuple[Index, Index]:
    """From which stretch to which the timed columns of each row reach; a row without any is in the first."""
    stretch, rows = column[program.column], program.row_low.size
    timed = stretch != SHARED
    row_first, row_last = np.full(rows, count), np.zeros(rows, np.int64)
    np.minimum.at(row_first, of_entry[timed], stretch[timed])
    np.maximum.at(row_last, of_entry[timed], stretch[timed])
    return np.minimum(row_first, row_last), row_last


def _home(rows: Index, row_first: Index, row_last: Index) -> int:
    """The one stretch whose own rows a column stands in, or several; without any row it is the first."""
    own = rows[row_first[rows] == row_last[rows]]
    stretches = np.unique(row_first[own] if own.size else row_first[rows][:1])
    return SHARED if stretches.size > 1 else int(stretches.max(initial=0))
