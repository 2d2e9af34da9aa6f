"""Answers from worker processes: what takes too long is stopped, and nothing of it touches the loop."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from threading import Thread
from typing import Self

from wattshift.app.questions.question import AnyQuestion, Ask, Weight
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.answers import Answer, AnswerCache, Form
from wattshift.app.service.answering.flight import Answering
from wattshift.app.service.answering.pool import Pool, PoolLimits
from wattshift.app.service.answering.rendering import rendered
from wattshift.app.service.answering.workroom import Task, View, answered
from wattshift.app.service.edition import Board, Edition
from wattshift.app.service.feeds.place import Place
from wattshift.errors import Overrun, WattshiftError

__all__ = ["WorkLimits", "WorkerAnswers"]

_log = logging.getLogger("wattshift.serve")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLimits:
    """What questions may use, by their weight; and the next edition, with what all ask about it."""

    light: PoolLimits = field(default_factory=lambda: PoolLimits(workers=1, waiting=64, wall_s=2.0))
    heavy: PoolLimits = field(
        default_factory=lambda: PoolLimits(workers=1, waiting=8, wall_s=30.0, niceness=10)
    )
    edition: PoolLimits = field(default_factory=lambda: PoolLimits(wall_s=10.0, niceness=0))


class WorkerAnswers:
    """Answers from worker processes, one pool for each weight.

    Args:
        place: where the world is read.
        board: tells the present.
        limits: what questions may use.
    """

    def __init__(self, place: Place, board: Board, limits: WorkLimits) -> None:
        self._place = place
        self._board = board
        self._answering = Answering(self._found, board, AnswerCache())
        self._pools = {Weight.LIGHT: Pool(limits.light), Weight.HEAVY: Pool(limits.heavy)}
        self.of_editions = Pool(limits.edition)
        """Who computes the next edition, and then what everybody asks about it.

        Of such questions there are few, so that no number of others can hold them up.
        """
        self._prepared: int | None = None
        self._is_closed = False
        self._leave = board.listen(self._hear)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, question: AnyQuestion, ask: Ask, form: Form = Form.JSON) -> Answer:
        """Answer a question; errors as in `Answers`."""
        return self._answering.answer(question, ask, form)

    def ask_anew(self, question: AnyQuestion, ask: Ask) -> bytes:
        """Have a question answered as of the present, whatever answers are held; errors as in `answer`."""
        present = self.present
        whole = ask.model_copy(update={"at": present.at})
        return self._compute(question, whole, Form.JSON, present.generation)

    @property
    def present(self) -> Edition:
        """The newest edition.

        Raises:
            Busy: if there is none yet.
        """
        return self._answering.present

    def pool(self, weight: Weight) -> Pool:
        """Who does work of a weight."""
        return self._pools[weight]

    def view(self, generation: int) -> View:
        """The world in a state."""
        return View(place=self._place, generation=generation)

    def close(self) -> None:
        """End all workers."""
        self._is_closed = True
        self._leave()
        for pool in (*self._pools.values(), self.of_editions):
            pool.close()

    def _hear(self, edition: Edition) -> None:
        """Where history itself is another, the light workers read it before somebody asks."""
        if edition.generation != self._prepared:
            self._prepared = edition.generation
            Thread(target=self._prepare, args=(edition.generation,), daemon=True).start()

    def _prepare(self, generation: int) -> None:
        try:
            self._pools[Weight.LIGHT].prepare(self.view(generation))
        except WattshiftError as error:  # whoever asks next is told
            if self._is_closed:
                return
            _log.warning("the workers could not read the history: %s", error.message)

    def _found(self, question: AnyQuestion, ask: Ask, form: Form, generation: int) -> bytes:
        """What the newest edition has answered already, or else what a worker computes."""
        edition = self._board.latest
        document = None if edition is None else edition.document(question.name)
        if edition is None or document is None or edition.generation != generation:
            return self._compute(question, ask, form, generation)
        if ask != question.ask(at=edition.at):
            return self._compute(question, ask, form, generation)
        return rendered(question, document, form)

    def _compute(self, question: AnyQuestion, ask: Ask, form: Form, generation: int) -> bytes:
        view = self.view(generation)
        known = QUESTIONS.get(question.name) is question
        task = Task(
            view=view,
            question=question.name if known else question,
            ask=ask.model_dump_json(),
            form=form,
        )
        pool = self.of_editions if self._is_usual(question, ask) else self._pools[question.weight]
        try:
            return pool.call(answered, task, view)
        except Overrun as error:
            raise Overrun(
                f"{question.name!r} took too long and was stopped",
                **error.context,
                hint="ask for a shorter stretch of time, or for less",
            ) from None

    def _is_usual(self, question: AnyQuestion, ask: Ask) -> bool:
        """Whether it is a light question about the present, and asks nothing that others would not."""
        edition = self._board.latest
        is_plain = ask.model_fields_set <= {"at"} and question.weight is Weight.LIGHT
        return is_plain and edition is not None and ask.at == edition.at
