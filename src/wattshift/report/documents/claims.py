"""The document of `wattshift check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from wattshift.provenance import Origin

__all__ = ["Amount", "ClaimRow", "ClaimsDocument", "FigureRow", "TextPiece", "UnmatchedRow"]


Amount: TypeAlias = float
"""A number of a mapping whose keys end in its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """Our figure for a claim, by one estimator.

    Args:
        estimator: which one.
        values: the figure and its interval, keys `value_`, `low_` and `high_` with the unit's suffix.
        unit: the unit, as people write it.
        at: the instant or stretch that it is for.
        in_words: the figure, formatted.
    """

    estimator: str
    values: Mapping[str, Amount]
    unit: str
    at: str
    in_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One statement and its verdict.

    Args:
        number: its place in the text, from 1.
        quote: its words.
        kind: what is claimed.
        understood: what was understood: quantity, value, unit, date, comparison.
        stated: the number as read, keys `low_` and `high_` with the unit's suffix; empty without one.
        verdict: holds, holds within noise, depends on the estimator, contradicted, misstated unit, or
            cannot be checked here.
        figures: our figures, the deciding one first.
        explanation: why, with the inputs used.
        start: offset of its words in the source.
        end: behind the last.
    """

    number: int
    quote: str
    kind: str
    understood: str
    stated: Mapping[str, Amount]
    verdict: str
    figures: tuple[FigureRow, ...]
    explanation: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedRow:
    """A number that belongs to no claim.

    Args:
        words: the number.
        context: its sentence.
        reason: what it is taken for.
    """

    words: str
    context: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPiece:
    """A piece of the text; the pieces in order are the whole of it.

    Args:
        words: its words.
        number: the claim that it states; None between claims.
        verdict: that claim's verdict; None between claims.
    """

    words: str
    number: int | None
    verdict: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsDocument:
    """`wattshift check`.

    Args:
        as_of: the latest instant used.
        written_from_at: start of the stretch in which the text was written.
        written_to_at: its end.
        dated_by: where that date comes from.
        counts: number of claims by verdict, every verdict listed.
        claims: in the order of the text.
        unmatched: numbers that belong to no claim, in that order.
        pieces: the text, cut where claims stand.
        is_cut: whether the text, its numbers or its claims exceeded a limit.
        in_words: the verdict.
        origins: where the figures come from.
    """

    as_of: datetime
    written_from_at: datetime
    written_to_at: datetime
    dated_by: str
    counts: Mapping[str, int]
    claims: tuple[ClaimRow, ...]
    unmatched: tuple[UnmatchedRow, ...]
    pieces: tuple[TextPiece, ...]
    is_cut: bool
    in_words: str
    origins: tuple[Origin, ...]
