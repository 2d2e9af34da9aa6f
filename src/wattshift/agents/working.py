"""What a worker process does for an agent: an answer as a document, and that in words."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.agents.questions import AGENT_QUESTIONS
from wattshift.agents.words import document_in_words
from wattshift.app.service.answering.answers import Form
from wattshift.app.service.answering.rendering import rendered
from wattshift.app.service.answering.workroom import View, shown
from wattshift.errors import InputError

__all__ = ["Call", "Told", "told"]

_MOST_BYTES = 1 << 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an agent asks.

    Args:
        view: what is answered from.
        question: its name.
        ask: what is asked, as JSON.
    """

    view: View
    question: str
    ask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an agent is told.

    Args:
        words: the answer in words.
        body: the document as JSON.
    """

    words: str
    body: bytes


def told(call: Call) -> Told:
    """Answer an agent, as of the newest instant where none is named.

    Raises:
        InputError: if the answer is longer than an agent could read.
        WattshiftError: whatever the question's use-case raises.
    """
    question = AGENT_QUESTIONS[call.question]
    world = shown(call.view)
    ask = question.ask.model_validate_json(call.ask)
    document = question.answer(world, ask.model_copy(update={"at": ask.at or world.archive.newest_at}))
    body = rendered(question, document, Form.JSON)
    if len(body) > _MOST_BYTES:
        raise InputError(
            "the answer is longer than an agent can read",
            bytes=len(body),
            limit=_MOST_BYTES,
            hint="ask about a shorter stretch of time, or for fewer rows",
        )
    return Told(words=document_in_words(document), body=body)
