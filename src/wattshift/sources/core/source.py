"""A Bitcoin node of one's own as a source: the tip, headers, facts of blocks, and word of new tips."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from wattshift.chain.params import MAINNET, Network
from wattshift.clock import Clock, SystemClock
from wattshift.errors import ConfigError, InputError, NoData, Rejected, SourceError
from wattshift.sources.core.headers import fetch_rpc_headers, parse_rpc_headers
from wattshift.sources.core.info import INFO_CALLS, NodeInfo, parse_info
from wattshift.sources.core.rest import Rest, came_by_rest, parse_rest_headers
from wattshift.sources.core.rpc import Credentials, Rpc
from wattshift.sources.core.stats import parse_facts, stats_call
from wattshift.sources.core.zmq import ZmqTipWatch
from wattshift.sources.http.address import Address
from wattshift.sources.http.client import HttpClient, HttpLimits
from wattshift.sources.port import BlockFacts, BlockRef, Endpoint, Fetched, HeaderBatch, Heights, TipClaim

__all__ = ["CORE_LIMITS", "CoreSource"]

CORE_LIMITS = HttpLimits(read_s=30.0, total_s=60.0, max_bytes=1 << 20, min_interval_s=0.0, max_attempts=2)
"""Limits for a node of one's own: no need to be polite to it, but it may be busy validating.
2,000 headers by JSON-RPC are 410 KB."""

_MAX_HEADERS = 2_000
_SYSTEM_CLOCK = SystemClock()


class CoreSource:
    """A node that speaks Bitcoin Core's JSON-RPC and, with `-rest=1`, its REST.

    A pruned node will do: it keeps all headers, and facts of its newest blocks.

    Args:
        name: under which it is configured.
        url: of its JSON-RPC server, such as http://127.0.0.1:8332; may hold `user:password@`.
        cookie_file: its `.cookie`; or else
        user: its `rpcuser`, and
        password: its `rpcpassword`.
        use_rest: whether to try REST for headers.
        zmq_url: where it announces blocks.
        upstream: who stands behind it; unless given, the host.
        network: the network that it must follow.

    Raises:
        ConfigError: if the address is none, or is plain http to another machine without leave.
    """

    def __init__(  # noqa: PLR0913  # what the settings of a node hold
        self,
        name: str,
        url: str,
        *,
        cookie_file: Path | None = None,
        user: str | None = None,
        password: str | None = None,
        use_rest: bool = True,
        zmq_url: str | None = None,
        upstream: str | None = None,
        network: Network = MAINNET,
        limits: HttpLimits = CORE_LIMITS,
        clock: Clock = _SYSTEM_CLOCK,
    ) -> None:
        self.name = name
        self.upstream = upstream or Address.parse(url).authority
        self._network = network
        self._zmq_url = zmq_url
        self._client = HttpClient(source=name, upstream=self.upstream, limits=limits, clock=clock)
        self._client.check(url)
        credentials = Credentials(cookie_file=cookie_file, user=user, password=password)
        self._rpc = Rpc(url, self._client, credentials, name)
        self._rest = Rest(url, self._client) if use_rest else None
        self._rest_is_off = False

    @property
    def server_date_at(self) -> datetime | None:
        """The Date header of its last answer; None before there was one."""
        return self._client.server_date_at

    @property
    def max_headers(self) -> int:
        """Most headers that one question may ask for: 2,000, as REST allows."""
        return _MAX_HEADERS

    @property
    def node(self) -> Endpoint[None, NodeInfo]:
        """What the node says of itself."""
        return Endpoint(self._ask_info, self._read_info)

    @property
    def tip(self) -> Endpoint[None, TipClaim]:
        """The best block that it has validated, in one consistent answer."""
        return Endpoint(self._ask_info, self._read_tip)

    @property
    def headers(self) -> Endpoint[Heights, HeaderBatch]:
        """Headers of its best chain: by REST where it is on, else by JSON-RPC."""
        return Endpoint(self._ask_headers, _read_headers)

    @property
    def facts(self) -> Endpoint[BlockRef, BlockFacts]:
        """Fees and subsidy of a block that it has not pruned."""
        return Endpoint(lambda block: self._rpc.ask([stats_call(block)]), parse_facts)

    def watch(self) -> ZmqTipWatch:
        """A line on which it announces new tips.

        Raises:
            ConfigError: if it is not configured, or pyzmq is not installed.
        """
        if self._zmq_url is None:
            raise ConfigError("the node has no zmq address", source=self.name, hint="configure one")
        return ZmqTipWatch(self.name, self._zmq_url)

    def close(self) -> None:
        """Let go of connections; a second call does nothing."""
        self._client.close()

    def _ask_info(self, _: None) -> Fetched:
        return self._rpc.ask(INFO_CALLS)

    def _read_info(self, _: None, fetched: Fetched) -> NodeInfo:
        return parse_info(self._network, fetched)

    def _read_tip(self, _: None, fetched: Fetched) -> TipClaim:
        info = self._read_info(None, fetched)
        return TipClaim(height=info.height, block_hash=info.block_hash, origin=info.origin)

    def _ask_headers(self, heights: Heights) -> Fetched:
        if heights.first < 0 or not 0 < heights.count <= _MAX_HEADERS:
            raise InputError(
                "a node is not asked for this stretch", heights=heights, hint="ask for 1 to 2,000 headers"
            )
        try:
            return self._by_rest(heights) or self._by_rpc(heights)
        except SourceError:
            # The node may be another one when it is back: decide anew.
            self._rest_is_off = False
            raise

    def _by_rest(self, heights: Heights) -> Fetched | None:
        """None where REST is off, and where the stretch lies beyond the tip: only JSON-RPC can tell."""
        if self._rest is None or self._rest_is_off:
            return None
        try:
            return self._rest.headers(heights)
        except (NoData, Rejected):
            return None

    def _by_rpc(self, heights: Heights) -> Fetched:
        fetched = fetch_rpc_headers(self._rpc, heights)
        if not self._rest_is_off:
            # What REST did not have, JSON-RPC has: REST is off.
            self._rest_is_off = bool(parse_rpc_headers(heights, fetched).headers)
        return fetched


def _read_headers(heights: Heights, fetched: Fetched) -> HeaderBatch:
    read = parse_rest_headers if came_by_rest(fetched) else parse_rpc_headers
    return read(heights, fetched)
