"""The plan of several sites under shared limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.provenance import Origin
from wattshift.report.documents.siteplan import AmountRow

__all__ = [
    "PortfolioDocument",
    "PortfolioLimitRow",
    "PortfolioSeries",
    "PortfolioSiteRow",
    "PriceSeries",
    "ShareRow",
    "SiteSeries",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSiteRow:
    """One site's plan in short.

    Args:
        name: the site.
        profit_usd: what it earns [USD].
        energy_mwh: what it draws [MWh].
        highest_mw: the most that it draws at once [MW].
        amounts: its account by item.
    """

    name: str
    profit_usd: float
    energy_mwh: float
    highest_mw: float
    amounts: tuple[AmountRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """A site's part of a shared limit.

    Args:
        name: the site.
        energy_mwh: what it draws while the limit counts [MWh].
        share_frac: of what all sites draw of it.
    """

    name: str
    energy_mwh: float
    share_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioLimitRow:
    """A shared limit, how it is used and what it is worth.

    Args:
        name: the limit.
        kind: power, or energy.
        periods: how many periods it has within the window; each interval is one of a limit on power.
        priced_periods: in how many of them more of it would be worth something.
        allowed_mwh: what it allows over the window [MWh].
        drawn_mwh: what is drawn of it [MWh].
        highest_usd_per_mwh: the highest price [USD/MWh].
        highest_from_at: start of the period that has it.
        worth_usd_per_mw: of a limit on power, what one more MW is worth over the window [USD/MW].
        worth_usd_per_mwh: of a limit on energy, what one more MWh in each period is worth [USD/MWh].
        shares: of each site that it covers.
    """

    name: str
    kind: str
    periods: int
    priced_periods: int
    allowed_mwh: float
    drawn_mwh: float
    highest_usd_per_mwh: float
    highest_from_at: datetime
    worth_usd_per_mw: float | None
    worth_usd_per_mwh: float | None
    shares: tuple[ShareRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSeries:
    """What a site draws in each interval [MW]."""

    name: str
    drawn_mw: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSeries:
    """What a shared limit is worth in each interval [USD/MWh]."""

    name: str
    price_usd_per_mwh: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSeries:
    """The plan interval by interval, as columns of equal length.

    Args:
        start_at: starts of the intervals.
        hours: length of each [h].
        sites: what each draws.
        limits: what each is worth.
    """

    start_at: tuple[datetime, ...]
    hours: float
    sites: tuple[SiteSeries, ...]
    limits: tuple[PriceSeries, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioDocument:
    """`wattshift portfolio`.

    Args:
        as_of: the instant of knowledge: nothing later was used.
        portfolio: its name.
        start_at: start of the first interval.
        end_at: end of the last.
        intervals: how many there are.
        hours: length of each [h].
        profit_usd: what all sites earn [USD].
        bound_usd: no joint plan can earn more [USD].
        gap_usd: the difference [USD].
        gap_frac: the same, of the bound.
        rounds: how often the sites were asked at prices of the limits.
        sites: each site.
        limits: each shared limit.
        series: the plan itself.
        assumes: what was assumed.
        proof: how it was proved.
        in_words: the result in a sentence.
        origins: where every input comes from.
    """

    as_of: datetime
    portfolio: str
    start_at: datetime
    end_at: datetime
    intervals: int
    hours: float
    profit_usd: float
    bound_usd: float
    gap_usd: float
    gap_frac: float
    rounds: int
    sites: tuple[PortfolioSiteRow, ...]
    limits: tuple[PortfolioLimitRow, ...]
    series: PortfolioSeries
    assumes: str
    proof: str
    in_words: str
    origins: tuple[Origin, ...]
