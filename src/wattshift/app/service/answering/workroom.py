"""What a worker process does: it keeps one world open, and answers from it."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.app.questions.question import AnyQuestion, World
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.answers import Form
from wattshift.app.service.answering.rendering import rendered
from wattshift.app.service.feeds.place import Place, open_world

__all__ = ["Task", "View", "answered", "opened", "shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A world in one state.

    Args:
        place: where it is read.
        generation: of its history; another one is read anew.
    """

    place: Place
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A question for a worker.

    Args:
        view: what is answered from.
        question: its name, or itself if no registry knows it.
        ask: what is asked, as JSON, its instant filled in.
        form: the form of the answer.
    """

    view: View
    question: str | AnyQuestion
    ask: str
    form: Form


_OPEN: dict[View, World] = {}
"""The world that this process has open: one at most."""


def shown(view: View) -> World:
    """A world, opened where it is not yet open; another one is let go."""
    if view not in _OPEN:
        _OPEN.clear()
        _OPEN[view] = open_world(view.place)
    return _OPEN[view]


def opened(view: View) -> None:
    """Open a world and read what nearly every question needs, so that the next answer is quick."""
    archive = shown(view).archive
    archive.level  # noqa: B018  # read once and kept
    archive.as_of(None).hashprice  # noqa: B018  # likewise


def answered(task: Task) -> bytes:
    """Answer a question, as bytes; errors as the question's own."""
    question = QUESTIONS[task.question] if isinstance(task.question, str) else task.question
    ask = question.ask.model_validate_json(task.ask)
    return rendered(question, question.answer(shown(task.view), ask), task.form)
