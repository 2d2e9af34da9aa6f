"""Fees and subsidy of a block, from the node's own statistics.

Source: Bitcoin Core, `rpc/blockchain.cpp`, `getblockstats`.
"""

from __future__ import annotations

from wattshift.chain.header import hash_to_hex
from wattshift.errors import SourceError
from wattshift.sources.core.rpc import Call, read_batch
from wattshift.sources.port import BlockFacts, BlockRef, Fetched
from wattshift.units import SAT_PER_BTC

__all__ = ["parse_facts", "stats_call"]

_MAX_SUPPLY_SAT = 21_000_000 * SAT_PER_BTC
_MAX_SUBSIDY_SAT = 50 * SAT_PER_BTC
_WANTED = ("blockhash", "height", "subsidy", "totalfee")


def stats_call(block: BlockRef) -> Call:
    """The question for one block."""
    return Call("getblockstats", (hash_to_hex(block.block_hash), _WANTED))


def parse_facts(block: BlockRef, fetched: Fetched) -> BlockFacts:
    """Read the answer; a node does not know pools.

    Raises:
        NoData: if the node has not got the block's data, or no longer.
        Malformed: if the answer is none, or is about another block.
        SourceError: if the node answers with another fault.
    """
    (stats,) = read_batch(fetched, 1)
    if isinstance(stats, SourceError):
        raise stats
    block_hash = stats["blockhash"].data(32)[::-1]
    if block_hash != block.block_hash or stats["height"].integer(0, 2**31 - 1) != block.height:
        raise stats.malformed("the answer is about another block", wanted=block.height)
    return BlockFacts(
        block=block,
        fee_sat=stats["totalfee"].integer(0, _MAX_SUPPLY_SAT),
        subsidy_sat=stats["subsidy"].integer(0, _MAX_SUBSIDY_SAT),
        pool=None,
        origin=fetched.origin,
    )
