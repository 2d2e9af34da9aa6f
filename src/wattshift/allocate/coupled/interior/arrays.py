"""What the compiled loops work on: arrays in which neighbours in time are neighbours in memory.

A *place* is what an interval has one of: a column ("power of a") or a row ("balance"). `LANES` intervals make
a block. The iterate is one vector: block by block, place by place (columns before rows), field by field,
`LANES` numbers each; after the last block come the nodes of the border, which span many intervals, in places
of their own. The distances between fields are constants, so that the compiler knows that none overlap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ABOVE",
    "AHEAD",
    "BELOW",
    "DUAL",
    "FIELDS",
    "GIVEN",
    "HIGH_DUAL",
    "LANES",
    "LOW_DUAL",
    "NONE",
    "STEP",
    "WIDTH",
    "Border",
    "Factors",
    "Index",
    "Pattern",
    "Row",
    "X",
]

Index = NDArray[np.int64]
Row = NDArray[np.float64]

LANES = 64
"""Intervals of a block: eight vectors of eight numbers, so that what a block needs fits the nearest cache."""


class Pattern(NamedTuple):
    """What every interval looks like, and in which order it is eliminated.

    Nodes are the places, then the linked columns of the interval before, then the slots of the border. A
    *cell* is where a coefficient of the interval's own symmetric matrix stands while it is eliminated.
    """

    intervals: int
    blocks: int
    columns: int
    rows: int
    cells: int
    links: Index
    slots: int
    entry_row: Index
    entry_column: Index
    entry_before: Index
    entry_cell: Index
    order: Index
    near_start: Index
    near_node: Index
    near_cell: Index
    update_start: Index
    update_cell: Index
    update_near: Index
    update_by: Index
    front_one: Index
    front_other: Index
    front_cell: Index
    coefficient: Row
    coefficient_of: Index


class Border(NamedTuple):
    """Nodes that span many intervals: each holds a slot from its first interval to its last."""

    columns: int
    rows: int
    column_places: int
    row_places: int
    stand: Index
    slot: Index
    begin_at: Index
    begin: Index
    end_at: Index
    end: Index
    tie_at: Index
    tie_one: Index
    tie_other: Index
    tie_value: Row
    term_start: Index
    term_row: Index
    term_column: Index
    term_value: Row


class Factors(NamedTuple):
    """The factors of the matrix of one iteration."""

    lower: Row
    inverse: Row
    front: Row
    side: Row
    chain: Row
    ended: Row
    carried: Row
    diagonal: Row


FIELDS = 9
"""How many numbers a place has in each interval; which, say the next nine constants."""

X, BELOW, ABOVE, LOW_DUAL, HIGH_DUAL, DUAL, GIVEN, AHEAD, STEP = (LANES * i for i in range(FIELDS))
"""Where the numbers of a place begin.

`X` is the value of a column, of a row its activity within its sides; `BELOW` and `ABOVE` the distances to
the bounds, `NONE` where there is none (an equality has none at all); `LOW_DUAL` and `HIGH_DUAL` their duals;
`DUAL` the dual of a row, of a column what its cost leaves once rows are paid; `GIVEN` the cost of a
column, of a row by how much its activity is missed; `AHEAD` the affine direction, `STEP` the direction.
"""

WIDTH = LANES * FIELDS
"""How many numbers a place of a block has."""

NONE = 1e100
"""The distance to a bound that is not there."""
