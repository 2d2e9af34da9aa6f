"""Where a kept chain starts, and what is trusted beforehand.

The start is the ledger's first entry: a store is of one network and stands on one block for good.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Self

import polars as pl

from wattshift.chain.anchor import Anchor
from wattshift.chain.header import BlockHash, BlockHeader, hash_from_hex, hash_to_hex
from wattshift.chain.params import MAINNET, Network
from wattshift.chain.rules import MEDIAN_TIME_BLOCKS
from wattshift.chain.target import Bits
from wattshift.errors import Conflict, Corrupt
from wattshift.store.bundled import BundledStore

__all__ = ["START", "Start"]

START = "start"
"""The kind of the ledger's first entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The first block of a kept chain, and what is trusted of those behind it.

    Args:
        network: whose rules apply.
        anchor: the first block.
        checkpoints: hashes that blocks at certain heights must have.
        min_work_hashes: cumulative work below which no chain is adopted, but up to a checkpoint.
    """

    network: Network
    anchor: Anchor
    checkpoints: Mapping[int, BlockHash] = field(default_factory=lambda: MappingProxyType({}))
    min_work_hashes: int = 0

    @classmethod
    def genesis(cls, network: Network = MAINNET) -> Self:
        """The network's block 0. On mainnet the bundled hashes are trusted, and the work of their chain."""
        anchor = Anchor.genesis(network)
        if network is not MAINNET:
            return cls(network=network, anchor=anchor)
        work_hashes = _bundled_anchor().work_hashes
        return cls(network=network, anchor=anchor, checkpoints=_bundled_hashes(), min_work_hashes=work_hashes)

    @classmethod
    def bundled(cls) -> Self:
        """The newest block of mainnet that is bundled with its whole header."""
        return cls(network=MAINNET, anchor=_bundled_anchor(), checkpoints=_bundled_hashes())

    def pack(self) -> bytes:
        """The body of the ledger's first entry: all that a rebuild needs, and that must never change."""
        anchor = self.anchor
        return json.dumps(
            {
                "network": self.network.name,
                "genesis": hash_to_hex(BlockHash(self.network.genesis_hash)),
                "height": anchor.height,
                "header": anchor.header.hex(),
                "work_hashes": str(anchor.work_hashes),
                "previous_times_s": list(anchor.previous_times_s),
                "period_first_time_s": anchor.period_first_time_s,
                "period_first_bits": anchor.period_first_bits,
            }
        ).encode()

    def resumed(self, kept: bytes) -> Start:
        """This start, standing on the anchor of a ledger's first entry.

        A ledger that starts further down serves as well: it holds all that was asked for, and more.

        Raises:
            Conflict: if the ledger is of another network, or does not reach down to this start.
            Corrupt: if the entry makes no sense.
        """
        try:
            body = json.loads(kept)
            theirs = (body["network"], body["genesis"])
            anchor = _read_anchor(body)
        except (ValueError, LookupError, TypeError) as error:
            raise Corrupt("the ledger's start makes no sense", seq=1, hint="repair it from a copy") from error
        ours = (self.network.name, hash_to_hex(BlockHash(self.network.genesis_hash)))
        if theirs != ours:
            raise Conflict(
                f"the store follows {theirs[0]}, not {ours[0]}",
                hint=f"name its network, {theirs[0]}, or another folder",
            )
        if not self._covers(anchor):
            raise Conflict(
                f"the store starts at block {anchor.height:,}, on another block than was asked for",
                height=anchor.height,
                expected_height=self.anchor.height,
                hint="leave out the start that was asked for, or name another folder",
            )
        return Start(
            network=self.network,
            anchor=anchor,
            checkpoints=self.checkpoints,
            min_work_hashes=self.min_work_hashes,
        )

    def _covers(self, anchor: Anchor) -> bool:
        """Whether an anchor is this one, or one below it that is trusted as well."""
        if anchor == self.anchor or anchor == Anchor.genesis(self.network):
            return True
        trusted = self.checkpoints.get(anchor.height)
        return anchor.height < self.anchor.height and trusted == BlockHeader.parse(anchor.header).hash


def _read_anchor(body: Mapping[str, object]) -> Anchor:
    times = body["previous_times_s"]
    if not isinstance(times, list):
        raise TypeError("times are a list")
    return Anchor(
        height=_whole(body["height"]),
        header=bytes.fromhex(str(body["header"])),
        work_hashes=int(str(body["work_hashes"])),
        previous_times_s=tuple(_whole(time_s) for time_s in times),
        period_first_time_s=_whole(body["period_first_time_s"]),
        period_first_bits=Bits(_whole(body["period_first_bits"])),
    )


def _whole(number: object) -> int:
    if type(number) is not int:
        raise TypeError(f"{number!r} is not a whole number")
    return number


@cache
def _bundled_anchor() -> Anchor:
    store = BundledStore()
    newest = store.read("retarget_headers").row(-1, named=True)
    height, header = newest["height"], newest["header"]
    blocks = store.read("blocks")
    before = blocks.filter(pl.col("height").is_between(height - MEDIAN_TIME_BLOCKS + 1, height - 1))
    return Anchor(
        height=height,
        header=header,
        work_hashes=int(newest["chainwork"]),
        previous_times_s=tuple(before.sort("height")["header_time_s"].to_list()),
        period_first_time_s=newest["header_time_s"],
        period_first_bits=Bits(newest["bits"]),
    )


@cache
def _bundled_hashes() -> Mapping[int, BlockHash]:
    """Hashes that the bundled history states: the first and the last block of almost every period."""
    store = BundledStore()
    firsts = store.read("retarget_headers").select("height", "block_hash").rows()
    last = pl.col("first_height") - 1
    periods = store.read("difficulty_periods").select(last.alias("height"), "prev_block_hash")
    lasts = periods.drop_nulls().filter(pl.col("height") >= 0).rows()
    return MappingProxyType({height: hash_from_hex(text) for height, text in (*firsts, *lasts)})
