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
        rest: pairs of neighbours that stay.
    """

    cells: int
    cell: dict[tuple[int, int], int]
    order: list[int]
    near: list[list[int]]
    rest: list[tuple[int, int]]

    def near_lists(self) -> tuple[Index, Index, Index]:
        """Starts, nodes and cells of the neighbours."""
        start = np.cumsum([0] + [len(near) for near in self.near])
        pairs = [(node, n) for node, near in zip(self.order, self.near, strict=True) for n in near]
        cells = [self.cell[_pair(*pair)] for pair in pairs]
        return start, _index([n for _, n in pairs]), _index(cells)

    def update_lists(self) -> tuple[Index, Index, Index, Index]:
        """Starts, cells that change, the neighbour whose factor changes them, and by which cell."""
        start, cells, factors, by = [0], [], [], []
        first = 0
        for node, near in zip(self.order, self.near, strict=True):
            for i, one in enumerate(near):
                for other in near[i:]:
                    cells.append(self.cell[_pair(one, other)])
                    factors.append(first + i)
                    by.append(self.cell[_pair(node, other)])
            first += len(near)
            start.append(len(cells))
        return _index(start), _index(cells), _index(factors), _index(by)


def eliminate(nodes: int, pairs: Sequence[tuple[int, int]], stay: set[int], last: set[int]) -> Elimination:
    """Plan an elimination: of the nodes that may go the one with the fewest neighbours first.

    Args:
        nodes: how many there are.
        pairs: neighbours.
        stay: nodes that are not eliminated.
        last: nodes whose own pivot is next to nothing until a neighbour has gone: equalities.
    """
    near: list[set[int]] = [set() for _ in range(nodes)]
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    cell = {(node, node): node for node in range(nodes)}
    for pair in pairs:
        cell.setdefault(_pair(*pair), len(cell))
    left, waiting = set(range(nodes)) - stay, set(last)
    order, nears = [], []
    while left:
        node = min(left, key=lambda n: (n in waiting, len(near[n]), n))
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
    rest = [(one, other) for one in sorted(stay) for other in sorted(near[one]) if one < other]
    rest += [(one, one) for one in sorted(stay)]
    return Elimination(cells=len(cell), cell=cell, order=order, near=nears, rest=rest)


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _index(values: list[int]) -> Index:
    return np.array(values, np.int64)
