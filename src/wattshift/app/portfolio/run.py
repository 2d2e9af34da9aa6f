"""The use-case itself: from a portfolio file and a window to the document of its plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.highs import Limits
from wattshift.allocate.coupled.portfolio.planner import plan_portfolio
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.site.compile import compile_site
from wattshift.app.engine.opening import open_engine
from wattshift.app.planning import hashprice_of_intervals
from wattshift.app.portfolio.document import PortfolioCase, portfolio_document
from wattshift.app.power import prices_within
from wattshift.app.siteplan.series import known_of
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.assets.site import Site
from wattshift.clock import Window
from wattshift.config.portfolio import LimitPeriod, Portfolio, PortfolioLimit, load_portfolio
from wattshift.report.documents.portfolio import PortfolioDocument

__all__ = ["Progress", "plan_portfolio_file", "shared_limits"]

Progress: TypeAlias = Callable[[int, float | None], None]
"""Is told the rounds so far and the gap as a ratio, once plans are known."""

_SITE_S = 60.0
_SITE_SHARE = 0.25
"""The part of the wanted gap that each answer of a site may leave open."""


def plan_portfolio_file(
    archive: Archive,
    path: Path,
    *,
    at: datetime | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    engine: str = "local",
    gap_ratio: float = 1e-4,
    told: Progress = lambda _rounds, _gap: None,
) -> PortfolioDocument:
    """The most profitable plans of several sites that together keep their shared limits, proved.

    Args:
        archive: the kept history.
        path: of the portfolio file.
        at: the instant of knowledge.
        start_at: start of the window; by default a day before its end.
        end_at: its end; by default `at`.
        engine: where the sites' plans are made, as `wattshift.app.engine.opening` reads it.
        gap_ratio: how close to the bound is close enough, relative to it.
        told: of the progress.

    Raises:
        ConfigError: if a file is not sound, or there is no such engine.
        OutOfSpan, Missing, Malformed: if prices or series are not known for the window.
        InputError: if the sites' prices have other intervals.
        Infeasible: if a site has no plan, or what must be drawn exceeds a shared limit.
        LimitReached: if no plans were found that fit.
        CheckFailed: if the independent proof refuses them.
    """
    portfolio, sites = load_portfolio(path)
    snapshot = archive.as_of(at)
    end_at = snapshot.as_of if end_at is None else end_at
    window = Window(start_at=start_at or end_at - timedelta(days=1), end_at=end_at)
    problems = [_problem(snapshot, site, window) for site in sites]
    shared = shared_limits(portfolio, [site.name for site in sites], problems[0])
    limits = Limits(wall_s=_SITE_S, gap_ratio=_SITE_SHARE * gap_ratio)
    with open_engine(engine) as opened:
        found = plan_portfolio(
            problems, shared, gap_ratio=gap_ratio, mapped=opened.map, limits=limits, told=told
        )
    return portfolio_document(
        PortfolioCase(
            snapshot=snapshot,
            portfolio=portfolio,
            sites=sites,
            problems=tuple(problems),
            shared=shared,
            found=found,
        )
    )


def _problem(snapshot: Snapshot, site: Site, window: Window) -> CoupledProblem:
    prices = prices_within(snapshot, site, window)
    known = known_of(site, prices)
    return compile_site(
        site,
        prices,
        hashprice_usd_per_ph_day=hashprice_of_intervals(snapshot, prices),
        outside_c=known.outside_c,
        series=known.series,
        peak_prob=known.peak_prob,
        calls_prob=known.calls_prob,
    )


def shared_limits(portfolio: Portfolio, names: list[str], problem: CoupledProblem) -> tuple[SharedLimit, ...]:
    """The limits of a portfolio file over the intervals of its sites."""
    return tuple(_shared(limit, names, portfolio.time_zone, problem) for limit in portfolio.limits)


def _shared(limit: PortfolioLimit, names: list[str], time_zone: str, problem: CoupledProblem) -> SharedLimit:
    covers = None if limit.sites is None else tuple(names.index(name) for name in limit.sites)
    if limit.limit_mw is not None:
        power = np.full(problem.intervals, limit.limit_mw)
        return SharedLimit.of_power(limit.name, power, problem.hours, covers)
    period = _periods(problem, limit.period or LimitPeriod.WINDOW, time_zone)
    return SharedLimit(
        name=limit.name,
        period=period,
        limit_mwh=np.full(int(period[-1]) + 1, limit.limit_mwh),
        sites=covers,
    )


def _periods(problem: CoupledProblem, period: LimitPeriod, time_zone: str) -> NDArray[np.int64]:
    """The month or year of each interval's start, in local time, from 0."""
    import polars as pl

    if period is LimitPeriod.WINDOW:
        return np.zeros(problem.intervals, np.int64)
    local = pl.Series(problem.start).dt.replace_time_zone("UTC").dt.convert_time_zone(time_zone)
    number = local.dt.year().cast(pl.Int64)
    if period is LimitPeriod.MONTH:
        number = number * 12 + local.dt.month()
    known: NDArray[np.int64] = np.unique(number.to_numpy(), return_inverse=True)[1].astype(np.int64)
    return known
