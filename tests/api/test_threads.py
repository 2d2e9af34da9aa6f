from __future__ import annotations

import asyncio
from threading import Event

import httpx2
import pytest

from support.api import EVERYONE, SomeoneAsks
from wattshift.api.app import build_api
from wattshift.api.threads import Lanes, Threads
from wattshift.app.service.service import Service
from wattshift.errors import Busy, OutOfSpan


def test_what_blocks_does_not_block_the_loop() -> None:
    async def check() -> None:
        gate = Event()
        threads = Threads(at_once=2)
        waiting = asyncio.create_task(threads.call(gate.wait, 10.0))
        await asyncio.sleep(0)
        assert await threads.call(lambda: 7) == 7
        gate.set()
        assert await waiting

    asyncio.run(check())


def test_who_would_wait_behind_too_many_is_refused_at_once() -> None:
    async def check() -> None:
        gate = Event()
        threads = Threads(at_once=1, waiting=2)
        taken = [asyncio.create_task(threads.call(gate.wait, 10.0)) for _ in range(3)]
        while threads.waiting < 2:
            await asyncio.sleep(0)
        with pytest.raises(Busy) as refused:
            await threads.call(gate.wait, 10.0)
        assert refused.value.context["retry_s"] == 2
        gate.set()
        assert await asyncio.gather(*taken) == [True] * 3

    asyncio.run(check())


def test_an_error_comes_back() -> None:
    def failing() -> None:
        raise OutOfSpan("not known")

    with pytest.raises(OutOfSpan):
        asyncio.run(Threads().call(failing))


def test_what_one_client_waits_for_holds_up_nobody_else(service: Service) -> None:
    """The lane for special questions is full: the present is answered, and the past is not."""

    async def check() -> None:
        gate = Event()
        app = build_api(service)
        lanes: Lanes = app.state.lanes
        held = [asyncio.create_task(lanes.special.call(gate.wait, 30.0)) for _ in range(32 + 64)]
        while lanes.special.waiting < 64:
            await asyncio.sleep(0)
        transport = httpx2.ASGITransport(SomeoneAsks(app, EVERYONE))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for path, status in (
                ("/v1/now", 200),
                ("/v1/hashrate", 200),
                ("/v1/pools", 200),
                ("/v1/alerts/events", 200),
                ("/v1/pools?window=9d", 503),
                ("/v1/brief", 503),
            ):
                answer = await client.get(path)
                assert answer.status_code == status, path
        gate.set()
        await asyncio.gather(*held)

    asyncio.run(check())
