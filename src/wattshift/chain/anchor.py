"""Where a chain of headers starts: its genesis block, or a later block that the caller trusts.

Everything below the anchor is beyond question, hence it must bring what the rules ask of the blocks
before it: the start of its retarget period and the times that enter the next medians.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from wattshift.chain.header import BlockHeader
from wattshift.chain.params import Network
from wattshift.chain.rules import MEDIAN_TIME_BLOCKS, blocks_into_epoch
from wattshift.chain.target import Bits, bits_to_work, check_proof_of_work
from wattshift.errors import InputError

__all__ = ["Anchor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A trusted block and the context that its successors are judged by.

    Args:
        height: of the block.
        header: its 80 bytes.
        work_hashes: expected hashes of the whole chain up to and with it.
        previous_times_s: times of the up to ten blocks before it, ascending by height [s].
        period_first_time_s: time of the first block of its retarget period [s].
        period_first_bits: bits of that block.
    """

    height: int
    header: bytes
    work_hashes: int
    previous_times_s: tuple[int, ...]
    period_first_time_s: int
    period_first_bits: Bits

    @classmethod
    def genesis(cls, network: Network) -> Self:
        """The network's block 0."""
        header = BlockHeader.parse(network.genesis_header)
        return cls(
            height=0,
            header=network.genesis_header,
            work_hashes=bits_to_work(header.bits),
            previous_times_s=(),
            period_first_time_s=header.time_s,
            period_first_bits=header.bits,
        )

    def check(self, network: Network) -> None:
        """Refuse an anchor that contradicts itself or its network.

        Raises:
            InputError: if its context is incomplete or inconsistent.
            InvalidHeader: if its header does not parse or does not prove its work.
        """
        header = BlockHeader.parse(self.header)
        check_proof_of_work(header.hash, header.bits, network)
        offset = blocks_into_epoch(self.height, network)
        faults = {
            "block 0 is not this network's": self.height == 0 and header.hash != network.genesis_hash,
            "the times before it are not those of the last ten blocks": len(self.previous_times_s)
            != min(self.height, MEDIAN_TIME_BLOCKS - 1),
            "it opens its period, but with another time or bits": offset == 0
            and (self.period_first_time_s, self.period_first_bits) != (header.time_s, header.bits),
            "its cumulative work is less than its own": self.work_hashes < bits_to_work(header.bits),
            "a network with minimum-difficulty blocks needs the first block of a period": offset != 0
            and network.allow_min_difficulty_blocks,
        }
        for fault, is_true in faults.items():
            if is_true:
                raise InputError(
                    f"the anchor is unusable: {fault}",
                    network=network.name,
                    height=self.height,
                    hint="take height, header, work and times of one and the same chain",
                )
