"""Lines without end, without speed and without an end of line."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from support.electrumserver import (
    TIP,
    Answer,
    talking,
)
from support.servers import Steps
from wattshift.errors import Malformed, Unavailable
from wattshift.sources.electrum.peer import ElectrumLimits
from wattshift.sources.electrum.source import ElectrumSource

QUICK = ElectrumLimits(connect_s=2.0, line_s=60.0, total_s=0.6)
SHORT_LINES = ElectrumLimits(line_s=0.3, total_s=60.0, max_attempts=1)
GRACE_S = 3.0
"""What a busy machine may add."""


def test_a_line_without_end_is_dropped_and_costs_no_more_than_its_limit() -> None:
    sent = 0

    def flood(_: dict[str, Any], __: bytes) -> Steps:
        nonlocal sent
        while True:
            yield b"x" * 65_536
            sent += 65_536

    limits = ElectrumLimits(total_s=20.0)
    with talking(flood, limits=limits) as (_, _, source), pytest.raises(Malformed, match="without end"):
        source.tip(None)
    assert 2 << 20 <= sent < 32 << 20  # what the system's buffers took besides


def test_a_line_of_exactly_the_limit_is_read_and_one_byte_more_is_not() -> None:
    with talking() as (_, _, source):
        length = len(source.tip.fetch(None).content)
    for spare, expected in ((0, TIP), (-1, None)):
        limits = ElectrumLimits(max_bytes=length + spare, total_s=20.0)
        with talking(limits=limits) as (_, _, source):
            if expected is None:
                with pytest.raises(Malformed, match="without end"):
                    source.tip(None)
            else:
                assert source.tip(None).height == expected


def drip(_: dict[str, Any], line: bytes) -> Steps:
    for byte in line:
        yield bytes([byte])
        yield 0.1


@pytest.mark.parametrize("limits", [QUICK, SHORT_LINES])
@pytest.mark.parametrize("answer", [drip, lambda _, __: [30.0], lambda _, line: [line[:-1], 30.0]])
def test_a_slow_line_ends_at_the_limit(answer: Answer, limits: ElectrumLimits) -> None:
    with talking(answer, limits=limits) as (_, _, source):
        begun_s = time.monotonic()
        with pytest.raises(Unavailable, match="in time"):
            source.tip(None)
        assert time.monotonic() - begun_s < 2 * QUICK.total_s + GRACE_S


def test_a_server_that_accepts_and_says_nothing_ends_at_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        begun_s = time.monotonic()
        with pytest.raises(Unavailable, match="in time"):
            ElectrumSource("mute", address, limits=QUICK).tip(None)
        assert time.monotonic() - begun_s < 2 * QUICK.total_s + GRACE_S
