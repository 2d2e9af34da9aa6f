from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.serving import nothing, until
from support.tasks import hang, square
from wattshift.app.service.answering.pool import Pool, PoolLimits
from wattshift.app.service.answering.workroom import View
from wattshift.app.service.feeds.place import Place
from wattshift.errors import Busy, Overrun

VIEW = View(place=Place(), generation=0)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """One worker that opens nothing; one may wait."""
    monkeypatch.setattr("wattshift.app.service.answering.pool.opened", nothing)
    made = Pool(PoolLimits(workers=1, waiting=1, wall_s=0.4))
    yield made
    made.close()


def test_a_worker_is_started_when_it_is_needed(pool: Pool) -> None:
    pool.prepare(VIEW)
    before = pool.process_ids
    assert len(before) == 1
    assert pool.call(square, 3, VIEW) == 9
    assert pool.process_ids == before


def test_the_start_of_a_worker_does_not_count_against_the_limit(pool: Pool) -> None:
    assert pool.call(square, 3, VIEW) == 9


def test_what_takes_too_long_is_stopped_and_the_next_is_answered(pool: Pool) -> None:
    pool.prepare(VIEW)
    before = pool.process_ids
    with pytest.raises(Overrun):
        pool.call(hang, 0, VIEW)
    assert pool.call(square, 3, VIEW) == 9
    assert pool.process_ids != before


def test_only_so_many_may_wait(pool: Pool) -> None:
    pool.prepare(VIEW)
    with ThreadPoolExecutor(2) as threads:
        begun_s = time.monotonic()
        waiting = [threads.submit(pool.call, hang, 0, VIEW) for _ in range(2)]
        until(lambda: pool._present == 2, "two calls")
        with pytest.raises(Busy) as caught:
            pool.call(square, 3, VIEW)
        assert time.monotonic() - begun_s < 0.4, "whoever is too many hears so at once"
        assert caught.value.context["retry_s"] == 1
        assert all(isinstance(each.exception(60), Overrun) for each in waiting)
    assert pool.call(square, 3, VIEW) == 9


def test_another_generation_is_opened_anew(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[View] = []
    real = pool._open

    def spy(leash: object, view: View) -> None:
        opened.append(view)
        real(leash, view)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(pool, "_open", spy)
    for generation in (0, 0, 1):
        assert pool.call(square, 2, View(place=Place(), generation=generation)) == 4
    assert [view.generation for view in opened] == [0, 0, 1]
    assert {view.generation for _, view in pool._views.values()} == {1}


def test_who_is_first_goes_before_all_who_wait_and_the_others_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wattshift.app.service.answering.pool.opened", nothing)
    pool = Pool(PoolLimits(waiting=4))
    done: list[int] = []

    def ask(number: int, *, is_first: bool = False) -> None:
        done.append(pool.call(square, number, VIEW, is_first=is_first))

    with ThreadPoolExecutor(4) as threads:
        taken = pool._taken(is_first=False)
        for count, number in enumerate((2, 3, 4), 1):
            threads.submit(ask, number)
            until(lambda count=count: len(pool._queue) == count, "one more who waits")  # type: ignore[misc]  # bound at once
        threads.submit(ask, 1, is_first=True)
        until(lambda: len(pool._queue) == 4, "who goes first")
        pool._give_back(taken)
    pool.close()
    assert done == [1, 4, 9, 16]
