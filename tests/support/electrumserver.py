"""An Electrum server: honest by itself, and as treacherous as a test wants."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from support.servers import LoopbackServer, Steps, lines
from support.signetchain import signet_chain
from wattshift.chain.params import SIGNET, Network
from wattshift.clock import ReplayClock
from wattshift.sources.electrum.peer import ElectrumLimits
from wattshift.sources.electrum.source import ElectrumSource
from wattshift.sources.http.pace import Pace
from wattshift.sources.port import Fetched

CHAIN = signet_chain()
TIP = len(CHAIN) - 1
NOW_AT = datetime(2026, 1, 19, 12, tzinfo=UTC)
MAX_HEADERS = 2_016
SUBSCRIBE = "blockchain.headers.subscribe"

Answer = Callable[[dict[str, Any], bytes], Steps]
"""What goes out for a question: given it, and the honest line."""


def honest(_: dict[str, Any], line: bytes) -> Steps:
    return [line]


def encoded(message: object) -> bytes:
    """A message as a line."""
    return json.dumps(message).encode() + b"\n"


@dataclass(kw_only=True)
class FakeElectrum:
    """Serves headers.

    Args:
        headers: by height.
        answer: what goes out for each question that follows the greeting.
        version: its answer to `server.version`.
        asked: every question, over all connections.
    """

    headers: Sequence[bytes]
    answer: Answer = honest
    version: object = field(default_factory=lambda: ["Fake 1.0", "1.4.2"])
    asked: list[dict[str, Any]] = field(default_factory=list)

    def serve(self, tls: ssl.SSLContext | None = None) -> LoopbackServer:
        return LoopbackServer(lines(self.respond), tls)

    def respond(self, line: bytes) -> Steps:
        question = json.loads(line)
        self.asked.append(question)
        method, params = question["method"], question["params"]
        reply = encoded({"jsonrpc": "2.0", "id": question["id"], "result": self.result(method, params)})
        is_greeting = method == "server.version" or (method == "blockchain.block.header" and params == [0])
        return [reply] if is_greeting else self.answer(question, reply)

    def result(self, method: str, params: list[Any]) -> object:
        match method:
            case "server.version":
                return self.version
            case "server.ping":
                return None
            case "blockchain.headers.subscribe":
                return self.tip()
            case "blockchain.block.header":
                return self.headers[params[0]].hex()
            case "blockchain.block.headers":
                first, count = params
                served = self.headers[first : first + min(count, MAX_HEADERS)]
                return {"count": len(served), "hex": b"".join(served).hex(), "max": MAX_HEADERS}
        raise AssertionError(method)

    def tip(self) -> dict[str, Any]:
        return {"height": len(self.headers) - 1, "hex": self.headers[-1].hex()}

    def announcement(self) -> bytes:
        return encoded({"jsonrpc": "2.0", "method": SUBSCRIBE, "params": [self.tip()]})

    def methods(self) -> list[str]:
        return [question["method"] for question in self.asked]


def source_at(
    server: LoopbackServer, *, limits: ElectrumLimits | None = None, network: Network = SIGNET
) -> ElectrumSource:
    """A source that asks a server, with all the time in the world unless told, and without pauses."""
    return ElectrumSource(
        "fulcrum",
        f"tcp://{server.address}",
        network=network,
        limits=limits or ElectrumLimits(),
        clock=ReplayClock(NOW_AT),
        pace=Pace(sleep=lambda _: None),
    )


@contextmanager
def talking(
    answer: Answer = honest, *, limits: ElectrumLimits | None = None
) -> Iterator[tuple[FakeElectrum, LoopbackServer, ElectrumSource]]:
    """A server that answers so after the greeting, and a source that asks it."""
    fake = FakeElectrum(headers=CHAIN, answer=answer)
    with fake.serve() as server:
        source = source_at(server, limits=limits)
        yield fake, server, source
        source.close()


def fetched(line: bytes) -> Fetched:
    """A line as a session hands it on."""
    return Fetched.of(line, source="s", upstream="u", url="electrum+tcp://127.0.0.1:1/x", fetched_at=NOW_AT)


def headers_reply(**changes: object) -> bytes:
    """The answer to a question for the first ten headers, with members changed, or left out where `...`."""
    result = {"count": 10, "hex": b"".join(CHAIN[:10]).hex(), "max": MAX_HEADERS} | changes
    kept = {name: value for name, value in result.items() if value is not ...}
    return encoded({"jsonrpc": "2.0", "id": 0, "result": kept})
