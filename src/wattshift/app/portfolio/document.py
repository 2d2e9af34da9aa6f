"""The document of a portfolio's plan: its sites, its shared limits, and what each of these is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.portfolio.planner import PortfolioPlan
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.power import spot_table
from wattshift.app.siteplan.rows import amount_rows, instants
from wattshift.app.snapshot import Snapshot
from wattshift.assets.site import Site
from wattshift.config.portfolio import Portfolio
from wattshift.report.documents.portfolio import (
    PortfolioDocument,
    PortfolioLimitRow,
    PortfolioSeries,
    PortfolioSiteRow,
    PriceSeries,
    ShareRow,
    SiteSeries,
)
from wattshift.report.figures import number

__all__ = ["PortfolioCase", "portfolio_document"]

_Row: TypeAlias = NDArray[np.float64]

_PRICED_USD_PER_MWH = 1e-6
_ASSUMES = (
    "before the first interval all machines are off, batteries hold what the site files say, and nothing has"
    " been drawn of any period; a period that the window cuts has its whole limit"
)
_PROOF = (
    "each site's limits and money, the shared limits and the sums were proved again by independent code; the"
    " bound follows from the limits' prices; every price of the window is taken as known"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PortfolioCase:
    """All that a document tells.

    Args:
        snapshot: what is known.
        portfolio: its file.
        sites: its sites.
        problems: their windows.
        shared: what they share.
        found: their plans.
    """

    snapshot: Snapshot
    portfolio: Portfolio
    sites: tuple[Site, ...]
    problems: tuple[CoupledProblem, ...]
    shared: tuple[SharedLimit, ...]
    found: PortfolioPlan

    @property
    def drawn_mw(self) -> _Row:
        """What each site draws, shape (N, T)."""
        return np.stack([plan.drawn_mw for plan in self.found.plans])


def portfolio_document(case: PortfolioCase) -> PortfolioDocument:
    """The document of plans that were found and proved."""
    problem, found = case.problems[0], case.found
    starts = instants(problem)
    limits = tuple(
        _limit_row(case, limit, price)
        for limit, price in zip(case.shared, found.prices_usd_per_mwh, strict=True)
    )
    tables = {table for table in map(spot_table, case.sites) if table}
    return PortfolioDocument(
        as_of=case.snapshot.as_of,
        portfolio=case.portfolio.name,
        start_at=starts[0],
        end_at=starts[-1] + timedelta(hours=float(problem.hours[-1])),
        intervals=problem.intervals,
        hours=float(problem.hours[0]),
        profit_usd=found.profit_usd,
        bound_usd=found.bound_usd,
        gap_usd=found.gap_usd,
        gap_frac=found.gap_usd / max(1.0, abs(found.bound_usd)),
        rounds=found.rounds,
        sites=_site_rows(case),
        limits=limits,
        series=_series(case),
        assumes=_ASSUMES,
        proof=_PROOF,
        in_words=_in_words(case, limits),
        origins=case.snapshot.origins(
            "blocks", "difficulty_periods", "block_fees", "btc_usd_daily", *sorted(tables)
        ),
    )


def _site_rows(case: PortfolioCase) -> tuple[PortfolioSiteRow, ...]:
    return tuple(
        PortfolioSiteRow(
            name=site.name,
            profit_usd=account.profit_usd,
            energy_mwh=float(plan.drawn_mw @ problem.hours),
            highest_mw=float(plan.drawn_mw.max()),
            amounts=amount_rows(account),
        )
        for site, problem, plan, account in zip(
            case.sites, case.problems, case.found.plans, case.found.accounts, strict=True
        )
    )


def _limit_row(case: PortfolioCase, limit: SharedLimit, price: _Row) -> PortfolioLimitRow:
    hours, dearest = case.problems[0].hours, int(np.argmax(price))
    counts = np.where(limit.period >= 0, hours, 0.0)
    drawn = float(limit.drawn_mwh(case.drawn_mw, hours).sum())
    shares = []
    for number_of in np.flatnonzero(limit.members(len(case.sites))):
        energy = float(case.drawn_mw[number_of] @ counts)
        frac = energy / drawn if drawn > 0.0 else 0.0
        shares.append(ShareRow(name=case.sites[number_of].name, energy_mwh=energy, share_frac=frac))
    by_power = limit.is_of_power
    return PortfolioLimitRow(
        name=limit.name,
        kind="power" if by_power else "energy",
        periods=limit.limit_mwh.size,
        priced_periods=int((price > _PRICED_USD_PER_MWH).sum()),
        allowed_mwh=float(limit.limit_mwh.sum()),
        drawn_mwh=drawn,
        highest_usd_per_mwh=float(price[dearest]),
        highest_from_at=instants(case.problems[0])[int(np.argmax(limit.period == dearest))],
        worth_usd_per_mw=float(price @ hours) if by_power else None,
        worth_usd_per_mwh=None if by_power else float(price.sum()),
        shares=tuple(shares),
    )


def _series(case: PortfolioCase) -> PortfolioSeries:
    return PortfolioSeries(
        start_at=instants(case.problems[0]),
        hours=float(case.problems[0].hours[0]),
        sites=tuple(
            SiteSeries(name=site.name, drawn_mw=tuple(plan.drawn_mw.tolist()))
            for site, plan in zip(case.sites, case.found.plans, strict=True)
        ),
        limits=tuple(
            PriceSeries(name=limit.name, price_usd_per_mwh=tuple(limit.by_interval(price).tolist()))
            for limit, price in zip(case.shared, case.found.prices_usd_per_mwh, strict=True)
        ),
    )


def _in_words(case: PortfolioCase, limits: tuple[PortfolioLimitRow, ...]) -> str:
    found = case.found
    told = (
        f"{len(case.sites)} sites earn {number(found.profit_usd)} USD together;"
        f" no joint plan earns {number(max(1.0, np.ceil(found.gap_usd)))} USD more"
    )
    for limit in limits:
        if limit.worth_usd_per_mw is not None:
            worth = f"{number(limit.worth_usd_per_mw, 2)} USD over this window"
            told += f"; one more MW of {limit.name} is worth {worth}"
        elif limit.worth_usd_per_mwh is not None:
            told += f"; one more MWh of {limit.name} is worth {number(limit.highest_usd_per_mwh, 2)} USD"
    return told
