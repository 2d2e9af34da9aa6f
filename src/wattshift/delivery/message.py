"""What is sent, and what sends it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

__all__ = ["Channel", "Message"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message.

    Args:
        key: the same however often it is sent, so that receivers can drop a repetition.
        title: one line.
        text: the message for people, plain text.
        payload: the message for machines, as JSON has it.
    """

    key: str
    title: str
    text: str
    payload: Mapping[str, Any]

    def pack(self) -> bytes:
        """As bytes, to be kept until it is sent."""
        body = {"key": self.key, "title": self.title, "text": self.text, "payload": dict(self.payload)}
        return json.dumps(body, sort_keys=True).encode()

    @classmethod
    def unpack(cls, body: bytes) -> Self:
        """Read what `pack` wrote."""
        return cls(**json.loads(body))


class Channel(Protocol):
    """A way to people."""

    def send(self, message: Message) -> None:
        """Send a message, and return only once it has been taken.

        Raises:
            Unavailable: if it was not taken in time, or the receiver is in trouble.
            Rejected: if the receiver, or our own guard, refuses it.
        """
        ...
