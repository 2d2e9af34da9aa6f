"""Block summaries of Esplora and its kin; pure.

A summary holds all fields of the header, so the header is put together again and its hash, computed here,
must be the id under which the summary stands. What else it says (difficulty, median time) is not read.
Source: github.com/Blockstream/esplora, `API.md`, "Block format".
"""

from __future__ import annotations

from itertools import pairwise

from wattshift.chain.header import BlockHash, BlockHeader
from wattshift.chain.target import Bits
from wattshift.sources.batches import header_batch
from wattshift.sources.port import Fetched, HeaderBatch, Heights, TipClaim
from wattshift.sources.strictjson import MAX_HEIGHT, Json

__all__ = ["parse_page", "parse_tip", "read_summary"]

_UINT32 = (1 << 32) - 1
_NO_PARENT = BlockHash(bytes(32))


def read_summary(summary: Json) -> tuple[int, BlockHeader]:
    """Height, as claimed, and header of a block.

    Raises:
        Malformed: if a field is not what it should be, or the header has another hash than the id.
    """
    height = summary["height"].integer(0, MAX_HEIGHT)
    header = BlockHeader(
        version=_signed(summary["version"].integer(-(1 << 31), _UINT32)),
        prev_hash=_parent(summary, height),
        merkle_root=summary["merkle_root"].data(32)[::-1],
        time_s=summary["timestamp"].integer(0, _UINT32),
        bits=Bits(summary["bits"].integer(0, _UINT32)),
        nonce=summary["nonce"].integer(0, _UINT32),
    )
    if header.hash != summary["id"].block_hash():
        raise summary.malformed("the header has another hash than the block is said to have")
    return height, header


def parse_tip(_: None, fetched: Fetched) -> TipClaim:
    """Read the newest page: its first block is the tip.

    Raises:
        Malformed: if there is none, or the page is not one.
    """
    page = Json.read(fetched)
    blocks = _read_blocks(page)
    if not blocks:
        raise page.malformed("the source knows no block at all")
    height, header = blocks[0]
    return TipClaim(height=height, block_hash=header.hash, origin=fetched.origin)


def parse_page(question: Heights, fetched: Fetched) -> HeaderBatch:
    """Read a page of blocks; those outside of the question are left away.

    Raises:
        Malformed: if the page is not one, or does not reach down to `first`.
    """
    page = Json.read(fetched)
    blocks = _read_blocks(page)
    top = blocks[0][0] if blocks else -1
    last = min(top, question.first + question.count - 1)
    wanted = [header.serialize() for height, header in blocks if question.first <= height <= last]
    if len(wanted) != max(0, last - question.first + 1):
        raise page.malformed("the page lacks blocks that were asked for", first=question.first, last=last)
    return header_batch(question, b"".join(reversed(wanted)), fetched.origin)


def _read_blocks(page: Json) -> list[tuple[int, BlockHeader]]:
    """Blocks from the newest down, each proving its hash and naming the next as its parent."""
    blocks = [read_summary(summary) for summary in page.items()]
    for (height, header), (below, parent) in pairwise(blocks):
        if below != height - 1 or header.prev_hash != parent.hash:
            raise page.malformed("the blocks of a page do not follow one another", height=height)
    return blocks


def _signed(version: int) -> int:
    """Some servers write the signed version as an unsigned number."""
    return version - (1 << 32) if version >= 1 << 31 else version


def _parent(summary: Json, height: int) -> BlockHash:
    """The genesis block has none; it is written as null, or not at all."""
    if height == 0 and summary.get("previousblockhash") is None:
        return _NO_PARENT
    return summary["previousblockhash"].block_hash()
