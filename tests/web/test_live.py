"""Live values reach everybody as the very same bytes; who is slow or gone is let go; the end is in order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from itertools import pairwise
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from support.editions import bundled_edition
from wattshift.app.service.edition import Board, Edition
from wattshift.errors import Busy
from wattshift.web.live import Live, event_bytes

if TYPE_CHECKING:
    from starlette.types import Message

SLOW_S = 0.2
PULSE = b'{"is_stale":false}'


def pulse() -> bytes:
    return PULSE


def edition(number: int) -> Edition:
    return replace(bundled_edition(), number=number, live=b'{"number":%d}' % number)


class Reader:
    """A client: what it was sent, and whether it takes anything."""

    def __init__(self, *, takes: bool = True) -> None:
        self.head: Message | None = None
        self.chunks: list[bytes] = []
        self.has_ended = False
        self._takes = asyncio.Event()
        self._gone = asyncio.Event()
        if takes:
            self._takes.set()

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.head = message
            return
        await self._takes.wait()
        self.chunks.append(message["body"])
        self.has_ended = not message.get("more_body", False)

    def take(self) -> None:
        self._takes.set()

    def leave(self) -> None:
        self._gone.set()

    @property
    def text(self) -> bytes:
        return b"".join(self.chunks)


def listening(live: Live, reader: Reader, last_id: str = "") -> asyncio.Task[None]:
    return asyncio.create_task(live.stream(last_id, reader.receive, reader.send))


def publish(board: Board, numbers: Iterable[int]) -> None:
    for number in numbers:
        board.publish(edition(number))


async def settle() -> None:
    """Let everything happen that is due."""
    for _ in range(10):
        await asyncio.sleep(0)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 20.0))


def test_everybody_is_sent_the_same_bytes() -> None:
    async def check() -> None:
        board = Board()
        live = Live(board, pulse)
        readers = [Reader() for _ in range(50)]
        tasks = [listening(live, reader) for reader in readers]
        await settle()
        board.publish(edition(1))
        live.tell("alert", b'{"rule":"x"}')
        board.publish(edition(2))
        await settle()
        first, second = (
            event_bytes("now", b'{"number":1}', number=1),
            event_bytes("now", b'{"number":2}', number=2),
        )
        told = event_bytes("beat", PULSE) + first + event_bytes("alert", b'{"rule":"x"}') + second
        assert {reader.text.partition(b"\n\n")[2] for reader in readers} == {told}
        board.publish(edition(3))
        await settle()
        assert len({id(reader.chunks[-1]) for reader in readers}) == 1
        live.close()
        await asyncio.gather(*tasks)
        assert all(reader.has_ended for reader in readers)
        assert live.readers == 0

    run(check())


def test_what_else_is_asked_is_answered_between_the_readers() -> None:
    async def check() -> None:
        board = Board()
        live = Live(board, pulse)
        readers = [Reader() for _ in range(200)]
        tasks = [listening(live, reader) for reader in readers]
        await settle()
        before = sum(len(reader.chunks) for reader in readers)
        board.publish(edition(1))
        sent = [0]
        while sent[-1] < len(readers):
            await asyncio.sleep(0)
            sent.append(sum(len(reader.chunks) for reader in readers) - before)
        assert max(after - earlier for earlier, after in pairwise(sent)) <= 50
        live.close()
        await settle()
        await asyncio.gather(*tasks)

    run(check())


def test_a_reader_begins_with_the_newest_edition_unless_it_has_it() -> None:
    async def check() -> None:
        board = Board()
        board.publish(edition(4))
        live = Live(board, pulse)
        new, back = Reader(), Reader()
        tasks = [listening(live, new), listening(live, back, last_id="4")]
        await settle()
        assert new.head is not None
        assert (b"content-type", b"text/event-stream; charset=utf-8") in new.head["headers"]
        assert b"id: 4\n" in new.text
        assert b"id: 4\n" not in back.text
        board.publish(edition(4))
        await settle()
        assert new.text.count(b"id: 4\n") == 1
        live.close()
        await asyncio.gather(*tasks)

    run(check())


def test_who_has_gone_is_forgotten() -> None:
    async def check() -> None:
        live = Live(Board(), pulse)
        reader = Reader()
        task = listening(live, reader)
        await settle()
        assert live.readers == 1
        reader.leave()
        await task
        assert live.readers == 0
        assert not reader.has_ended

    run(check())


def test_who_takes_nothing_is_dropped_and_nobody_waits_for_it() -> None:
    async def check() -> None:
        board = Board()
        live = Live(board, pulse, slow_s=SLOW_S)
        slow, quick = Reader(takes=False), Reader()
        tasks = [listening(live, slow), listening(live, quick)]
        await settle()
        board.publish(edition(1))
        await settle()
        assert b"id: 1\n" in quick.text
        await asyncio.wait_for(tasks[0], 20 * SLOW_S)
        assert slow.chunks == []
        assert live.readers == 1
        live.close()
        await tasks[1]

    run(check())


def test_who_falls_far_behind_is_let_go_and_what_is_held_is_bounded() -> None:
    async def check() -> None:
        board = Board()
        live = Live(board, pulse)
        late, little = Reader(takes=False), Reader(takes=False)
        tasks = [listening(live, late), listening(live, little)]
        await settle()
        publish(board, range(1, 11))
        await settle()
        little.take()
        await settle()
        assert little.text.count(b"event: now") == 10
        publish(board, range(11, 201))
        await settle()
        late.take()
        await tasks[0]
        assert late.has_ended
        assert b"event: now" not in late.text
        live.close()
        await tasks[1]

    run(check())


def test_a_silent_stream_beats() -> None:
    async def check() -> None:
        live = Live(Board(), pulse, beat_s=0.02)
        reader = Reader()
        task = listening(live, reader)
        await settle()
        assert event_bytes("beat", PULSE) in reader.text, "at once: what is shown may be old"
        while reader.text.count(event_bytes("beat", PULSE)) < 3:
            await asyncio.sleep(0.01)
        live.close()
        await task

    run(check())


def test_one_too_many_is_refused_and_after_the_end_everybody() -> None:
    async def check() -> None:
        live = Live(Board(), pulse, most=1)
        reader = Reader()
        live.require_room()
        task = listening(live, reader)
        await settle()
        with pytest.raises(Busy):
            live.require_room()
        live.close()
        await task
        with pytest.raises(Busy):
            live.require_room()

    run(check())


def test_editions_come_from_another_thread() -> None:
    async def check() -> None:
        board = Board()
        live = Live(board, pulse)
        reader = Reader()
        task = listening(live, reader)
        await settle()
        thread = Thread(target=lambda: publish(board, range(1, 20)))
        thread.start()
        while b"id: 19\n" not in reader.text:
            await asyncio.sleep(0.005)
        thread.join()
        assert [line for line in reader.text.splitlines() if line.startswith(b"id")] == [
            b"id: %d" % number for number in range(1, 20)
        ]
        live.close()
        await task

    run(check())


def test_after_the_event_loop_has_closed_nobody_is_disturbed() -> None:
    board = Board()
    live = Live(board, pulse)

    async def listen() -> None:
        reader = Reader()
        task = listening(live, reader)
        await settle()
        reader.leave()
        await task

    run(listen())
    board.publish(edition(1))
    live.close()
    assert live.readers == 0
