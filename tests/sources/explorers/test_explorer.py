"""What Esplora and mempool.space have in common, over real HTTP: pages of headers, and manners."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from support.explorers import FakeExplorer
from support.headers import double_sha256
from support.signetchain import signet_chain
from wattshift.chain.faults import Fault
from wattshift.chain.header import hash_to_hex
from wattshift.chain.params import MAINNET, REGTEST, SIGNET, TESTNET3, TESTNET4, Network
from wattshift.errors import ConfigError, InputError, Malformed, NoData, Rejected, Unavailable
from wattshift.sources.explorers.esplora import EsploraSource
from wattshift.sources.explorers.explorer import EXPLORER_LIMITS, Explorer
from wattshift.sources.explorers.mempool import MempoolSource
from wattshift.sources.http.pace import Pace
from wattshift.sources.port import BlockRef, FactSource, HeaderSource, Heights

CHAIN = signet_chain()
TIP = len(CHAIN) - 1
HASTY = replace(EXPLORER_LIMITS, min_interval_s=0.0)

each_kind = pytest.mark.parametrize("kind", [EsploraSource, MempoolSource])


@contextmanager
def exploring(kind: type[Explorer], **settings: Any) -> Iterator[tuple[FakeExplorer, Explorer]]:
    """A fake, and a source that asks it."""
    fake = FakeExplorer(CHAIN, is_mempool=kind is MempoolSource)
    with fake.serve() as server:
        given: dict[str, Any] = {"network": SIGNET, "limits": HASTY} | settings
        source = kind("explorer", f"{server.url}/", **given)
        yield fake, source
        source.close()
        source.close()


@each_kind
def test_the_tip_proves_its_hash(kind: type[Explorer]) -> None:
    with exploring(kind) as (_, source):
        assert source.server_date_at is None
        tip = source.tip(None)
        assert source.server_date_at == datetime(2026, 1, 19, 12, tzinfo=UTC)
    assert (tip.height, tip.block_hash) == (TIP, double_sha256(CHAIN[-1]))
    assert (tip.origin.source, tip.origin.upstream) == ("explorer", "127.0.0.1")


@each_kind
def test_pages_join_to_the_chain(kind: type[Explorer]) -> None:
    with exploring(kind, max_catch_up_blocks=TIP) as (_, source):
        size = source.max_headers
        pages = [source.headers(Heights(first=first, count=size)) for first in range(0, 200, size)]
    assert b"".join(page.headers for page in pages) == b"".join(CHAIN[: len(pages) * size])


@each_kind
@pytest.mark.parametrize("beyond", [-9, -3, 0, 1, 2, 9])
def test_the_end_of_the_chain_is_seen(kind: type[Explorer], beyond: int) -> None:
    with exploring(kind) as (_, source):
        batch = source.headers(Heights(first=TIP + beyond, count=10))
    assert batch.headers == b"".join(CHAIN[TIP + beyond :])


@each_kind
def test_a_block_found_while_asking_does_no_harm(kind: type[Explorer]) -> None:
    with exploring(kind) as (fake, source):
        source.tip(None)
        fake.answers[f"/blocks/{TIP + 1}"] = 404  # Esplora did not have it when it was asked for this page
        fake.headers = list(CHAIN[: TIP + 1])
        batch = source.headers(Heights(first=TIP - 4, count=6))
    assert batch.headers == b"".join(CHAIN[TIP - 4 :])


@each_kind
def test_a_header_is_found_by_its_hash(kind: type[Explorer]) -> None:
    block = BlockRef(height=77, block_hash=double_sha256(CHAIN[77]))
    path = f"/block/{hash_to_hex(block.block_hash)}/header"
    with exploring(kind) as (fake, source):
        assert source.header(block).headers == CHAIN[77]
        fake.answers[path] = CHAIN[78].hex().encode()
        with pytest.raises(Malformed, match="another header"):
            source.header(block)
        fake.answers[path] = 404
        with pytest.raises(NoData):
            source.header(block)


@pytest.mark.parametrize("served", [MAINNET, TESTNET3, TESTNET4, SIGNET, REGTEST])
@pytest.mark.parametrize("wanted", [MAINNET, TESTNET3, TESTNET4, SIGNET, REGTEST])
def test_another_network_is_refused_before_anything_is_asked(served: Network, wanted: Network) -> None:
    fake = FakeExplorer([served.genesis_header])
    with fake.serve() as server:
        source = EsploraSource("explorer", server.url, network=wanted, limits=HASTY)
        if served is wanted:
            assert source.tip(None).height == 0
        else:
            with pytest.raises(Malformed, match=f"another network than {wanted.name}") as caught:
                source.tip(None)
            assert caught.value.context["fault"] is Fault.WRONG_NETWORK
            assert fake.paths() == ["/block-height/0"]
        source.close()


@each_kind
def test_the_network_is_looked_at_once(kind: type[Explorer]) -> None:
    with exploring(kind) as (fake, source):
        source.tip(None)
        source.tip(None)
    assert fake.paths().count("/block-height/0") == 1


@each_kind
@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 0), (0, 16), (2**31, 1)])
def test_a_question_that_makes_no_sense_is_the_callers_fault(
    kind: type[Explorer], first: int, count: int
) -> None:
    with exploring(kind) as (fake, source), pytest.raises(InputError):
        source.headers(Heights(first=first, count=count))
    assert fake.asked == []


# Manners


@each_kind
def test_a_long_way_is_refused_at_once_and_a_single_header_is_not(kind: type[Explorer]) -> None:
    with exploring(kind) as (fake, source):
        first = TIP - 3_001
        with pytest.raises(Rejected, match="3001 blocks are too many") as caught:
            source.headers(Heights(first=first, count=10))
        assert "header file" in (caught.value.hint or "")
        assert len(fake.asked) == 2  # the network, and where the tip is
        assert source.headers(Heights(first=first + 1, count=10)).headers[:80] == CHAIN[first + 1]
        assert source.headers(Heights(first=9, count=1)).headers == CHAIN[9]


@each_kind
def test_requests_are_a_second_apart_and_say_who_asks(kind: type[Explorer]) -> None:
    waited: list[float] = []
    now_s = [0.0]

    def sleep(length_s: float) -> None:
        waited.append(length_s)
        now_s[0] += length_s

    pace = Pace(monotonic=lambda: now_s[0], sleep=sleep)
    with exploring(kind, limits=EXPLORER_LIMITS, pace=pace) as (fake, source):
        for _ in range(3):
            source.tip(None)
    assert waited == [1.0] * 3  # before each of four requests but the first
    assert {request.headers["user-agent"].split("/")[0] for request in fake.asked} == {"wattshift"}


@each_kind
def test_a_host_that_wants_a_pause_gets_it(kind: type[Explorer]) -> None:
    impatient = replace(HASTY, total_s=1.0)
    with exploring(kind, limits=impatient) as (fake, source):
        source.tip(None)
        fake.answers = {"/blocks": 429, "/v1/blocks": 429}
        with pytest.raises(Rejected, match="too often"):
            source.tip(None)
        with pytest.raises(Unavailable, match="not to be asked yet"):
            source.tip(None)
    assert len(fake.asked) == 3  # network, tip, and one refusal


@each_kind
@pytest.mark.parametrize(
    "url", ["", "explorer.example/api", "ftp://explorer.example", "http://explorer.example"]
)
def test_an_address_that_is_none_or_not_safe_is_refused(kind: type[Explorer], url: str) -> None:
    with pytest.raises(ConfigError):
        kind("explorer", url)


def test_they_are_sources_of_headers_and_facts() -> None:
    esplora, mempool = (
        EsploraSource("a", "https://blockstream.example/api"),
        MempoolSource("b", "https://mempool.example/api", upstream="us"),
    )
    headers: list[HeaderSource] = [esplora, mempool]
    facts: list[FactSource] = [esplora, mempool]
    assert [source.max_headers for source in headers] == [10, 15]
    assert [source.upstream for source in facts] == ["blockstream.example", "us"]
