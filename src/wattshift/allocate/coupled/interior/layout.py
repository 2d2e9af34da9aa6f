"""From a program's structure to the arrays on which the compiled loops work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from wattshift.allocate.coupled.interior.arrays import (
    COLUMN,
    EQUALITY,
    LANES,
    ROW,
    WIDTH,
    Border,
    Index,
    Pattern,
    Row,
)
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
        columns, rows: the program's sides, without the interval of each number.
        pattern: what all intervals have in common.
        border: what spans them.
    """

    columns: Side
    rows: Side
    pattern: Pattern
    border: Border

    @property
    def size(self) -> int:
        """How many numbers the iterate has."""
        p = self.pattern
        return self.side_stand + (p.links.size + p.slots) * LANES

    @property
    def side_stand(self) -> int:
        """Where the sides stand, after all places: the entries of the stretches, and the slots."""
        p, b = self.pattern, self.border
        return (p.coefficient_of.size * p.kind.size + b.column_places + b.row_places) * WIDTH

    def put(self, v: Row, field: int, side: Side, value: Row, nothing_ratio: float) -> None:
        """Set a field of all columns, or of all rows, and of what is none or cannot move."""
        value = np.where(side.idle, nothing_ratio, value)
        of_blocks, of_border = self._fields(v, field, side)
        blocks, places, _ = of_blocks.shape
        grid = np.full((places, LANES * blocks), nothing_ratio)
        for label, place in zip(side.labels, side.place.tolist(), strict=True):
            if place >= 0:
                grid[place, label.at] = value[label.span]
        of_blocks[:] = grid.reshape(places, LANES, blocks).transpose(2, 0, 1)
        of_border[:] = nothing_ratio
        on_border = side.node >= 0
        v[self.border.stand[side.node[on_border]] + field] = value[on_border]

    def get(self, v: Row, field: int, side: Side, nothing: Row) -> Row:
        """A field of all columns, or of all rows; `nothing` of what cannot move."""
        of_blocks, _ = self._fields(v, field, side)
        grid = of_blocks.transpose(1, 2, 0).reshape(side.places, -1)
        value = np.empty(side.idle.size)
        for label, place in zip(side.labels, side.place.tolist(), strict=True):
            if place >= 0:
                value[label.span] = grid[place, label.at]
        on_border = side.node >= 0
        value[on_border] = v[self.border.stand[side.node[on_border]] + field]
        return np.where(side.idle, nothing, value)

    def _fields(self, v: Row, field: int, side: Side) -> tuple[Row, Row]:
        """A field of a side's places, as views: of the blocks, and of the border."""
        blocks, nodes, split = (
            self.pattern.coefficient_of.size,
            self.pattern.kind.size,
            self.border.column_places,
        )
        every = v[: self.side_stand].reshape(-1, WIDTH)[:, field : field + LANES]
        first, tail = side.first_place, every[blocks * nodes :]
        of_blocks = every[: blocks * nodes].reshape(blocks, nodes, LANES)[:, first : first + side.places]
        return of_blocks, tail[:split] if side is self.columns else tail[split:]


