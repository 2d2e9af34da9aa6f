"""The chain of stretches: the last interval of each, with that of the one before, and the border beside them.

The front is a small matrix: links of the stretch before, links of this one, slots of the border; its upper
half is kept. All that these loops call stands here, as in `kernels`.
"""

from __future__ import annotations

from wattshift.allocate.coupled.interior.arrays import LANES, STEP, Chain, Row
from wattshift.allocate.coupled.interior.compiled import compiled

__all__ = ["eliminate_chain", "solve_chain"]

_LEAST_PIVOT = 1e-13


@compiled
def _inverse_of(pivot: float, sign: float) -> float:
    """Of a pivot whose sign is known: where rounding has eaten it, its node is not moved this time."""
    return 1.0 / pivot if sign * pivot > _LEAST_PIVOT else 0.0


@compiled
def eliminate_chain(c: Chain, carried: Row, diagonal: Row) -> None:
    """Eliminate the links, one stretch after the other, and each border node after its last.

    Args:
        c: the chain; its factors are filled.
        carried: what is left of each stretch: upper halves of the fronts, row by row.
        diagonal: of the nodes of the border.
    """
    k, size = c.link_stand.size, c.factor.shape[2]
    g = c.front
    for i in range(size):
        for j in range(size):
            g[i, j] = -1.0 if i == j and k <= i < 2 * k else 0.0  # before the first there is nothing
    begun = tied = gone = 0
    for t in range(LANES):
        _shift(g, k, size)
        while begun < c.begin.shape[1] and c.begin[0, begun] == t:
            node = c.begin[1, begun]
            g[2 * k + c.slot[node], 2 * k + c.slot[node]] += diagonal[node]
            begun += 1
        while tied < c.tie.shape[1] and c.tie[0, tied] == t:
            g[c.tie[1, tied], c.tie[2, tied]] += c.tie_value[tied]
            tied += 1
        _add_front(carried, t, g, size)
        _eliminate_links(g, k, size, c.factor[t])
        while gone < c.end.shape[1] and c.end[0, gone] == t:
            node = c.end[1, gone]
            sign = 1.0 if node >= c.columns else -1.0
            _eliminate_node(g, k, 2 * k + c.slot[node], sign, c.ended[node])
            gone += 1
    _shift(g, k, size)
    _eliminate_links(g, k, size, c.factor[LANES])


@compiled
def _add_front(carried: Row, t: int, g: Row, size: int) -> None:
    number = 0
    for i in range(size):
        for j in range(i, size):
            g[i, j] += carried[number, t]
            number += 1


@compiled
def _shift(g: Row, k: int, size: int) -> None:
    """This stretch's links become those of the stretch before."""
    for i in range(k):
        for j in range(i, k):
            g[i, j] = g[k + i, k + j]
        for j in range(2 * k, size):
            g[i, j] = g[k + i, j]
        for j in range(k, 2 * k):
            g[i, j] = 0.0
        for j in range(k + i, size):
            g[k + i, j] = 0.0


@compiled
def _eliminate_links(g: Row, k: int, size: int, out: Row) -> None:
    """Eliminate the links of the stretch before; their inverse pivots stand on the diagonal of `out`."""
    for i in range(k):
        inverse = _inverse_of(g[i, i], -1.0)
        out[i, i] = inverse
        for j in range(i + 1, size):
            out[i, j] = g[i, j] * inverse
        for j in range(i + 1, size):
            for m in range(j, size):
                g[j, m] -= out[i, j] * g[i, m]


@compiled
def _eliminate_node(g: Row, k: int, at: int, sign: float, out: Row) -> None:
    """Eliminate one border node, at `at` of the front, over all that is still there."""
    size = out.size
    inverse = _inverse_of(g[at, at], sign)
    for j in range(k, size):
        out[j] = g[min(at, j), max(at, j)]
    out[at] = 0.0
    for j in range(k, size):
        for m in range(j, size):
            g[j, m] -= out[j] * inverse * out[m]
    for j in range(k, size):
        g[min(at, j), max(at, j)] = 0.0
        out[j] *= inverse
    out[at] = inverse


@compiled
def solve_chain(c: Chain, side: Row, v: Row) -> None:
    """Solve for the linked and the bordering nodes; all else was carried forward before.

    Args:
        c: the chain, eliminated.
        side: right-hand sides of the entries and the slots, then their solution.
        v: likewise of links and border.
    """
    k, size, g = c.link_stand.size, c.factor.shape[2], c.front[-1]
    for i in range(size):
        g[i] = 0.0
    begun = gone = 0
    for t in range(LANES):
        for i in range(k):
            g[i] = g[k + i] + side[i, t]
            g[k + i] = v[c.link_stand[i] + STEP + t]
        for i in range(2 * k, size):
            g[i] += side[i - k, t]
        while begun < c.begin.shape[1] and c.begin[0, begun] == t:
            g[2 * k + c.slot[c.begin[1, begun]]] += v[c.stand[c.begin[1, begun]] + STEP]
            begun += 1
        for i in range(k):
            c.kept[t, i] = g[i]
            for j in range(i + 1, size):
                g[j] -= c.factor[t, i, j] * g[i]
        while gone < c.end.shape[1] and c.end[0, gone] == t:
            node = c.end[1, gone]
            at = 2 * k + c.slot[node]
            value = g[at]
            v[c.stand[node] + STEP] = value
            for j in range(k, size):
                g[j] -= c.ended[node, j] * value
            g[at] = 0.0
            gone += 1
    _turn(c.factor[LANES], g, k)
    _back(c, side, v, g)


@compiled
def _turn(last: Row, g: Row, k: int) -> None:
    """Solve for the links of the last stretch."""
    for i in range(k):
        for j in range(i + 1, k):
            g[k + j] -= last[i, j] * g[k + i]
    for i in range(k - 1, -1, -1):
        g[k + i] *= last[i, i]
        for j in range(i + 1, k):
            g[k + i] -= last[i, j] * g[k + j]


@compiled
def _back(c: Chain, side: Row, v: Row, g: Row) -> None:
    """From the last stretch to the first; the sides get what the blocks need."""
    k, size, gone = c.link_stand.size, g.size, c.end.shape[1] - 1
    for t in range(LANES - 1, -1, -1):
        while gone >= 0 and c.end[0, gone] == t:
            node = c.end[1, gone]
            at = 2 * k + c.slot[node]
            g[at] = 0.0
            value = v[c.stand[node] + STEP] * c.ended[node, at]
            for j in range(k, size):
                value -= c.ended[node, j] * g[j]
            g[at] = value
            v[c.stand[node] + STEP] = value
            gone -= 1
        for i in range(k - 1, -1, -1):
            value = c.kept[t, i] * c.factor[t, i, i]
            for j in range(i + 1, size):
                value -= c.factor[t, i, j] * g[j]
            g[i] = value
        for i in range(k):
            v[c.link_stand[i] + STEP + t] = g[k + i]
            side[i, t] = g[i]
            g[k + i] = g[i]
        for i in range(2 * k, size):
            side[i - k, t] = g[i]
