"""The compiled stages of an iteration: each passes over the iterate once or twice, block by block."""

from __future__ import annotations

import numpy as np

from wattshift.allocate.coupled.interior.arrays import (
    DUAL,
    GIVEN,
    LANES,
    STEP,
    WIDTH,
    Border,
    Factors,
    Pattern,
    Row,
    X,
)
from wattshift.allocate.coupled.interior.chain import eliminate_chain, solve_chain
from wattshift.allocate.coupled.interior.compiled import compiled
from wattshift.allocate.coupled.interior.places import (
    correct,
    field,
    inverse_of,
    look,
    move,
    place,
    reach,
    sign_of,
    weigh,
)

__all__ = ["advance", "aim", "follow"]

# The matrix, interval by interval


@compiled
def _eliminate(p: Pattern, block: int, diagonal: Row, f: Factors, cell: Row) -> None:
    """Eliminate the local nodes of a block; what is left of its linked and bordering ones is its front."""
    nodes = p.columns + p.rows
    kind = p.coefficient_of[block]
    cell[nodes:] = 0.0
    cell[:nodes] = diagonal
    for e in range(p.entry_cell.size):
        to, given = cell[p.entry_cell[e]], p.coefficient[kind, e]
        for q in range(LANES):
            to[q] = given[q]
    for s in range(p.order.size):
        inverse = f.inverse[block, s]
        pivot, sign = cell[p.order[s]], sign_of(1 if p.order[s] >= p.columns else 0)
        for q in range(LANES):
            inverse[q] = inverse_of(pivot[q], sign)
        for n in range(p.near_start[s], p.near_start[s + 1]):
            lower, value = f.lower[block, n], cell[p.near_cell[n]]
            for q in range(LANES):
                lower[q] = value[q] * inverse[q]
        for u in range(p.update_start[s], p.update_start[s + 1]):
            to, one, by = cell[p.update_cell[u]], f.lower[block, p.update_near[u]], cell[p.update_by[u]]
            for q in range(LANES):
                to[q] -= one[q] * by[q]
    for i in range(p.front_cell.size):
        f.front[block, i] = cell[p.front_cell[i]]


@compiled
def _local_forward(p: Pattern, block: int, v: Row, f: Factors, work: Row) -> None:
    """Carry a right-hand side through the local elimination; the sides get what the neighbours must know."""
    nodes = p.columns + p.rows
    for n in range(nodes):
        work[n] = field(v, block * nodes + n, STEP)
    work[nodes:] = 0.0
    for s in range(p.order.size):
        value = work[p.order[s]]
        for n in range(p.near_start[s], p.near_start[s + 1]):
            to, lower = work[p.near_node[n]], f.lower[block, n]
            for q in range(LANES):
                to[q] -= lower[q] * value[q]
    for n in range(nodes):
        field(v, block * nodes + n, STEP)[:] = work[n]
    f.side[block] = work[nodes:]


@compiled
def _local_backward(p: Pattern, block: int, v: Row, f: Factors, work: Row) -> None:
    """From the solution of linked and bordering nodes to that of the local ones."""
    nodes = p.columns + p.rows
    for n in range(nodes):
        work[n] = field(v, block * nodes + n, STEP)
    work[nodes:] = f.side[block]
    for s in range(p.order.size - 1, -1, -1):
        value, inverse = work[p.order[s]], f.inverse[block, s]
        for q in range(LANES):
            value[q] *= inverse[q]
        for n in range(p.near_start[s], p.near_start[s + 1]):
            lower, other = f.lower[block, n], work[p.near_node[n]]
            for q in range(LANES):
                value[q] -= lower[q] * other[q]
    for n in range(nodes):
        field(v, block * nodes + n, STEP)[:] = work[n]


# The program's own matrix


@compiled
def _multiply(p: Pattern, block: int, v: Row) -> None:
    """For a block: by how much its rows are missed, and what its columns' costs leave."""
    first = block * (p.columns + p.rows)
    here = p.coefficient[p.coefficient_of[block]]
    for e in range(p.entry_row.size):
        if p.entry_row[e] < 0:
            continue
        row, column, given = first + p.columns + p.entry_row[e], first + p.entry_column[e], here[e]
        missed, left = field(v, row, GIVEN), field(v, column, DUAL)
        x, dual = field(v, column, X), field(v, row, DUAL)
        if not p.entry_before[e]:
            for q in range(LANES):
                missed[q] -= given[q] * x[q]
            for q in range(LANES):
                left[q] -= given[q] * dual[q]
            continue
        for q in range(1, LANES):
            missed[q] -= given[q] * x[q - 1]
        for q in range(1, LANES):
            left[q - 1] -= given[q] * dual[q]
        if block:
            missed[0] -= given[0] * field(v, column - p.columns - p.rows, X)[LANES - 1]
        if block + 1 < p.blocks:
            later = p.coefficient[p.coefficient_of[block + 1], e, 0]
            left[LANES - 1] -= later * field(v, row + p.columns + p.rows, DUAL)[0]


