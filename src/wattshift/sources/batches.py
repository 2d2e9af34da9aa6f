"""Headers in an answer: asked for within bounds, and whole and linked before they are passed on.

Whether they prove their work is for `wattshift.chain` to say; here a source is only held to its own words.
"""

from __future__ import annotations

from wattshift.chain.header import HEADER_SIZE, BlockHash, BlockHeader, hash_to_hex
from wattshift.errors import InputError, Malformed
from wattshift.provenance import FetchOrigin
from wattshift.sources.port import BlockRef, HeaderBatch, Heights
from wattshift.sources.strictjson import MAX_HEIGHT

__all__ = ["check_heights", "header_batch", "single_header"]

_HINT = "its headers are not to be used: take another source"


def check_heights(question: Heights, *, max_headers: int) -> None:
    """See that a source can be asked for these heights.

    Raises:
        InputError: if they are too many, none, or no heights.
    """
    if not 1 <= question.count <= max_headers or not 0 <= question.first <= MAX_HEIGHT - question.count:
        raise InputError(
            "a source cannot be asked for these heights",
            first=question.first,
            count=question.count,
            max_headers=max_headers,
            hint="ask for less at a time, from a height of 0 or more on",
        )


def header_batch(question: Heights, headers: bytes, origin: FetchOrigin) -> HeaderBatch:
    """The answer to a question for heights.

    Raises:
        Malformed: if there are more headers than were asked for, one is cut, or one does not name the hash
            of the one before it.
    """
    if len(headers) % HEADER_SIZE or len(headers) > question.count * HEADER_SIZE:
        raise Malformed(
            "the source does not send the headers that it was asked for",
            source=origin.source,
            url=origin.url,
            asked=question.count,
            bytes=len(headers),
            hint=_HINT,
        )
    parent: BlockHash | None = None
    for start in range(0, len(headers), HEADER_SIZE):
        header = BlockHeader.parse(headers[start : start + HEADER_SIZE])
        if parent not in {None, header.prev_hash}:
            raise Malformed(
                "the source sends headers that do not follow one another",
                source=origin.source,
                url=origin.url,
                height=question.first + start // HEADER_SIZE,
                hint=_HINT,
            )
        parent = header.hash
    return HeaderBatch(first=question.first, headers=headers, origin=origin)


def single_header(question: BlockRef, header: bytes, origin: FetchOrigin) -> HeaderBatch:
    """The answer to a question for the header of one block.

    Raises:
        Malformed: if it is another block's.
    """
    found = BlockHeader.parse(header).hash
    if found != question.block_hash:
        raise Malformed(
            "the source sends another header than that of the block it was asked for",
            source=origin.source,
            url=origin.url,
            height=question.height,
            found=hash_to_hex(found),
            expected=hash_to_hex(question.block_hash),
            hint="ask it again if its chain may just have changed, else take another source",
        )
    return HeaderBatch(first=question.height, headers=header, origin=origin)
