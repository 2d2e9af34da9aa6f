"""mempool.space, and instances that people host themselves: headers, fees and pool of a block, and a price.

Asked are `/block-height/0` and `/block/:hash/header` as of Esplora, and `/v1/blocks[/:height]`,
`/v1/block/:hash` and `/v1/prices`, below a base URL such as `https://mempool.space/api`.
Source: mempool.space/docs/api/rest; github.com/mempool/mempool, `backend/src/api/blocks.ts`.
"""

from __future__ import annotations

import re
from datetime import datetime

from wattshift.chain.header import hash_to_hex
from wattshift.chain.params import Network
from wattshift.chain.rules import subsidy_sat
from wattshift.clock import Clock, SystemClock, from_unix
from wattshift.sources.explorers.explorer import EXPLORER_LIMITS, Explorer
from wattshift.sources.explorers.summaries import read_summary
from wattshift.sources.http.client import HttpClient, HttpLimits
from wattshift.sources.http.pace import SHARED_PACE, Pace
from wattshift.sources.port import BlockFacts, BlockRef, Endpoint, Fetched, VenueQuote
from wattshift.sources.strictjson import MAX_MONEY_SAT, Json

__all__ = ["MempoolPrices", "MempoolSource", "parse_facts", "parse_price"]

_SLUG = re.compile("[a-z0-9_.-]{1,64}")
_MAX_TIME_S = (1 << 32) - 1
_SYSTEM_CLOCK = SystemClock()


class MempoolSource(Explorer):
    """Headers, fees and pools from a mempool.space server: a page is 15 blocks."""

    _pages = "/v1/blocks"
    _page_blocks = 15

    @property
    def facts(self) -> Endpoint[BlockRef, BlockFacts]:
        """Fees, subsidy and pool of a block."""
        return Endpoint(
            lambda block: self._get(f"/v1/block/{hash_to_hex(block.block_hash)}"),
            lambda block, fetched: parse_facts(block, fetched, self._network),
        )


class MempoolPrices:
    """The price that a mempool.space server shows: a mean over exchanges, hence no venue and without candles.

    Several such servers are one witness, unless told otherwise, and one that saw exchanges which may be asked
    themselves: its upstream is `mempool.space`.

    Args:
        name: under which it is configured.
        base_url: where its API begins.
        upstream: who stands behind it.
        limits: of each question.
        clock: says when bytes arrived.
        pace: the turns at hosts.

    Raises:
        ConfigError: if the address is none, or is plain http to another machine without leave.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        upstream: str = "mempool.space",
        limits: HttpLimits = EXPLORER_LIMITS,
        clock: Clock = _SYSTEM_CLOCK,
        pace: Pace = SHARED_PACE,
    ) -> None:
        self._name = name
        self._upstream = upstream
        self._url = f"{base_url.rstrip('/')}/v1/prices"
        self._client = HttpClient(source=name, upstream=upstream, limits=limits, clock=clock, pace=pace)
        self._client.check(self._url)

    @property
    def name(self) -> str:
        """The name under which it is configured."""
        return self._name

    @property
    def upstream(self) -> str:
        """Who stands behind it."""
        return self._upstream

    @property
    def server_date_at(self) -> datetime | None:
        """The Date header of its last answer; None before there was one."""
        return self._client.server_date_at

    @property
    def quote(self) -> Endpoint[None, VenueQuote]:
        """The last price (`/v1/prices`)."""
        return Endpoint(lambda _: self._client.get(self._url), parse_price)

    def close(self) -> None:
        """Let go of connections; a second call does nothing."""
        self._client.close()


def parse_facts(block: BlockRef, fetched: Fetched, network: Network) -> BlockFacts:
    """Read the summary of a block with its extras.

    Raises:
        Malformed: if it is another block's, or more was paid than fees and subsidy.
    """
    summary = Json.read(fetched)
    height, header = read_summary(summary)
    if (height, header.hash) != (block.height, block.block_hash):
        raise summary.malformed("the summary is that of another block", height=block.height)
    extras = summary["extras"]
    reward_sat = extras["reward"].integer(0, MAX_MONEY_SAT)
    fee_sat = extras["totalFees"].integer(0, reward_sat)
    if reward_sat - fee_sat > subsidy_sat(height, network):
        raise extras["reward"].malformed("the block pays more than its fees and the subsidy")
    return BlockFacts(
        block=block,
        fee_sat=fee_sat,
        subsidy_sat=reward_sat - fee_sat,
        pool=extras["pool"]["slug"].text(_SLUG),
        origin=fetched.origin,
    )


def parse_price(_: None, fetched: Fetched) -> VenueQuote:
    """Read `/v1/prices`; where the server has no price it writes -1.

    Raises:
        Malformed: if there is no price above zero.
    """
    prices = Json.read(fetched)
    price_usd_per_btc = prices["USD"].number()
    if price_usd_per_btc <= 0.0:
        raise prices["USD"].malformed("the price is not above zero")
    traded_at = from_unix(prices["time"].integer(0, _MAX_TIME_S))
    return VenueQuote(price_usd_per_btc=price_usd_per_btc, traded_at=traded_at, origin=fetched.origin)
