"""A real Bitcoin node: Debian's build of a `bitcoind` that speaks as Bitcoin Core 29 does."""

from __future__ import annotations

import http.client
import json
import lzma
import struct
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from e2e.peers.child import PATIENCE_S, Child, free_port
from e2e.peers.debian import loader, unpacked

FIRST_S = 1_700_000_000
"""Where the clocks of the tests' chains start [s]."""

ANYONE = "raw(51)"
"""The descriptor of an output that anyone may spend."""

ANYONE_ELSE = "raw(52)"
"""Another one: blocks that pay to it are others, though everything else be equal."""

INDEXED = ("-txindex",)
"""What an Electrum server needs of its node; a pruned node cannot have it."""


class RpcError(Exception):
    """The node's own refusal."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]


class Node:
    """A node without peers, on ports of its own; what it has kept outlives a restart.

    Args:
        prefix: where its package is unpacked.
        folder: its data directory; made if need be.
        chain: `regtest` or `signet` (of a challenge that anyone can meet).
        options: further words of its command line.
    """

    def __init__(
        self, prefix: Path, folder: Path, *, chain: str = "regtest", options: Sequence[str] = INDEXED
    ) -> None:
        self.folder = folder
        self.chain = chain
        self.rpc_port, self.zmq_port = free_port(), free_port()
        self._prefix = prefix
        self._options = options
        self._child: Child | None = None
        self._clock_s: int | None = None

    @staticmethod
    def install(peers: Path) -> Path:
        """Fetch the program; where it lies."""
        return unpacked(peers, "bitcoin-knots", suite="sid")

    @property
    def url(self) -> str:
        """Where it answers RPC and REST."""
        return f"http://127.0.0.1:{self.rpc_port}"

    @property
    def zmq_url(self) -> str:
        """Where it announces new blocks."""
        return f"tcp://127.0.0.1:{self.zmq_port}"

    @property
    def cookie_file(self) -> Path:
        """Its password of the day."""
        return self.folder / self.chain / ".cookie"

    @property
    def child(self) -> Child:
        """Its process."""
        assert self._child is not None, "start the node first"
        return self._child

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, *, wait: bool = True, options: Sequence[str] = ()) -> Self:
        """Start it, where its clock stopped, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        words = [
            *loader(self._prefix),
            str(self._prefix / "usr" / "bin" / "bitcoind"),
            *self._settings(),
            *options,
        ]
        self._child = Child(words, log=self.folder / "output.log")
        if wait:
            self.child.until(self._answers, "answer of the node")
        return self

    def _settings(self) -> Iterator[str]:
        yield from (f"-datadir={self.folder}", f"-{self.chain}", f"-rpcport={self.rpc_port}")
        yield from ("-server", "-rest", "-disablewallet", "-listen=0", "-connect=0", "-dnsseed=0")
        yield from (f"-zmqpubhashblock={self.zmq_url}", "-printtoconsole=1", "-debuglogfile=0")
        if self.chain == "signet":
            yield "-signetchallenge=51"
        if self._clock_s:
            yield f"-mocktime={self._clock_s}"
        yield from self._options

    def _answers(self) -> bool:
        try:
            self.rpc("getblockchaininfo")
        except (OSError, http.client.HTTPException, RpcError):
            return False
        return True

    def kill(self) -> None:
        """`kill -9`."""
        self.child.kill()

    def close(self) -> None:
        """Stop it as an operator would."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def restart(self) -> Self:
        """Stop it and start it again."""
        self.close()
        return self.start()

    # Questions and orders

    def rpc(self, method: str, *params: object) -> Any:
        """The result of one call.

        Raises:
            RpcError: if the node refuses.
        """
        (answer,) = self._post([{"id": 0, "method": method, "params": params}])
        if answer["error"]:
            raise RpcError(answer["error"])
        return answer["result"]

    def batch(self, method: str, questions: Sequence[Sequence[object]]) -> list[Any]:
        """The results of many calls in one request."""
        calls = [{"id": n, "method": method, "params": params} for n, params in enumerate(questions)]
        answers = sorted(self._post(calls), key=lambda answer: int(answer["id"]))
        for answer in answers:
            if answer["error"]:
                raise RpcError(answer["error"])
        return [answer["result"] for answer in answers]

    def _post(self, calls: Sequence[object]) -> list[Any]:
        login = b64encode(self.cookie_file.read_bytes()).decode()
        body, status = self._ask("POST", "/", json.dumps(calls), {"Authorization": f"Basic {login}"})
        if status == http.HTTPStatus.UNAUTHORIZED:
            raise ConnectionRefusedError("the cookie is an old one")
        answers: list[Any] = json.loads(body)
        return answers

    def rest(self, path: str) -> bytes:
        """The body of a REST answer."""
        body, status = self._ask("GET", f"/rest/{path}")
        assert status == http.HTTPStatus.OK, body
        return body

    def _ask(
        self, verb: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[bytes, int]:
        line = http.client.HTTPConnection("127.0.0.1", self.rpc_port, timeout=PATIENCE_S)
        try:
            line.request(verb, path, body, headers or {})
            answer = line.getresponse()
            return answer.read(), answer.status
        finally:
            line.close()

    def headers(self, first: int = 1, last: int | None = None) -> bytes:
        """Headers of its best chain, end to end, asked for in the plainest way."""
        last = self.rpc("getblockcount") if last is None else last
        hashes = self.batch("getblockhash", [[height] for height in range(first, last + 1)])
        return bytes.fromhex("".join(self.batch("getblockheader", [[each, False] for each in hashes])))

    def mine(self, count: int, *, spacing_s: int = 600, to: str = ANYONE) -> list[str]:
        """Find blocks, the clock moving on before each; their names."""
        descriptor = self.rpc("getdescriptorinfo", to)["descriptor"]
        tip_s = self.rpc("getblockheader", self.rpc("getbestblockhash"))["time"]
        self._clock_s = max(self._clock_s or FIRST_S, tip_s)
        found: list[str] = []
        for _ in range(count):
            self._clock_s += spacing_s
            self.rpc("setmocktime", self._clock_s)
            found += self.rpc("generatetodescriptor", 1, descriptor)
        return found

    def submit(self, blocks: Sequence[bytes], *, in_one: int = 100) -> None:
        """Hand over blocks that were found elsewhere; each must be taken."""
        for start in range(0, len(blocks), in_one):
            words = self.batch("submitblock", [[block.hex()] for block in blocks[start : start + in_one]])
            assert words == [None] * len(words)


def packed_blocks(path: Path) -> list[bytes]:
    """Blocks of a file: compressed by xz, each after its length in 32 bits."""
    raw = lzma.decompress(path.read_bytes())
    blocks, at = [], 0
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at)
        blocks.append(raw[at + 4 : at + 4 + length])
        at += 4 + length
    return blocks
