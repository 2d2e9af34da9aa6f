"""Answers from this very process: for tests and notebooks, where nothing has to be stopped."""

from __future__ import annotations

from wattshift.app.questions.question import AnyQuestion, Ask, World
from wattshift.app.service.answering.answers import AnswerCache, Form
from wattshift.app.service.answering.flight import Answering
from wattshift.app.service.answering.rendering import rendered
from wattshift.app.service.edition import Board

__all__ = ["InProcessAnswers"]


class InProcessAnswers(Answering):
    """Answers in the thread that asks.

    Args:
        world: what is answered from.
        board: tells the present.
        cache: holds answers.
    """

    def __init__(self, world: World, board: Board, cache: AnswerCache | None = None) -> None:
        def compute(question: AnyQuestion, ask: Ask, form: Form, _: int) -> bytes:
            return rendered(question, question.answer(world, ask), form)

        super().__init__(compute, board, cache)
