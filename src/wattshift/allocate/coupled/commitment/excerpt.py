"""A few rows and columns of a program, as a program of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.program import Index, Program

__all__ = ["entry_rows", "excerpt", "rows_of"]

_Row: TypeAlias = NDArray[np.float64]


def entry_rows(program: Program) -> Index:
    """The row of each coefficient, shape (coefficients,)."""
    return np.repeat(np.arange(program.row_low.size), np.diff(program.row_start))


def rows_of(program: Program, of_entry: Index, columns: Index) -> Index:
    """The rows in which some columns stand; `of_entry` is what `entry_rows` gave."""
    wanted = np.zeros(program.cost_usd.size, np.bool_)
    wanted[columns] = True
    found = np.zeros(program.row_low.size, np.bool_)
    found[of_entry[wanted[program.column]]] = True
    return np.flatnonzero(found)


def excerpt(
    program: Program, rows: Index, columns: Index, *, cost_usd: _Row, least: _Row, most: _Row
) -> Program:
    """Those rows and columns; every other column may lie anywhere between `least` and `most`.

    With its bounds for those two, no answer of the program is lost; with a plan for both, the rest of the
    plan stays as it is.

    Args:
        program: the whole.
        rows: which rows, rising.
        columns: which columns.
        cost_usd: the cost of each of these columns [USD].
        least: the least of every column of the whole.
        most: the most of every column of the whole.
    """
    counts = np.diff(program.row_start)[rows]
    of_row = np.repeat(np.arange(rows.size), counts)
    ends = np.cumsum(counts)
    entries = np.arange(of_row.size) + np.repeat(program.row_start[rows] - (ends - counts), counts)
    place = np.full(program.cost_usd.size, -1)
    place[columns] = np.arange(columns.size)
    column, value = program.column[entries], program.value[entries]
    inside = place[column] >= 0
    out, out_row = ~inside, of_row[~inside]
    one, other = value[out] * least[column[out]], value[out] * most[column[out]]
    lowest = np.bincount(out_row, np.minimum(one, other), minlength=rows.size)
    highest = np.bincount(out_row, np.maximum(one, other), minlength=rows.size)
    starts = np.concatenate([[0], np.cumsum(np.bincount(of_row[inside], minlength=rows.size))])
    return replace(
        program,
        cost_usd=cost_usd,
        low=program.low[columns],
        high=program.high[columns],
        whole=program.whole[columns],
        row_low=program.row_low[rows] - highest,
        row_high=program.row_high[rows] - lowest,
        row_start=starts,
        column=place[column[inside]],
        value=value[inside],
        offset_usd=0.0,
        columns=(),
        rows=(),
    )
