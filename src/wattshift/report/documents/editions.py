"""The document about what a service told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["EditionRow", "EditionsDocument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionRow:
    """What was told at a block, or when what to run changed.

    Args:
        number: its number in the journal: 1, 2, 3 ...
        told_at: when it was told, by the machine's clock.
        as_of: its instant of knowledge.
        tip_height: the last block known.
        is_move_real: whether the week's move of the hashrate was more than luck.
        hashrate_mean_ehs: the mean of seven days.
        hashrate_low_ehs: lower end of its interval.
        hashrate_high_ehs: its upper end.
        next_change_frac: the next adjustment of the difficulty.
        hashprice_usd_per_ph_day: hashprice.
        spot_usd_per_mwh: the power price; None where it was not known.
        decisions_in_words: what the site was told to run, or why that was not known.
    """

    number: int
    told_at: datetime
    as_of: datetime
    tip_height: int
    is_move_real: bool
    hashrate_mean_ehs: float
    hashrate_low_ehs: float
    hashrate_high_ehs: float
    next_change_frac: float
    hashprice_usd_per_ph_day: float
    spot_usd_per_mwh: float | None
    decisions_in_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionsDocument:
    """A page of what was told.

    Args:
        editions: the newest first.
        before: what to ask for as `before` to get the next page; None on the last one.
    """

    editions: tuple[EditionRow, ...]
    before: int | None
