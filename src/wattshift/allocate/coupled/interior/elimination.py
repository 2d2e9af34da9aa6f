"""In which order an interval's nodes are eliminated, and what each elimination touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from wattshift.allocate.coupled.interior.arrays import Index

__all__ = ["Elimination", "eliminate"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Elimination:
    """The elimination of an interval's own nodes, as lists of what to do.

    Args:
        cells: how many numbers the matrix of an interval has, fill included.
        cell: the cell of each pair of neighbours; a node's own cell has its number.
        order: nodes in the order in which they go.
        near: for each its neighbours at that time.
    """

    cells: int
    cell: dict[tuple[int, int], int]
    order: list[int]
    near: list[list[int]]

    def cells_of(self, pairs: Sequence[tuple[int, int]]) -> Index:
        """The cells of pairs of neighbours."""
        return _index([self.cell[_pair(*pair)] for pair in pairs])

    def order_list(self, rows: range) -> Index:
        """Nodes as they go, signs of their pivots, where their neighbours and updates begin and end."""
        near = np.cumsum([0, *(len(near) for near in self.near)])
        update = np.cumsum([0, *(len(near) * (len(near) + 1) // 2 for near in self.near)])
        sign = [1 if node in rows else -1 for node in self.order]
        return np.stack([_index(self.order), _index(sign), near[:-1], near[1:], update[:-1], update[1:]])

    def near_list(self) -> Index:
        """The neighbours, and the cells between."""
        pairs = [(node, n) for node, near in zip(self.order, self.near, strict=True) for n in near]
        return np.stack([_index([n for _, n in pairs]), self.cells_of(pairs)])

    def update_list(self) -> Index:
        """The cells that change, the neighbour whose factor changes them, and by which cell."""
        found: list[tuple[int, int, int]] = []
        first = 0
        for node, near in zip(self.order, self.near, strict=True):
            found += [
                (self.cell[_pair(near[i], other)], first + i, self.cell[_pair(node, other)])
                for i in range(len(near))
                for other in near[i:]
            ]
            first += len(near)
        return np.array(found, np.int64).reshape(-1, 3).T.copy()


def eliminate(
    nodes: int, pairs: Sequence[tuple[int, int]], *, stay: set[int], last: set[int], equalities: set[int]
) -> Elimination:
    """Plan an elimination: of the nodes that may go the one with the fewest neighbours first.

    Args:
        nodes: how many there are.
        pairs: neighbours.
        stay: nodes that are not eliminated.
        last: nodes that go when all others have gone.
        equalities: nodes whose own pivot may be next to nothing until a neighbour has gone.
    """
    near: list[set[int]] = [set() for _ in range(nodes)]
    for one, other in pairs:
        if one != other:
            near[one].add(other)
            near[other].add(one)
    cell = {(node, node): node for node in range(nodes)}
    for pair in pairs:
        cell.setdefault(_pair(*pair), len(cell))
    left, waiting = set(range(nodes)) - stay, set(equalities)
    order, nears = [], []
    while left:
        node = min(left, key=lambda n: (n in last, n in waiting, len(near[n]), n))
        left.remove(node)
        gone = sorted(near[node])
        order.append(node)
        nears.append(gone)
        for one, other in combinations(gone, 2):
            near[one].add(other)
            near[other].add(one)
            cell.setdefault((one, other), len(cell))
        for other in gone:
            near[other].discard(node)
            waiting.discard(other)
    return Elimination(cells=len(cell), cell=cell, order=order, near=nears)


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _index(values: list[int]) -> Index:
    return np.array(values, np.int64)
