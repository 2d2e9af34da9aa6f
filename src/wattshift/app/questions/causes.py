"""Questions about what moves the network: pools, stress, why, changes."""

from __future__ import annotations

from operator import attrgetter

from pydantic import Field

from wattshift.app.changes import changes
from wattshift.app.questions.network import LENGTH
from wattshift.app.questions.question import Ask, Question, World
from wattshift.app.questions.window import AskWindow, window_of
from wattshift.app.stress import pools, stress
from wattshift.app.why import why
from wattshift.clock import parse_duration_s
from wattshift.measures.pools import PoolShare
from wattshift.report.documents.changes import ChangeFound, ChangesDocument
from wattshift.report.documents.stress import PoolsDocument, StressDocument, WhyDocument

__all__ = ["CAUSE_QUESTIONS", "AskChanges", "AskPools"]

_WHY_DAYS = 21
_CHANGES_DAYS = 365


class AskPools(Ask):
    """What may be asked about pools."""

    window: str = Field(default="14d", pattern=LENGTH, description="Length of the window: 14d, 36h, 2w.")


class AskChanges(AskWindow):
    """What may be asked about changes of the hashrate."""

    false_alarms_per_year_count: float = Field(
        default=1.0, gt=0, le=100, description="False alarms a year to accept at constant hashrate."
    )


def _pools(world: World, ask: AskPools) -> PoolsDocument:
    return pools(world.archive, ask.at, window_s=parse_duration_s(ask.window))


def _stress(world: World, ask: Ask) -> StressDocument:
    return stress(world.archive, ask.at)


def _why(world: World, ask: AskWindow) -> WhyDocument:
    return why(world.archive, window_of(ask, days=_WHY_DAYS), at=ask.at)


def _changes(world: World, ask: AskChanges) -> ChangesDocument:
    window = window_of(ask, days=_CHANGES_DAYS)
    return changes(
        world.archive,
        at=ask.at,
        start_at=window.start_at,
        end_at=window.end_at,
        false_alarms_per_year_count=ask.false_alarms_per_year_count,
    )


CAUSE_QUESTIONS = (
    Question(
        name="pools",
        summary="Shares and hashrate of the pools with intervals, concentration, and who moved.",
        ask=AskPools,
        document=PoolsDocument,
        answer=_pools,
        row=PoolShare,
        listed=attrgetter("mix.pools"),
    ),
    Question(
        name="stress",
        summary="How hard mining is pressed: the fleet, the share under water, ribbons, Puell multiple.",
        ask=Ask,
        document=StressDocument,
        answer=_stress,
    ),
    Question(
        name="why",
        summary="What moved the hashrate: luck, curtailment, price, a ban or a lasting exit.",
        ask=AskWindow,
        document=WhyDocument,
        answer=_why,
    ),
    Question(
        name="changes",
        summary="When the hashrate truly changed, by a test with a stated false-alarm rate.",
        ask=AskChanges,
        document=ChangesDocument,
        answer=_changes,
        row=ChangeFound,
        listed=attrgetter("changes"),
    ),
)
