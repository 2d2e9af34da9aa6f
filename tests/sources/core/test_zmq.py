"""Announcements of new blocks, from a real publisher on the loopback interface."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import zmq

from wattshift.errors import ConfigError, Malformed, SourceError, Unavailable
from wattshift.sources.core.zmq import ZmqTipWatch

HASH = bytes(range(32))
PATIENCE_S = 10.0


class Publisher:
    """What a node does with -zmqpubhashblock; it knows when somebody listens."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.url = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"
        self.sequence = 0

    def await_listener(self) -> None:
        assert self.socket.poll(10_000)
        assert self.socket.recv() == b"\x01hashblock"

    def announce(self, *parts: bytes) -> None:
        sequence = self.sequence.to_bytes(4, "little")
        self.sequence += 1
        self.socket.send_multipart(parts or (b"hashblock", HASH, sequence))

    def close(self) -> None:
        self.socket.close()
        self.context.term()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()
    yield publisher
    publisher.close()


@pytest.fixture
def watch(publisher: Publisher) -> Iterator[ZmqTipWatch]:
    watch = ZmqTipWatch("my node", publisher.url)
    publisher.await_listener()
    yield watch
    watch.close()
    watch.close()


def test_silence_is_no_tip(watch: ZmqTipWatch) -> None:
    assert not watch.wait(0.01)
    assert not watch.wait(0.0)


def test_an_announcement_is_heard(watch: ZmqTipWatch, publisher: Publisher) -> None:
    publisher.announce()
    assert watch.wait(PATIENCE_S)
    assert not watch.wait(0.01)


def test_many_announcements_are_one_reason_to_ask(watch: ZmqTipWatch, publisher: Publisher) -> None:
    for _ in range(50):
        publisher.announce()
    heard = 0
    while watch.wait(0.2):
        heard += 1
    assert 1 <= heard < 50


@pytest.mark.parametrize(
    "parts",
    [
        (b"hashblock",),
        (b"hashblock", HASH),
        (b"hashblock", HASH[:31], b"\x00" * 4),
        (b"hashblock", HASH, b"\x00" * 4, b""),
        (b"hashblock2", HASH, b"\x00" * 4),
        (b"hashblock", b"\x00" * 60_000, b"\x00" * 4),
    ],
    ids=len,
)
def test_what_is_no_announcement_is_refused(
    watch: ZmqTipWatch, publisher: Publisher, parts: tuple[bytes, ...]
) -> None:
    publisher.announce(*parts)
    with pytest.raises(Malformed):
        watch.wait(PATIENCE_S)


def test_a_huge_message_breaks_the_line_and_fills_no_memory(watch: ZmqTipWatch, publisher: Publisher) -> None:
    publisher.announce(b"hashblock", bytes(1 << 20), b"\x00" * 4)
    with pytest.raises(Unavailable):
        watch.wait(PATIENCE_S)


def test_a_node_that_goes_away_is_noticed(watch: ZmqTipWatch, publisher: Publisher) -> None:
    publisher.socket.close()
    with pytest.raises(Unavailable, match="down"):
        watch.wait(PATIENCE_S)


def test_a_node_that_was_never_there_is_noticed(publisher: Publisher) -> None:
    url = publisher.url
    publisher.socket.close()
    watch = ZmqTipWatch("my node", url)
    with pytest.raises(SourceError):
        watch.wait(PATIENCE_S)
    watch.close()


@pytest.mark.parametrize("url", ["", "127.0.0.1:28332", "tcp://", "carrier://pigeon"])
def test_what_is_no_address_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match="publish"):
        ZmqTipWatch("my node", url)


def test_without_pyzmq_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zmq", None)
    with pytest.raises(ConfigError, match=r"pyzmq") as caught:
        ZmqTipWatch("my node", "tcp://127.0.0.1:1")
    assert "wattshift[node]" in str(caught.value)
