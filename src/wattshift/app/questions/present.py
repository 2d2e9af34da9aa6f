"""The question about the present, or about a moment as it was."""

from __future__ import annotations

from operator import attrgetter

from wattshift.app.questions.question import Ask, Question, Weight, World
from wattshift.app.service.now import present
from wattshift.report.documents.now import LiveFigure, NowDocument

__all__ = ["PRESENT_QUESTIONS"]


def _now(world: World, ask: Ask) -> NowDocument:
    return present(world.archive, world.site, at=ask.at)


PRESENT_QUESTIONS = (
    Question(
        name="now",
        summary="All that is shown of the present: each number with interval, age and origin.",
        ask=Ask,
        document=NowDocument,
        answer=_now,
        row=LiveFigure,
        listed=attrgetter("figures"),
        weight=Weight.HEAVY,
    ),
)
