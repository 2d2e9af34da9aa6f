"""HTTP as the server reads it, with an end to patience: who is too slow or sends too long a head is cut off.

uvicorn's parser bounds neither a head's length nor its time, and waits for ever for the rest of a body that
was refused, or for a receiver that does not read. Each lets anyone hold connections, or memory, for nothing
(slowloris).
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle, Transport
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from wattshift.web.policy import Limits

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

__all__ = ["bounded_protocol"]


class _BoundedProtocol(HttpToolsProtocol):
    """One connection.

    Its first timer runs while something is owed to us: a head, or the rest of a body that was answered
    already. The second runs while the receiver takes nothing.
    """

    limits = Limits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_bytes = 0
        self._is_in_head = True
        self._owed: TimerHandle | None = None
        self._stalled: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait_for_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
            self._wait_for_rest()
        super().data_received(data)
        # What arrived in one read beyond the head counts too: hence twice the limit.
        if self._is_in_head and self._head_bytes > 2 * self.limits.header_bytes:
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._stop_waiting()
        self._is_in_head = True
        self._head_bytes = 0

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_in_head:
            self._wait_for_rest()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self.limits.stall_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def timeout_keep_alive_handler(self) -> None:
        # Not closed, which would wait for a receiver that does not read.
        self.transport.abort()

    def _wait_for_rest(self) -> None:
        if self._owed is None:
            self._owed = self.loop.call_later(self.limits.head_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._owed is not None:
            self._owed.cancel()
            self._owed = None


def bounded_protocol(limits: Limits) -> type[HttpToolsProtocol]:
    """The protocol of a server with limits."""
    return type("BoundedProtocol", (_BoundedProtocol,), {"limits": limits})
