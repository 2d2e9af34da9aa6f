"""The best chain as one flat run of bytes: 80 a header, and an index of 12 more.

Heights follow from positions, parents' hashes from the headers themselves; cumulative work is kept
once for each run of equal bits. The index of hashes is a dictionary for the newest headers and a
sorted array of 64-bit prefixes for the rest, into which they are merged when somebody looks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from wattshift.chain.bulk import HEADER_DTYPE
from wattshift.chain.header import HEADER_SIZE, BlockHash

__all__ = ["Trunk"]

_RECENT = 1 << 14
"""Headers that the dictionary may hold before they move into the sorted array."""


class Trunk:
    """A chain of headers that grows and is cut at its end.

    Args:
        root: the first header.
        height: its height.
        work_hashes: expected hashes up to and with it.
    """

    def __init__(self, root: bytes, *, height: int, work_hashes: int) -> None:
        self.buffer = bytearray(root)
        self._root_height = height
        self.tip_hash = _hash(root)
        self._recent: dict[bytes, int] = {self.tip_hash: height}
        self._loose: list[tuple[int, bytes]] = []
        self._keys: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._heights: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        # Run k starts at starts[k]; at height h in it work is before[k] + (h - starts[k]) * each[k].
        self._starts, self._before, self._each = [height], [work_hashes], [0]

    @property
    def tip_height(self) -> int:
        """Height of the last header."""
        return self._root_height + len(self.buffer) // HEADER_SIZE - 1

    def offset(self, height: int) -> int:
        """Where a header starts in the buffer."""
        return (height - self._root_height) * HEADER_SIZE

    def raw(self, height: int) -> bytes:
        """The 80 bytes of a header."""
        return self.span(height, height)

    def span(self, first: int, last: int) -> bytes:
        """The headers from one height to another, both included."""
        return bytes(memoryview(self.buffer)[self.offset(first) : self.offset(last + 1)])

    def hash_at(self, height: int) -> BlockHash:
        """The hash at a height: the next header states it."""
        if height == self.tip_height:
            return self.tip_hash
        start = self.offset(height + 1) + 4
        return BlockHash(bytes(self.buffer[start : start + 32]))

    def cumulative_hashes(self, height: int) -> int:
        """Expected hashes up to and with a height."""
        run = bisect_right(self._starts, height) - 1
        return self._before[run] + (height - self._starts[run]) * self._each[run]

    def append(self, raw: bytes, block_hash: BlockHash, work_hashes: int) -> None:
        """Add one header; its work is cumulative."""
        before_hashes = self.cumulative_hashes(self.tip_height)
        self.buffer += raw
        self._recent[block_hash] = self.tip_height
        self._add_work(self.tip_height, before_hashes, work_hashes - before_hashes)
        self.tip_hash = block_hash
        if len(self._recent) > _RECENT:
            self._loosen()

    def append_run(self, raw: bytes, hashes: bytes, works: Sequence[tuple[int, int]]) -> None:
        """Add many headers.

        Args:
            raw: the headers end to end.
            hashes: their hashes end to end.
            works: for each run of equal bits, its length and the work of one header.
        """
        height = self.tip_height + 1
        before_hashes = self.cumulative_hashes(height - 1)
        self._loose.append((height, hashes))
        self.buffer += raw
        for length, each_hashes in works:
            self._add_work(height, before_hashes, each_hashes)
            height += length
            before_hashes += length * each_hashes
        self.tip_hash = BlockHash(hashes[-32:])

    def cut(self, height: int) -> None:
        """Keep the headers up to and with a height; dead entries of the index are told by their headers."""
        if height == self.tip_height:
            return
        self.tip_hash = self.hash_at(height)
        del self.buffer[self.offset(height + 1) :]
        keep = bisect_right(self._starts, height)
        del self._starts[keep:], self._before[keep:], self._each[keep:]

    def height_of(self, block_hash: BlockHash) -> int | None:
        """The height of a hash, if it is on this chain."""
        if block_hash == self.tip_hash:  # as each run on top asks, which must not sort the index
            return self.tip_height
        height = self._recent.get(block_hash)
        if height is not None and self._is_at(height, block_hash):
            return height
        if self._loose:
            self._merge()
        key = np.frombuffer(block_hash, dtype="<u8", count=1)[0]
        place = int(np.searchsorted(self._keys, key))
        while place < len(self._keys) and self._keys[place] == key:
            height = int(self._heights[place])
            if self._is_at(height, block_hash):
                return height
            place += 1
        return None

    def _is_at(self, height: int, block_hash: BlockHash) -> bool:
        return height <= self.tip_height and self.hash_at(height) == block_hash

    def _add_work(self, height: int, before_hashes: int, each_hashes: int) -> None:
        if self._each[-1] != each_hashes:
            self._starts.append(height)
            self._before.append(before_hashes + each_hashes)
            self._each.append(each_hashes)

    def _loosen(self) -> None:
        """Move the dictionary's headers to the array; those that were cut off are left behind."""
        for block_hash, height in self._recent.items():
            if self._is_at(height, BlockHash(block_hash)):
                self._loose.append((height, block_hash))
        self._recent.clear()

    def _merge(self) -> None:
        """Sort the loose hashes into the array; once a quarter of it is dead, sort the whole chain anew."""
        keys, heights = self._all_keys() if self._is_worn() else self._loose_keys()
        self._loose.clear()
        order = np.argsort(keys)
        keys, heights = keys[order], heights[order]
        where = np.searchsorted(self._keys, keys)
        self._keys, self._heights = (
            np.insert(self._keys, where, keys),
            np.insert(self._heights, where, heights),
        )

    def _is_worn(self) -> bool:
        held = len(self._keys) + sum(len(run) // 32 for _, run in self._loose)
        return held > _RECENT + 5 * len(self.buffer) // (4 * HEADER_SIZE)

    def _loose_keys(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        keys = [np.frombuffer(run, dtype="<u8")[::4] for _, run in self._loose]
        heights = [np.arange(first, first + len(run) // 32, dtype=np.int32) for first, run in self._loose]
        return np.concatenate(keys), np.concatenate(heights)

    def _all_keys(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Prefixes of every hash below the tip: each next header states them."""
        self._keys, self._heights = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int32)
        self._recent = {self.tip_hash: self.tip_height}
        stated = np.frombuffer(self.buffer, dtype=HEADER_DTYPE)["prev_hash"][1:, 0].astype(np.uint64)
        heights = np.arange(self._root_height, self.tip_height, dtype=np.int32)
        return stated, heights


def _hash(raw: bytes) -> BlockHash:
    return BlockHash(sha256(sha256(raw).digest()).digest())
