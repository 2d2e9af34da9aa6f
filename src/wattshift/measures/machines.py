"""What a mining machine cost at an instant, by its efficiency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from wattshift import tables
from wattshift.errors import Malformed

__all__ = ["EfficiencyTier", "MachinePrice", "machine_price", "parse_tier"]

_MAX_AGE_DAYS = 365
_TIER = re.compile(
    r"(?:(?P<under>under) |(?P<over>over) )?(?P<first>\d+(?:\.\d+)?)(?:-(?P<second>\d+(?:\.\d+)?))?"
    r" J/TH(?P<less> or less)?",
    re.ASCII,
)
_EXACT_J_PER_TH = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyTier:
    """A tier of machines, from `low_j_per_th` up to and including `high_j_per_th`.

    Args:
        low_j_per_th: the best efficiency in it [J/TH].
        high_j_per_th: the worst [J/TH].
    """

    low_j_per_th: float
    high_j_per_th: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePrice:
    """A published price of machines of an efficiency tier.

    Args:
        tier: the tier, as published.
        published_on: the day.
        price_usd_per_th: the price [USD/TH].
        age_days: its age at the instant asked about.
    """

    tier: str
    published_on: date
    price_usd_per_th: float
    age_days: float


def parse_tier(text: str) -> EfficiencyTier:
    """Read a tier such as "under 38 J/TH", "25-38 J/TH", "over 68 J/TH" or "25 J/TH or less".

    A single efficiency ("17.5 J/TH ...") stands for machines within 1 J/TH of it.

    Raises:
        Malformed: if the text is none of these.
    """
    match = _TIER.match(text)
    if match is None:
        raise Malformed(f"{text!r} is not an efficiency tier", hint="write it as 25-38 J/TH")
    first = float(match["first"])
    if match["second"]:
        return EfficiencyTier(low_j_per_th=first, high_j_per_th=float(match["second"]))
    if match["under"] or match["less"]:
        return EfficiencyTier(low_j_per_th=0.0, high_j_per_th=first)
    if match["over"]:
        return EfficiencyTier(low_j_per_th=first, high_j_per_th=float("inf"))
    return EfficiencyTier(low_j_per_th=first - _EXACT_J_PER_TH, high_j_per_th=first + _EXACT_J_PER_TH)


def machine_price(
    points: pl.DataFrame,
    as_of: datetime,
    *,
    efficiency_j_per_th: float,
    max_age_days: float = _MAX_AGE_DAYS,
) -> MachinePrice | None:
    """The newest price, at most a year old, of a tier that holds an efficiency.

    Args:
        points: table `asic_price_points`: single published facts, nothing interpolated.
        as_of: the instant.
        efficiency_j_per_th: the machine's efficiency [J/TH].
        max_age_days: an older price is none; infinite to have any, and tell its age [days].

    Returns:
        The price; None if none was known.
    """
    known = tables.known_at(points, "asic_price_points", as_of).sort("date", descending=True)
    for row in known.iter_rows(named=True):
        tier = parse_tier(row["tier"])
        age_days = float((as_of.date() - row["date"]).days)
        if age_days <= max_age_days and tier.low_j_per_th <= efficiency_j_per_th <= tier.high_j_per_th:
            return MachinePrice(
                tier=row["tier"],
                published_on=row["date"],
                price_usd_per_th=row["price_usd_per_th"],
                age_days=age_days,
            )
    return None
