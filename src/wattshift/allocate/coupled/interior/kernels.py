"""The compiled stages of an iteration: each passes over the iterate once, block by block.

Only the stages take records: where inner loops do, compiling takes ten times as long.
"""

from __future__ import annotations

from wattshift.allocate.coupled.interior.arrays import (
    ABOVE,
    AHEAD,
    BELOW,
    COLUMN,
    EQUALITY,
    HIGH_DUAL,
    LANES,
    LOW_DUAL,
    MISS,
    PRICE,
    STEP,
    WIDTH,
    Index,
    Pattern,
    Row,
    Store,
    X,
)
from wattshift.allocate.coupled.interior.compiled import compiled

__all__ = ["advance", "aim", "correct", "follow", "gather", "look", "move", "reach", "weigh"]

_FAR = 1e50
_LEAST_PIVOT = 1e-13
"""Where rounding has eaten a pivot, its node is not moved this time."""

_PROXIMAL = 1e-9
"""What keeps a pivot from nothing. It only slows down what the next iteration finds again."""


# One place in one block. `row` is one for a row, zero for a column: the loops choose, they do not branch, and
# divide as little as they can, so that the compiler makes vectors of them.


@compiled
def _larger(one: float, other: float) -> float:
    return one if one > other else other  # noqa: FURB136 - max() would look for NaN


@compiled
def _there(distance: float) -> float:
    """One if there is a bound at this distance."""
    return 1.0 * (distance < _FAR)


@compiled
def _either(below: float, above: float) -> float:
    """One if there is any bound."""
    return 1.0 * (below < _FAR or above < _FAR)


@compiled
def move(v: Row, row: int, push_ratio: float, primal_frac: float, dual_frac: float) -> None:
    """Take the step."""
    for i in range(LANES):
        below, above, low_dual, high_dual = v[i + BELOW], v[i + ABOVE], v[i + LOW_DUAL], v[i + HIGH_DUAL]
        both, weight = below * above, low_dual * above + high_dual * below
        inverse = 1.0 / (both * weight)
        low, high = above * weight * inverse, below * weight * inverse
        loose = row * _either(below, above) * both * both * inverse
        ahead = (1.0 - row) * v[i + AHEAD] - loose * (v[i + PRICE] + v[i + AHEAD])
        to_low = (push_ratio + ahead * low_dual * (1.0 + low * ahead)) * low
        to_high = (push_ratio - ahead * high_dual * (1.0 - high * ahead)) * high
        step = v[i + STEP]
        dx = (1.0 - row) * step + loose * (to_low - to_high - v[i + PRICE] - step)
        v[i + PRICE] += row * dual_frac * step
        v[i + X] += primal_frac * dx
        v[i + BELOW] = below + primal_frac * dx
        v[i + ABOVE] = above - primal_frac * dx
        v[i + LOW_DUAL] = low_dual + dual_frac * (to_low - low_dual * (1.0 + low * dx))
        v[i + HIGH_DUAL] = high_dual + dual_frac * (to_high - high_dual * (1.0 - high * dx))


@compiled
def weigh(v: Row, row: int, diagonal: Row, seen: Row) -> None:
    """The diagonal and the affine right-hand side; how far from feasible and complementary."""
    for i in range(LANES):
        below, above, low_dual, high_dual = v[i + BELOW], v[i + ABOVE], v[i + LOW_DUAL], v[i + HIGH_DUAL]
        both, weight = below * above, low_dual * above + high_dual * below
        price, miss, any_side = v[i + PRICE], v[i + MISS], _either(below, above)
        give = (row * any_side * both + (1.0 - row) * weight) / (row * weight + (1.0 - row) * both)
        diagonal[i] = (2.0 * row - 1.0) * (give + _PROXIMAL)
        v[i + STEP] = miss - row * give * price
        wrong = any_side * (row * price + (1.0 - row) * miss - low_dual + high_dual)
        seen[i] = _larger(seen[i], row * abs(miss))
        seen[i + LANES] = _larger(seen[i + LANES], abs(wrong))
        seen[i + 2 * LANES] += _there(below) * below * low_dual + _there(above) * above * high_dual
        seen[i + 3 * LANES] += (1.0 - row) * price * v[i + X]


