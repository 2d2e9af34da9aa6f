"""Answers, counted: every way to end, and classes of durations that add up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread

import pytest

from wattshift.app.questions.question import AnyQuestion, Ask
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.answers import Answer, Form
from wattshift.app.service.answering.counting import BOUNDS_S, CountedAnswers, Outcome
from wattshift.errors import Busy, CheckFailed, InputError, OutOfSpan, Overrun

ANSWER = Answer(body=b"{}", form=Form.JSON, etag='"1"', as_of=datetime(2026, 1, 1, tzinfo=UTC), generation=0)
HASHRATE = QUESTIONS["hashrate"]


class Scripted:
    """Answers, or raises what it was told to."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None

    def answer(self, _question: AnyQuestion, _ask: Ask, _form: Form = Form.JSON) -> Answer:
        if self.trouble is not None:
            raise self.trouble
        return ANSWER


def ticking(*durations_s: float) -> Iterator[float]:
    """A clock that is read before and after each answer."""
    now_s = 0.0
    for duration_s in durations_s:
        yield now_s
        now_s += duration_s
        yield now_s


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (None, Outcome.ANSWERED),
        (InputError("no"), Outcome.REFUSED),
        (OutOfSpan("no"), Outcome.REFUSED),
        (Busy("no"), Outcome.BUSY),
        (Overrun("no"), Outcome.OVERRUN),
        (CheckFailed("no"), Outcome.FAILED),
        (ZeroDivisionError(), Outcome.FAILED),
    ],
)
def test_each_end_is_counted(trouble: Exception | None, outcome: Outcome) -> None:
    inner = Scripted()
    inner.trouble = trouble
    counted = CountedAnswers(inner)
    if trouble is None:
        assert counted.answer(HASHRATE, HASHRATE.ask()) is ANSWER
    else:
        with pytest.raises(type(trouble)):
            counted.answer(HASHRATE, HASHRATE.ask())
    (tally,) = counted.tallies()
    assert tally.question == "hashrate"
    assert {each: count for each, count in tally.counts.items() if count} == {outcome: 1}


def test_durations_fall_into_their_classes() -> None:
    clock = ticking(0.0005, 0.001, 0.002, 3.0, 100.0)
    counted = CountedAnswers(Scripted(), mono_s=lambda: next(clock))
    for _ in range(5):
        counted.answer(HASHRATE, HASHRATE.ask())
    (tally,) = counted.tallies()
    assert len(tally.classes) == len(BOUNDS_S) + 1
    assert dict(zip([*BOUNDS_S, None], tally.classes, strict=True)) == {
        **dict.fromkeys([*BOUNDS_S, None], 0),
        0.001: 2,
        0.005: 1,
        5.0: 1,
        None: 1,
    }
    assert tally.total_s == pytest.approx(103.0035)


def test_threads_lose_no_count() -> None:
    counted = CountedAnswers(Scripted())
    difficulty = QUESTIONS["difficulty"]

    def ask_often() -> None:
        for _ in range(500):
            counted.answer(HASHRATE, HASHRATE.ask())
            counted.answer(difficulty, difficulty.ask())

    threads = [Thread(target=ask_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tally.question, tally.counts[Outcome.ANSWERED]) for tally in counted.tallies()] == [
        ("difficulty", 2_000),
        ("hashrate", 2_000),
    ]
