"""A conversation with an Electrum server: whatever is out of place ends it."""

from __future__ import annotations

import os
import socket
import time
from random import Random
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pytest

from support.electrumserver import (
    CHAIN,
    NOW_AT,
    SUBSCRIBE,
    TIP,
    FakeElectrum,
    headers_reply,
    honest,
    source_at,
    talking,
)
from support.headers import seeded
from wattshift.chain.faults import Fault
from wattshift.chain.params import MAINNET, REGTEST, SIGNET, TESTNET3, TESTNET4, Network
from wattshift.clock import ReplayClock
from wattshift.errors import Malformed, SourceError
from wattshift.sources.electrum.line import Line
from wattshift.sources.electrum.messages import parse_headers
from wattshift.sources.electrum.peer import ElectrumLimits, Peer
from wattshift.sources.electrum.session import Door, Session
from wattshift.sources.electrum.trust import Trust
from wattshift.sources.port import Heights

SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
FRAMES = 20_000 * SCALE
FIRST_TEN = Heights(first=0, count=10)


def test_the_greeting_comes_first_and_once() -> None:
    with talking() as (fake, _, source):
        source.tip(None)
        source.tip(None)
    version, genesis, *rest = fake.asked
    assert (version["method"], version["params"]) == ("server.version", ["wattshift", ["1.4", "1.4.3"]])
    assert (genesis["method"], genesis["params"]) == ("blockchain.block.header", [0])
    assert [question["method"] for question in rest] == [SUBSCRIBE] * 2
    assert [question["id"] for question in fake.asked] == [0, 1, 2, 3]


@pytest.mark.parametrize("served", [MAINNET, TESTNET3, TESTNET4, SIGNET, REGTEST])
@pytest.mark.parametrize("wanted", [MAINNET, TESTNET3, TESTNET4, SIGNET, REGTEST])
def test_another_network_is_refused_before_anything_is_asked(served: Network, wanted: Network) -> None:
    fake = FakeElectrum(headers=[served.genesis_header])
    with fake.serve() as server:
        source = source_at(server, network=wanted)
        if served is wanted:
            assert source.tip(None).height == 0
        else:
            with pytest.raises(Malformed, match=f"another network than {wanted.name}") as caught:
                source.tip(None)
            assert caught.value.context["fault"] is Fault.WRONG_NETWORK
            assert fake.methods() == ["server.version", "blockchain.block.header"]
        source.close()


@pytest.mark.parametrize(
    "version", [["x", "1.3"], ["x", "1.5"], ["x", 1.4], ["x"], "1.4", None, ["a", "1.4", "b"]]
)
def test_another_protocol_is_refused(version: object) -> None:
    with FakeElectrum(headers=CHAIN, version=version).serve() as server, pytest.raises(Malformed):
        source_at(server).tip(None)


def test_announcements_between_question_and_answer_are_passed_over() -> None:
    fake = FakeElectrum(headers=CHAIN)
    fake.answer = lambda _, line: [fake.announcement() * 3, line, fake.announcement()]
    with fake.serve() as server:
        source = source_at(server)
        assert source.tip(None).height == TIP
        assert source.headers(FIRST_TEN).headers == b"".join(CHAIN[:10])
        source.close()
        assert server.connections == 1


def test_announcements_without_end_are_too_many() -> None:
    fake = FakeElectrum(headers=CHAIN)
    with fake.serve() as server:
        source = source_at(server)
        fake.answer = lambda _, line: [fake.announcement() * 99, line]
        assert source.tip(None).height == TIP
        fake.answer = lambda _, line: [fake.announcement() * 100, line]
        with pytest.raises(Malformed, match="announces without end"):
            source.tip(None)
        source.close()
        assert server.connections == 1


def with_id(line: bytes, number: object) -> bytes:
    return line.replace(b'"id": 2', f'"id": {number}'.encode())


