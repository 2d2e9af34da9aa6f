"""Questions about what is kept and how good the figures are: data, score."""

from __future__ import annotations

from operator import attrgetter

from pydantic import Field

from wattshift.app.history import bundled_data
from wattshift.app.questions.question import Ask, Question, Weight, World
from wattshift.app.scoring import score
from wattshift.errors import NoData
from wattshift.report.documents.data import DataDocument
from wattshift.report.documents.score import ScoreDocument, ScoreRow
from wattshift.store.bundled import BundledStore
from wattshift.store.kept import KeptStore

__all__ = ["KEEPING_QUESTIONS", "AskScore"]


class AskScore(Ask):
    """What may be asked about the score."""

    periods: int = Field(default=6, ge=1, le=12, description="How many of the last complete periods.")


def _data(world: World, ask: Ask) -> DataDocument:
    store = world.archive.store
    if not isinstance(store, BundledStore | KeptStore):
        raise NoData("this history keeps no list of its files", hint="ask a service that has a store")
    return bundled_data(store, at=ask.at)


def _score(world: World, ask: AskScore) -> ScoreDocument:
    return score(world.archive, at=ask.at, periods=ask.periods)


KEEPING_QUESTIONS = (
    Question(
        name="data",
        summary="What history is kept and was known: spans, sources, licences, each file proved by its hash.",
        ask=Ask,
        document=DataDocument,
        answer=_data,
        weight=Weight.HEAVY,
    ),
    Question(
        name="score",
        summary="How good the projection of the next adjustment was over the last periods, beside others.",
        ask=AskScore,
        document=ScoreDocument,
        answer=_score,
        row=ScoreRow,
        listed=attrgetter("rows"),
        weight=Weight.HEAVY,
    ),
)
