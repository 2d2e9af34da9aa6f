"""From a program's structure to the arrays on which the compiled loops work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wattshift.allocate.coupled.interior.arrays import LANES, WIDTH, Border, Index, Pattern, Row
from wattshift.allocate.coupled.interior.elimination import Elimination, eliminate
from wattshift.allocate.coupled.interior.reading import Entries, fill, span
from wattshift.allocate.coupled.interior.structure import Declined, Side, Structure, structure_of
from wattshift.allocate.coupled.program import Program

__all__ = ["Layout", "lay_out"]

_MOST_SLOTS = 40
_MOST_LINKS = 16
_MOST_NODES = 300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """A program in the method's own order.

    Args:
        pattern: what all intervals have in common.
        border: what spans them.
        column_stand: where each column's numbers stand in a vector of the method; -1 where it cannot move.
        row_stand: likewise for rows; -1 where it has no sides.
    """

    pattern: Pattern
    border: Border
    column_stand: Index
    row_stand: Index

    @property
    def places(self) -> int:
        """How many places all blocks and the border have."""
        p, b = self.pattern, self.border
        return p.blocks * (p.columns + p.rows) + b.column_places + b.row_places


def lay_out(program: Program) -> Layout:
    """Lay a program out.

    Raises:
        Declined: if an interval depends on more than the one before it and a few nodes that span many.
    """
    s = structure_of(program)
    blocks = -(-s.intervals // LANES)
    if s.columns.places + s.rows.places > _MOST_NODES:
        raise Declined("an interval has too many parts")
    slots = _Slots(s)
    entries = _Entries(s, slots)
    coefficient = np.zeros((blocks, len(entries.pairs), LANES))
    found = np.empty((4, slots.terms), np.int64)
    to = Entries(slots.slot, entries.local, entries.row_slot, entries.column_slot)
    fill(s.terms, s.rows.node, s.columns.node, to, coefficient, found)
    nodes = s.columns.places + s.rows.places
    tail = blocks * nodes
    node = _node_stand(s, tail)
    stands = tuple(
        _stand(side, before, nodes, node) for side, before in ((s.rows, s.columns.places), (s.columns, 0))
    )
    return Layout(
        pattern=_pattern(s, slots, entries, coefficient),
        border=_border(s, slots, found, stands, node, (blocks, len(entries.links))),
        column_stand=stands[1],
        row_stand=stands[0],
    )


def _node_stand(s: Structure, tail: int) -> Index:
    """Where the border's nodes stand: its columns, then, from a new place on, its rows."""
    column, row = np.arange(s.columns.nodes), np.arange(s.rows.nodes)
    row_tail = tail + -(-s.columns.nodes // LANES)
    return np.concatenate(
        [
            (tail + column // LANES) * WIDTH + column % LANES,
            (row_tail + row // LANES) * WIDTH + row % LANES,
        ]
    )


def _stand(side: Side, before: int, nodes: int, node: Index) -> Index:
    place = side.at // LANES * nodes + before + side.place[side.label]
    stand = place * WIDTH + side.at % LANES
    of_border = side.node >= 0
    stand[of_border] = node[side.node[of_border]]
    stand[side.idle] = -1
    return stand


class _Slots:
    """The border's nodes, each in a slot from its first interval to its last."""

    def __init__(self, s: Structure) -> None:
        count = s.columns.nodes + s.rows.nodes
        first, last = np.full(count, s.intervals), np.full(count, -1)
        self.terms = int(span(s.terms, s.rows.node, s.columns.node, first, last))
        self._meet(s, first, last)
        first = np.where(last < 0, 0, first)
        last = np.maximum(last, 0)
        self.first, self.last = first, last
        self.slot = np.full(count, -1)
        ends: list[int] = []
        for node in np.argsort(first, kind="stable").tolist():
            free = next((i for i, end in enumerate(ends) if end < first[node]), len(ends))
            if free == len(ends):
                ends.append(-1)
            ends[free] = int(last[node])
            self.slot[node] = free
            if len(ends) > _MOST_SLOTS:
                raise Declined("too much spans many intervals at once")
        self.slots = len(ends)

    @staticmethod
    def _meet(s: Structure, first: Index, last: Index) -> None:
        """Two nodes of the border that meet must be there at the same time."""
        for row in np.flatnonzero(s.rows.node >= 0).tolist():
            node = int(s.rows.node[row])
            for column in s.terms.column[s.terms.row_start[row] : s.terms.row_start[row + 1]].tolist():
                other = int(s.columns.node[column])
                if other < 0:
                    continue
                for one, two in ((node, other), (other, node)):
                    if last[one] < 0:
                        first[one] = last[one] = max(int(last[two]), 0)
                last[[node, other]] = np.maximum(last[[node, other]], max(first[node], first[other]))


class _Entries:
    """The coefficients that an interval may have: pairs of its nodes."""

    def __init__(self, s: Structure, slots: _Slots) -> None:
        self.columns, self.rows = s.columns.places, s.rows.places
        there = s.meets[..., 0] > 0
        shape = s.meets.shape[:2]
        self.local = np.full((*shape, 2), -1)
        self.row_slot = np.full((shape[0], slots.slots), -1)
        self.column_slot = np.full((shape[1], slots.slots), -1)
        local = there & (s.rows.place >= 0)[:, None] & (s.columns.place >= 0)
        linked = {int(s.columns.place[c]) for r, c in np.argwhere(local) if s.meets[r, c, 2] == 1}
        self.links = sorted(linked)
        if len(self.links) > _MOST_LINKS:
            raise Declined("too much links an interval to the one before")
        self.pairs: dict[tuple[int, int], int] = {}
        for r, c in np.argwhere(local).tolist():
            row, column = self.columns + int(s.rows.place[r]), int(s.columns.place[c])
            for after in range(int(s.meets[r, c, 1]), int(s.meets[r, c, 2]) + 1):
                other = self._before(column) if after else column
                self.local[r, c, after] = self._entry(row, other)
        used = [(s.rows, s.columns, self.column_slot, 0), (s.columns, s.rows, self.row_slot, self.columns)]
        for side, other_side, table, before in used:
            self._to_slots(s, slots, (side, other_side), table, before)

    def products(self) -> tuple[Index, Index, Index]:
        """Of each entry its row (-1 beside the border), its column, and whether that comes before."""
        nodes = self.columns + self.rows
        found = []
        for one, other in self.pairs:
            before = nodes <= other < nodes + len(self.links)
            local = one >= self.columns and (before or other < self.columns)
            column = self.links[other - nodes] if before else other
            found.append((one - self.columns if local else -1, column, int(before)))
        row, column_of, before_of = np.array(found, np.int64).reshape(-1, 3).T.copy()
        return row, column_of, before_of

    def _before(self, column: int) -> int:
        return self.columns + self.rows + self.links.index(column)

    def _entry(self, one: int, other: int) -> int:
        return self.pairs.setdefault((one, other), len(self.pairs))

    def _to_slots(
        self, s: Structure, slots: _Slots, sides: tuple[Side, Side], table: Index, before: int
    ) -> None:
        """Each local label with the slots of the border's nodes that it meets."""
        border, local = sides
        meets = s.meets[..., 0] if border is s.rows else s.meets[..., 0].T
        first = self.columns + self.rows + len(self.links)
        of_border = border.node >= 0
        for label in np.unique(border.label[of_border]).tolist():
            taken = np.unique(slots.slot[border.node[of_border & (border.label == label)]]).tolist()
            for other in np.flatnonzero((meets[label] > 0) & (local.place >= 0)).tolist():
                for slot in taken:
                    table[other, slot] = self._entry(before + int(local.place[other]), first + slot)


def _pattern(s: Structure, slots: _Slots, entries: _Entries, coefficient: Row) -> Pattern:
    columns, rows, links = entries.columns, entries.rows, entries.links
    nodes = columns + rows
    size = nodes + len(links) + slots.slots
    stay = set(links) | set(range(nodes, size))
    pairs = list(entries.pairs)
    plan = eliminate(size, pairs, stay, set(range(columns, nodes)))
    row, column, before = entries.products()
    kinds = _kinds(coefficient)
    near, update = plan.near_lists(), plan.update_lists()
    front = _front(plan, entries, slots.slots)
    return Pattern(
        intervals=s.intervals,
        blocks=coefficient.shape[0],
        columns=columns,
        rows=rows,
        cells=plan.cells,
        links=np.array(links, np.int64),
        slots=slots.slots,
        entry_row=row,
        entry_column=column,
        entry_before=before,
        entry_cell=np.array([plan.cell[min(pair), max(pair)] for pair in pairs], np.int64),
        order=np.array(plan.order, np.int64),
        near_start=near[0],
        near_node=near[1],
        near_cell=near[2],
        update_start=update[0],
        update_cell=update[1],
        update_near=update[2],
        update_by=update[3],
        front_one=front[0],
        front_other=front[1],
        front_cell=front[2],
        coefficient=coefficient[np.unique(kinds, return_index=True)[1]],
        coefficient_of=kinds,
    )


def _kinds(coefficient: Row) -> Index:
    """Blocks that look like the one before them share its coefficients."""
    differs = (coefficient[1:] != coefficient[:-1]).any(axis=(1, 2))
    return np.concatenate([[0], np.cumsum(differs)]).astype(np.int64)


def _front(plan: Elimination, entries: _Entries, slots: int) -> tuple[Index, Index, Index]:
    """Where what is left of an interval stands in the chain: linked columns before, now, then the border."""
    nodes, links = entries.columns + entries.rows, entries.links
    k = len(links)
    at = {nodes + i: i for i in range(k)}
    at |= {link: k + i for i, link in enumerate(links)}
    at |= {nodes + k + i: 2 * k + i for i in range(slots)}
    rest = [(*sorted((at[one], at[other])), plan.cell[one, other]) for one, other in plan.rest]
    one, other, cell = np.array(rest, np.int64).reshape(-1, 3).T
    return one.copy(), other.copy(), cell.copy()


def _border(
    s: Structure,
    slots: _Slots,
    found: Index,
    stands: tuple[Index, ...],
    node: Index,
    size: tuple[int, int],
) -> Border:
    blocks, links = size
    row, column, number, at = found
    begin, end = np.argsort(slots.first, kind="stable"), np.argsort(slots.last, kind="stable")
    ties = np.flatnonzero(at < 0)
    one, other = s.rows.node[row[ties]], s.columns.node[column[ties]]
    tie_at = np.maximum(slots.first[one], slots.first[other])
    by_time = np.argsort(tie_at, kind="stable")
    slot_one, slot_other = slots.slot[one], slots.slot[other]
    block = np.where(at < 0, blocks, at // LANES)
    order = np.argsort(block, kind="stable")
    starts = np.searchsorted(block[order], np.arange(blocks + 2))
    return Border(
        columns=s.columns.nodes,
        rows=s.rows.nodes,
        column_places=-(-s.columns.nodes // LANES),
        row_places=-(-s.rows.nodes // LANES),
        stand=node,
        slot=slots.slot,
        begin_at=slots.first[begin],
        begin=begin,
        end_at=slots.last[end],
        end=end,
        tie_at=tie_at[by_time],
        tie_one=2 * links + np.minimum(slot_one, slot_other)[by_time],
        tie_other=2 * links + np.maximum(slot_one, slot_other)[by_time],
        tie_value=s.terms.value[number[ties]][by_time],
        term_start=starts,
        term_row=stands[0][row[order]],
        term_column=stands[1][column[order]],
        term_value=s.terms.value[number[order]],
    )
