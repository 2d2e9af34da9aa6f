from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import ClassVar

import pytest

from support.serving import AT, BAD, HASHRATE, hashrate, trouble
from wattshift.app.questions.question import AnyQuestion, Ask, World
from wattshift.app.service.answering.answers import Answer, AnswerCache, AnswerKey, Form
from wattshift.app.service.answering.flight import Answering
from wattshift.app.service.answering.inprocess import InProcessAnswers
from wattshift.app.service.edition import Board
from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site
from wattshift.errors import Busy, InputError, OutOfSpan


class Slow:
    """Computes when it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.count = 0
        self.may = Event()
        self._error = error

    def __call__(self, question: AnyQuestion, ask: Ask, form: Form, generation: int) -> bytes:
        self.count += 1
        assert self.may.wait(30)
        if self._error is not None:
            raise self._error
        return f"{question.name} {ask.at} {form} {generation}".encode()


def test_the_same_question_is_computed_once_for_all_who_ask(board: Board) -> None:
    slow = Slow()
    answering = Answering(slow, board)
    with ThreadPoolExecutor(16) as pool:
        flights = [pool.submit(answering.answer, HASHRATE, hashrate()) for _ in range(16)]
        other = pool.submit(answering.answer, HASHRATE, hashrate("8d"))
        slow.may.set()
        answers = {id(flight.result(30)) for flight in flights}
        assert other.result(30).etag == flights[0].result().etag, "this computer looks at the instant alone"
    assert len(answers) == 1
    assert slow.count == 2
    answering.answer(HASHRATE, hashrate(at=AT))
    assert slow.count == 2, "the present by its instant is the same question"


def test_an_error_reaches_all_who_wait_and_is_not_held(board: Board) -> None:
    slow = Slow(InputError("no"))
    answering = Answering(slow, board)
    with ThreadPoolExecutor(4) as pool:
        flights = [pool.submit(answering.answer, HASHRATE, hashrate()) for _ in range(4)]
        slow.may.set()
        assert all(isinstance(flight.exception(30), InputError) for flight in flights)
    first = slow.count
    with pytest.raises(InputError):
        answering.answer(HASHRATE, hashrate())
    assert slow.count == first + 1


def test_before_the_first_edition_it_is_busy() -> None:
    with pytest.raises(Busy) as caught:
        Answering(Slow(), Board()).answer(HASHRATE, hashrate())
    assert caught.value.context["retry_s"] == 1


def test_a_time_that_has_not_come_is_refused(board: Board) -> None:
    with pytest.raises(OutOfSpan, match="not come"):
        Answering(Slow(), board).answer(HASHRATE, hashrate(at=AT + timedelta(seconds=1)))


def test_in_this_process(board: Board, archive: Archive, site: Site) -> None:
    cache = AnswerCache()
    answers = InProcessAnswers(World(archive=archive, site=site, site_note=""), board, cache)
    answer = answers.answer(HASHRATE, hashrate())
    assert answer.as_of == AT
    assert answers.answer(HASHRATE, hashrate()) is answer
    with pytest.raises(InputError, match="no sense"):
        answers.answer(BAD, trouble("refuse"))


def test_small_answers_count_with_what_they_take_beside() -> None:
    cache = AnswerCache(capacity_bytes=100_000)
    keys = [AnswerKey("hashrate", b"%d" % number, Form.JSON, 0) for number in range(1_000)]
    for key in keys:
        cache.put(key, Answer(body=b"{}", form=Form.JSON, etag="", as_of=AT, generation=0))
    held = [key for key in keys if cache.get(key) is not None]
    assert 10 < len(held) < 100
    assert held == keys[-len(held) :], "those asked for last stay"


def test_a_long_question_is_known_by_its_hash(board: Board) -> None:
    class Seen(AnswerCache):
        keys: ClassVar[list[AnswerKey]] = []

        def get(self, key: AnswerKey) -> Answer | None:
            self.keys.append(key)
            return super().get(key)

    answering = Answering(lambda *_: b"{}", board, Seen())
    for window in ("7d", "7d", "8d"):
        answering.answer(HASHRATE, hashrate(window))
    first, same, other = Seen.keys
    assert (len(first.ask), first == same, first == other) == (32, True, False)
