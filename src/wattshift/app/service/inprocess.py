"""Answers from this very process: for tests and notebooks, where nothing has to be stopped."""

from __future__ import annotations

from wattshift.app.questions.question import AnyQuestion, Ask, World
from wattshift.app.service.answers import Answer, AnswerCache, AnswerKey, Form, etag_of
from wattshift.app.service.edition import Board
from wattshift.app.service.rendering import rendered
from wattshift.clock import format_instant
from wattshift.errors import Busy, OutOfSpan

__all__ = ["InProcessAnswers"]


class InProcessAnswers:
    """Answers in the thread that asks.

    Args:
        world: what is answered from.
        board: tells the present.
        cache: holds answers.
    """

    def __init__(self, world: World, board: Board, cache: AnswerCache | None = None) -> None:
        self._world = world
        self._board = board
        self._cache = AnswerCache() if cache is None else cache

    def answer(self, question: AnyQuestion, ask: Ask, form: Form = Form.JSON) -> Answer:
        """Answer a question; errors as in `Answers`."""
        edition = self._board.latest
        if edition is None:
            raise Busy("the service has only just begun", retry_s=1, hint="ask again in a second")
        if ask.at is not None and ask.at > edition.at:
            raise OutOfSpan(
                "that instant has not come yet",
                at=format_instant(ask.at),
                present=format_instant(edition.at),
                hint="ask about the present, or an earlier instant",
            )
        whole = ask.model_copy(update={"at": ask.at or edition.at})
        key = AnswerKey(question.name, whole.model_dump_json(), form, edition.generation)
        held = self._cache.get(key)
        if held is not None:
            return held
        body = rendered(question, question.answer(self._world, whole), form)
        answer = Answer(
            body=body,
            form=form,
            etag=etag_of(body),
            as_of=whole.at or edition.at,
            generation=edition.generation,
        )
        self._cache.put(key, answer)
        return answer
