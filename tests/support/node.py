"""A small Bitcoin node over a real socket: the JSON-RPC and REST of Bitcoin Core that a source asks."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.headers import double_sha256
from support.servers import Reply, Request
from wattshift.chain.header import hash_to_hex
from wattshift.chain.params import REGTEST, Network

_CHAIN_NAMES = {"mainnet": "main", "testnet3": "test"}


@cache
def _name(header: bytes) -> str:
    return hash_to_hex(double_sha256(header))


class Fault(Exception):
    """An error of JSON-RPC."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True, kw_only=True)
class FakeNode:
    """A node with a chain of headers; `respond` is its HTTP server.

    Args:
        headers: from the genesis block on, 80 bytes each.
        rest: "off", "old" (before version 24) or "new".
        version: of JSON-RPC: 1 gives both `result` and `error`, 2 one of them.
        pruned_below: blocks under this height have no statistics.
        asked: every request, as it came.
        heights: of all blocks by their names, as of the last request.
    """

    headers: Sequence[bytes]
    network: Network = REGTEST
    rest: str = "new"
    version: int = 2
    password: str = "user:secret"  # noqa: S105  # of a test
    pruned_below: int = 0
    is_warming_up: bool = False
    asked: list[Request] = field(default_factory=list)
    heights: dict[str, int] = field(default_factory=dict)

    def respond(self, request: Request) -> Reply:
        self.asked.append(request)
        self.heights = {self.hash(height): height for height in reversed(range(len(self.headers)))}
        if request.method == "GET":
            return self._respond_rest(request.target)
        expected = "Basic " + b64encode(self.password.encode()).decode()
        if request.headers.get("authorization") != expected:
            return Reply(status=401)
        return Reply(body=json.dumps([self._answer(call) for call in json.loads(request.body)]).encode())

    def hash(self, height: int) -> str:
        return _name(self.headers[height])

    def _respond_rest(self, target: str) -> Reply:
        parts = urlsplit(target)
        words = parts.path.strip("/").split("/")
        if self.rest == "off" or words[0] != "rest":
            return Reply(status=404)
        if words[1] == "blockhashbyheight":
            height = int(words[2].removesuffix(".hex"))
            known = height < len(self.headers)
            return Reply(body=f"{self.hash(height)}\n".encode()) if known else Reply(status=404)
        count = parse_qs(parts.query).get("count", ["5"])[0]
        if words[1] == "headers" and len(words) == 4:
            count = words[2]
        elif self.rest == "old":
            return Reply(status=400, body=b"No header count specified.")
        first = self._height(words[-1].removesuffix(".bin"))
        return Reply(body=b"".join(self.headers[first : first + int(count)]))

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        envelope = {"jsonrpc": "2.0", "id": call["id"]} if self.version == 2 else {"id": call["id"]}
        try:
            result = self._call(call["method"], call["params"])
        except Fault as fault:
            error = {"code": fault.code, "message": fault.message}
            return envelope | ({"error": error} if self.version == 2 else {"result": None, "error": error})
        return envelope | ({"result": result} if self.version == 2 else {"result": result, "error": None})

    def _call(self, method: str, params: list[Any]) -> Any:
        if self.is_warming_up:
            raise Fault(-28, "Loading block index…")
        match method:
            case "getblockchaininfo":
                return self._info()
            case "getblockhash":
                if not 0 <= params[0] < len(self.headers):
                    raise Fault(-8, "Block height out of range")
                return self.hash(params[0])
            case "getblockheader":
                return self.headers[self._height(params[0])].hex()
            case "getblockstats":
                return self._stats(self._height(params[0]))
        raise Fault(-32601, "Method not found")

    def _height(self, block_hash: str) -> int:
        if block_hash not in self.heights:
            raise Fault(-5, "Block not found")
        return self.heights[block_hash]

    def _info(self) -> dict[str, Any]:
        tip = len(self.headers) - 1
        return {
            "chain": _CHAIN_NAMES.get(self.network.name, self.network.name),
            "blocks": tip,
            "headers": tip,
            "bestblockhash": self.hash(tip),
            "difficulty": 4.656542373906925e-10,
            "initialblockdownload": False,
            "pruned": self.pruned_below > 0,
            "warnings": [],
        }

    def _stats(self, height: int) -> dict[str, Any]:
        if height < self.pruned_below:
            raise Fault(-1, "Block not available (pruned data)")
        return {
            "blockhash": self.hash(height),
            "height": height,
            "subsidy": 5_000_000_000,
            "totalfee": 1_000 + height,
        }