@compiled
def look(v: Row, row: int, seen: Row) -> None:
    """How far the affine direction may go, and what complementarity would be left."""
    for i in range(LANES):
        below, above, low_dual, high_dual = v[i + BELOW], v[i + ABOVE], v[i + LOW_DUAL], v[i + HIGH_DUAL]
        both, weight = below * above, low_dual * above + high_dual * below
        inverse = 1.0 / (both * weight)
        low, high = above * weight * inverse, below * weight * inverse
        loose = row * _either(below, above) * both * both * inverse
        step = v[i + STEP]
        v[i + AHEAD] = step
        dx = (1.0 - row) * step - loose * (v[i + PRICE] + step)
        to_low, to_high = low * dx, high * dx
        seen[i] = _larger(seen[i], _larger(-to_low, to_high))
        seen[i + LANES] = _larger(seen[i + LANES], 1.0 + _larger(to_low, -to_high))
        low_dual, high_dual = _there(below) * low_dual, _there(above) * high_dual
        low_step, high_step = -low_dual * (1.0 + to_low), -high_dual * (1.0 - to_high)
        seen[i + 2 * LANES] += below * low_step + above * high_step
        seen[i + 3 * LANES] += dx * (low_dual - high_dual)
        seen[i + 4 * LANES] += dx * (low_step - high_step)


@compiled
def correct(v: Row, row: int, push_ratio: float) -> None:
    """The right-hand side of the corrected direction."""
    for i in range(LANES):
        below, above, low_dual, high_dual = v[i + BELOW], v[i + ABOVE], v[i + LOW_DUAL], v[i + HIGH_DUAL]
        both, weight = below * above, low_dual * above + high_dual * below
        inverse = 1.0 / (both * weight)
        low, high = above * weight * inverse, below * weight * inverse
        loose = row * _either(below, above) * both * both * inverse
        price = v[i + PRICE]
        ahead = (1.0 - row) * v[i + AHEAD] - loose * (price + v[i + AHEAD])
        to_low = (push_ratio + ahead * low_dual * (1.0 + low * ahead)) * low
        to_high = (push_ratio - ahead * high_dual * (1.0 - high * ahead)) * high
        v[i + STEP] = v[i + MISS] + (loose + row - 1.0) * (to_low - to_high) - loose * price


@compiled
def reach(v: Row, row: int, push_ratio: float, seen: Row) -> None:
    """How far the corrected direction may go."""
    for i in range(LANES):
        below, above, low_dual, high_dual = v[i + BELOW], v[i + ABOVE], v[i + LOW_DUAL], v[i + HIGH_DUAL]
        both, weight = below * above, low_dual * above + high_dual * below
        inverse = 1.0 / (both * weight)
        low, high = above * weight * inverse, below * weight * inverse
        loose = row * _either(below, above) * both * both * inverse
        ahead = (1.0 - row) * v[i + AHEAD] - loose * (v[i + PRICE] + v[i + AHEAD])
        to_low = (push_ratio + ahead * low_dual * (1.0 + low * ahead)) * low
        to_high = (push_ratio - ahead * high_dual * (1.0 - high * ahead)) * high
        step = v[i + STEP]
        dx = (1.0 - row) * step + loose * (to_low - to_high - v[i + PRICE] - step)
        seen[i] = _larger(seen[i], _larger(-low * dx, high * dx))
        inverse = 1.0 / (low_dual * high_dual)
        low_cut = 1.0 + low * dx - to_low * high_dual * inverse
        high_cut = 1.0 - high * dx - to_high * low_dual * inverse
        seen[i + LANES] = _larger(seen[i + LANES], _larger(low_cut, high_cut))


# The matrix, block by block


@compiled
def _copy(value: Row, to: Row) -> None:
    """Not by slices, which take numba seconds to compile."""
    for q in range(LANES):
        to[q] = value[q]


@compiled
def _clear(rows: Row) -> None:
    for i in range(rows.shape[0]):
        row = rows[i]
        for q in range(LANES):
            row[q] = 0.0


@compiled
def _eliminate(
    count: int, order: Index, near: Index, update: Index, lower: Row, inverse: Row, cell: Row
) -> None:
    """Eliminate a block's nodes from its cells."""
    for s in range(count):
        pivot, to, sign = cell[order[0, s]], inverse[s], order[1, s]
        for q in range(LANES):
            to[q] = 1.0 / pivot[q] if sign * pivot[q] > _LEAST_PIVOT else 0.0
        for n in range(order[2, s], order[3, s]):
            one, value = lower[n], cell[near[1, n]]
            for q in range(LANES):
                one[q] = value[q] * to[q]
        for u in range(order[4, s], order[5, s]):
            changed, one, by = cell[update[0, u]], lower[update[1, u]], cell[update[2, u]]
            for q in range(LANES):
                changed[q] -= one[q] * by[q]


