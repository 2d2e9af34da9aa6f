"""Questions about the network."""

from __future__ import annotations

from operator import attrgetter

from pydantic import Field

from wattshift.app import network
from wattshift.app.questions.question import Ask, Instant, Question, World
from wattshift.clock import parse_duration_s
from wattshift.measures.difficulty import Adjustment
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument

__all__ = ["LENGTH", "NETWORK_QUESTIONS", "AskDifficulty", "AskHashprice", "AskHashrate"]

LENGTH = r"^\d{1,3}(h|d|w)$"
"""A length of time: 7d, 36h, 2w."""


class AskHashrate(Ask):
    """What may be asked about the hashrate."""

    window: str = Field(default="7d", pattern=LENGTH, description="Length of the window: 7d, 36h, 2w.")
    below_ehs: float | None = Field(
        default=None,
        gt=0,
        le=1e9,
        description="Also: the probability that the true hashrate is below this [EH/s].",
    )


class AskDifficulty(Ask):
    """What may be asked about the difficulty."""

    count: int | None = Field(default=None, ge=1, le=160, description="How many past adjustments to list.")


class AskHashprice(Ask):
    """What may be asked about the hashprice."""

    since_at: Instant | None = Field(
        default=None, description="Explain the change since then. Default: a week before."
    )


def _hashrate(world: World, ask: AskHashrate) -> HashrateDocument:
    window_s = parse_duration_s(ask.window)
    return network.hashrate_over(world.archive, at=ask.at, window_s=window_s, below_ehs=ask.below_ehs)


def _difficulty(world: World, ask: AskDifficulty) -> DifficultyDocument:
    return network.difficulty(world.archive, at=ask.at, count=ask.count)


def _hashprice(world: World, ask: AskHashprice) -> HashpriceDocument:
    return network.hashprice(world.archive, at=ask.at, since_at=ask.since_at)


NETWORK_QUESTIONS = (
    Question(
        name="hashrate",
        summary="The network's hashrate with its exact interval, and whether it moved by more than luck.",
        ask=AskHashrate,
        document=HashrateDocument,
        answer=_hashrate,
    ),
    Question(
        name="difficulty",
        summary="Where the period stands, the next adjustment with its interval, and the last ones.",
        ask=AskDifficulty,
        document=DifficultyDocument,
        answer=_difficulty,
        row=Adjustment,
        listed=attrgetter("adjustments"),
    ),
    Question(
        name="hashprice",
        summary="What a petahash a second earns a day, and what moved it.",
        ask=AskHashprice,
        document=HashpriceDocument,
        answer=_hashprice,
    ),
)
