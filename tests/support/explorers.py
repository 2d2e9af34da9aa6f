"""Esplora and mempool.space on loopback: real HTTP, served from a list of headers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from support.servers import LoopbackServer, Reply, Request, http
from wattshift.chain.header import BlockHeader, hash_from_hex, hash_to_hex
from wattshift.chain.params import SIGNET
from wattshift.chain.rules import subsidy_sat

PRICES = {"time": 1_768_824_000, "USD": 93_120, "EUR": 80_050}


def fee_sat(height: int) -> int:
    """The fees that the fake chain's blocks are said to hold."""
    return 1_000 * height + 7


def summary(header: bytes, height: int) -> dict[str, Any]:
    """A block as Esplora describes it."""
    block = BlockHeader.parse(header)
    return {
        "id": hash_to_hex(block.hash),
        "height": height,
        "version": block.version,
        "timestamp": block.time_s,
        "tx_count": 1,
        "size": 250,
        "weight": 892,
        "merkle_root": block.merkle_root[::-1].hex(),
        "previousblockhash": hash_to_hex(block.prev_hash) if height else None,
        "mediantime": block.time_s - 3_000,
        "nonce": block.nonce,
        "bits": block.bits,
        "difficulty": 0.001126515290698186,
    }


def extended(header: bytes, height: int) -> dict[str, Any]:
    """The same as mempool.space describes it."""
    fees = fee_sat(height)
    extras = {
        "totalFees": fees,
        "reward": subsidy_sat(height, SIGNET) + fees,
        "pool": {"id": 0, "name": "Unknown", "slug": "unknown"},
        "medianFee": 1.5,
        "header": header.hex(),
    }
    return {**summary(header, height), "extras": extras}


def coinbase(header: bytes, height: int) -> dict[str, Any]:
    """The first transaction of a block as Esplora describes it."""
    block_hash = hash_to_hex(BlockHeader.parse(header).hash)
    paid = subsidy_sat(height, SIGNET) + fee_sat(height)
    return {
        "txid": block_hash[::-1],
        "version": 2,
        "vin": [{"txid": "00" * 32, "vout": 0xFFFFFFFF, "prevout": None, "is_coinbase": True}],
        "vout": [{"scriptpubkey": "51", "value": paid - 5_000}, {"scriptpubkey": "6a", "value": 5_000}],
        "fee": 0,
        "status": {"confirmed": True, "block_height": height, "block_hash": block_hash},
    }


class FakeExplorer:
    """An explorer; `respond` is its HTTP server.

    `answers` holds what it says instead of the truth, by path: a body or a status.
    Every request is in `asked`.
    """

    def __init__(self, headers: Sequence[bytes], *, is_mempool: bool = False) -> None:
        self.headers = list(headers)
        self.is_mempool = is_mempool
        self.asked: list[Request] = []
        self.answers: dict[str, bytes | int] = {}
        self._heights = {BlockHeader.parse(raw).hash: height for height, raw in enumerate(self.headers)}

    def serve(self) -> LoopbackServer:
        return LoopbackServer(http(self.respond))

    def respond(self, request: Request) -> Reply:
        self.asked.append(request)
        answer = self.answer(request.target)
        if isinstance(answer, int):
            return Reply(status=answer)
        return Reply(body=answer, headers={"Date": "Mon, 19 Jan 2026 12:00:00 GMT"})

    def paths(self) -> list[str]:
        return [request.target for request in self.asked]

    def page(self, start: int) -> object:
        size = 15 if self.is_mempool else 10
        bottom = max(-1, start - size)
        top = min(start, len(self.headers) - 1)
        describe = extended if self.is_mempool else summary
        return [describe(self.headers[height], height) for height in range(top, bottom, -1)]

    def answer(self, path: str) -> bytes | int:
        """A body or a status."""
        if path in self.answers:
            return self.answers[path]
        words = path.removeprefix("/").split("/")
        found = self.any_explorer(words) or (self.mempool(words) if self.is_mempool else self.esplora(words))
        if found is None:
            return 404
        return found.encode() if isinstance(found, str) else json.dumps(found).encode()

    def any_explorer(self, words: list[str]) -> object:
        match words:
            case ["block-height", "0"]:
                return hash_to_hex(BlockHeader.parse(self.headers[0]).hash)
            case ["block", name, "header"] if (at := self.height(name)) is not None:
                return self.headers[at].hex()
        return None

    def esplora(self, words: list[str]) -> object:
        tip = len(self.headers) - 1
        match words:
            case ["blocks", *start] if (top := int(start[0]) if start else tip) <= tip:
                return self.page(top)
            case ["block", name, "txid", "0"] if self.height(name) is not None:
                return name[::-1]
            case ["tx", name] if (at := self.height(name[::-1])) is not None:
                return coinbase(self.headers[at], at)
        return None

    def mempool(self, words: list[str]) -> object:
        match words:
            case ["v1", "blocks", *start]:
                return self.page(int(start[0]) if start else len(self.headers) - 1)
            case ["v1", "block", name] if (at := self.height(name)) is not None:
                return extended(self.headers[at], at)
            case ["v1", "prices"]:
                return PRICES
        return None

    def height(self, name: str) -> int | None:
        return self._heights.get(hash_from_hex(name))