@compiled
def _locate(block: int, nodes: int, links: Index, side: int, at: Index) -> None:
    """Where the numbers of a block's nodes stand: places, links of the block before, entry and slots."""
    k = links.size
    for n in range(nodes):
        at[n] = (block * nodes + n) * WIDTH + STEP
    for i in range(k):
        at[nodes + i] = ((block - 1) * nodes + links[i]) * WIDTH + STEP
    for i in range(at.size - nodes - k):
        at[nodes + k + i] = side + i * LANES


@compiled
def _forward(count: int, order: Index, near: Index, lower: Row, v: Row, at: Index) -> None:
    """Carry a right-hand side through the elimination of a block."""
    for s in range(count):
        value = v[at[order[0, s]] :]
        for n in range(order[2, s], order[3, s]):
            to, one = v[at[near[0, n]] :], lower[n]
            for q in range(LANES):
                to[q] -= one[q] * value[q]


@compiled
def _backward(count: int, order: Index, near: Index, lower: Row, inverse: Row, v: Row, at: Index) -> None:
    """From the solution of entry, slots and the block's own links to that of all else."""
    for s in range(count - 1, -1, -1):
        value, by = v[at[order[0, s]] :], inverse[s]
        for q in range(LANES):
            value[q] *= by[q]
        for n in range(order[2, s], order[3, s]):
            one, other = lower[n], v[at[near[0, n]] :]
            for q in range(LANES):
                value[q] -= one[q] * other[q]


@compiled
def _carry(carry_in: Index, carry_out: Index, cell: Row, carried: Row) -> None:
    """What a block leaves is where the next one begins; what elimination fills begins with nothing."""
    for i in range(carry_in.size):
        _copy(cell[carry_out[i]], carried[i])
    _clear(cell)
    for i in range(carry_in.size):
        _copy(carried[i], cell[carry_in[i]])


# The program's own matrix


@compiled
def _subtract(to: Row, value: Row, by: Row, late: int, early: int) -> None:
    """A product; `late` takes the stretch before, `early` the one after, whose coefficient is its own."""
    to, value, by = to[late:], value[late + early :], by[early:]
    for q in range(LANES - late - early):
        to[q] -= value[q] * by[q]


@compiled
def _multiply(
    block: int, nodes: int, entries: Index, coefficient: Row, coefficient_of: Index, v: Row
) -> None:
    """For a block: by how much its rows are missed, and what its columns' costs leave."""
    size, blocks = nodes * WIDTH, coefficient_of.size
    before, after = (block - 1) % blocks, (block + 1) % blocks
    one, next_one = coefficient_of[block], coefficient_of[after]
    for e in range(entries.shape[1]):
        row, column = entries[0, e] * WIDTH, entries[1, e] * WIDTH
        if row < 0:
            continue
        missed, left = v[block * size + row + MISS :], v[block * size + column + MISS :]
        if entries[2, e]:
            _subtract(missed, coefficient[one, e], v[before * size + column + X :], 0 if block else 1, 0)
            _subtract(left, coefficient[next_one, e], v[after * size + row + PRICE :], 0, 0 if after else 1)
        else:
            _subtract(missed, coefficient[one, e], v[block * size + column + X :], 0, 0)
            _subtract(left, coefficient[one, e], v[block * size + row + PRICE :], 0, 0)


@compiled
def _multiply_border(first: int, end: int, term: Index, value: Row, v: Row) -> None:
    for i in range(first, end):
        v[term[0, i] + MISS] -= value[i] * v[term[1, i] + X]
        v[term[1, i] + MISS] -= value[i] * v[term[0, i] + PRICE]


# Stages


@compiled
def _step(block: int, kind: Index, v: Row, push_ratio: float, primal_frac: float, dual_frac: float) -> None:
    """Move a block; what its rows miss and its columns leave before any term is counted."""
    for n in range(kind.size):
        z = v[(block * kind.size + n) * WIDTH :]
        if kind[n] != EQUALITY:
            move(z, int(kind[n] != COLUMN), push_ratio, primal_frac, dual_frac)
        else:
            for i in range(LANES):
                z[i + PRICE] += dual_frac * z[i + STEP]
        _copy(z[PRICE:] if kind[n] == COLUMN else z[X:], z[MISS:])


