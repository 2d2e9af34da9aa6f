"""Questions about the site: what a MWh is worth, and what should run."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from wattshift.app import valuing
from wattshift.app.questions.question import Ask, Question, World
from wattshift.report.documents.site import ValueDocument

__all__ = ["SITE_QUESTIONS", "AskValue"]


class AskValue(Ask):
    """What may be asked about the value of a MWh."""

    contracts: bool = Field(default=False, description="Also: public AI contracts per MWh.")


def _value(world: World, ask: AskValue) -> ValueDocument:
    return valuing.value(world.archive, world.site, at=ask.at, contracts=ask.contracts)


def _uses(document: ValueDocument) -> pl.DataFrame:
    return pl.DataFrame(document.uses)


SITE_QUESTIONS = (
    Question(
        name="value",
        summary="What a MWh is worth in each use, side by side, and how sure each ordering is.",
        ask=AskValue,
        document=ValueDocument,
        answer=_value,
        rows=_uses,
    ),
)