@compiled
def _border_terms(b: Border, block: int, v: Row) -> None:
    for i in range(b.term_start[block], b.term_start[block + 1]):
        row, column, value = b.term_row[i], b.term_column[i], b.term_value[i]
        v[row + GIVEN] -= value * v[column + X]
        v[column + DUAL] -= value * v[row + DUAL]


@compiled
def _clear(v: Row, first: int, columns: int, rows: int) -> None:
    """What rows miss and columns leave before any term is counted."""
    for n in range(first, first + columns):
        field(v, n, DUAL)[:] = field(v, n, GIVEN)
    for n in range(first + columns, first + columns + rows):
        field(v, n, GIVEN)[:] = field(v, n, X)


# Stages


@compiled
def _gathered(seen: Row, largest: int) -> Row:
    """What the lanes saw, together: of the first the largest, of the rest the sum."""
    count = seen.size // LANES
    out = np.zeros(count)
    for i in range(count):
        lanes = seen[i * LANES : (i + 1) * LANES]
        out[i] = lanes.max() if i < largest else lanes.sum()
    return out


@compiled
def advance(
    p: Pattern, b: Border, v: Row, f: Factors, push_ratio: float, primal_frac: float, dual_frac: float
) -> Row:
    """Take the last step, look where that leads, factorise there, and carry the affine direction forward.

    Returns:
        The largest miss of a row and of a column's cost, the complementarity, the cost.
    """
    seen = np.zeros(4 * LANES)
    nodes = p.columns + p.rows
    tail, border = p.blocks * nodes, b.column_places + b.row_places
    cell, work = np.empty((p.cells, LANES)), np.empty((nodes + p.links.size + p.slots, LANES))
    diagonal = np.empty((max(nodes, border), LANES))
    for n in range(border):
        move(place(v, tail + n), 1 if n >= b.column_places else 0, push_ratio, primal_frac, dual_frac)
    _clear(v, tail, b.column_places, b.row_places)
    for block in range(-1, p.blocks):
        if block + 1 < p.blocks:
            for n in range(nodes):
                move(
                    place(v, (block + 1) * nodes + n),
                    1 if n >= p.columns else 0,
                    push_ratio,
                    primal_frac,
                    dual_frac,
                )
            _clear(v, (block + 1) * nodes, p.columns, p.rows)
        if block < 0:
            continue
        _multiply(p, block, v)
        _border_terms(b, block, v)
        for n in range(nodes):
            weigh(place(v, block * nodes + n), 1 if n >= p.columns else 0, diagonal[n], seen)
        _eliminate(p, block, diagonal, f, cell)
        _local_forward(p, block, v, f, work)
    _border_terms(b, p.blocks, v)
    for n in range(border):
        weigh(place(v, tail + n), 1 if n >= b.column_places else 0, diagonal[n], seen)
    for node in range(b.stand.size):
        lane = b.stand[node] - tail * WIDTH
        f.diagonal[node] = diagonal[lane // WIDTH, lane % WIDTH]
    eliminate_chain(p, b, f)
    return _gathered(seen, 2)


@compiled
def aim(p: Pattern, b: Border, v: Row, f: Factors) -> Row:
    """The affine direction, once it was carried forward.

    Returns:
        The inverse of the longest primal and dual step, and the slopes of complementarity along the dual, the
        primal and both.
    """
    seen = np.zeros(5 * LANES)
    nodes = p.columns + p.rows
    tail = p.blocks * nodes
    work = np.empty((nodes + p.links.size + p.slots, LANES))
    solve_chain(p, b, f, v)
    for block in range(p.blocks):
        _local_backward(p, block, v, f, work)
        for n in range(nodes):
            look(place(v, block * nodes + n), 1 if n >= p.columns else 0, seen)
    for n in range(b.column_places + b.row_places):
        look(place(v, tail + n), 1 if n >= b.column_places else 0, seen)
    return _gathered(seen, 2)


@compiled
def follow(p: Pattern, b: Border, v: Row, f: Factors, push_ratio: float) -> Row:
    """The corrected direction.

    Returns:
        The inverse of the longest primal and dual step.
    """
    seen = np.zeros(2 * LANES)
    nodes = p.columns + p.rows
    tail = p.blocks * nodes
    work = np.empty((nodes + p.links.size + p.slots, LANES))
    for block in range(p.blocks):
        for n in range(nodes):
            correct(place(v, block * nodes + n), 1 if n >= p.columns else 0, push_ratio)
        _local_forward(p, block, v, f, work)
    for n in range(b.column_places + b.row_places):
        correct(place(v, tail + n), 1 if n >= b.column_places else 0, push_ratio)
    solve_chain(p, b, f, v)
    for block in range(p.blocks):
        _local_backward(p, block, v, f, work)
        for n in range(nodes):
            reach(place(v, block * nodes + n), 1 if n >= p.columns else 0, push_ratio, seen)
    for n in range(b.column_places + b.row_places):
        reach(place(v, tail + n), 1 if n >= b.column_places else 0, push_ratio, seen)
    return _gathered(seen, 2)
