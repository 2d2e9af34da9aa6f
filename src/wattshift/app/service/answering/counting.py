"""Answers, counted and timed: how many were given to each question, how they ended, how long they took."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from wattshift.app.questions.question import AnyQuestion, Ask
from wattshift.app.service.answering.answers import Answer, Answers, Form
from wattshift.errors import Busy, InputError, Overrun

__all__ = ["BOUNDS_S", "CountedAnswers", "Outcome", "Tally"]

BOUNDS_S = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the classes of durations; the last class has none [s]."""


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """It made no sense, or is about what is not known."""
    BUSY = "busy"
    OVERRUN = "overrun"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of one question.

    Args:
        question: its name.
        counts: how often each outcome came.
        classes: how many took no longer than each of `BOUNDS_S` and longer than the one before; last, how
            many took longer than all.
        total_s: how long all took together [s].
    """

    question: str
    counts: dict[Outcome, int]
    classes: tuple[int, ...]
    total_s: float


class _Sheet:
    """A tally that grows."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(Outcome, 0)
        self.classes = [0] * (len(BOUNDS_S) + 1)
        self.total_s = 0.0

    def add(self, outcome: Outcome, took_s: float) -> None:
        self.counts[outcome] += 1
        self.classes[bisect_left(BOUNDS_S, took_s)] += 1
        self.total_s += took_s


class CountedAnswers:
    """Counts what somebody else answers.

    Args:
        inner: who answers.
        mono_s: the monotonic clock [s].
    """

    def __init__(self, inner: Answers, *, mono_s: Callable[[], float] = time.perf_counter) -> None:
        self._inner = inner
        self._mono_s = mono_s
        self._lock = Lock()
        self._sheets: dict[str, _Sheet] = {}

    def answer(self, question: AnyQuestion, ask: Ask, form: Form = Form.JSON) -> Answer:
        """Answer a question; errors as in `Answers`."""
        begun_s = self._mono_s()
        outcome = Outcome.FAILED
        try:
            answer = self._inner.answer(question, ask, form)
            outcome = Outcome.ANSWERED
        except InputError:
            outcome = Outcome.REFUSED
            raise
        except Busy:
            outcome = Outcome.BUSY
            raise
        except Overrun:
            outcome = Outcome.OVERRUN
            raise
        finally:
            self._add(question.name, outcome, self._mono_s() - begun_s)
        return answer

    def _add(self, question: str, outcome: Outcome, took_s: float) -> None:
        with self._lock:
            self._sheets.setdefault(question, _Sheet()).add(outcome, took_s)

    def tallies(self) -> tuple[Tally, ...]:
        """What became of each question that was asked, by name."""
        with self._lock:
            return tuple(
                Tally(
                    question=name,
                    counts=dict(sheet.counts),
                    classes=tuple(sheet.classes),
                    total_s=sheet.total_s,
                )
                for name, sheet in sorted(self._sheets.items())
            )
