"""Answering: the same question asked by many at once is computed once, and held while it stays true."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from hashlib import sha256
from threading import Lock

from wattshift.app.questions.question import AnyQuestion, Ask
from wattshift.app.service.answering.answers import Answer, AnswerCache, AnswerKey, Form, etag_of
from wattshift.app.service.edition import Board, Edition
from wattshift.clock import format_instant
from wattshift.errors import Busy, OutOfSpan

__all__ = ["Answering", "Compute"]

Compute = Callable[[AnyQuestion, Ask, Form, int], bytes]
"""Computes an answer: question, what is asked with its instant, form, and generation of the history."""


class Answering:
    """Answers from what was computed, and has computed what was not. Any thread may ask.

    Args:
        compute: computes an answer.
        board: tells the present.
        cache: holds answers.
    """

    def __init__(self, compute: Compute, board: Board, cache: AnswerCache | None = None) -> None:
        self._compute = compute
        self._board = board
        self._cache = AnswerCache() if cache is None else cache
        self._flying: dict[AnswerKey, Future[Answer]] = {}
        self._lock = Lock()

    @property
    def present(self) -> Edition:
        """The newest edition.

        Raises:
            Busy: if there is none yet.
        """
        edition = self._board.latest
        if edition is None:
            raise Busy("the service has only just begun", retry_s=1, hint="ask again in a second")
        return edition

    def answer(self, question: AnyQuestion, ask: Ask, form: Form = Form.JSON) -> Answer:
        """Answer a question; errors as in `Answers`."""
        edition = self.present
        if ask.at is not None and ask.at > edition.at:
            raise OutOfSpan(
                "that instant has not come yet",
                at=format_instant(ask.at),
                present=format_instant(edition.at),
                hint="ask about the present, or an earlier instant",
            )
        whole = ask.model_copy(update={"at": ask.at or edition.at})
        asked = sha256(whole.model_dump_json().encode()).digest()
        key = AnswerKey(question.name, asked, form, edition.generation)
        return self._cache.get(key) or self._fly(key, question, whole)

    def _fly(self, key: AnswerKey, question: AnyQuestion, whole: Ask) -> Answer:
        """Compute an answer, or wait for whoever computes it already."""
        with self._lock:
            flight = self._flying.get(key)
            is_mine = flight is None
            if flight is None:
                flight = self._flying[key] = Future()
        if not is_mine:
            return flight.result()
        try:
            answer = self._computed(key, question, whole)
        except BaseException as error:
            flight.set_exception(error)
            raise
        else:
            self._cache.put(key, answer)
            flight.set_result(answer)
            return answer
        finally:
            with self._lock:
                del self._flying[key]

    def _computed(self, key: AnswerKey, question: AnyQuestion, whole: Ask) -> Answer:
        body = self._compute(question, whole, key.form, key.generation)
        assert whole.at is not None  # noqa: S101  # it was filled in
        return Answer(body=body, form=key.form, etag=etag_of(body), as_of=whole.at, generation=key.generation)
