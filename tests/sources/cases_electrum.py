"""An Electrum server's endpoints, for the conformance suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sources.conformance import Asked, Case, Make
from support.electrumserver import FakeElectrum
from support.headers import double_sha256
from support.signetchain import signet_chain
from wattshift.chain.params import SIGNET
from wattshift.clock import Clock
from wattshift.sources.electrum.peer import ElectrumLimits
from wattshift.sources.electrum.source import ElectrumSource
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import BlockRef, Endpoint, Heights

CHAIN = signet_chain()[:40]
TIP = (39, double_sha256(CHAIN[39]))
GREETING = 2
"""Requests that come before the first question: the version, and the genesis block."""
UNUSED = frozenset({"$.jsonrpc", "$.id"})
"""Fetching matches ids; parsing does not look at them again."""


def serve_line(line: bytes) -> bytes:
    steps = FakeElectrum(headers=CHAIN).respond(line)
    return b"".join(step for step in steps if isinstance(step, bytes))


def making(endpoint: Callable[[ElectrumSource], Endpoint[Any, Any]]) -> Make:
    def make(address: str, limits: HttpLimits, clock: Clock) -> Asked:
        own_limits = ElectrumLimits(
            connect_s=limits.connect_s,
            line_s=limits.read_s,
            total_s=limits.total_s,
            max_bytes=limits.max_bytes,
            max_attempts=limits.max_attempts,
        )
        source = ElectrumSource(
            "my electrs", f"tcp://{address}", network=SIGNET, limits=own_limits, clock=clock
        )
        return source, endpoint(source)

    return make


CASES = [
    Case(
        name="electrum tip",
        make=making(lambda source: source.tip),
        question=None,
        serve_line=serve_line,
        requests=GREETING + 1,
        read=lambda tip: (tip.height, tip.block_hash),
        expected=TIP,
        mapped=UNUSED,
    ),
    Case(
        name="electrum headers",
        make=making(lambda source: source.headers),
        question=Heights(first=30, count=20),
        serve_line=serve_line,
        requests=GREETING + 1,
        read=lambda batch: (batch.first, batch.headers),
        expected=(30, b"".join(CHAIN[30:])),
        mapped=UNUSED,
    ),
    Case(
        name="electrum header",
        make=making(lambda source: source.header),
        question=BlockRef(height=39, block_hash=TIP[1]),
        serve_line=serve_line,
        requests=GREETING + 1,
        read=lambda batch: (batch.first, batch.headers),
        expected=(39, CHAIN[39]),
        mapped=UNUSED,
    ),
]
