"""Fees, pools and a price as mempool.space tells them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from support.explorers import FakeExplorer, extended, fee_sat
from support.headers import double_sha256
from support.signetchain import signet_chain
from wattshift.chain.params import SIGNET
from wattshift.errors import ConfigError, Malformed
from wattshift.sources.explorers.mempool import MempoolPrices, MempoolSource, parse_facts, parse_price
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import BlockFacts, BlockRef, Fetched, QuoteSource

CHAIN = signet_chain()
BLOCK = BlockRef(height=900, block_hash=double_sha256(CHAIN[900]))
SUBSIDY_SAT = 5_000_000_000
HASTY = HttpLimits(min_interval_s=0.0)


def fetched(content: str) -> Fetched:
    return Fetched.of(
        content.encode(),
        source="s",
        upstream="u",
        url="https://x.example",
        fetched_at=datetime(2026, 1, 19, tzinfo=UTC),
    )


def with_extras(**changes: object) -> dict[str, Any]:
    block = extended(CHAIN[900], 900)
    return {**block, "extras": {**block["extras"], **changes}}


def parsed(block: dict[str, Any]) -> BlockFacts:
    return parse_facts(BLOCK, fetched(json.dumps(block)), SIGNET)


# Facts


def test_facts_come_from_the_extras_of_the_block() -> None:
    fake = FakeExplorer(CHAIN, is_mempool=True)
    with fake.serve() as server:
        source = MempoolSource("s", server.url, network=SIGNET, limits=HASTY)
        facts = source.facts(BLOCK)
        source.close()
    assert (facts.block, facts.fee_sat, facts.subsidy_sat) == (BLOCK, fee_sat(900), SUBSIDY_SAT)
    assert facts.pool == "unknown"
    assert [path.rsplit("/", 1)[0] for path in fake.paths()] == ["/block-height", "/v1/block"]


def test_a_miner_may_take_less_but_not_more() -> None:
    assert parsed(with_extras(totalFees=10, reward=SUBSIDY_SAT)).subsidy_sat == SUBSIDY_SAT - 10
    assert parsed(with_extras(totalFees=10, reward=SUBSIDY_SAT + 10)).subsidy_sat == SUBSIDY_SAT
    with pytest.raises(Malformed, match="more than its fees"):
        parsed(with_extras(totalFees=10, reward=SUBSIDY_SAT + 11))


@pytest.mark.parametrize("name", ["totalFees", "reward"])
@pytest.mark.parametrize("value_sat", [-1, 2_100_000_000_000_001, True, 1.0, "5", None])
def test_what_is_no_amount_is_refused(name: str, value_sat: object) -> None:
    with pytest.raises(Malformed, match="integer"):
        parsed(with_extras(**{name: value_sat}))


@pytest.mark.parametrize("slug", ["", "Foundry USA", "\x1b[2J", "a" * 65, "pool\n", "\u202e", None, 7])
def test_a_pool_has_a_plain_slug(slug: object) -> None:
    assert parsed(with_extras(pool={"slug": "foundryusa"})).pool == "foundryusa"
    with pytest.raises(Malformed):
        parsed(with_extras(pool={"slug": slug}))


@pytest.mark.parametrize("block", [extended(CHAIN[901], 901), {**extended(CHAIN[900], 900), "height": 901}])
def test_another_block_is_refused(block: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="another block"):
        parsed(block)


# Prices


def test_the_price_comes_with_its_time_and_its_one_upstream() -> None:
    with FakeExplorer(CHAIN, is_mempool=True).serve() as server:
        source = MempoolPrices("my own", server.url, limits=HASTY)
        quote = source.quote(None)
        assert source.server_date_at == quote.traded_at
        source.close()
    as_port: QuoteSource = source
    assert quote.price_usd_per_btc == 93_120.0
    assert quote.traded_at == datetime(2026, 1, 19, 12, tzinfo=UTC)
    assert (quote.origin.source, quote.origin.upstream) == (source.name, source.upstream)
    assert (as_port.name, as_port.upstream) == ("my own", "mempool.space")


def test_prices_may_have_cents() -> None:
    assert parse_price(None, fetched('{"time": 0, "USD": 64500.25}')).price_usd_per_btc == 64_500.25


@pytest.mark.parametrize(
    "price",
    [
        "-1",
        "0",
        "-0.0",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "null",
        "true",
        '"64500"',
        '"64,500.00"',
        "[]",
        "{}",
        "64,500",
        "9" * 400,
        "0x10",
    ],
)
def test_what_is_no_price_is_refused(price: str) -> None:
    with pytest.raises(Malformed):
        parse_price(None, fetched(f'{{"time": 1768824000, "USD": {price}}}'))


@pytest.mark.parametrize("time", ["-1", "4294967296", "1.5", "null", "true", '"1768824000"', "1768824000000"])
def test_what_is_no_time_is_refused(time: str) -> None:
    with pytest.raises(Malformed):
        parse_price(None, fetched(f'{{"time": {time}, "USD": 93120}}'))


def test_an_address_that_is_not_safe_is_refused() -> None:
    with pytest.raises(ConfigError):
        MempoolPrices("s", "http://mempool.example/api")
