"""Answers of several sources that belong together: a round closes when all are here, or when time is up."""

from __future__ import annotations

from typing import Generic, TypeVar

from wattshift.app.follow.desk import Now

__all__ = ["ROUND_S", "Round"]

ROUND_S = 20.0
"""How long a round waits for the rest after its first answer [s]."""

_Answer = TypeVar("_Answer")


class Round(Generic[_Answer]):
    """The newest answer of each source since the last round.

    Args:
        expected: how many sources there are.
    """

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._answers: dict[str, _Answer] = {}
        self._opened_s: float | None = None

    def add(self, source: str, answer: _Answer, now: Now) -> None:
        """Take an answer."""
        self._answers[source] = answer
        if self._opened_s is None:
            self._opened_s = now.mono_s

    def close(self, now: Now, *, at_once: bool) -> list[_Answer]:
        """The answers of a round that is over, or is ended; none while one is open or nothing came in."""
        if self._opened_s is None:
            return []
        is_full = len(self._answers) >= self._expected
        if not (at_once or is_full or now.mono_s - self._opened_s >= ROUND_S):
            return []
        answers, self._answers, self._opened_s = list(self._answers.values()), {}, None
        return answers
