"""An answer on its way out: with the headers of security on it, and with what the log wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wattshift.web.headers import Header, with_security

if TYPE_CHECKING:
    from starlette.types import Message, Send

__all__ = ["Reply"]


class Reply:
    """Sends the messages of one answer.

    Args:
        send: takes them.
        security: headers that every answer carries.
    """

    def __init__(self, send: Send, security: tuple[Header, ...]) -> None:
        self._send = send
        self._security = security
        self.status = 0
        """The status that was sent; 0 before."""

    async def __call__(self, message: Message) -> None:
        """Send a message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": with_security(message.get("headers", ()), self._security)}
        await self._send(message)
