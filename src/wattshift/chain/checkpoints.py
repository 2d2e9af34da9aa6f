"""Hashes that blocks at certain heights must have, as the caller trusts them to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from wattshift.chain.faults import Fault
from wattshift.chain.header import BlockHash, hash_to_hex
from wattshift.errors import InvalidHeader

__all__ = ["Checkpoints"]


class Checkpoints:
    """Trusted hashes by height.

    Args:
        hashes: in internal order, by height.
    """

    def __init__(self, hashes: Mapping[int, BlockHash]) -> None:
        self._hashes = dict(hashes)
        self._heights = sorted(hashes)

    def last_passed(self, tip_height: int) -> int:
        """Height of the last checkpoint up to the tip; 0 if there is none."""
        passed = bisect_right(self._heights, tip_height)
        return self._heights[passed - 1] if passed else 0

    def check(self, height: int, block_hash: BlockHash, *, tip_height: int) -> None:
        """Refuse a new block that contradicts a checkpoint or forks off below one that the tip has passed.

        Raises:
            InvalidHeader: with the height, the hash and what was expected.
        """
        last = self.last_passed(tip_height)
        at = max(height, last)
        expected = self._hashes.get(at)
        if expected is None or (at == height and block_hash == expected):
            return
        raise InvalidHeader(
            f"the block contradicts the checkpoint at {at}",
            fault=Fault.CHECKPOINT_MISMATCH,
            height=height,
            hash=hash_to_hex(block_hash),
            expected=hash_to_hex(expected),
            hint="stop asking this source: it is on another chain; if many say so, doubt the checkpoint",
        )

    def agreeing(self, first_height: int, hashes: Sequence[BlockHash]) -> int:
        """How many of these hashes at consecutive heights lead up to the first contradiction."""
        start = bisect_left(self._heights, first_height)
        stop = bisect_left(self._heights, first_height + len(hashes))
        for height in self._heights[start:stop]:
            if hashes[height - first_height] != self._hashes[height]:
                return height - first_height
        return len(hashes)
