from __future__ import annotations

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from support.api import EVERYONE, SomeoneAsks
from wattshift.api.app import build_api
from wattshift.app.service.edition import Board
from wattshift.app.service.service import Service

if TYPE_CHECKING:
    from starlette.types import Message
    from starlette.types import Scope as Connection

PATHS = ("/v1/now", "/v1/now?at=2026-01-01T00:00:00Z", "/v1/nowhere")


class _Skin:
    """A service on whose board the test itself hangs editions."""

    def __init__(self, inner: Service) -> None:
        self._service = inner
        self.board = Board()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)


def connection(path: str) -> Connection:
    before, _, query = path.partition("?")
    return {
        "type": "http",
        "method": "GET",
        "path": before,
        "raw_path": before.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }


def test_memory_stays_flat_over_hundreds_of_editions_that_are_asked_for(service: Service) -> None:
    skin = _Skin(service)
    app = SomeoneAsks(build_api(cast("Service", skin)), EVERYONE)
    template = service.board.latest
    assert template is not None
    statuses: list[int] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nobody goes")

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def traced(first: int, count: int) -> int:
        for number in range(first, first + count):
            skin.board.publish(replace(template, number=number, body=bytes(30_000), live=bytes(5_000)))
            for path in PATHS:
                await app(connection(path), receive, send)
            await asyncio.sleep(0)
        statuses.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    async def check() -> None:
        listening = asyncio.create_task(app(connection("/v1/live"), receive, send))
        before = await traced(1, 70)
        after = await traced(71, 100)
        listening.cancel()
        assert after - before < 250_000, "of 100 editions, 35 kB each, none is held but the newest"

    tracemalloc.start()
    try:
        asyncio.run(check())
    finally:
        tracemalloc.stop()
