"""The question about what people write: does it hold?"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from wattshift.app.checking import check_text
from wattshift.app.questions.question import Ask, Instant, Question, Weight, World
from wattshift.report.documents.claims import ClaimsDocument

__all__ = ["MOST_TEXT", "TEXT_QUESTIONS", "AskCheck"]

MOST_TEXT = 2**18
"""Letters of the longest text that is read."""


class AskCheck(Ask):
    """A text, and when it was written."""

    text: str = Field(max_length=MOST_TEXT, description="Plain text, Markdown or HTML.")
    written_at: Instant | None = Field(
        default=None,
        description="When it was written; midnight means the whole UTC day. Default: the date in its head.",
    )


def _check(world: World, ask: AskCheck) -> ClaimsDocument:
    """Judge a text; one without a date, or of a later time, is judged by the instant of knowledge."""
    found = check_text(world.archive, ask.text, as_of=ask.written_at)
    return check_text(world.archive, ask.text, as_of=ask.at) if _is_later(found, ask.at) else found


def _is_later(found: ClaimsDocument, at: datetime | None) -> bool:
    return at is not None and found.as_of > at


TEXT_QUESTIONS = (
    Question(
        name="check",
        summary="Read a text about mining, re-derive each of its numbers, and say what holds.",
        ask=AskCheck,
        document=ClaimsDocument,
        answer=_check,
        weight=Weight.HEAVY,
        body="text",
    ),
)
