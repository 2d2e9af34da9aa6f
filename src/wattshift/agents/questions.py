"""What agents may ask: all questions of the registry, and a simulation that is over while they wait."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import Field

from wattshift.app.questions.jobs import AskSimulation, scenarios_of
from wattshift.app.questions.question import AnyQuestion, Question, Weight, World
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.simulating.run import simulate
from wattshift.report.documents.simulation import SimulationDocument

__all__ = ["AGENT_QUESTIONS", "AskQuickSimulation"]


class AskQuickSimulation(AskSimulation):
    """What may be simulated while an agent waits."""

    paths: int = Field(default=200, ge=16, le=1_000, description="Courses drawn.")
    horizon_days: int = Field(default=90, ge=1, le=366, description="Days simulated.")


def _simulate(world: World, ask: AskQuickSimulation) -> SimulationDocument:
    scenario, other = scenarios_of(ask)
    return simulate(world.archive, scenario, at=ask.at, other=other)


_SIMULATE = Question(
    name="simulate",
    summary="What the network does in a scenario, as distributions over days: hashrate, difficulty, waits,"
    " hashprice, who leaves. The first one on a machine compiles for about ten seconds.",
    ask=AskQuickSimulation,
    document=SimulationDocument,
    answer=_simulate,
    weight=Weight.HEAVY,
)

_FOR_PEOPLE = frozenset({"brief"})
"""Half a megabyte that repeats what `now`, `plan` and the others say."""

AGENT_QUESTIONS: Mapping[str, AnyQuestion] = MappingProxyType(
    {each.name: each for each in (*QUESTIONS.values(), _SIMULATE) if each.name not in _FOR_PEOPLE}
)
"""All that agents may ask, by name."""
