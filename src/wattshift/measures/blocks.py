"""The best chain as it was known at an instant.

A header's time is its miner's claim: not monotonic, up to two hours off. Block h counts as known at an
instant once the running maximum of the header times up to h has reached it; that order is monotonic and
never lets a figure use a block before the block itself, or a parent of it, claims to exist.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.chain.params import MAINNET, Network
from wattshift.chain.rules import retarget
from wattshift.chain.target import Bits, bits_to_difficulty, bits_to_work
from wattshift.clock import format_instant, from_unix, to_unix
from wattshift.errors import BrokenLink, OutOfSpan

__all__ = ["BlockHistory", "KnownBlocks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBlocks:
    """A contiguous run of the best chain, from `first_height` to the tip known at `as_of`.

    Args:
        network: whose rules hold.
        as_of: the instant.
        first_height: height of the first element of the arrays.
        header_time_s: shape (n,), header times [s since 1970].
        work_hashes: shape (n,), expected hashes of each block.
        running_max_s: shape (n,), running maximum of `header_time_s`.
        period_bits: nBits of each period, from period 0 to at least the tip's.
    """

    network: Network
    as_of: datetime
    first_height: int
    header_time_s: NDArray[np.int64]
    work_hashes: NDArray[np.float64]
    running_max_s: NDArray[np.int64]
    period_bits: tuple[Bits, ...]

    @property
    def tip_height(self) -> int:
        """Height of the last known block."""
        return self.first_height + len(self.header_time_s) - 1

    @property
    def tip_at(self) -> datetime:
        """Header time of the last known block."""
        return from_unix(int(self.header_time_s[-1]))

    def time_s(self, height: int) -> int:
        """Header time of the block at a height [s since 1970].

        Raises:
            OutOfSpan: if that block is not among these.
        """
        return int(self.header_time_s[self.index(height)])

    def index(self, height: int) -> int:
        """Position of a height in the arrays.

        Raises:
            OutOfSpan: if that block is not among these.
        """
        if not self.first_height <= height <= self.tip_height:
            raise OutOfSpan(
                f"block {height} is not known at {format_instant(self.as_of)}",
                first_height=self.first_height,
                tip_height=self.tip_height,
                hint="ask about a later instant, or a shorter past",
            )
        return height - self.first_height

    def bits_at(self, height: int) -> Bits:
        """The nBits that the rules demand of the block at a height, up to the one after the tip.

        Raises:
            OutOfSpan: if there is no such block, or its period is not determined yet.
        """
        interval = self.network.retarget_interval
        period = height // interval
        if not 0 <= height <= self.tip_height + 1:
            raise OutOfSpan(
                f"the difficulty at {height} is not determined at {format_instant(self.as_of)}",
                tip_height=self.tip_height,
                hint="ask for a height from 0 to one above the tip",
            )
        if height == self.tip_height + 1 and height % interval == 0:
            return self._retargeted(height)
        return self.period_bits[period]

    @property
    def next_bits(self) -> Bits:
        """The nBits of the block after the tip: what miners work on at `as_of`."""
        return self.bits_at(self.tip_height + 1)

    @property
    def next_difficulty(self) -> float:
        """The difficulty of the block after the tip."""
        return bits_to_difficulty(self.next_bits)

    @property
    def next_work_hashes(self) -> float:
        """Expected hashes of the block after the tip."""
        return float(bits_to_work(self.next_bits))

    def _retargeted(self, height: int) -> Bits:
        first = height - self.network.retarget_interval
        return retarget(
            first_time_s=self.time_s(first),
            last_time_s=self.time_s(height - 1),
            first_bits=self.bits_at(first),
            last_bits=self.bits_at(height - 1),
            network=self.network,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHistory:
    """Everything that was ever known; `known_at` cuts it to an instant in O(log n).

    Args:
        whole: all blocks.
    """

    whole: KnownBlocks

    @classmethod
    def from_tables(
        cls,
        blocks: pl.DataFrame,
        periods: pl.DataFrame,
        *,
        network: Network = MAINNET,
        newest_at: datetime | None = None,
    ) -> BlockHistory:
        """Join the tables `blocks` and `difficulty_periods`.

        Args:
            blocks: table `blocks`.
            periods: table `difficulty_periods`.
            network: whose rules hold.
            newest_at: until when the last block was known to be the last, if that is later than its time.

        Raises:
            BrokenLink: if heights have a gap, or a period's difficulty is missing.
        """
        heights = blocks["height"].to_numpy()
        if len(heights) < 2 or (np.diff(heights) != 1).any():
            raise BrokenLink(
                "the blocks are not contiguous", first=heights[:1], hint="import the missing heights"
            )
        bits = tuple(Bits(value) for value in periods["bits"].to_list())
        if periods["period"].to_list() != list(range(len(bits))):
            raise BrokenLink("the difficulty periods are not contiguous", hint="import the missing periods")
        period = heights // network.retarget_interval
        if int(period[-1]) >= len(bits):
            raise BrokenLink(
                "the last blocks have no difficulty",
                period=int(period[-1]),
                known=len(bits),
                hint="import the missing periods",
            )
        work = np.array([float(bits_to_work(value)) for value in bits])
        times = blocks["header_time_s"].to_numpy()
        running_max = np.maximum.accumulate(times)
        last_at = from_unix(int(running_max[-1]))
        return cls(
            whole=KnownBlocks(
                network=network,
                as_of=last_at if newest_at is None else max(last_at, newest_at),
                first_height=int(heights[0]),
                header_time_s=times,
                work_hashes=work[period],
                running_max_s=running_max,
                period_bits=bits,
            )
        )

    @property
    def newest_at(self) -> datetime:
        """The last instant at which the chain is known."""
        return self.whole.as_of

    def known_at(self, as_of: datetime) -> KnownBlocks:
        """The chain as it was known at an instant.

        Raises:
            OutOfSpan: if the instant lies before the second block or after the last one.
        """
        whole = self.whole
        # A whole number: searching integers for a float would copy all of them.
        known = int(np.searchsorted(whole.running_max_s, math.floor(to_unix(as_of)), side="right"))
        if known < 2 or as_of > self.newest_at:
            raise OutOfSpan(
                f"the chain is not known at {format_instant(as_of)}",
                known_from=format_instant(from_unix(int(whole.running_max_s[1]))),
                known_to=format_instant(self.newest_at),
                hint="choose an instant in that span with --at",
            )
        return KnownBlocks(
            network=whole.network,
            as_of=as_of,
            first_height=whole.first_height,
            header_time_s=whole.header_time_s[:known],
            work_hashes=whole.work_hashes[:known],
            running_max_s=whole.running_max_s[:known],
            period_bits=whole.period_bits[
                : (whole.first_height + known - 1) // whole.network.retarget_interval + 1
            ],
        )
