"""The endpoints of Esplora and mempool.space, for the conformance suite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sources.conformance import Asked, Case, Make
from support.explorers import FakeExplorer, fee_sat
from support.headers import double_sha256
from support.signetchain import signet_chain
from wattshift.chain.params import SIGNET
from wattshift.clock import Clock
from wattshift.sources.explorers.esplora import EsploraSource
from wattshift.sources.explorers.mempool import MempoolPrices, MempoolSource
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import BlockRef, Endpoint, Heights

CHAIN = signet_chain()[:40]
TIP = (39, double_sha256(CHAIN[39]))
BLOCK = BlockRef(height=38, block_hash=double_sha256(CHAIN[38]))
STRETCH = Heights(first=31, count=8)
ESPLORA = FakeExplorer(CHAIN).respond
MEMPOOL = FakeExplorer(CHAIN, is_mempool=True).respond

NO_HEADER = ("tx_count", "size", "weight", "mediantime", "difficulty")
"""What a summary tells beside the header."""
NO_FEE = ("medianFee", "header", "pool.id", "pool.name")
"""What its extras tell beside fees, subsidy and pool."""
UNUSED_ON_PAGE = frozenset({f"$[*].{name}" for name in NO_HEADER})
UNUSED_EXTRAS = frozenset({f"extras.{name}" for name in NO_FEE})
ALL_EXTRAS = frozenset(
    {f"$[*].extras{name}" for name in ("", ".totalFees", ".reward", ".pool", ".pool.slug")}
) | frozenset(f"$[*].{name}" for name in UNUSED_EXTRAS)
"""Headers need none of them."""
CHAIN_ENDS = frozenset({"an empty list"})
"""A page without blocks says that the chain ends below; only another source can tell better."""


def esplora(endpoint: Callable[[EsploraSource], Endpoint[Any, Any]]) -> Make:
    def make(url: str, limits: HttpLimits, clock: Clock) -> Asked:
        source = EsploraSource("blockstream", url, network=SIGNET, limits=limits, clock=clock)
        return source, endpoint(source)

    return make


def mempool(endpoint: Callable[[MempoolSource], Endpoint[Any, Any]]) -> Make:
    def make(url: str, limits: HttpLimits, clock: Clock) -> Asked:
        source = MempoolSource("mempool", url, network=SIGNET, limits=limits, clock=clock)
        return source, endpoint(source)

    return make


def prices(url: str, limits: HttpLimits, clock: Clock) -> Asked:
    source = MempoolPrices("mempool", url, limits=limits, clock=clock)
    return source, source.quote


CASES = [
    Case(
        name="esplora tip",
        make=esplora(lambda source: source.tip),
        question=None,
        serve=ESPLORA,
        requests=2,
        read=lambda tip: (tip.height, tip.block_hash),
        expected=TIP,
        mapped=UNUSED_ON_PAGE,
    ),
    Case(
        name="esplora headers",
        make=esplora(lambda source: source.headers),
        question=STRETCH,
        serve=ESPLORA,
        requests=3,
        read=lambda batch: (batch.first, batch.headers),
        expected=(31, b"".join(CHAIN[31:39])),
        plausible=CHAIN_ENDS,
        mapped=UNUSED_ON_PAGE,
    ),
    Case(
        name="esplora header",
        make=esplora(lambda source: source.header),
        question=BLOCK,
        serve=ESPLORA,
        requests=2,
        is_json=False,
        read=lambda batch: (batch.first, batch.headers),
        expected=(38, CHAIN[38]),
    ),
    Case(
        name="esplora facts",
        make=esplora(lambda source: source.facts),
        question=BLOCK,
        serve=ESPLORA,
        requests=3,
        read=lambda facts: (facts.fee_sat, facts.subsidy_sat, facts.pool),
        expected=(fee_sat(38), None, None),
        mapped=frozenset(
            {
                *(
                    f"$.{name}"
                    for name in ("txid", "version", "fee", "status.confirmed", "status.block_height")
                ),
                *(f"$.vin[*].{name}" for name in ("txid", "vout", "prevout")),
                "$.vout[*].scriptpubkey",
            }
        ),
    ),
    Case(
        name="mempool tip",
        make=mempool(lambda source: source.tip),
        question=None,
        serve=MEMPOOL,
        requests=2,
        read=lambda tip: (tip.height, tip.block_hash),
        expected=TIP,
        mapped=UNUSED_ON_PAGE | ALL_EXTRAS,
    ),
    Case(
        name="mempool headers",
        make=mempool(lambda source: source.headers),
        question=STRETCH,
        serve=MEMPOOL,
        requests=3,
        read=lambda batch: (batch.first, batch.headers),
        expected=(31, b"".join(CHAIN[31:39])),
        plausible=CHAIN_ENDS,
        mapped=UNUSED_ON_PAGE | ALL_EXTRAS,
    ),
    Case(
        name="mempool facts",
        make=mempool(lambda source: source.facts),
        question=BLOCK,
        serve=MEMPOOL,
        requests=2,
        read=lambda facts: (facts.fee_sat, facts.subsidy_sat, facts.pool),
        expected=(fee_sat(38), 5_000_000_000, "unknown"),
        mapped=frozenset({f"$.{name}" for name in (*NO_HEADER, *UNUSED_EXTRAS)}),
    ),
    Case(
        name="mempool price",
        make=prices,
        question=None,
        serve=MEMPOOL,
        read=lambda quote: (quote.price_usd_per_btc, quote.traded_at),
        expected=(93_120.0, datetime(2026, 1, 19, 12, tzinfo=UTC)),
        mapped=frozenset({"$.EUR"}),
    ),
]
