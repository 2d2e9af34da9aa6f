"""Asking a guarded application, without a socket or over one."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Queue
from typing import Any

from wattshift.web.guard import Guard
from wattshift.web.policy import Binding
from wattshift.web.server import WebServer

__all__ = ["NOW", "App", "Asker", "Got", "Served", "Watch", "echo", "served"]

NOW = datetime(2026, 1, 26, 12, tzinfo=UTC)
Message = MutableMapping[str, Any]
App = Callable[[Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Watch:
    """A monotonic clock that stands where it is put."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The refusal."""
        assert self.headers["content-type"] == "application/problem+json"
        body: dict[str, Any] = json.loads(self.body)
        assert body["status"] == self.status
        return body


async def echo(
    scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """An application that says who asked, and how long what they sent was."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    length, more = 0, scope["method"] == "POST"
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    who = scope["state"]["principal"]
    told = {"who": who.name, "scopes": sorted(who.scopes), "length": length}
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"server", b"secret/1.0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Asker:
    """Asks an application straight, as a client at an address."""

    app: App | Guard
    client: str = "127.0.0.1"
    always: dict[str, str] = field(default_factory=lambda: {"host": "localhost:8550"})

    def __call__(
        self,
        path: str = "/",
        method: str = "GET",
        *,
        body: bytes | None = None,
        client: str | None = None,
        pairs: list[tuple[str, str]] | None = None,
        **headers: str,
    ) -> Got:
        """Ask once; `x_y` is the header x-y."""
        told = self.always | {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            told.setdefault("content-length", str(len(body)))
        raw = [(name.encode(), value.encode("latin-1")) for name, value in [*told.items(), *(pairs or [])]]
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "scheme": "http",
            "headers": raw,
            "client": (client or self.client, 40_000),
            "state": {},
        }
        return asyncio.run(self._ask(scope, body or b""))

    async def _ask(self, scope: dict[str, Any], body: bytes) -> Got:
        left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Message] = []

        async def receive() -> Message:
            return left.pop() if left else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start, rest = sent[0], sent[1:]
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
        assert len(headers) == len(start["headers"]), "a header is sent twice"
        return Got(start["status"], headers, b"".join(each.get("body", b"") for each in rest))


@dataclass(frozen=True)
class Served:
    """A server that listens on a port of its own."""

    port: int
    server: WebServer
    tls: ssl.SSLContext | None = None

    def connection(self) -> http.client.HTTPConnection:
        """A connection to it."""
        if self.tls is not None:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(self, path: str = "/", method: str = "GET", *, body: bytes | None = None, **headers: str) -> Got:
        """Ask once, over a connection of its own."""
        connection = self.connection()
        try:
            connection.request(
                method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, told, answer.read())
        finally:
            connection.close()


@contextmanager
def served(guard: Guard, binding: Binding, *, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    """Serve in a thread, for as long as the block runs."""
    urls: Queue[str] = Queue()
    server = WebServer(guard, binding, on_ready=urls.put)
    thread = threading.Thread(target=server.serve_until_stopped)
    thread.start()
    try:
        yield Served(int(urls.get(timeout=10).rpartition(":")[2]), server, tls)
    finally:
        server.stop()
        thread.join(20)
        assert not thread.is_alive()
