"""An Electrum server as a source of headers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from wattshift.chain.params import MAINNET, Network
from wattshift.clock import Clock, SystemClock
from wattshift.errors import Unavailable
from wattshift.sources.batches import check_heights
from wattshift.sources.electrum.messages import (
    HEADER,
    HEADERS,
    MAX_HEADERS,
    SUBSCRIBE,
    parse_header,
    parse_headers,
    parse_tip,
)
from wattshift.sources.electrum.peer import ElectrumLimits, Peer
from wattshift.sources.electrum.session import Door, Session
from wattshift.sources.electrum.trust import Trust
from wattshift.sources.electrum.watch import ElectrumWatch
from wattshift.sources.http.pace import SHARED_PACE, Pace
from wattshift.sources.port import BlockRef, Endpoint, Fetched, HeaderBatch, Heights, TipClaim

__all__ = ["ElectrumSource"]

_USUAL_LIMITS = ElectrumLimits()
_SYSTEM_CLOCK = SystemClock()


class ElectrumSource:
    """Headers from one Electrum server, over a connection that is kept; for one thread at a time.

    Args:
        name: under which it is configured.
        address: `ssl://host:50002`, or `tcp://127.0.0.1:50001` on this machine.
        network: whose genesis block the server must have.
        upstream: who stands behind it; its host unless told.
        pin: SHA-256 of the server's certificate, where no authority vouches for it.
        pin_file: the same in a file; written at the first connection if it does not exist yet.
        allow_plain_tcp: whether plain TCP may leave this machine.
        limits: of one question.
        clock: says when bytes arrived.
        pace: waits between attempts.

    Raises:
        ConfigError: if the address or the pin is none, or plain TCP would leave this machine without leave.
    """

    def __init__(  # noqa: PLR0913  # a server has as many properties as it has
        self,
        name: str,
        address: str,
        *,
        network: Network = MAINNET,
        upstream: str | None = None,
        pin: str | None = None,
        pin_file: Path | None = None,
        allow_plain_tcp: bool = False,
        limits: ElectrumLimits = _USUAL_LIMITS,
        clock: Clock = _SYSTEM_CLOCK,
        pace: Pace = SHARED_PACE,
    ) -> None:
        peer = Peer.parse(address, allow_plain_tcp=allow_plain_tcp)
        self._door = Door(
            source=name,
            upstream=upstream or peer.host,
            peer=peer,
            trust=Trust(pin=pin, pin_file=pin_file),
            network=network,
            limits=limits,
            clock=clock,
        )
        self._pace = pace
        self._session: Session | None = None

    @property
    def name(self) -> str:
        """The name under which it is configured."""
        return self._door.source

    @property
    def upstream(self) -> str:
        """Who stands behind it."""
        return self._door.upstream

    @property
    def max_headers(self) -> int:
        """Most headers that one question may ask for."""
        return MAX_HEADERS

    @property
    def tip(self) -> Endpoint[None, TipClaim]:
        """Where its best chain ends (`blockchain.headers.subscribe`)."""
        return Endpoint(lambda _: self._ask(SUBSCRIBE, {}), parse_tip)

    @property
    def headers(self) -> Endpoint[Heights, HeaderBatch]:
        """Headers of its best chain (`blockchain.block.headers`)."""
        return Endpoint(self._fetch_headers, parse_headers)

    @property
    def header(self) -> Endpoint[BlockRef, HeaderBatch]:
        """The header of one block, if it lies on its best chain (`blockchain.block.header`)."""
        return Endpoint(lambda block: self._ask(HEADER, {"height": block.height}), parse_header)

    def watch(self) -> ElectrumWatch:
        """A line of its own on which the server announces tips.

        Raises:
            SourceError: if the server is not to be had.
        """
        return ElectrumWatch(self._door)

    def close(self) -> None:
        """Hang up; a second call does nothing, another question calls again."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _fetch_headers(self, question: Heights) -> Fetched:
        check_heights(question, max_headers=MAX_HEADERS)
        return self._ask(HEADERS, {"start_height": question.first, "count": question.count})

    def _ask(self, method: str, params: Mapping[str, object]) -> Fetched:
        """Ask, on another connection where the one at hand breaks."""
        end_s = time.monotonic() + self._door.limits.total_s
        attempt = 1
        while True:
            try:
                return self._open_session(end_s).ask(method, params, end_s=end_s)
            except Unavailable:
                patience_s = end_s - time.monotonic()
                if attempt >= self._door.limits.max_attempts:
                    raise
                if not self._pace.back_off(attempt, patience_s=patience_s):
                    raise
            attempt += 1

    def _open_session(self, end_s: float) -> Session:
        if self._session is None or self._session.closed:
            self._session = self._door.open(end_s=end_s)
        return self._session