def lay_out(program: Program) -> Layout:
    """Lay a program out.

    Raises:
        Declined: if an interval depends on more than the one before it and a few nodes that span many.
    """
    s = structure_of(program)
    blocks = -(-s.intervals // LANES)
    if s.columns.places + s.rows.places > _MOST_NODES:
        raise Declined("an interval has too many parts")
    slots = _Slots(s, blocks)
    entries = _Entries(s, slots)
    coefficient = np.zeros((len(entries.pairs), LANES * blocks))
    found = np.empty((4, slots.terms), np.int64)
    to = Entries(slots.slot, entries.local, entries.row_slot, entries.column_slot)
    fill(s.terms, s.rows.node, s.columns.node, to, coefficient, found)
    return Layout(
        columns=_light(s.columns),
        rows=_light(s.rows),
        pattern=_pattern(s, slots, entries, coefficient),
        border=_border(s, slots, found, (blocks, len(entries.links))),
    )


def _light(side: Side) -> Side:
    """A side without what only laying it out needs: as much memory as a field of the iterate."""
    nothing = np.empty(0, np.int64)
    return replace(side, label=nothing, at=nothing)


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


def _stand(side: Side, number: Index, blocks: int, nodes: int, node: Index) -> Index:
    """Where some columns or rows stand in the iterate."""
    lane, block = np.divmod(side.at[number], blocks)
    stand = (block * nodes + side.first_place + side.place[side.label[number]]) * WIDTH + lane
    of_border = side.node[number]
    stand[of_border >= 0] = node[of_border[of_border >= 0]]
    return stand


class _Slots:
    """The border's nodes, each in a slot from its first stretch of intervals to its last."""

    def __init__(self, s: Structure, blocks: int) -> None:
        count = s.columns.nodes + s.rows.nodes
        first, last = np.full(count, s.intervals), np.full(count, -1)
        self.terms = int(span(s.terms, s.rows.node, s.columns.node, first, last))
        self._meet(s, first, last)
        first = np.where(last < 0, 0, first) // blocks
        last = np.maximum(last, 0) // blocks
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

    def of_plan(self, plan: int) -> list[tuple[int, int]]:
        """The pairs as a plan has them: in the first block the interval before is the entry."""
        nodes, k = self.columns + self.rows, len(self.links)
        first = [(one, other + k if nodes <= other < nodes + k else other) for one, other in self.pairs]
        return list(self.pairs) if plan else first

    def products(self) -> tuple[Index, Index, Index]:
        """Of each entry the places of its row (-1 beside the border) and column; whether that is before."""
        nodes = self.columns + self.rows
        found = []
        for one, other in self.pairs:
            before = nodes <= other < nodes + len(self.links)
            local = one >= self.columns and (before or other < self.columns)
            column = self.links[other - nodes] if before else other
            found.append((one if local else -1, column, int(before)))
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
        first = self.columns + self.rows + 2 * len(self.links)
        of_border = border.node >= 0
        for label in np.unique(border.label[of_border]).tolist():
            taken = np.unique(slots.slot[border.node[of_border & (border.label == label)]]).tolist()
            for other in np.flatnonzero((meets[label] > 0) & (local.place >= 0)).tolist():
                for slot in taken:
                    table[other, slot] = self._entry(before + int(local.place[other]), first + slot)


def _pattern(s: Structure, slots: _Slots, entries: _Entries, coefficient: Row) -> Pattern:
    nodes, k = entries.columns + entries.rows, len(entries.links)
    entry, rest = range(nodes + k, nodes + 2 * k), range(nodes + 2 * k, nodes + 2 * k + slots.slots)
    head, tail = [*entry, *range(nodes, nodes + k), *rest], [*entry, *entries.links, *rest]
    plans = _plans(entries, head, tail)
    coefficient = coefficient.reshape(len(entries.pairs), LANES, -1)
    kinds = _kinds(coefficient)
    cells = [plan.cells_of(entries.of_plan(number)) for number, plan in enumerate(plans)]
    return Pattern(
        kind=_kind_of_places(s),
        links=np.array(entries.links, np.int64),
        slots=slots.slots,
        cells=max(plan.cells for plan in plans),
        entries=np.stack([*entries.products(), *cells]),
        coefficient=coefficient[..., np.unique(kinds, return_index=True)[1]].transpose(2, 0, 1).copy(),
        coefficient_of=kinds,
        carry=np.stack([plans[1].cells_of(_pairs(head)), *(plan.cells_of(_pairs(tail)) for plan in plans)]),
        length=np.array([len(plan.order) for plan in plans]),
        order=_stacked([plan.order_list(range(entries.columns, nodes)) for plan in plans]),
        near=_stacked([plan.near_list() for plan in plans]),
        update=_stacked([plan.update_list() for plan in plans]),
    )


def _plans(entries: _Entries, head: list[int], tail: list[int]) -> tuple[Elimination, Elimination]:
    """How the first block is eliminated, and all others.

    Both leave `tail`; what the others find is `head`, of which nothing is there in the first.
    """
    nodes = entries.columns + entries.rows
    rows = set(range(entries.columns, nodes))
    size, before = nodes + len(head), set(head) - set(tail)
    first = [*entries.of_plan(0), *_pairs(tail)]
    later = [*entries.of_plan(1), *_pairs(tail), *_pairs(head)]
    return (
        eliminate(size, first, stay={*tail, *head}, last=set(), equalities=rows),
        eliminate(size, later, stay=set(tail), last=before, equalities=rows),
    )


def _pairs(nodes: list[int]) -> list[tuple[int, int]]:
    """All of them with one another, and with themselves."""
    return list(combinations_with_replacement(nodes, 2))


def _stacked(lists: list[Index]) -> Index:
    """The lists of either plan, the shorter one filled up."""
    longest = max(each.shape[1] for each in lists)
    return np.stack([np.pad(each, ((0, 0), (0, longest - each.shape[1]))) for each in lists])


def _kind_of_places(s: Structure) -> Index:
    """An equality is a row without room in all its intervals."""
    kind = np.full(s.columns.places + s.rows.places, COLUMN)
    kind[s.columns.places :] = EQUALITY
    place = s.rows.place[s.rows.label[s.roomy]]
    kind[s.columns.places + place[place >= 0]] = ROW
    return kind


def _kinds(coefficient: Row) -> Index:
    """Blocks that look like the one before them share its coefficients."""
    differs = (coefficient[..., 1:] != coefficient[..., :-1]).any(axis=(0, 1))
    return np.concatenate([[0], np.cumsum(differs)]).astype(np.int64)


def _border(s: Structure, slots: _Slots, found: Index, size: tuple[int, int]) -> Border:
    blocks, links = size
    nodes = s.columns.places + s.rows.places
    node = _node_stand(s, blocks * nodes)
    row, column, number, at = found
    begin, end = np.argsort(slots.first, kind="stable"), np.argsort(slots.last, kind="stable")
    ties = np.flatnonzero(at < 0)
    one, other = s.rows.node[row[ties]], s.columns.node[column[ties]]
    pair = np.sort([slots.slot[one], slots.slot[other]], axis=0) + 2 * links
    tie_at = np.maximum(slots.first[one], slots.first[other])
    by_time = np.argsort(tie_at, kind="stable")
    block = np.where(at < 0, blocks, at % blocks)
    order = np.argsort(block, kind="stable")
    return Border(
        columns=s.columns.nodes,
        column_places=-(-s.columns.nodes // LANES),
        row_places=-(-s.rows.nodes // LANES),
        stand=node,
        slot=slots.slot,
        begin=np.stack([slots.first[begin], begin]),
        end=np.stack([slots.last[end], end]),
        tie=np.stack([tie_at, *pair])[:, by_time].copy(),
        tie_value=s.terms.value[number[ties]][by_time],
        term_start=np.searchsorted(block[order], np.arange(blocks + 2)),
        term=np.stack(
            [
                _stand(side, number, blocks, nodes, node)
                for side, number in ((s.rows, row[order]), (s.columns, column[order]))
            ]
        ),
        term_value=s.terms.value[number[order]],
    )
