"""Live values as server-sent events: the same bytes to everybody, and nobody who is slow holds others up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wattshift.app.service.edition import Board, Edition
from wattshift.errors import Busy

if TYPE_CHECKING:
    from starlette.types import Receive, Send

__all__ = ["Live", "event_bytes"]

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_RETRY = b"retry: 3000\n\n"
_HELD = 64
"""Events that are held for readers that fall behind; who is further behind is dropped."""

_WOKEN = 50
"""Readers that are woken at a time: sending to them takes some milliseconds."""


def event_bytes(name: str, data: bytes, *, number: int | None = None) -> bytes:
    """One event; its data is one line."""
    head = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (head, name.encode(), data)


@dataclass(slots=True, eq=False)
class _Reader:
    """One connection: the last event that it was sent, and what wakes it."""

    seen: int
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    is_gone: bool = False


class Live:
    """Sends each edition to all who listen.

    All but `close`, `tell` and what the board calls runs in the event loop.

    Args:
        board: where editions hang.
        pulse: says in one line of JSON how old the newest edition has become.
        beat_s: that is sent this often, so that a dead connection is noticed, and an old edition too [s].
        slow_s: a reader that takes nothing for so long is dropped [s].
        most: connections at once.
    """

    def __init__(
        self,
        board: Board,
        pulse: Callable[[], bytes],
        *,
        beat_s: float = 15.0,
        slow_s: float = 20.0,
        most: int = 4_000,
    ) -> None:
        self._board = board
        self._pulse = pulse
        self._beat_s = beat_s
        self._slow_s = slow_s
        self._most = most
        self._held: deque[tuple[int, bytes]] = deque(maxlen=_HELD)
        self._number = 0
        self._newest = (0, b"")
        self._readers: set[_Reader] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beating: asyncio.Task[None] | None = None
        self._is_closed = False
        board.listen(self._published)

    @property
    def readers(self) -> int:
        """How many listen."""
        return len(self._readers)

    def require_room(self) -> None:
        """Refuse one more reader than there may be.

        Raises:
            Busy: if there are too many, or the service ends.
        """
        if self._is_closed or len(self._readers) >= self._most:
            raise Busy(
                "too many listen already", retry_s=10, hint="come back, or ask for /v1/now now and then"
            )

    def tell(self, name: str, data: bytes) -> None:
        """Send one more event to everybody. Any thread may call."""
        self._soon(event_bytes(name, data))

    def close(self) -> None:
        """End all streams and take no more. Any thread may call."""
        self._is_closed = True
        self._soon(b"")

    async def stream(self, last_id: str, receive: Receive, send: Send) -> None:
        """Answer one request until either side has had enough.

        Args:
            last_id: the event that the client saw last, as it says; empty if none.
            receive: of ASGI.
            send: of ASGI.
        """
        self._begin()
        reader = _Reader(seen=self._number)
        self._readers.add(reader)
        watching = asyncio.create_task(_watch(receive, reader))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            newest, chunk = self._newest
            first = _RETRY + (b"" if last_id == str(newest) else chunk) + self._beat()
            with suppress(TimeoutError):
                await self._feed(reader, first, send)
        finally:
            self._readers.discard(reader)
            watching.cancel()

    async def _feed(self, reader: _Reader, chunk: bytes, send: Send) -> None:
        """Send event after event; ends when the reader is gone or too far behind."""
        while not (reader.is_gone or self._is_closed):
            async with asyncio.timeout(self._slow_s):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await reader.woken.wait()
            reader.woken.clear()
            if self._is_behind(reader):
                break
            chunk = self._since(reader)
        if not reader.is_gone:
            await send({"type": "http.response.body", "body": b""})

    def _is_behind(self, reader: _Reader) -> bool:
        """Whether a reader has missed what is held no more."""
        return bool(self._held) and self._held[0][0] > reader.seen + 1

    def _since(self, reader: _Reader) -> bytes:
        """What a reader has not been sent; the very bytes of the event where it is one."""
        missed = [chunk for number, chunk in self._held if number > reader.seen]
        reader.seen = self._number
        return b"".join(missed)

    def _begin(self) -> None:
        """Start to beat in the loop that runs."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        self._beating = loop.create_task(self._keep_beating())
        if self._board.latest is not None:
            self._newest = (self._board.latest.number, _chunk(self._board.latest))

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            self._send(self._beat())

    def _beat(self) -> bytes:
        return event_bytes("beat", self._pulse())

    def _published(self, edition: Edition) -> None:
        self._soon(_chunk(edition), number=edition.number)

    def _soon(self, chunk: bytes, *, number: int | None = None) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(self._send, chunk, number)

    def _send(self, chunk: bytes, number: int | None = None) -> None:
        """Hang up an event and wake everybody."""
        if number is not None:
            if number <= self._newest[0]:
                return
            self._newest = (number, chunk)
        self._number += 1
        self._held.append((self._number, chunk))
        self._wake(tuple(self._readers))

    def _wake(self, readers: Sequence[_Reader]) -> None:
        """Wake so many at a time: what others ask is answered between them."""
        for reader in readers[:_WOKEN]:
            reader.woken.set()
        if len(readers) > _WOKEN:
            asyncio.get_running_loop().call_soon(self._wake, readers[_WOKEN:])


def _chunk(edition: Edition) -> bytes:
    return event_bytes("now", edition.live, number=edition.number)


async def _watch(receive: Receive, reader: _Reader) -> None:
    """Notice that a client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.is_gone = True
    reader.woken.set()
