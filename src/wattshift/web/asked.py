"""What a request says of itself, read once and within limits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from wattshift.web.limiting import client_of
from wattshift.web.policy import Limits
from wattshift.web.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

__all__ = ["SAFE_METHODS", "Asked", "took_body"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ONCE = frozenset({b"host", b"origin", b"authorization", b"content-length", b"sec-fetch-site"})
_SHORTER = "ask for less at once"
_HANG_UP = {"Connection": "close"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request.

    Args:
        method: in capitals.
        path: decoded.
        target: path and query as they were sent.
        scheme: http or https.
        headers: by name in small letters; of those that may come twice, the last.
        client: who sent it, as a network address.
    """

    method: str
    path: str
    target: str
    scheme: str
    headers: Mapping[bytes, bytes]
    client: str

    @classmethod
    def of(cls, scope: Scope, limits: Limits) -> Self:
        """Read it.

        Raises:
            Problem: if it is too long, or says a thing twice that it may say once.
        """
        target: bytes = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        given: list[tuple[bytes, bytes]] = scope["headers"]
        if len(target) > limits.url_bytes:
            raise Problem(status=414, detail="the address is too long", hint=_SHORTER)
        if len(given) > limits.n_headers or sum(len(n) + len(v) for n, v in given) > limits.header_bytes:
            raise Problem(status=431, detail="the headers are too long", hint="send fewer of them")
        headers = dict(given)
        if len(headers) < len(given):
            names = [name for name, _ in given]
            if any(names.count(name) > 1 for name in _ONCE):
                raise Problem(status=400, detail="a header stands there twice", hint="send it once")
        if b"host" not in headers:
            raise Problem(status=400, detail="the request names no host", hint="send a Host header")
        return cls(
            method=scope["method"],
            path=scope["path"],
            target=target.decode("latin-1"),
            scheme=scope["scheme"],
            headers=headers,
            client=client_of(scope["client"][0] if scope.get("client") else "unknown"),
        )

    @property
    def wants_page(self) -> bool:
        """Whether a reader sits before a browser that goes to a page."""
        return (
            self.method in {"GET", "HEAD"}
            and b"text/html" in self.headers.get(b"accept", b"")
            and self.headers.get(b"sec-fetch-mode", b"navigate") == b"navigate"
        )

    @property
    def has_body(self) -> bool:
        """Whether more than a head is sent."""
        return b"transfer-encoding" in self.headers or self.headers.get(b"content-length", b"0") != b"0"


async def took_body(asked: Asked, receive: Receive, limits: Limits) -> bytes | None:
    """The whole body of a request; None if its sender has gone.

    It is taken before anything else runs, so that nothing ever waits for the rest of it.

    Raises:
        Problem: if it is too long, or takes too long to come.
    """
    if not asked.has_body:
        return b""
    too_long = Problem(
        status=413,
        detail=f"the body is longer than {limits.body_bytes:,} bytes",
        hint=_SHORTER,
        headers=_HANG_UP,
    )
    told = asked.headers.get(b"content-length", b"0")
    if len(told) > 18 or not told.isdigit() or int(told) > limits.body_bytes:
        raise too_long
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            while True:
                message: Message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > limits.body_bytes:
                    raise too_long
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Problem(
            status=408, detail="the body did not come in time", hint="send it again, faster", headers=_HANG_UP
        ) from None
