"""The compiled passes over a program's coefficients; each looks at every coefficient once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.interior.arrays import Index, Row
from wattshift.allocate.coupled.interior.compiled import compiled

__all__ = ["Entries", "Terms", "fill", "span", "survey"]


class Terms(NamedTuple):
    """A program's coefficients, and where its rows and columns belong.

    Args:
        row_start, column, value: compressed rows.
        row_label, row_at, column_label, column_at: label and interval of each.
        fixed: whether a column cannot move.
        free: whether a row has no sides.
    """

    row_start: Index
    column: Index
    value: Row
    row_label: Index
    row_at: Index
    column_label: Index
    column_at: Index
    fixed: NDArray[np.bool_]
    free: NDArray[np.bool_]


class Entries(NamedTuple):
    """Which entry of an interval's own matrix a coefficient is.

    Args:
        slot: the slot of each node of the border.
        local: of a pair of labels and the number of intervals between, shape (row labels, column labels, 2).
        row_slot: of a row's label and a slot.
        column_slot: of a column's label and a slot.
    """

    slot: Index
    local: Index
    row_slot: Index
    column_slot: Index


@compiled
def survey(m: Terms, seen: Index) -> None:
    """For each pair of labels how many terms there are, and how many intervals a row is after its columns.

    Args:
        m: the terms.
        seen: filled; shape (row labels, column labels, 3): count, least and largest distance.
    """
    for i in range(m.row_label.size):
        if m.free[i]:
            continue
        for n in range(m.row_start[i], m.row_start[i + 1]):
            j = m.column[n]
            if m.fixed[j]:
                continue
            pair = seen[m.row_label[i], m.column_label[j]]
            after = m.row_at[i] - m.column_at[j]
            if pair[0] == 0:
                pair[1] = pair[2] = after
            pair[0] += 1
            pair[1] = min(pair[1], after)
            pair[2] = max(pair[2], after)


@compiled
def span(m: Terms, row_node: Index, column_node: Index, first: Index, last: Index) -> int:
    """The first and last interval that each node of the border touches; the number of its terms.

    A node is negative for rows and columns that are not of the border.
    """
    count = 0
    for i in range(m.row_label.size):
        if m.free[i]:
            continue
        for n in range(m.row_start[i], m.row_start[i + 1]):
            j = m.column[n]
            row, column = row_node[i], column_node[j]
            if m.fixed[j] or (row < 0 and column < 0):
                continue
            count += 1
            if row >= 0 and column >= 0:
                continue
            node, at = (column, m.row_at[i]) if row < 0 else (row, m.column_at[j])
            first[node], last[node] = min(first[node], at), max(last[node], at)
    return count


@compiled
def fill(m: Terms, row_node: Index, column_node: Index, to: Entries, coefficient: Row, border: Index) -> None:
    """Put every coefficient where the method wants it.

    Args:
        m: the terms.
        row_node: the border's nodes among rows; negative for others.
        column_node: likewise among columns.
        to: the entries.
        coefficient: filled, shape (entries, intervals).
        border: filled: row, column, number of the value, interval (-1 between two of the border).
    """
    count = 0
    for i in range(m.row_label.size):
        if m.free[i]:
            continue
        for n in range(m.row_start[i], m.row_start[i + 1]):
            j = m.column[n]
            if m.fixed[j]:
                continue
            row, column = row_node[i], column_node[j]
            at = m.row_at[i] if row < 0 else m.column_at[j]
            if row < 0 and column < 0:
                entry = to.local[m.row_label[i], m.column_label[j], at - m.column_at[j]]
            elif row < 0:
                entry = to.row_slot[m.row_label[i], to.slot[column]]
            elif column < 0:
                entry = to.column_slot[m.column_label[j], to.slot[row]]
            else:
                entry, at = -1, -1
            if entry >= 0:
                coefficient[entry, at] = m.value[n]
            if row >= 0 or column >= 0:
                border[0, count], border[1, count], border[2, count], border[3, count] = i, j, n, at
                count += 1
