"""What a node says of itself: which chain it follows, and where that ends.

Source: Bitcoin Core, `rpc/blockchain.cpp`, `getblockchaininfo` and `getblockhash`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wattshift.chain.faults import Fault
from wattshift.chain.header import BlockHash
from wattshift.chain.params import Network
from wattshift.errors import Malformed, SourceError
from wattshift.provenance import FetchOrigin
from wattshift.sources.core.rpc import Call, read_batch
from wattshift.sources.port import Fetched
from wattshift.sources.strictjson import Json

__all__ = ["INFO_CALLS", "NodeInfo", "parse_info"]

INFO_CALLS = (Call("getblockchaininfo"), Call("getblockhash", (0,)))
"""Asked together: the second tells networks apart that share a name."""

_MAX_HEIGHT = 2**31 - 1
_CHAIN = re.compile(r"[a-z0-9]{1,20}")
_NETWORK_OF_CHAIN: Mapping[str, str] = MappingProxyType(
    {"main": "mainnet", "test": "testnet3", "testnet4": "testnet4", "signet": "signet", "regtest": "regtest"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """The state of a node, as it says.

    Args:
        height: of the best block that it has validated.
        block_hash: of that block.
        is_pruned: whether it has thrown away old blocks; it keeps all headers.
        is_syncing: whether it is still catching up, so that its tip is old.
    """

    height: int
    block_hash: BlockHash
    is_pruned: bool
    is_syncing: bool
    origin: FetchOrigin


def parse_info(network: Network, fetched: Fetched) -> NodeInfo:
    """Read the answer to `INFO_CALLS`.

    Raises:
        Malformed: if it is none, or the node follows another network.
        SourceError: if the node answers with a fault.
    """
    info, genesis = map(_result, read_batch(fetched, len(INFO_CALLS)))
    chain = info["chain"].text(_CHAIN)
    if genesis.data(32)[::-1] != network.genesis_hash:
        raise Malformed(
            f"the node follows {_NETWORK_OF_CHAIN.get(chain, chain)}, or another chain of that name",
            source=fetched.origin.source,
            url=fetched.origin.url,
            fault=Fault.WRONG_NETWORK,
            wanted=network.name,
            hint=f"give the address of a node that follows {network.name}",
        )
    return NodeInfo(
        height=info["blocks"].integer(0, _MAX_HEIGHT),
        block_hash=BlockHash(info["bestblockhash"].data(32)[::-1]),
        is_pruned=info["pruned"].flag(),
        is_syncing=info["initialblockdownload"].flag(),
        origin=fetched.origin,
    )


def _result(outcome: Json | SourceError) -> Json:
    if isinstance(outcome, SourceError):
        raise outcome
    return outcome
