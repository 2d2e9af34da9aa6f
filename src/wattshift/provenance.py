"""Where a figure comes from and how old it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["FetchOrigin", "Freshness", "Origin", "freshness"]


class Freshness(StrEnum):
    """The ladder of staleness: an expired input blocks control, not reports."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOrigin:
    """Where fetched bytes come from.

    Args:
        source: the name under which the source is configured.
        upstream: who stands behind it; sources that share an upstream are one witness, not two.
        url: where the bytes lay, without any secret.
        fetched_at: when they arrived.
        sha256: hash of the bytes, as hex digits.
    """

    source: str
    upstream: str
    url: str
    fetched_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One input of a result.

    Args:
        name: what it is, in words a reader knows ("BTC/USD daily close").
        source: who published it.
        licence: under which licence it is kept.
        sha256: hash of the bytes it was read from.
        newest_at: the latest instant that it describes and that was known.
        age_s: how much older than the result's `as_of` that is [s].
        freshness: where this age stands on the ladder.
        note: what a reader must know to use it (an estimate, a convention, a gap).
    """

    name: str
    source: str
    licence: str
    sha256: str
    newest_at: datetime | None
    age_s: float | None
    freshness: Freshness
    note: str = ""


def freshness(age_s: float, *, fresh_s: float, expired_s: float) -> Freshness:
    """Place an age on the ladder: fresh up to `fresh_s`, expired beyond `expired_s` [s]."""
    if age_s <= fresh_s:
        return Freshness.FRESH
    return Freshness.STALE if age_s <= expired_s else Freshness.EXPIRED
