"""Answers to questions, as bytes: each computed once for all who ask, by workers that can be stopped."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Protocol

from wattshift.app.questions.question import AnyQuestion, Ask

__all__ = ["Answer", "AnswerCache", "AnswerKey", "Answers", "Form", "etag_of"]

_OVERHEAD_BYTES = 1_024
"""What a small answer takes beside its body: many of them fill a memory too."""


class Form(StrEnum):
    """In which form an answer is wanted."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer.

    Args:
        body: its bytes.
        form: their form.
        etag: strong hash, in quotes, as HTTP wants it.
        as_of: its instant of knowledge.
        generation: of the history that it was read from.
    """

    body: bytes
    form: Form
    etag: str
    as_of: datetime
    generation: int


class Answers(Protocol):
    """Whoever answers. Any thread may ask."""

    def answer(self, question: AnyQuestion, ask: Ask, form: Form = Form.JSON) -> Answer:
        """Answer a question, as of the present where none is named.

        Raises:
            InputError: if the question makes no sense, or asks for a table where there is none.
            OutOfSpan: if it is about a time that is not known, or that a replay has not come to.
            Busy: if too many wait already, or nothing is known yet; `retry_s` in its context says when to
                come back.
            Overrun: if it took longer than any answer may.
            WattshiftError: whatever the use-case raises.
        """
        ...


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What makes two answers the same.

    Args:
        question: its name.
        ask: hash of what was asked, its instant filled in: a pasted text may be long.
        form: the form.
        generation: of the history.
    """

    question: str
    ask: bytes
    form: Form
    generation: int


class AnswerCache:
    """The answers given last, by what was asked; no more bytes than about a limit.

    Args:
        capacity_bytes: the limit.
    """

    def __init__(self, *, capacity_bytes: int = 64 * 2**20) -> None:
        self._capacity_bytes = capacity_bytes
        self._held_bytes = 0
        self._held: OrderedDict[AnswerKey, Answer] = OrderedDict()
        self._lock = Lock()

    def get(self, key: AnswerKey) -> Answer | None:
        """An answer, if it is held."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: AnswerKey, answer: Answer) -> None:
        """Hold an answer; those that were asked for longest ago go."""
        if len(answer.body) > self._capacity_bytes // 4:
            return
        with self._lock:
            old = self._held.pop(key, None)
            self._held_bytes += _size(answer) - (0 if old is None else _size(old))
            self._held[key] = answer
            while self._held_bytes > self._capacity_bytes:
                _, gone = self._held.popitem(last=False)
                self._held_bytes -= _size(gone)


def _size(answer: Answer) -> int:
    return len(answer.body) + _OVERHEAD_BYTES


def etag_of(body: bytes) -> str:
    """A strong entity tag."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
