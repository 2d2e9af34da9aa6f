"""A block explorer over a real node: what Esplora and mempool.space document, from what the node says.

Neither is packaged, so the JSON is put together here. Sources: github.com/Blockstream/esplora, `API.md`;
github.com/mempool/mempool, `/docs/api/rest`.
"""

from __future__ import annotations

import json
from typing import Any

from e2e.peers.node import Node, RpcError
from support.servers import LoopbackServer, Reply, Request, http

_SAT_PER_BTC = 100_000_000


class Explorer:
    """Serves a node's best chain under `/api`, as both kinds of explorer do."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def serve(self) -> LoopbackServer:
        """Its server, on a port of its own."""
        return LoopbackServer(http(self._respond))

    def _respond(self, request: Request) -> Reply:
        try:
            found = self._find(request.target.removeprefix("/api/").split("/"))
        except RpcError:
            return Reply(status=404, body=b"Block not found")
        return Reply(body=(found if isinstance(found, str) else json.dumps(found)).encode())

    def _find(self, words: list[str]) -> object:
        match words:
            case ["block-height", height]:
                return self._name(int(height))
            case ["blocks", *height]:
                return self._page(height, 10, self._summary)
            case ["v1", "blocks", *height]:
                return self._page(height, 15, self._extended)
            case ["v1", "block", name]:
                return self._extended(name)
            case ["block", name, "header"]:
                return self._node.rpc("getblockheader", name, False)
            case ["block", name, "txid", "0"]:
                return self._node.rpc("getblock", name, 1)["tx"][0]
            case ["tx", name]:
                return self._transaction(name)
        raise RpcError({"code": -32601, "message": f"no such page: {words}"})

    def _name(self, height: int) -> str:
        name: str = self._node.rpc("getblockhash", height)
        return name

    def _page(self, height: list[str], size: int, describe: Any) -> list[dict[str, Any]]:
        top = int(height[0]) if height else self._node.rpc("getblockcount")
        return [describe(self._name(each)) for each in range(top, max(-1, top - size), -1)]

    def _summary(self, name: str) -> dict[str, Any]:
        block = self._node.rpc("getblock", name, 1)
        same = ("height", "version", "size", "weight", "nonce", "difficulty", "mediantime")
        return {
            **{field: block[field] for field in same},
            "id": name,
            "timestamp": block["time"],
            "tx_count": block["nTx"],
            "merkle_root": block["merkleroot"],
            "previousblockhash": block.get("previousblockhash"),
            "bits": int(block["bits"], 16),
        }

    def _extended(self, name: str) -> dict[str, Any]:
        summary = self._summary(name)
        if summary["height"] == 0:  # its coins are not in any set, so the node has no statistics of it
            stats = {"totalfee": 0, "subsidy": 50 * _SAT_PER_BTC}
        else:
            stats = self._node.rpc("getblockstats", name, ["totalfee", "subsidy"])
        pool = {"id": 0, "name": "Unknown", "slug": "unknown"}
        reward = stats["totalfee"] + stats["subsidy"]
        return {**summary, "extras": {"totalFees": stats["totalfee"], "reward": reward, "pool": pool}}

    def _transaction(self, name: str) -> dict[str, Any]:
        told = self._node.rpc("getrawtransaction", name, 1)
        height = self._node.rpc("getblockheader", told["blockhash"])["height"]
        return {
            "txid": name,
            "version": told["version"],
            "vin": [{"is_coinbase": "coinbase" in each} for each in told["vin"]],
            "vout": [{"value": round(each["value"] * _SAT_PER_BTC)} for each in told["vout"]],
            "status": {"confirmed": True, "block_height": height, "block_hash": told["blockhash"]},
        }
