"""One conversation with a server: it ends at the first word out of place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TypeVar
from urllib.parse import urlencode

from wattshift.chain.params import Network
from wattshift.clock import Clock
from wattshift.errors import Malformed, SourceError
from wattshift.sources.electrum.line import Line
from wattshift.sources.electrum.messages import HEADER, VERSIONS, check_genesis, check_version, is_answer
from wattshift.sources.electrum.peer import ElectrumLimits, Peer
from wattshift.sources.electrum.trust import Trust
from wattshift.sources.port import Fetched

__all__ = ["Door", "Session"]

_MAX_UNASKED = 100
"""Announcements that a server may make while it owes us an answer."""
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """All that it takes to start a conversation with one server."""

    source: str
    upstream: str
    peer: Peer
    trust: Trust
    network: Network
    limits: ElectrumLimits
    clock: Clock

    def open(self, *, end_s: float) -> Session:
        """Connect, agree on a version of the protocol, and see that it is the right network.

        Args:
            end_s: monotonic instant at which all must be over [s].

        Raises:
            SourceError: as `Session.ask`; `Malformed` also for another network or certificate.
        """
        try:
            line = Line.open(self.peer, self.trust, self.limits, end_s=end_s)
        except SourceError as error:
            error.context = {"source": self.source, "url": self.peer.url, **error.context}
            raise
        session = Session(line, self)
        session.greet(end_s=end_s)
        return session


class Session:
    """A conversation; whatever goes wrong in it closes it.

    Args:
        line: its connection, closed with it.
        door: whom it leads to.
    """

    def __init__(self, line: Line, door: Door) -> None:
        self._line = line
        self._door = door
        self._numbers = count()
        self._announced = False
        self.closed = False

    def greet(self, *, end_s: float) -> None:
        """Say who asks, and see that the server's chain starts from the right genesis block.

        Its genesis block is asked for rather than its `server.features`: the header proves its hash, and not
        every server tells its features.

        Raises:
            SourceError: as `ask`; `Malformed` for another version of the protocol or another network.
        """
        try:
            versions = [VERSIONS[0], VERSIONS[-1]]
            greeting = self.ask("server.version", {"client": "wattshift", "versions": versions}, end_s=end_s)
            check_version(greeting)
            check_genesis(self.ask(HEADER, {"height": 0}, end_s=end_s), self._door.network)
        except BaseException:
            self.close()
            raise

    def ask(self, method: str, params: Mapping[str, object], *, end_s: float) -> Fetched:
        """Ask one question; the line that answers it, errors of the server's included.

        Args:
            method: of the protocol.
            params: by the names of the documentation, in its order; sent by position.
            end_s: monotonic instant at which all must be over [s].

        Raises:
            Unavailable: if there is no answer in time or the connection breaks.
            Malformed: if the server says anything but that answer and announcements of tips.
        """
        number = next(self._numbers)
        question = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params.values())}
        url = f"{self._door.peer.url}/{method}" + (f"?{urlencode(params)}" if params else "")

        def exchange() -> Fetched:
            self._line.send(json.dumps(question).encode() + b"\n", end_s=end_s)
            for _ in range(_MAX_UNASKED):
                fetched = self._read(url, end_s)
                if is_answer(fetched, number):
                    return fetched
                self._announced = True
            raise Malformed("the server announces without end", hint="use another server")

        return self._guarded(url, exchange)

    def announced(self, wait_s: float) -> bool:
        """Whether a tip was announced since the last call, or is before the time is up [s].

        Raises:
            SourceError: as `ask`.
        """

        def listen() -> bool:
            if not self._announced and self._line.heard(wait_s):
                end_s = time.monotonic() + self._door.limits.line_s
                is_answer(self._read(self._door.peer.url, end_s), None)
                self._announced = True
            return self._announced

        heard = self._guarded(self._door.peer.url, listen)
        self._announced = False
        return heard

    def close(self) -> None:
        """Hang up; a second call does nothing."""
        self.closed = True
        self._line.close()

    def _read(self, url: str, end_s: float) -> Fetched:
        return Fetched.of(
            self._line.read(end_s=end_s),
            source=self._door.source,
            upstream=self._door.upstream,
            url=url,
            fetched_at=self._door.clock.now(),
        )

    def _guarded(self, url: str, step: Callable[[], _Found]) -> _Found:
        """Do a step; if it fails, hang up and say whom it failed with."""
        try:
            return step()
        except SourceError as error:
            self.close()
            error.context = {"source": self._door.source, "url": url, **error.context}
            raise
        except BaseException:
            self.close()
            raise
