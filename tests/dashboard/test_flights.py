"""Work under way: shared, bounded, and left alone by who loses patience."""

from __future__ import annotations

import asyncio
from threading import Event

import pytest

from wattshift.dashboard.flights import Flights
from wattshift.errors import Busy, InputError


def test_the_same_work_is_done_once_for_all_who_wait() -> None:
    may_end, times = Event(), []

    def work() -> int:
        times.append(1)
        assert may_end.wait(30)
        return 7

    async def everybody() -> list[int]:
        flights = Flights()
        waiting = [asyncio.create_task(flights.result("key", work)) for _ in range(20)]
        await asyncio.sleep(0.05)
        may_end.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(everybody()) == [7] * 20
    assert len(times) == 1


def test_who_loses_patience_comes_back_to_the_same_work() -> None:
    may_end, times = Event(), []

    def work() -> int:
        times.append(1)
        assert may_end.wait(30)
        return 7

    async def twice() -> int:
        flights = Flights()
        with pytest.raises(Busy, match="being computed") as told:
            await flights.result("key", work, patience_s=0.01, retry_s=3)
        assert told.value.context["retry_s"] == 3
        waiting = asyncio.create_task(flights.result("key", work, patience_s=30))
        await asyncio.sleep(0)
        may_end.set()
        return await waiting

    assert asyncio.run(twice()) == 7
    assert len(times) == 1


def test_who_goes_away_takes_nothing_from_others() -> None:
    may_end = Event()

    def work() -> int:
        assert may_end.wait(30)
        return 7

    async def one_leaves() -> int:
        flights = Flights(threads=1)
        first, second, third = (asyncio.create_task(flights.result("key", work)) for _ in range(3))
        await asyncio.sleep(0.02)
        first.cancel()
        await asyncio.sleep(0.02)
        may_end.set()
        assert await third == 7
        return await second

    assert asyncio.run(one_leaves()) == 7


def test_too_much_at_once_is_refused_and_later_taken() -> None:
    may_end = Event()

    def work() -> bool:
        return may_end.wait(30)

    async def many() -> None:
        flights = Flights(threads=1, waiting=2)
        waiting = [asyncio.create_task(flights.result(key, work)) for key in range(3)]
        await asyncio.sleep(0.02)
        with pytest.raises(Busy, match="at once"):
            await flights.result("one more", work)
        may_end.set()
        assert await asyncio.gather(*waiting) == [True] * 3
        assert await flights.result("one more", work)

    asyncio.run(many())


def test_a_failure_is_told_and_not_kept() -> None:
    answers = iter([InputError("no", hint="none"), None])

    def work() -> int:
        failure = next(answers)
        if failure is not None:
            raise failure
        return 7

    async def twice() -> int:
        flights = Flights()
        with pytest.raises(InputError, match="no"):
            await flights.result("key", work)
        return await flights.result("key", work)

    assert asyncio.run(twice()) == 7
