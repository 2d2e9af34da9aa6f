from __future__ import annotations

import asyncio
from threading import Event

import pytest

from wattshift.api.threads import Threads
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
