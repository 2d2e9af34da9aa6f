"""The present: what the wall shows, and what metrics, messages and agents are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from wattshift.provenance import Origin
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.documents.site import Decision, ValueDocument

__all__ = ["LiveFigure", "NowDocument"]

_Quantity: TypeAlias = float
"""A number in the unit that the figure names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigure:
    """One number of the present, with all that makes it honest.

    Args:
        key: its name, which ends in its unit; stable, so that others can build on it.
        of: whose it is, where there are several (a use of power); empty otherwise.
        title: what it is, for people.
        unit: its unit, for people.
        value: the number.
        low: lower end of its interval; None for an exact number.
        high: upper end; None likewise.
        level: probability inside the interval; None likewise.
        known_at: of when its newest evidence is.
        age_s: how much older than the present that is [s].
        origin: what it was read from, in words.
    """

    key: str
    of: str
    title: str
    unit: str
    value: _Quantity
    low: _Quantity | None
    high: _Quantity | None
    level: float | None
    known_at: datetime
    age_s: float
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NowDocument:
    """The present of a service.

    Args:
        as_of: the instant of knowledge.
        is_replay: whether it is history that runs again.
        lag_s: how far the newest block lay behind the present when this was computed; a service's pulse tells
            how far it does by now [s].
        tip_height: the last block known.
        tip_at: when it became known.
        is_move_real: whether the week's move of the hashrate is more than luck.
        headlines: what to know first, most important first.
        figures: every number of the wall.
        hashrate: the hashrate in full.
        difficulty: the next adjustment in full.
        hashprice: hashprice in full.
        site: name of the site.
        value: what a MWh is worth at the site; None where no power price is known.
        decisions: what the site should run; empty likewise.
        decisions_in_words: that in a sentence, or why it is not known.
        origins: where it comes from.
    """

    as_of: datetime
    is_replay: bool
    lag_s: float
    tip_height: int
    tip_at: datetime
    is_move_real: bool
    headlines: tuple[str, ...]
    figures: tuple[LiveFigure, ...]
    hashrate: HashrateDocument
    difficulty: DifficultyDocument
    hashprice: HashpriceDocument
    site: str
    value: ValueDocument | None
    decisions: tuple[Decision, ...]
    decisions_in_words: str
    origins: tuple[Origin, ...]
