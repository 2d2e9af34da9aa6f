"""What the lines of a server say; pure.

A line is a message of JSON-RPC 2.0: the answer to a question, known by its id, or an announcement without
one. Of announcements only that of a new tip is ever asked for.
"""

from __future__ import annotations

import re

from wattshift.chain.faults import Fault
from wattshift.chain.header import HEADER_SIZE, BlockHeader, hash_to_hex
from wattshift.chain.params import Network
from wattshift.errors import Malformed, NoData, Rejected
from wattshift.sources.batches import header_batch, single_header
from wattshift.sources.port import BlockRef, Fetched, HeaderBatch, Heights, TipClaim
from wattshift.sources.strictjson import MAX_HEIGHT, Json

__all__ = [
    "HEADER",
    "HEADERS",
    "MAX_HEADERS",
    "SUBSCRIBE",
    "VERSIONS",
    "check_genesis",
    "check_version",
    "is_answer",
    "parse_header",
    "parse_headers",
    "parse_tip",
]

HEADER = "blockchain.block.header"
HEADERS = "blockchain.block.headers"
SUBSCRIBE = "blockchain.headers.subscribe"

VERSIONS = ("1.4", "1.4.1", "1.4.2", "1.4.3")
"""Versions of the protocol that are spoken here, the oldest first."""

MAX_HEADERS = 2_016
"""Headers that every server sends at a time."""

_ANY_TEXT = re.compile(".*", re.DOTALL)
_SHOWN = 120
_MAX_CODE = 1 << 31
_ABSENT = frozenset({1, 2})
"""Codes of ElectrumX for a question about what it, or its node, does not have."""


def is_answer(fetched: Fetched, number: int | None) -> bool:
    """Whether a line answers the question of that number; False for an announcement of a tip.

    Raises:
        Malformed: if it is neither.
    """
    message = Json.read(fetched)
    method, to = message.get("method"), message.get("id")
    if method is not None and to is None:
        if method.value != SUBSCRIBE:
            raise method.malformed("the server announces what was not asked for")
        return False
    if method is not None or to is None or number is None or to.integer(0, 1 << 53) != number:
        raise message.malformed("the server answers a question that was not asked")
    return True


def check_version(fetched: Fetched) -> None:
    """See that a server speaks a version of the protocol that was offered (`server.version`).

    Raises:
        SourceError: if it does not.
    """
    software_and_version = _result(fetched).items()
    if len(software_and_version) != 2 or software_and_version[1].value not in VERSIONS:
        raise _result(fetched).malformed(f"the server speaks no version from {VERSIONS[0]} to {VERSIONS[-1]}")


def check_genesis(fetched: Fetched, network: Network) -> None:
    """See that a header is that of a network's genesis block.

    Raises:
        SourceError: if it is not.
    """
    found = BlockHeader.parse(_result(fetched).data(HEADER_SIZE)).hash
    if found != network.genesis_hash:
        raise Malformed(
            f"the server serves another network than {network.name}",
            source=fetched.origin.source,
            url=fetched.origin.url,
            fault=Fault.WRONG_NETWORK,
            found=hash_to_hex(found),
            hint="use a server of that network, or name the network that you mean",
        )


def parse_tip(_: None, fetched: Fetched) -> TipClaim:
    """Read `blockchain.headers.subscribe`: height and header; the hash is computed here."""
    result = _result(fetched)
    header = BlockHeader.parse(result["hex"].data(HEADER_SIZE))
    height = result["height"].integer(0, MAX_HEIGHT)
    return TipClaim(height=height, block_hash=header.hash, origin=fetched.origin)


def parse_headers(question: Heights, fetched: Fetched) -> HeaderBatch:
    """Read `blockchain.block.headers`: their count, their bytes, and the most that the server would send."""
    result = _result(fetched)
    count = result["count"].integer(0, question.count)
    # A smaller limit would make a short answer look like the end of the chain.
    result["max"].integer(question.count, MAX_HEIGHT)
    return header_batch(question, result["hex"].data(count * HEADER_SIZE), fetched.origin)


def parse_header(question: BlockRef, fetched: Fetched) -> HeaderBatch:
    """Read `blockchain.block.header`: the header that stands at a height of the server's best chain."""
    return single_header(question, _result(fetched).data(HEADER_SIZE), fetched.origin)


def _result(fetched: Fetched) -> Json:
    """What a line answers.

    Raises:
        NoData: if the server has no such thing.
        Rejected: if it reports another error.
        Malformed: if it says neither.
    """
    answer = Json.read(fetched)
    error = answer.get("error")
    if error is None:
        return answer["result"]
    code = error["code"].integer(-_MAX_CODE, _MAX_CODE)
    said = error["message"].text(_ANY_TEXT)
    refusal = NoData if code in _ABSENT else Rejected
    raise refusal(
        "the server refuses the question",
        source=fetched.origin.source,
        url=fetched.origin.url,
        code=code,
        said=ascii(said[:_SHOWN]),
        hint="ask for something that it has" if refusal is NoData else "ask it less often, or another server",
    )
