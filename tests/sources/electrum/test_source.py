"""An honest Electrum server over a real socket, and one that hangs up."""

from __future__ import annotations

import socket
from hashlib import sha256

import pytest

from support.electrumserver import (
    CHAIN,
    NOW_AT,
    TIP,
    talking,
)
from support.headers import double_sha256
from support.servers import Ending
from wattshift.errors import InputError, Malformed, Unavailable
from wattshift.sources.electrum.peer import ElectrumLimits
from wattshift.sources.electrum.source import ElectrumSource
from wattshift.sources.port import BlockRef, HeaderSource, Heights, TipWatch

QUICK = ElectrumLimits(total_s=0.6)


def test_the_tip_is_the_hash_of_the_header_that_was_sent() -> None:
    with talking() as (_, server, source):
        tip = source.tip(None)
    assert (tip.height, tip.block_hash) == (TIP, double_sha256(CHAIN[-1]))
    assert tip.origin.url == f"electrum+tcp://{server.address}/blockchain.headers.subscribe"
    assert (tip.origin.source, tip.origin.upstream, tip.origin.fetched_at) == ("fulcrum", "127.0.0.1", NOW_AT)


def test_the_whole_chain_comes_in_three_chunks_over_one_connection() -> None:
    with talking() as (fake, server, source):
        batches = [source.headers(Heights(first=first, count=2_016)) for first in (0, 2_016, 4_032)]
        assert [batch.first for batch in batches] == [0, 2_016, 4_032]
        assert [len(batch.headers) // 80 for batch in batches] == [2_016, 2_016, len(CHAIN) - 4_032]
        assert b"".join(batch.headers for batch in batches) == b"".join(CHAIN)
        assert server.connections == 1
    assert fake.methods()[2:] == ["blockchain.block.headers"] * 3


def test_beyond_the_tip_there_is_nothing() -> None:
    with talking() as (_, _, source):
        assert source.headers(Heights(first=TIP + 1, count=5)).headers == b""
        assert source.headers(Heights(first=TIP, count=5)).headers == CHAIN[-1]


def test_the_origin_is_that_of_the_line_as_it_came() -> None:
    question = Heights(first=7, count=2)
    with talking() as (_, server, source):
        raw = source.headers.fetch(question)
    assert raw.content.startswith(b'{"jsonrpc": "2.0", "id": 2, ')
    assert raw.origin.sha256 == sha256(raw.content).hexdigest()
    assert (
        raw.origin.url == f"electrum+tcp://{server.address}/blockchain.block.headers?start_height=7&count=2"
    )
    assert source.headers.parse(question, raw) == source.headers.parse(question, raw)


def test_a_header_is_found_by_its_block() -> None:
    with talking() as (_, _, source):
        block = BlockRef(height=1_234, block_hash=double_sha256(CHAIN[1_234]))
        assert source.header(block).headers == CHAIN[1_234]
        with pytest.raises(Malformed, match="another header"):
            source.header(BlockRef(height=1_235, block_hash=block.block_hash))


def test_it_is_a_header_source_and_its_watch_a_tip_watch() -> None:
    with talking() as (_, _, source):
        as_port: HeaderSource = source
        watching: TipWatch = source.watch()
        watching.close()
    assert (as_port.name, as_port.upstream, as_port.max_headers) == ("fulcrum", "127.0.0.1", 2_016)


def test_closing_twice_does_nothing_and_asking_again_calls_again() -> None:
    with talking() as (_, server, source):
        source.tip(None)
        source.close()
        source.close()
        source.tip(None)
        assert server.connections == 2


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 0), (0, 2_017), (2**31, 1)])
def test_a_question_that_makes_no_sense_is_the_callers_fault(first: int, count: int) -> None:
    with talking() as (fake, _, source), pytest.raises(InputError):
        source.headers(Heights(first=first, count=count))
    assert fake.asked == []


@pytest.mark.parametrize("ending", [Ending.CLOSE, Ending.RESET])
def test_a_broken_connection_is_opened_anew_until_attempts_run_out(ending: Ending) -> None:
    answers = iter([[ending], [ending]])
    limits = ElectrumLimits(total_s=20.0)
    with talking(lambda _, line: next(answers, [line]), limits=limits) as (_, server, source):
        assert source.tip(None).height == TIP
        assert server.connections == 3
    with talking(lambda _, __: [ending], limits=limits) as (_, server, source):
        with pytest.raises(Unavailable):
            source.tip(None)
        assert server.connections == 3


def test_a_server_that_hung_up_meanwhile_is_called_again() -> None:
    with talking(lambda _, line: [line, Ending.CLOSE], limits=ElectrumLimits()) as (_, server, source):
        assert [source.tip(None).height for _ in range(3)] == [TIP] * 3
        assert server.connections == 3


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match="connection failed"):
        ElectrumSource("gone", f"tcp://127.0.0.1:{port}", limits=QUICK).tip(None)
    with pytest.raises(Unavailable, match="no address"):
        ElectrumSource("nowhere", f"ssl://{'x' * 64}.invalid:50002", limits=QUICK).tip(None)
