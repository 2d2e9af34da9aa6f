"""What of a program belongs to one interval, and what spans many: the border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.interior.arrays import Index
from wattshift.allocate.coupled.interior.reading import Terms, survey
from wattshift.allocate.coupled.program import Label, Program

__all__ = ["Declined", "Side", "Structure", "structure_of"]


class Declined(Exception):  # never leaves this room
    """The method does not fit; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """The columns of a program, or its rows.

    Args:
        labels: as the program has them.
        place: of each label its place in the interval; -1 for what is of the border or cannot move.
        places: how many places there are.
        first_place: how many of the interval's places come before.
        label: of each number its label.
        at: of each number its interval.
        node: of each number its node of the border; -1 for others.
        nodes: how many nodes of the border there are.
        idle: numbers that are left out: fixed columns, rows without sides.
    """

    labels: tuple[Label, ...]
    place: Index
    places: int
    first_place: int
    label: Index
    at: Index
    node: Index
    nodes: int
    idle: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Structure:
    """Both sides, and which labels meet how.

    Args:
        terms: the coefficients.
        columns, rows: the sides; the border's nodes are its columns, then its rows.
        meets: for each pair of labels the number of terms, and the least and largest number of intervals
            by which the row comes later.
        roomy: the rows that allow more than one number.
        intervals: how many there are.
    """

    terms: Terms
    columns: Side
    rows: Side
    meets: Index
    roomy: NDArray[np.bool_]
    intervals: int


def structure_of(program: Program) -> Structure:
    """Find what belongs where.

    Raises:
        Declined: if two of a label share an interval.
    """
    idle_columns = program.low == program.high
    idle_rows = np.isinf(program.row_low) & np.isinf(program.row_high)
    column_label, column_at = _spread(program.columns, program.cost_usd.size)
    row_label, row_at = _spread(program.rows, program.row_low.size)
    terms = Terms(
        row_start=program.row_start,
        column=program.column,
        value=program.value,
        row_label=row_label,
        row_at=row_at,
        column_label=column_label,
        column_at=column_at,
        fixed=idle_columns,
        free=idle_rows,
    )
    meets = np.zeros((len(program.rows), len(program.columns), 3), np.int64)
    survey(terms, meets)
    spanning_rows, spanning_columns = _spanning(program, meets)
    columns = _side(program.columns, column_label, column_at, spanning_columns, idle_columns, (0, 0))
    before = columns.places, columns.nodes
    rows = _side(program.rows, row_label, row_at, spanning_rows, idle_rows, before)
    latest = [side.at[(side.node < 0) & ~side.idle].max(initial=0) for side in (columns, rows)]
    return Structure(
        terms=terms,
        columns=columns,
        rows=rows,
        meets=meets,
        roomy=~idle_rows & (program.row_low < program.row_high),
        intervals=1 + int(max(latest)),
    )


def _spread(labels: tuple[Label, ...], size: int) -> tuple[Index, Index]:
    """The label and the interval of each number."""
    sizes = [label.at.size for label in labels]
    if sum(sizes) != size:
        raise Declined("the labels do not cover the program")
    for label in labels:
        if label.at.size > 1 and not (np.diff(label.at) > 0).all():
            raise Declined("two of a kind share an interval")
    number = np.repeat(np.arange(len(labels)), sizes)
    return number, np.concatenate([np.empty(0, np.int64), *(label.at for label in labels)])


def _spanning(program: Program, meets: Index) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The labels of the border: of two that do not meet in an interval or the next, the shorter."""
    rows, columns = np.zeros(meets.shape[0], np.bool_), np.zeros(meets.shape[1], np.bool_)
    row_size = np.array([label.at.size for label in program.rows])
    column_size = np.array([label.at.size for label in program.columns])
    there = meets[..., 0] > 0
    apart = there & ((meets[..., 1] < 0) | (meets[..., 2] > 1))
    for row, column in np.argwhere(apart):
        if rows[row] or columns[column]:
            continue
        if row_size[row] <= column_size[column]:
            rows[row] = True
        else:
            columns[column] = True
    columns |= there.any(axis=0) & ~there[~rows].any(axis=0)
    rows |= there.any(axis=1) & ~there[:, ~columns].any(axis=1)
    return rows, columns


def _side(
    labels: tuple[Label, ...],
    label: Index,
    at: Index,
    spanning: NDArray[np.bool_],
    idle: NDArray[np.bool_],
    before: tuple[int, int],
) -> Side:
    moves = np.bincount(label[~idle], minlength=len(labels)) > 0
    place, places = _places(labels, moves & ~spanning)
    of_border = spanning[label] & ~idle
    node = np.where(of_border, before[1] + np.cumsum(of_border) - 1, -1)
    return Side(
        labels=labels,
        place=place,
        places=places,
        first_place=before[0],
        label=label,
        at=at,
        node=node,
        nodes=int(of_border.sum()),
        idle=idle,
    )


def _places(labels: tuple[Label, ...], local: NDArray[np.bool_]) -> tuple[Index, int]:
    """A place for each label; those of one kind that never meet share one, as jobs of two weeks do."""
    place, count = np.full(len(labels), -1), 0
    taken: dict[str, list[tuple[int, int]]] = {}
    for number in sorted(np.flatnonzero(local).tolist(), key=lambda each: int(labels[each].at[0])):
        label = labels[number]
        of_kind = taken.setdefault(label.kind, [])
        free = next((i for i, (_, end) in enumerate(of_kind) if end < label.at[0]), None)
        if free is None:
            of_kind.append((count, int(label.at[-1])))
            place[number], count = count, count + 1
        else:
            place[number] = of_kind[free][0]
            of_kind[free] = (of_kind[free][0], int(label.at[-1]))
    return place, count
