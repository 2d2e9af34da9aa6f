"""What a question is: a name, what may be asked, what is answered, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

import polars as pl
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from wattshift.app.questions.rows import frame_of
from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site
from wattshift.clock import parse_instant

__all__ = ["AnyQuestion", "Ask", "Instant", "Question", "Weight", "World"]


def _read_instant(given: object) -> datetime:
    """An instant as people write it; seconds since an epoch are not guessed."""
    if isinstance(given, datetime):
        return given
    if not isinstance(given, str):
        raise ValueError("write an instant as text")  # noqa: TRY004  # pydantic tells a ValueError only
    return parse_instant(given)


def _not_absurd(instant: datetime) -> datetime:
    if not 2009 <= instant.year < 2100:
        raise ValueError("write an instant between 2009 and 2100")
    return instant


Instant = Annotated[AwareDatetime, BeforeValidator(_read_instant), AfterValidator(_not_absurd)]
"""An instant in the time of the chain; a date is midnight UTC, and no offset means UTC."""


class Ask(BaseModel):
    """What may be asked of any question.

    Args:
        at: the instant of knowledge; nothing from later is used. By default the present of who answers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Instant | None = Field(
        default=None,
        description="Instant of knowledge, ISO 8601; nothing from later is used. Default: the newest.",
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
        name: its name, as in `wattshift NAME`.
        summary: what it answers, in one line.
        ask: what may be asked.
        document: what is answered, a document of `wattshift.report.documents`.
        answer: answers it.
        row: the dataclass of a row of the answer's main table; None if it has none.
        listed: the rows of that table; None likewise.
        weight: what it costs.
        place: its address below `/v1/`, where that is not its name.
        body: the field of `ask` that is a whole text, which HTTP posts; None where all are short.
        next_cursor: the cursor of the next page, from what was asked, its instant filled in; it gives None
            on the last page. None where an answer has one page.
    """

    name: str
    summary: str
    ask: type[_Ask]
    document: type[_Document]
    answer: Callable[[World, _Ask], _Document]
    row: type | None = None
    listed: Callable[[_Document], Sequence[Any]] | None = None
    weight: Weight = Weight.LIGHT
    place: str | None = None
    body: str | None = None
    next_cursor: Callable[[_Ask], str | None] | None = None

    @property
    def rows(self) -> Callable[[_Document], pl.DataFrame] | None:
        """The answer's main table, for CSV and Parquet; None if it has none."""
        row, listed = self.row, self.listed
        if row is None or listed is None:
            return None
        return lambda document: frame_of(row, listed(document))

    @property
    def path(self) -> str:
        """Its address below `/v1/`."""
        return self.place or self.name


AnyQuestion = Question[Any, Any]
