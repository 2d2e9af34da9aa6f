"""Documents of series: figures row by row, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.measures.difficulty import Adjustment
from wattshift.provenance import Origin

__all__ = [
    "DifficultySeriesDocument",
    "HashpriceRow",
    "HashpriceSeriesDocument",
    "HashrateRow",
    "HashrateSeriesDocument",
    "PowerRow",
    "PowerSeriesDocument",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateRow:
    """The hashrate over the window that ends at one instant.

    Args:
        at: the end of the window.
        mean_ehs: the estimate [EH/s].
        low_ehs: lower end of its interval [EH/s].
        high_ehs: upper end [EH/s].
    """

    at: datetime
    mean_ehs: float
    low_ehs: float
    high_ehs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateSeriesDocument:
    """A page of the hashrate's history.

    Args:
        as_of: the instant of knowledge.
        start_at: start of the whole series.
        end_at: its end.
        step_s: from row to row [s].
        window_s: length of the moving window [s].
        level: confidence level of the intervals.
        rows: the rows of this page, oldest first; instants before the first known window are left out.
        next_at: where the next page begins; None on the last one.
        origins: where it comes from.
    """

    as_of: datetime
    start_at: datetime
    end_at: datetime
    step_s: int
    window_s: int
    level: float
    rows: tuple[HashrateRow, ...]
    next_at: datetime | None
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashpriceRow:
    """The hashprice as it was known at one instant.

    Args:
        at: the instant.
        usd_per_ph_day: hashprice [USD/PH/day].
        low_usd_per_ph_day: lower end of its interval [USD/PH/day].
        high_usd_per_ph_day: upper end [USD/PH/day].
        btc_per_ph_day: in bitcoin [BTC/PH/day].
    """

    at: datetime
    usd_per_ph_day: float
    low_usd_per_ph_day: float
    high_usd_per_ph_day: float
    btc_per_ph_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HashpriceSeriesDocument:
    """A page of the history of hashprice.

    Args:
        as_of: the instant of knowledge.
        start_at: start of the whole series.
        end_at: its end.
        step_s: from row to row [s].
        level: confidence level of the intervals.
        rows: the rows of this page, oldest first.
        next_at: where the next page begins; None on the last one.
        origins: where it comes from.
    """

    as_of: datetime
    start_at: datetime
    end_at: datetime
    step_s: int
    level: float
    rows: tuple[HashpriceRow, ...]
    next_at: datetime | None
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifficultySeriesDocument:
    """Every adjustment of the difficulty that is known.

    Args:
        as_of: the instant of knowledge.
        rows: the adjustments, oldest first.
        origins: where they come from.
    """

    as_of: datetime
    rows: tuple[Adjustment, ...]
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRow:
    """The price of power in one interval.

    Args:
        start_at: start of the interval.
        hours: its length [h].
        price_usd_per_mwh: the settled price [USD/MWh].
    """

    start_at: datetime
    hours: float
    price_usd_per_mwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSeriesDocument:
    """The site's power prices over a stretch of time.

    Args:
        as_of: the instant of knowledge.
        site: name of the site.
        start_at: start of the stretch of time.
        end_at: its end.
        rows: the intervals, oldest first.
        origins: where they come from; empty where the site file itself says the price.
    """

    as_of: datetime
    site: str
    start_at: datetime
    end_at: datetime
    rows: tuple[PowerRow, ...]
    origins: tuple[Origin, ...]
