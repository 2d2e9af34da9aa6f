"""What the compiled loops work on: arrays in which the same of many intervals are neighbours in memory.

The horizon is cut into `LANES` stretches of equal length. The first intervals of all stretches make the first
block, the second ones the second: a loop over a block works on all stretches at once, and goes along time
block by block. A *place* is what an interval has one of: a column ("power of a") or a row ("balance"). The
iterate is one vector: block by block, place by place (columns before rows), field by field, `LANES` numbers
each; after the last block come the nodes of the border, which span many intervals, in places of their own.
The distances between fields are constants, so that the compiler knows that none overlap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ABOVE",
    "AHEAD",
    "BELOW",
    "COLUMN",
    "EQUALITY",
    "FIELDS",
    "HIGH_DUAL",
    "LANES",
    "LOW_DUAL",
    "MISS",
    "NONE",
    "PRICE",
    "ROW",
    "STEP",
    "WIDTH",
    "Border",
    "Chain",
    "Index",
    "Pattern",
    "Row",
    "Store",
    "X",
]

Index = NDArray[np.int64]
Row = NDArray[np.float64]

LANES = 64
"""Stretches of the horizon: eight vectors of eight numbers, so that a block fits the nearest cache."""


class Pattern(NamedTuple):
    """What every interval looks like, and in which order it is eliminated.

    Nodes are the places, then the linked columns of the interval before, those of the interval before the
    stretch (its *entry*), then the slots of the border. A *cell* is where a coefficient of an interval's own
    symmetric matrix stands while it is eliminated. There are two plans of elimination: of the first block,
    whose interval before is the entry, and of all others.

    Args:
        kind: of each place `COLUMN`, `ROW` or `EQUALITY`.
        links: the places of linked columns.
        slots, cells: how many there are.
        entries: of each coefficient the place of its row (-1 beside the border) and column, whether that
            belongs to the interval before, and the cell in either plan.
        coefficient, coefficient_of: the coefficients, shape (kinds, entries, LANES); of each block its kind.
        carry: cells that a block finds, and where in either plan the block before left them.
        length: of either plan how many nodes go.
        order: of either plan nodes as they go, signs of their pivots, where neighbours and updates begin and
            end.
        near: of either plan the neighbours of each node when it goes, and the cells between.
        update: of either plan the cells that change, the neighbour whose factor changes them, by which cell.
    """

    kind: Index
    links: Index
    slots: int
    cells: int
    entries: Index
    coefficient: Row
    coefficient_of: Index
    carry: Index
    length: Index
    order: Index
    near: Index
    update: Index


class Border(NamedTuple):
    """Nodes that span many intervals: each holds a slot from its first stretch to its last.

    Args:
        columns: how many nodes are columns; the rest are rows.
        column_places, row_places: how many places they have.
        stand: where each stands in the iterate.
        slot: of each.
        begin, end: stretches and nodes, by stretch.
        tie, tie_value: stretch and places in the front of each coefficient within the border.
        term_start, term, term_value: all coefficients of the border, by block: where their rows and columns
            stand. After the blocks come those within the border.
    """

    columns: int
    column_places: int
    row_places: int
    stand: Index
    slot: Index
    begin: Index
    end: Index
    tie: Index
    tie_value: Row
    term_start: Index
    term: Index
    term_value: Row


class Store(NamedTuple):
    """What the loops over the blocks share.

    Args:
        v: the iterate.
        lower, inverse: the factors of each block.
        cell, carried, at: scratch; `carried` is at last what is left of the stretches, upper half by rows.
        side: where in `v` the entries of the stretches and the slots stand.
        seen: what the lanes saw.
    """

    v: Row
    lower: Row
    inverse: Row
    cell: Row
    carried: Row
    at: Index
    side: int
    seen: Row


class Chain(NamedTuple):
    """The links of the last block, stretch after stretch, and the border.

    Args:
        link_stand: where the links stand in the iterate.
        columns, stand, slot, begin, end, tie, tie_value: as in `Border`.
        factor, ended: what elimination leaves: of the links, of the border's nodes.
        kept, front: scratch; the front has one row more than its size.
    """

    link_stand: Index
    columns: int
    stand: Index
    slot: Index
    begin: Index
    end: Index
    tie: Index
    tie_value: Row
    factor: Row
    ended: Row
    kept: Row
    front: Row


COLUMN, ROW, EQUALITY = range(3)
"""Of a place: an equality is a row that has no room in any interval."""

FIELDS = 9
"""How many numbers a place has in each interval; which, say the next nine constants."""

X, BELOW, ABOVE, LOW_DUAL, HIGH_DUAL, PRICE, MISS, AHEAD, STEP = (LANES * i for i in range(FIELDS))
"""Where the numbers of a place begin.

`X` is the value of a column, of a row its activity within its sides; `BELOW` and `ABOVE` the distances to
the bounds, `NONE` where there is none (an equality has none at all); `LOW_DUAL` and `HIGH_DUAL` their duals;
`PRICE` the cost of a column, of a row its dual; `MISS` what a column's cost leaves once rows are paid, of a
row by how much its activity is missed; `AHEAD` the affine direction, `STEP` the direction.
"""

WIDTH = LANES * FIELDS
"""How many numbers a place of a block has."""

NONE = 1e60
"""The distance to a bound that is not there. Products of a few of them are still numbers."""