@compiled
def _assess(block: int, kind: Index, v: Row, cell: Row, seen: Row) -> None:
    """Weigh a block's places."""
    for n in range(kind.size):
        z, to = v[(block * kind.size + n) * WIDTH :], cell[n]
        if kind[n] != EQUALITY:
            weigh(z, int(kind[n] != COLUMN), to, seen)
            continue
        for i in range(LANES):
            to[i], z[i + STEP] = _PROXIMAL, z[i + MISS]
            seen[i] = _larger(seen[i], abs(z[i + MISS]))


@compiled
def advance(
    p: Pattern,
    term_start: Index,
    term: Index,
    term_value: Row,
    s: Store,
    push_ratio: float,
    primal_frac: float,
    dual_frac: float,
) -> None:
    """Take the last step, look where that leads, factorise there, and carry the affine direction forward."""
    kind, order, near, v, lower, cell = p.kind, p.order, p.near, s.v, s.lower, s.cell
    nodes, blocks = kind.size, p.coefficient_of.size
    _clear(cell)
    for block in range(-2, blocks):  # the last first: the first one needs it
        if block == -2 or block + 2 < blocks:
            _step((block + 1) % blocks, kind, v, push_ratio, primal_frac, dual_frac)
        if block < 0:
            continue
        plan = min(block, 1)
        _multiply(block, nodes, p.entries, p.coefficient, p.coefficient_of, v)
        _multiply_border(term_start[block], term_start[block + 1], term, term_value, v)
        _assess(block, kind, v, cell, s.seen)
        for e in range(p.entries.shape[1]):
            _copy(p.coefficient[p.coefficient_of[block], e], cell[p.entries[3 + plan, e]])
        _eliminate(
            p.length[plan], order[plan], near[plan], p.update[plan], lower[block], s.inverse[block], cell
        )
        _carry(p.carry[0], p.carry[1 + plan], cell, s.carried)
        _locate(block, nodes, p.links, s.side, s.at)
        _forward(p.length[plan], order[plan], near[plan], lower[block], v, s.at)


@compiled
def aim(p: Pattern, s: Store) -> None:
    """The affine direction, once it was carried forward and the chain was solved."""
    nodes, v = p.kind.size, s.v
    for block in range(s.lower.shape[0] - 1, -1, -1):
        plan = min(block, 1)
        _locate(block, nodes, p.links, s.side, s.at)
        _backward(p.length[plan], p.order[plan], p.near[plan], s.lower[block], s.inverse[block], v, s.at)
        for n in range(nodes):
            if p.kind[n] != EQUALITY:
                look(v[(block * nodes + n) * WIDTH :], int(p.kind[n] != COLUMN), s.seen)


@compiled
def follow(p: Pattern, s: Store, push_ratio: float) -> None:
    """Carry the corrected direction forward."""
    nodes, v = p.kind.size, s.v
    for block in range(s.lower.shape[0]):
        plan = min(block, 1)
        for n in range(nodes):
            z = v[(block * nodes + n) * WIDTH :]
            if p.kind[n] != EQUALITY:
                correct(z, int(p.kind[n] != COLUMN), push_ratio)
            else:
                _copy(z[MISS:], z[STEP:])
        _locate(block, nodes, p.links, s.side, s.at)
        _forward(p.length[plan], p.order[plan], p.near[plan], s.lower[block], v, s.at)


@compiled
def gather(p: Pattern, s: Store, push_ratio: float) -> None:
    """The corrected direction, once the chain was solved; how far it may go."""
    nodes, v = p.kind.size, s.v
    for block in range(s.lower.shape[0] - 1, -1, -1):
        plan = min(block, 1)
        _locate(block, nodes, p.links, s.side, s.at)
        _backward(p.length[plan], p.order[plan], p.near[plan], s.lower[block], s.inverse[block], v, s.at)
        for n in range(nodes):
            if p.kind[n] != EQUALITY:
                reach(v[(block * nodes + n) * WIDTH :], int(p.kind[n] != COLUMN), push_ratio, s.seen)