@pytest.mark.parametrize(
    "steps",
    [
        lambda line: [with_id(line, 1)],
        lambda line: [with_id(line, 3)],
        lambda line: [with_id(line, "true")],
        lambda line: [with_id(line, '"2"')],
        lambda line: [with_id(line, "2.0")],
        lambda line: [with_id(line, "null")],
        lambda line: [line.replace(b'"id": 2, ', b"")],
        lambda line: [b"[" + line.strip() + b"]\n"],
        lambda line: [
            b'{"jsonrpc": "2.0", "method": "blockchain.scripthash.subscribe", "params": []}\n',
            line,
        ],
        lambda line: [b'{"jsonrpc": "2.0", "method": 7, "params": []}\n', line],
        lambda line: [b'{"jsonrpc": "2.0", "id": 2, "method": "' + SUBSCRIBE.encode() + b'"}\n', line],
        lambda line: [b"\n", line],
        lambda line: [b"\xff\xfe\n", line],
        lambda line: [b"[" * 100_000 + b"\n", line],
        lambda line: [b'{"id": ' + b"9" * 5_000 + b"}\n", line],
        lambda _: [b'{"id": 2, "id": 2, "result": 1}\n'],
        lambda _: [b'{"id": 2, "result": NaN}\n'],
    ],
)
def test_a_word_out_of_place_ends_the_conversation(steps: Any) -> None:
    with talking(lambda _, line: steps(line)) as (fake, server, source):
        with pytest.raises(Malformed) as caught:
            source.tip(None)
        assert caught.value.context["source"] == "fulcrum"
        assert str(caught.value.context["url"]).startswith(f"electrum+tcp://{server.address}")
        fake.answer = honest
        assert source.tip(None).height == TIP
        assert server.connections == 2


def test_an_answer_twice_ends_the_conversation_at_the_next_question() -> None:
    with talking(lambda _, line: [line, line]) as (_, server, source):
        source.tip(None)
        with pytest.raises(Malformed, match="not asked"):
            source.tip(None)
        assert source.tip(None).height == TIP
        assert server.connections == 2


PIECES = (
    b'"id": 0',
    b'"id": 1',
    b'"method": "x"',
    b'"error": {"code": 1, "message": "m"}',
    b"null",
    b"[",
    b"}",
    b"1e999",
)


def mutated(rng: Random, line: bytes) -> bytes:
    """A frame with a few bytes changed, cut, doubled, or exchanged for words of the protocol."""
    frame = bytearray(line)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(frame) + 1)
        match rng.randrange(5):
            case 0:
                frame[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del frame[at : at + rng.randrange(40)]
            case 2:
                frame[at:at] = frame[at : at + rng.randrange(40)]
            case 3:
                frame[at : at + rng.randrange(20)] = rng.choice(PIECES)
            case 4:
                frame[at : at + 12] = rng.randbytes(12)
    return bytes(frame)


def test_fuzzed_frames_end_in_the_truth_or_in_a_source_error() -> None:
    """`WATTSHIFT_FAULTS=5` sends 100,000 of them, each through a real socket and a session of its own."""
    rng, true = seeded(7), b"".join(CHAIN[:10])
    line = headers_reply().rstrip()
    door = Door(
        source="s",
        upstream="u",
        peer=Peer.parse("tcp://127.0.0.1:1"),
        trust=Trust(),
        network=SIGNET,
        limits=ElectrumLimits(line_s=5.0),
        clock=ReplayClock(NOW_AT),
    )
    outcomes = {"answered": 0, "refused": 0}
    before_kib = getrusage(RUSAGE_SELF).ru_maxrss
    for _ in range(FRAMES):
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(mutated(rng, line) + b"\n")
            theirs.shutdown(socket.SHUT_WR)
            session = Session(Line(ours, door.limits), door)
            try:
                answer = session.ask("blockchain.block.headers", {}, end_s=time.monotonic() + 5.0)
                batch = parse_headers(FIRST_TEN, answer)
            except SourceError:
                outcomes["refused"] += 1
            else:
                outcomes["answered"] += 1
                # Nothing but the last header can have been changed without breaking a link.
                assert true.startswith(batch.headers[:-80])
            session.close()
    assert sum(outcomes.values()) == FRAMES
    assert getrusage(RUSAGE_SELF).ru_maxrss - before_kib < 64 << 10
    assert min(outcomes.values()) > FRAMES // 500, outcomes
