"""The chain: the linked columns of each interval with those of the one before, and the border beside them.

The front is a small matrix: links of the interval before, links of this one, slots of the border; its upper
half is kept.
"""

from __future__ import annotations

import numpy as np

from wattshift.allocate.coupled.interior.arrays import LANES, STEP, WIDTH, Border, Factors, Pattern, Row
from wattshift.allocate.coupled.interior.compiled import compiled
from wattshift.allocate.coupled.interior.places import inverse_of, sign_of

__all__ = ["eliminate_chain", "solve_chain"]


@compiled
def eliminate_chain(p: Pattern, b: Border, f: Factors) -> None:
    """Eliminate the links, one interval after the other, and each border node after its last."""
    k, size = p.links.size, 2 * p.links.size + p.slots
    g = np.zeros((size, size))
    for i in range(k):
        g[k + i, k + i] = -1.0  # before the first interval there is nothing
    begun = tied = ended = 0
    for t in range(p.intervals):
        _shift(g, k)
        while begun < b.begin.size and b.begin_at[begun] == t:
            node = b.begin[begun]
            g[2 * k + b.slot[node], 2 * k + b.slot[node]] += f.diagonal[node]
            begun += 1
        while tied < b.tie_at.size and b.tie_at[tied] == t:
            g[b.tie_one[tied], b.tie_other[tied]] += b.tie_value[tied]
            tied += 1
        for i in range(p.front_cell.size):
            g[p.front_one[i], p.front_other[i]] += f.front[t // LANES, i, t % LANES]
        _eliminate_links(g, k, f.chain[t])
        while ended < b.end.size and b.end_at[ended] == t:
            node = b.end[ended]
            row = 1 if node >= b.columns else 0
            _eliminate_node(g, k, 2 * k + b.slot[node], sign_of(row), f.ended[node])
            ended += 1
    _shift(g, k)
    _eliminate_links(g, k, f.chain[p.intervals])


@compiled
def _shift(g: Row, k: int) -> None:
    """This interval's links become those of the interval before."""
    for i in range(k):
        for j in range(i, k):
            g[i, j] = g[k + i, k + j]
        for j in range(2 * k, g.shape[0]):
            g[i, j] = g[k + i, j]
        for j in range(k, 2 * k):
            g[i, j] = 0.0
        for j in range(k + i, g.shape[0]):
            g[k + i, j] = 0.0


@compiled
def _eliminate_links(g: Row, k: int, out: Row) -> None:
    """Eliminate the links of the interval before; their inverse pivots stand on the diagonal of `out`."""
    size = g.shape[0]
    for i in range(k):
        inverse = inverse_of(g[i, i], -1)
        out[i, i] = inverse
        for j in range(i + 1, size):
            out[i, j] = g[i, j] * inverse
        for j in range(i + 1, size):
            for m in range(j, size):
                g[j, m] -= out[i, j] * g[i, m]


@compiled
def _eliminate_node(g: Row, k: int, at: int, sign: int, out: Row) -> None:
    """Eliminate one border node, at `at` of the front, over all that is still there."""
    size = g.shape[0]
    inverse = inverse_of(g[at, at], sign)
    row = np.zeros(size)
    for j in range(k, size):
        row[j] = g[min(at, j), max(at, j)]
    row[at] = 0.0
    for j in range(k, size):
        out[j] = row[j] * inverse
    for j in range(k, size):
        for m in range(j, size):
            g[j, m] -= out[j] * row[m]
    for j in range(k, size):
        g[min(at, j), max(at, j)] = 0.0
    out[at] = inverse


@compiled
def solve_chain(p: Pattern, b: Border, f: Factors, v: Row) -> None:
    """Solve for the linked and the bordering nodes; local ones were carried forward before."""
    k, size = p.links.size, 2 * p.links.size + p.slots
    g = np.zeros(size)
    begun = ended = 0
    for t in range(p.intervals):
        _take(p, f, v, t, g)
        while begun < b.begin.size and b.begin_at[begun] == t:
            g[2 * k + b.slot[b.begin[begun]]] += v[b.stand[b.begin[begun]] + STEP]
            begun += 1
        for i in range(k):
            f.carried[t, i] = g[i]
            for j in range(i + 1, size):
                g[j] -= f.chain[t, i, j] * g[i]
        while ended < b.end.size and b.end_at[ended] == t:
            node = b.end[ended]
            at = 2 * k + b.slot[node]
            value = g[at]
            v[b.stand[node] + STEP] = value
            for j in range(k, size):
                g[j] -= f.ended[node, j] * value
            g[at] = 0.0
            ended += 1
    _turn(f.chain[p.intervals], g, k)
    _back(p, b, f, v, g)


@compiled
def _take(p: Pattern, f: Factors, v: Row, t: int, g: Row) -> None:
    """The right-hand side of an interval's front."""
    k, block, lane = p.links.size, t // LANES, t % LANES
    base = block * (p.columns + p.rows) * WIDTH + STEP + lane
    for i in range(k):
        g[i] = g[k + i] + f.side[block, i, lane]
        g[k + i] = v[base + p.links[i] * WIDTH]
    for i in range(p.slots):
        g[2 * k + i] += f.side[block, k + i, lane]


@compiled
def _turn(last: Row, g: Row, k: int) -> None:
    """Solve for the links of the last interval."""
    for i in range(k):
        for j in range(i + 1, k):
            g[k + j] -= last[i, j] * g[k + i]
    for i in range(k - 1, -1, -1):
        g[k + i] *= last[i, i]
        for j in range(i + 1, k):
            g[k + i] -= last[i, j] * g[k + j]


@compiled
def _back(p: Pattern, b: Border, f: Factors, v: Row, g: Row) -> None:
    """From the last interval to the first; each block's side gets what its local nodes need."""
    k, size, nodes = p.links.size, g.size, p.columns + p.rows
    ended = b.end.size - 1
    for t in range(p.intervals - 1, -1, -1):
        block, lane = t // LANES, t % LANES
        base = block * nodes * WIDTH + STEP + lane
        while ended >= 0 and b.end_at[ended] == t:
            node = b.end[ended]
            at = 2 * k + b.slot[node]
            g[at] = 0.0
            value = v[b.stand[node] + STEP] * f.ended[node, at]
            for j in range(k, size):
                value -= f.ended[node, j] * g[j]
            g[at] = value
            v[b.stand[node] + STEP] = value
            ended -= 1
        for i in range(k - 1, -1, -1):
            value = f.carried[t, i] * f.chain[t, i, i]
            for j in range(i + 1, size):
                value -= f.chain[t, i, j] * g[j]
            g[i] = value
        for i in range(k):
            v[base + p.links[i] * WIDTH] = g[k + i]
            f.side[block, i, lane] = g[i]
            g[k + i] = g[i]
        for i in range(p.slots):
            f.side[block, k + i, lane] = g[2 * k + i]
