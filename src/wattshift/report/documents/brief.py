"""The brief: what the network does, what a MWh is worth, what to run now, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.clock import format_instant
from wattshift.provenance import Origin
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.documents.security import SecurityState
from wattshift.report.documents.site import Decision, PlanDocument, ValueDocument

__all__ = ["BriefDocument", "ChangeRow", "DailySeries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One thing that changed since a week ago.

    Args:
        what: what it is, with its unit.
        before: its value then, formatted.
        after: its value now, formatted.
        change: the difference, formatted.
        verdict: what that means.
    """

    what: str
    before: str
    after: str
    change: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySeries:
    """A daily series with its interval, as columns of equal length.

    Args:
        title: what it is.
        unit: its unit, for people.
        at: the instants.
        mean: central values, in `unit`.
        low: lower ends.
        high: upper ends.
    """

    title: str
    unit: str
    at: tuple[datetime, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefDocument:
    """`wattshift brief`.

    Args:
        as_of: the instant.
        lag_s: how long ago that was, if it should be the present but the store has fallen behind [s].
        site: name of the site.
        site_note: where the site comes from.
        leaves_out: keys of the site file that the figures about the site know nothing of.
        headlines: what to know in a few sentences, most important first.
        hashrate: the network's hashrate.
        difficulty: its difficulty.
        hashprice: what a petahash earns.
        security: how safe payments are, and what that costs.
        value: what a MWh is worth in each use.
        now: what this site should run now.
        now_in_words: that in one sentence.
        month: what the last 30 days would have earned.
        changes: what changed since a week ago.
        hashrate_series: 90 days of hashrate.
        hashprice_series: 90 days of hashprice.
        origins: age and origin of every input.
    """

    as_of: datetime
    lag_s: float | None = None
    site: str
    site_note: str
    leaves_out: tuple[str, ...]
    headlines: tuple[str, ...]
    hashrate: HashrateDocument
    difficulty: DifficultyDocument
    hashprice: HashpriceDocument
    security: SecurityState
    value: ValueDocument
    now: tuple[Decision, ...]
    now_in_words: str
    month: PlanDocument
    changes: tuple[ChangeRow, ...]
    hashrate_series: DailySeries
    hashprice_series: DailySeries
    origins: tuple[Origin, ...]

    @property
    def now_is(self) -> str:
        """What to call the instant: "now" only if it is."""
        return "now" if self.lag_s is None else f"as of {format_instant(self.as_of)}"
