from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.servers import LoopbackServer, Peer
from wattshift.errors import ConfigError, Malformed
from wattshift.sources.http.wire import deadline, inflate, new_pool, proxy_for

MEBI = 1 << 20


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return (data[start:end] for start, end in pairwise(places))


@given(st.binary(max_size=300), st.lists(st.integers(min_value=0, max_value=400)), st.booleans())
def test_a_body_is_the_same_however_it_is_cut_and_packed(body: bytes, cuts: list[int], packed: bool) -> None:
    data, encoding = (gzip.compress(body), "gzip") if packed else (body, "")
    assert inflate(pieces(data, cuts), encoding=encoding, max_bytes=1_000) == body


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=299))
def test_no_body_is_longer_than_allowed(body: bytes, most: int) -> None:
    if len(body) <= most:
        assert inflate([body], encoding="identity", max_bytes=most) == body
        return
    with pytest.raises(Malformed, match=f"max_bytes={most}"):
        inflate([body], encoding="identity", max_bytes=most)


@given(st.binary(max_size=200))
def test_garbage_does_not_unpack(garbage: bytes) -> None:
    with pytest.raises(Malformed):
        inflate([garbage], encoding="gzip", max_bytes=1_000)


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip", "\x00"])
def test_what_was_not_asked_for_is_not_unpacked(encoding: str) -> None:
    with pytest.raises(Malformed, match="not asked for"):
        inflate([b"x"], encoding=encoding, max_bytes=10)


def test_a_packed_body_must_end_and_have_no_tail() -> None:
    packed = gzip.compress(b"hello")
    for wrong in (packed[:-1], packed + b"x", packed + packed, b""):
        with pytest.raises(Malformed):
            inflate([wrong], encoding="gzip", max_bytes=1_000)


def bomb() -> bytes:
    packer = zlib.compressobj(6, wbits=31)
    return b"".join([*(packer.compress(bytes(MEBI)) for _ in range(100)), packer.flush()])


def crumbs() -> Iterator[bytes]:
    return (bytes([number & 0xFF, 0]) for number in range(100_000))


@pytest.mark.parametrize(
    ("encoding", "chunks", "most"),
    [("gzip", [bomb()], MEBI), ("", crumbs(), 150_000)],
    ids=["bomb", "crumbs"],
)
def test_neither_a_bomb_nor_crumbs_fill_the_memory(encoding: str, chunks: Iterable[bytes], most: int) -> None:
    tracemalloc.start()
    with pytest.raises(Malformed, match="too long"):
        inflate(chunks, encoding=encoding, max_bytes=most)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * most


def mute(peer: Peer) -> None:
    peer.play([60.0])


def test_whoever_reads_past_the_deadline_is_stopped() -> None:
    with (
        LoopbackServer(mute) as server,
        new_pool(None) as pool,
        deadline(0.05),
        pytest.raises(httpcore.ReadTimeout),
    ):
        pool.request("GET", server.url)


def test_a_deadline_that_is_over_lets_nothing_begin() -> None:
    with LoopbackServer(mute) as server, new_pool(None) as pool:
        with deadline(0.0), pytest.raises(httpcore.TimeoutException):
            pool.request("GET", server.url)
        assert server.connections == 0


def test_the_proxy_of_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert proxy_for("https", "venue.example") is None
    monkeypatch.setenv("all_proxy", "http://all:1")
    monkeypatch.setenv("https_proxy", "http://tls:1")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert proxy_for("https", "venue.example") == "http://tls:1"
    assert proxy_for("http", "venue.example") == "http://all:1"
    assert proxy_for("https", "node.inside.example") is None
    for here in ("localhost", "127.0.0.9", "::1"):
        assert proxy_for("http", here) is None


@pytest.mark.parametrize("proxy", ["socks5://here:1", "here:3128"])
def test_a_proxy_that_is_none_is_a_configuration_error(proxy: str) -> None:
    with pytest.raises(ConfigError, match="proxy"):
        new_pool(proxy)
