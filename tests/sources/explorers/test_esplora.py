"""Fees from the coinbase transaction, as Esplora tells it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from support.explorers import FakeExplorer, coinbase, fee_sat
from support.headers import double_sha256
from support.signetchain import signet_chain
from wattshift.chain.params import SIGNET
from wattshift.errors import Malformed, NoData
from wattshift.sources.explorers.esplora import EsploraSource, parse_coinbase
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import BlockFacts, BlockRef, Fetched

CHAIN = signet_chain()
BLOCK = BlockRef(height=900, block_hash=double_sha256(CHAIN[900]))
SUBSIDY_SAT = 5_000_000_000


def parsed(transaction: dict[str, Any], block: BlockRef = BLOCK) -> BlockFacts:
    fetched = Fetched.of(
        json.dumps(transaction).encode(),
        source="s",
        upstream="u",
        url="https://x.example",
        fetched_at=datetime(2026, 1, 19, tzinfo=UTC),
    )
    return parse_coinbase(block, fetched, SIGNET)


def paying(*values_sat: object) -> dict[str, Any]:
    return coinbase(CHAIN[900], 900) | {"vout": [{"value": value_sat} for value_sat in values_sat]}


def test_fees_are_what_the_coinbase_pays_beyond_the_subsidy() -> None:
    fake = FakeExplorer(CHAIN)
    with fake.serve() as server:
        source = EsploraSource("s", server.url, network=SIGNET, limits=HttpLimits(min_interval_s=0.0))
        facts = source.facts(BLOCK)
        source.close()
    assert (facts.block, facts.fee_sat, facts.subsidy_sat, facts.pool) == (BLOCK, fee_sat(900), None, None)
    assert [path.split("/")[1] for path in fake.paths()] == ["block-height", "block", "tx"]


def test_a_block_that_is_not_known_has_no_facts() -> None:
    with FakeExplorer(CHAIN[:900]).serve() as server:
        source = EsploraSource("s", server.url, network=SIGNET, limits=HttpLimits(min_interval_s=0.0))
        with pytest.raises(NoData):
            source.facts(BLOCK)
        source.close()


@pytest.mark.parametrize(
    ("height", "subsidy_sat"), [(0, 5_000_000_000), (210_000, 2_500_000_000), (840_000, 312_500_000)]
)
def test_the_subsidy_is_that_of_the_height(height: int, subsidy_sat: int) -> None:
    facts = parsed(paying(subsidy_sat, 12), BlockRef(height=height, block_hash=BLOCK.block_hash))
    assert facts.fee_sat == 12


def test_a_block_without_fees_has_none() -> None:
    assert parsed(paying(0, SUBSIDY_SAT, 0)).fee_sat == 0


@pytest.mark.parametrize("values_sat", [(), (SUBSIDY_SAT - 1,), (0,)])
def test_a_miner_that_took_less_leaves_the_fees_unknown(values_sat: tuple[int, ...]) -> None:
    with pytest.raises(NoData, match="less than the subsidy"):
        parsed(paying(*values_sat))


@pytest.mark.parametrize("value_sat", [-1, 2_100_000_000_000_001, True, 1.0, "5", None])
def test_an_output_that_is_no_amount_is_refused(value_sat: object) -> None:
    with pytest.raises(Malformed, match="integer"):
        parsed(paying(SUBSIDY_SAT, value_sat))


def test_a_payment_or_the_coinbase_of_another_block_is_refused() -> None:
    good = coinbase(CHAIN[900], 900)
    spending = {**good["vin"][0], "is_coinbase": False}
    for vin in ([spending], [spending, good["vin"][0]], good["vin"] * 2, []):
        with pytest.raises(Malformed, match="no coinbase"):
            parsed({**good, "vin": vin})
    with pytest.raises(Malformed, match="another block"):
        parsed(coinbase(CHAIN[901], 901))
