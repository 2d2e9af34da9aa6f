"""Headers by JSON-RPC, for nodes without REST: a batch for the hashes, then one for the headers.

Source: Bitcoin Core, `rpc/blockchain.cpp`, `getblockhash` and `getblockheader`.
"""

from __future__ import annotations

from wattshift.chain.header import HEADER_SIZE
from wattshift.errors import NoData, SourceError
from wattshift.sources.core.rpc import Call, Rpc, read_batch
from wattshift.sources.port import Fetched, HeaderBatch, Heights
from wattshift.sources.strictjson import Json

__all__ = ["fetch_rpc_headers", "parse_rpc_headers"]

_NO_BLOCK = "ff" * 32


def fetch_rpc_headers(rpc: Rpc, heights: Heights) -> Fetched:
    """The answer for a whole stretch: a header or a fault for each height.

    Beyond the tip it asks for a block that nobody has, so that the answer always has one item for each height
    and a cut one is told from the end of the chain.

    Raises:
        SourceError: if the node fails.
    """
    wanted = range(heights.first, heights.first + heights.count)
    named = rpc.ask([Call("getblockhash", (height,)) for height in wanted])
    hashes = [result.data(32).hex() for result in _until_the_tip(named, heights.count)]
    if not hashes:
        return named
    hashes += [_NO_BLOCK] * (heights.count - len(hashes))
    return rpc.ask([Call("getblockheader", (block_hash, False)) for block_hash in hashes])


def parse_rpc_headers(heights: Heights, fetched: Fetched) -> HeaderBatch:
    """Put the headers end to end.

    Raises:
        Malformed: if the answer has a hole or anything but headers.
        SourceError: if the node answers with a fault.
    """
    found = _until_the_tip(fetched, heights.count)
    headers = b"".join(result.data(HEADER_SIZE) for result in found)
    return HeaderBatch(first=heights.first, headers=headers, origin=fetched.origin)


def _until_the_tip(fetched: Fetched, calls: int) -> list[Json]:
    """The results before the first block that the node has not got."""
    found: list[Json] = []
    is_beyond = False
    for outcome in read_batch(fetched, calls):
        if isinstance(outcome, NoData):
            is_beyond = True
        elif isinstance(outcome, SourceError):
            raise outcome
        elif is_beyond:
            raise outcome.malformed("a block stands beyond the end of the chain")
        else:
            found.append(outcome)
    return found
