"""One connection of HTTP/1.1, as cheap as it gets: who measures a server must not be the load himself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Answer", "Wire", "bytes_of"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: its status, its entity tag if it has one, and how many bytes it was."""

    status: int
    etag: str
    length: int


def bytes_of(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request."""
    given = {"Host": "127.0.0.1", **(headers or {})}
    if body:
        given["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Wire:
    """A connection that is kept; opened when it is first needed, and again after it was lost."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send a request, and read the whole answer.

        Raises:
            OSError, EOFError: if the connection is lost.
        """
        if self._streams is None or self._streams[0].at_eof():
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        try:
            writer.write(request)
            return await _answer(reader)
        except BaseException:
            writer.close()
            self._streams = None
            raise


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    told = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    status = int(first.split(" ", 2)[1])
    length = 0 if status == 304 else int(told["content-length"])
    await reader.readexactly(length)
    return Answer(status, told.get("etag", ""), length)
