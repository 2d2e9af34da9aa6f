"""Headers that cannot be judged yet: their parent is missing, or their time is still to come.

Each has proven its own work, and the room is bounded: the oldest leaves first.
"""

from __future__ import annotations

from collections.abc import KeysView
from typing import NamedTuple

from wattshift.chain.header import BlockHash

__all__ = ["Arrival", "WaitingRoom"]


class Arrival(NamedTuple):
    """A header, its hash, and its place in the order of arrival."""

    raw: bytes
    hash: BlockHash
    order: int

    @property
    def prev_hash(self) -> BlockHash:
        """The parent's hash."""
        return BlockHash(self.raw[4:36])


class WaitingRoom:
    """Headers by their own hash and, while they wait for it, by their parent's.

    Args:
        limit: how many it holds.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._all: dict[BlockHash, Arrival] = {}
        self._orphans: dict[BlockHash, list[Arrival]] = {}
        self._early: dict[BlockHash, int] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._all)

    def __contains__(self, block_hash: BlockHash) -> bool:
        """Whether a header waits."""
        return block_hash in self._all

    @property
    def awaited(self) -> KeysView[BlockHash]:
        """Hashes of the missing parents."""
        return self._orphans.keys()

    def is_early(self, block_hash: BlockHash) -> bool:
        """Whether a header waits for its time."""
        return block_hash in self._early

    @property
    def due_s(self) -> int | None:
        """When the time of the first has come, in seconds since 1970 [s]; None if none waits for it."""
        return min(self._early.values(), default=None)

    def park(self, orphan: Arrival) -> int:
        """Keep a header until its parent comes; return how many others had to go."""
        self._all[orphan.hash] = orphan
        self._orphans.setdefault(orphan.prev_hash, []).append(orphan)
        return self._make_room()

    def hold(self, early: Arrival, until_s: int) -> int:
        """Keep a header until a time [s]; return how many others had to go."""
        self._all[early.hash] = early
        self._early[early.hash] = until_s
        return self._make_room()

    def release_children(self, parent: BlockHash) -> list[Arrival]:
        """Hand back the headers that waited for this parent, by order of arrival."""
        children = self._orphans.pop(parent, [])
        for child in children:
            del self._all[child.hash]
        return children

    def release_due(self, now_s: int) -> list[Arrival]:
        """Hand back the headers whose time has come, by order of arrival."""
        due = [block_hash for block_hash, until_s in self._early.items() if until_s <= now_s]
        for block_hash in due:
            del self._early[block_hash]
        return sorted((self._all.pop(block_hash) for block_hash in due), key=lambda early: early.order)

    def forget_descendants(self, refused: BlockHash) -> int:
        """Drop all that descends from a refused header; return how many."""
        line = self.release_children(refused)
        for orphan in line:  # grows while it is walked
            line += self.release_children(orphan.hash)
        return len(line)

    def _make_room(self) -> int:
        surplus = max(len(self._all) - self._limit, 0)
        for _ in range(surplus):
            oldest = self._all.pop(next(iter(self._all)))
            if self._early.pop(oldest.hash, None) is None:
                siblings = self._orphans[oldest.prev_hash]
                siblings.remove(oldest)
                if not siblings:
                    del self._orphans[oldest.prev_hash]
        return surplus
