"""The real chain that fakes of servers serve: a signet's genesis block and 4,060 blocks on it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from wattshift.chain.header import HEADER_SIZE
from wattshift.chain.params import SIGNET

FIXTURE = Path(__file__).parents[1] / "fixtures" / "signet_headers.bin"


@cache
def signet_chain() -> tuple[bytes, ...]:
    """Headers by height, from 0 on."""
    raw = SIGNET.genesis_header + FIXTURE.read_bytes()
    return tuple(raw[start : start + HEADER_SIZE] for start in range(0, len(raw), HEADER_SIZE))
