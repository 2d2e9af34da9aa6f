"""The stages of a round: the loops over the blocks, the border's places, and the chain of stretches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wattshift.allocate.coupled.interior import kernels
from wattshift.allocate.coupled.interior.arrays import LANES, MISS, PRICE, WIDTH, Chain, Row, Store, X
from wattshift.allocate.coupled.interior.chain import eliminate_chain, solve_chain
from wattshift.allocate.coupled.interior.layout import Layout

__all__ = ["Rounds"]


class Rounds:
    """The stages, with the arrays that they share from one round to the next."""

    def __init__(self, layout: Layout, v: Row) -> None:
        self.p, self.b, self.v = layout.pattern, layout.border, v
        self.tail = self.p.coefficient_of.size * self.p.kind.size
        self.side = v[layout.side_stand :].reshape(-1, LANES)
        self.store = _store(layout, v)
        self.chain = _chain(layout)
        self.diagonal = np.empty((self.b.column_places + self.b.row_places, LANES))

    def advance(self, push_ratio: float, primal_frac: float, dual_frac: float) -> Row:
        """Take the last step, look where that leads, factorise there, and carry the affine direction forward.

        Returns:
            The largest miss of a row and of a column's cost, the complementarity, the cost.
        """
        b, s = self.b, self.store
        s.seen[:], self.side[:] = 0.0, 0.0
        for z, row, _ in self._border():
            kernels.move(z, row, push_ratio, primal_frac, dual_frac)
            own = X if row else PRICE
            z[MISS : MISS + LANES] = z[own : own + LANES]
        terms = (b.term_start, b.term, b.term_value)
        kernels.advance(self.p, *terms, s, push_ratio, primal_frac, dual_frac)
        self._multiply_ties()
        for z, row, number in self._border():
            kernels.weigh(z, row, self.diagonal[number], s.seen)
        place, lane = np.divmod(b.stand - self.tail * WIDTH, WIDTH)
        eliminate_chain(self.chain, s.carried, self.diagonal[place, lane])
        return self._gathered(4)

    def aim(self) -> Row:
        """The affine direction, once it was carried forward.

        Returns:
            The inverse of the longest primal and dual step, and the slopes of complementarity along the dual,
            the primal and both.
        """
        solve_chain(self.chain, self.side, self.v)
        self.store.seen[:] = 0.0
        kernels.aim(self.p, self.store)
        for z, row, _ in self._border():
            kernels.look(z, row, self.store.seen)
        return self._gathered(5)

    def follow(self, push_ratio: float) -> Row:
        """The corrected direction.

        Returns:
            The inverse of the longest primal and dual step.
        """
        self.side[:] = 0.0
        kernels.follow(self.p, self.store, push_ratio)
        for z, row, _ in self._border():
            kernels.correct(z, row, push_ratio)
        solve_chain(self.chain, self.side, self.v)
        self.store.seen[:] = 0.0
        kernels.gather(self.p, self.store, push_ratio)
        for z, row, _ in self._border():
            kernels.reach(z, row, push_ratio, self.store.seen)
        return self._gathered(2)

    def _multiply_ties(self) -> None:
        """The coefficients between two nodes of the border."""
        b, v = self.b, self.v
        ties = slice(int(b.term_start[-2]), int(b.term_start[-1]))
        (row, column), value = b.term[:, ties], b.term_value[ties]
        np.subtract.at(v, row + MISS, value * v[column + X])
        np.subtract.at(v, column + MISS, value * v[row + PRICE])

    def _border(self) -> Iterator[tuple[Row, int, int]]:
        """The border's places, and whether they are rows."""
        for number in range(self.diagonal.shape[0]):
            at = (self.tail + number) * WIDTH
            yield self.v[at : at + WIDTH], int(number >= self.b.column_places), number

    def _gathered(self, count: int) -> Row:
        """What the lanes saw, together: of the first two the largest, of the rest the sum."""
        lanes = self.store.seen.reshape(-1, LANES)[:count]
        return np.concatenate([lanes[:2].max(axis=1), lanes[2:].sum(axis=1)])


def _store(layout: Layout, v: Row) -> Store:
    p = layout.pattern
    blocks = p.coefficient_of.size
    return Store(
        v=v,
        lower=np.empty((blocks, p.near.shape[2], LANES)),
        inverse=np.empty((blocks, p.order.shape[2], LANES)),
        cell=np.empty((p.cells, LANES)),
        carried=np.empty((p.carry.shape[1], LANES)),
        at=np.empty(p.kind.size + 2 * p.links.size + p.slots, np.int64),
        side=layout.side_stand,
        seen=np.empty(5 * LANES),
    )


def _chain(layout: Layout) -> Chain:
    p, b = layout.pattern, layout.border
    k, size = p.links.size, 2 * p.links.size + p.slots
    return Chain(
        link_stand=((p.coefficient_of.size - 1) * p.kind.size + p.links) * WIDTH,
        columns=b.columns,
        stand=b.stand,
        slot=b.slot,
        begin=b.begin,
        end=b.end,
        tie=b.tie,
        tie_value=b.tie_value,
        factor=np.zeros((LANES + 1, k, size)),
        ended=np.zeros((b.stand.size, size)),
        kept=np.zeros((LANES, k)),
        front=np.empty((size + 1, size)),
    )
