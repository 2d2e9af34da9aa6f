"""What Esplora and mempool.space have in common: headers in short pages, and manners.

Public instances are somebody's gift: a second between requests unless told otherwise, and no catching up over
thousands of blocks, for which there are nodes, Electrum servers and header files.
"""

from __future__ import annotations

from datetime import datetime

from wattshift.chain.faults import Fault
from wattshift.chain.header import HEADER_SIZE, hash_to_hex
from wattshift.chain.params import MAINNET, Network
from wattshift.clock import Clock, SystemClock
from wattshift.errors import Malformed, NoData, Rejected
from wattshift.sources.batches import check_heights, single_header
from wattshift.sources.explorers.summaries import parse_page, parse_tip
from wattshift.sources.http.address import Address
from wattshift.sources.http.client import HttpClient, HttpLimits
from wattshift.sources.http.pace import SHARED_PACE, Pace
from wattshift.sources.port import BlockRef, Endpoint, Fetched, HeaderBatch, Heights, TipClaim
from wattshift.sources.strictjson import Json

__all__ = ["EXPLORER_LIMITS", "Explorer"]

EXPLORER_LIMITS = HttpLimits(max_bytes=2 << 20, min_interval_s=1.0)
"""A page or a transaction is short, and a public server is not to be hurried."""

_SYSTEM_CLOCK = SystemClock()


class Explorer:
    """Headers from a block explorer.

    Args:
        name: under which it is configured.
        base_url: where its API begins.
        network: whose genesis block it must have.
        upstream: who stands behind it; its host unless told.
        limits: of each question.
        max_catch_up_blocks: how far below its tip headers are asked for; a single one is at any height.
        clock: says when bytes arrived.
        pace: the turns at hosts.

    Raises:
        ConfigError: if the address is none, or is plain http to another machine without leave.
    """

    _pages = "/blocks"
    _page_blocks = 10

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        network: Network = MAINNET,
        upstream: str | None = None,
        limits: HttpLimits = EXPLORER_LIMITS,
        max_catch_up_blocks: int = 3_000,
        clock: Clock = _SYSTEM_CLOCK,
        pace: Pace = SHARED_PACE,
    ) -> None:
        self._name = name
        self._base_url = base_url.rstrip("/")
        self._network = network
        self._upstream = upstream or Address.parse(base_url).host
        self._max_catch_up_blocks = max_catch_up_blocks
        self._client = HttpClient(source=name, upstream=self._upstream, limits=limits, clock=clock, pace=pace)
        self._client.check(base_url)
        self._is_our_network = False
        self._tip_height: int | None = None

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
    def max_headers(self) -> int:
        """Most headers that one question may ask for: a page."""
        return self._page_blocks

    @property
    def tip(self) -> Endpoint[None, TipClaim]:
        """Where its best chain ends: the first block of the newest page."""
        return Endpoint(lambda _: self._fetch_tip(), parse_tip)

    @property
    def headers(self) -> Endpoint[Heights, HeaderBatch]:
        """Headers of its best chain, put together from the summaries of a page."""
        return Endpoint(self._fetch_headers, parse_page)

    @property
    def header(self) -> Endpoint[BlockRef, HeaderBatch]:
        """The header of one block, by its hash (`/block/:hash/header`)."""
        return Endpoint(
            lambda block: self._get(f"/block/{hash_to_hex(block.block_hash)}/header"), _parse_header
        )

    def close(self) -> None:
        """Let go of connections; a second call does nothing."""
        self._client.close()

    def _get(self, path: str) -> Fetched:
        """Ask, once it is known that the server's chain starts from our genesis block."""
        if not self._is_our_network:
            self._check_network()
        return self._client.get(f"{self._base_url}{path}")

    def _check_network(self) -> None:
        fetched = self._client.get(f"{self._base_url}/block-height/0")
        found = Json.plain(fetched).block_hash()
        if found != self._network.genesis_hash:
            raise Malformed(
                f"the explorer serves another network than {self._network.name}",
                source=self._name,
                url=fetched.origin.url,
                fault=Fault.WRONG_NETWORK,
                found=hash_to_hex(found),
                hint="use the explorer's address for that network, or name the network that you mean",
            )
        self._is_our_network = True

    def _fetch_tip(self) -> Fetched:
        fetched = self._get(self._pages)
        self._tip_height = parse_tip(None, fetched).height
        return fetched

    def _fetch_headers(self, question: Heights) -> Fetched:
        """The page that ends with the last height, or the newest one where the chain ends before it."""
        check_heights(question, max_headers=self._page_blocks)
        self._refuse_long_way(question)
        try:
            return self._get(f"{self._pages}/{question.first + question.count - 1}")
        except NoData:
            return self._get(self._pages)

    def _refuse_long_way(self, question: Heights) -> None:
        if question.count == 1:
            return
        if self._tip_height is None:
            self._fetch_tip()
        behind_blocks = (self._tip_height or 0) - question.first
        if behind_blocks > self._max_catch_up_blocks:
            raise Rejected(
                f"{behind_blocks} blocks are too many to ask of a block explorer",
                source=self._name,
                most=self._max_catch_up_blocks,
                hint="catch up from a node, an Electrum server or a header file, then follow the explorer",
            )


def _parse_header(block: BlockRef, fetched: Fetched) -> HeaderBatch:
    return single_header(block, Json.plain(fetched).data(HEADER_SIZE), fetched.origin)
