"""Answers ready to be sent, by what was asked: while the edition is the same, bytes out and nothing else."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from starlette.responses import Response

from wattshift.app.service.edition import Board
from wattshift.web.negotiation import holds, takes_gzip
from wattshift.web.principal import Scope

if TYPE_CHECKING:
    from starlette.types import Receive, Send
    from starlette.types import Scope as Connection

__all__ = ["Asked", "Prepared", "PreparedResponse", "Shelf", "asked_of", "prepared"]

_WORTH_ZIPPING = 1_400
"""Bytes that fit into one packet anyway."""

_ZIP_LEVEL = 5
_MOST_BYTES = 64 * 2**20
_MOST_ANSWERS = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What makes two requests the same, and what the sender holds already.

    Args:
        path: the path.
        query: the query, as it was sent.
        accept: the Accept header, as it was sent; empty without one.
        zips: whether gzip is taken.
    """

    path: str
    query: bytes
    accept: bytes
    zips: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One answer as it goes out.

    Args:
        body: its bytes.
        etag: its entity tag.
        head: its headers.
        same_head: those that a 304 has.
        scope: what a token must be good for to see it.
    """

    body: bytes
    etag: str
    head: list[tuple[bytes, bytes]]
    same_head: list[tuple[bytes, bytes]]
    scope: Scope | None

    async def send(self, if_none_match: str | None, send: Send) -> None:
        """Send it, or that the sender holds it already."""
        is_held = holds(if_none_match, self.etag)
        head, body = (self.same_head, b"") if is_held else (self.head, self.body)
        await send({"type": "http.response.start", "status": 304 if is_held else 200, "headers": head})
        await send({"type": "http.response.body", "body": body})


def prepared(
    body: bytes,
    *,
    etag: str,
    media: str,
    scope: Scope | None,
    zips: bool = False,
    max_age_s: int = 0,
    as_of: datetime | None = None,
    more: Mapping[str, str] | None = None,
) -> Prepared:
    """Make an answer ready; not in the event loop, for it may be zipped.

    Args:
        body: its bytes.
        etag: their entity tag.
        media: their media type.
        scope: what a token must be good for to see it.
        zips: whether the client takes gzip.
        max_age_s: for how long it may be taken for fresh without asking [s].
        as_of: its instant of knowledge.
        more: further headers.
    """
    same = {
        "Cache-Control": f"private, max-age={max_age_s}" if max_age_s else "private, no-cache",
        "Vary": "Accept, Accept-Encoding",
    }
    if as_of is not None:
        same["Last-Modified"] = format_datetime(as_of, usegmt=True)
    head = {"Content-Type": media, **(more or {})}
    if zips and len(body) >= _WORTH_ZIPPING and media != "application/vnd.apache.parquet":
        body = gzip.compress(body, _ZIP_LEVEL, mtime=0)
        head["Content-Encoding"] = "gzip"
        etag = f'{etag[:-1]}-gzip"'
    same["ETag"] = etag
    head["Content-Length"] = str(len(body))
    return Prepared(body=body, etag=etag, head=_raw({**head, **same}), same_head=_raw(same), scope=scope)


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


class PreparedResponse(Response):
    """A prepared answer as a response of Starlette."""

    def __init__(self, answer: Prepared) -> None:
        self.answer = answer
        self.status_code = 200
        self.background = None
        self.body = answer.body
        self.raw_headers = answer.head

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Send it."""
        del receive
        _, held = asked_of(scope)
        await self.answer.send(held if scope["method"] == "GET" else None, send)


class Shelf:
    """Prepared answers of the newest edition. Only the event loop touches it.

    Args:
        board: tells the newest edition.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._number = 0
        self._held: dict[Asked, Prepared] = {}
        self._held_bytes = 0

    @property
    def number(self) -> int:
        """Number of the newest edition; 0 before the first."""
        latest = self._board.latest
        return 0 if latest is None else latest.number

    def get(self, asked: Asked) -> Prepared | None:
        """What was prepared for this, if the edition is still the same."""
        return self._held.get(asked) if self._number == self.number else None

    def put(self, asked: Asked, answer: Prepared, *, number: int) -> None:
        """Hold an answer that was made of an edition; nothing, if there is a newer one."""
        if number != self.number:
            return
        is_full = len(self._held) >= _MOST_ANSWERS or self._held_bytes + len(answer.body) > _MOST_BYTES
        if self._number != number or is_full:
            self._held.clear()
            self._number, self._held_bytes = number, 0
        self._held[asked] = answer
        self._held_bytes += len(answer.body)


def asked_of(scope: Connection) -> tuple[Asked, str | None]:
    """What a request asks, and the entity tags that its sender holds."""
    accept, encoding, held = b"", None, None
    for name, value in scope["headers"]:
        if name == b"accept":
            accept = value
        elif name == b"accept-encoding":
            encoding = value.decode("latin-1")
        elif name == b"if-none-match":
            held = value.decode("latin-1")
    return Asked(scope["path"], scope["query_string"], accept, takes_gzip(encoding)), held
