"""What a question is: a name, what may be asked, what is answered, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

import polars as pl
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site

__all__ = ["AnyQuestion", "Ask", "Instant", "Question", "Weight", "World"]


def _not_absurd(instant: datetime) -> datetime:
    if not 2009 <= instant.year < 2100:
        raise ValueError("write an instant between 2009 and 2100")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_not_absurd)]
"""An instant with its time zone, in the time of the chain."""


class Ask(BaseModel):
    """What may be asked of any question.

    Args:
        at: the instant of knowledge; nothing from later is used. By default the present of who answers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Instant | None = Field(
        default=None,
        description="Instant of knowledge, ISO 8601 with a time zone; nothing from later is used."
        " Default: the newest.",
        examples=["2026-01-19T12:00:00Z"],
    )


class Weight(StrEnum):
    """What an answer costs."""

    LIGHT = "light"
    """Up to a tenth of a second."""

    HEAVY = "heavy"
    """Seconds: answered by fewer workers at once, so that the light ones never wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What questions are answered from.

    Args:
        archive: the kept history.
        site: the site that is spoken of.
        site_note: where the site comes from, in words.
    """

    archive: Archive
    site: Site
    site_note: str


_Ask = TypeVar("_Ask", bound=Ask)
_Document = TypeVar("_Document")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[_Ask, _Document]):
    """One question.

    Args:
        name: its name, as in `wattshift NAME` and `/v1/NAME`.
        summary: what it answers, in one line.
        ask: what may be asked.
        document: what is answered, a document of `wattshift.report.documents`.
        answer: answers it.
        rows: the answer's main table, for CSV and Parquet; None if it has none.
        weight: what it costs.
    """

    name: str
    summary: str
    ask: type[_Ask]
    document: type[_Document]
    answer: Callable[[World, _Ask], _Document]
    rows: Callable[[_Document], pl.DataFrame] | None = None
    weight: Weight = Weight.LIGHT


AnyQuestion = Question[Any, Any]
