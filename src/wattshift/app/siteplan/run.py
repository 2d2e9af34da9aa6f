"""The use-case itself: from a site and a window to the document of its plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.coupled.compile import compile_site
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.engine.guard import DEFAULT_GUARD_LIMITS, Guard, GuardLimits
from wattshift.app.planning import hashprice_of_intervals
from wattshift.app.power import prices_within
from wattshift.app.siteplan.document import Case, site_plan_document
from wattshift.app.siteplan.series import known_of
from wattshift.app.siteplan.solving import PricedPlan, solve_site
from wattshift.app.siteplan.thumbs import rule_rows
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.assets.site import Site
from wattshift.clock import Window
from wattshift.errors import InputError, LimitReached
from wattshift.report.documents.siteplan import RuleRow, SitePlanDocument

__all__ = ["DEFAULT_WALL_S", "plan_site"]

DEFAULT_WALL_S = 60.0
_MAX_SECONDS = 86_400.0


def plan_site(
    archive: Archive,
    site: Site,
    *,
    at: datetime | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    wall_s: float = DEFAULT_WALL_S,
) -> SitePlanDocument:
    """The most profitable plan of a whole window, proved, with its account by item and its reasons.

    Prices and hashprices are taken as in `wattshift.app.planning.plan`, series from the site's files.

    Args:
        archive: the kept history.
        site: the site.
        at: the instant of knowledge.
        start_at: start of the window; by default a day before its end.
        end_at: its end; by default `at`.
        wall_s: how long planning may take, and the rules of thumb once more [s].

    Raises:
        OutOfSpan: if prices, hashprices or series are not known for the window.
        Missing, Malformed: if a file cannot be read or is not a sound series.
        InputError: if the site needs a series that it does not name, or the time is out of range.
        Infeasible: if the site's limits contradict each other, naming a smallest set that does.
        LimitReached: if time or memory ran out before any plan was found.
        SolveError: if the solver crashed.
        CheckFailed: if the independent proof refuses the plan.
    """
    if not 0.0 < wall_s <= _MAX_SECONDS:
        raise InputError("planning needs a time above zero, up to a day", wall_s=wall_s, hint="give seconds")
    snapshot = archive.as_of(at)
    end_at = snapshot.as_of if end_at is None else end_at
    window = Window(start_at=start_at or end_at - timedelta(days=1), end_at=end_at)
    prices = prices_within(snapshot, site, window)
    problem = _problem(snapshot, site, prices)
    limits = replace(DEFAULT_GUARD_LIMITS, wall_s=wall_s)
    spot = prices["price_usd_per_mwh"].to_numpy()
    with Guard() as guard:
        found = solve_site(guard, problem, limits)
        rules = _rules(guard, site, problem, spot, found, limits)
    known_spot = tuple(spot.tolist())
    return site_plan_document(
        Case(
            snapshot=snapshot,
            site=site,
            problem=problem,
            found=found,
            rules=rules,
            spot_usd_per_mwh=known_spot,
        )
    )


def _problem(snapshot: Snapshot, site: Site, prices: pl.DataFrame) -> CoupledProblem:
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


def _rules(
    guard: Guard,
    site: Site,
    problem: CoupledProblem,
    spot_usd_per_mwh: NDArray[np.float64],
    found: PricedPlan,
    limits: GuardLimits,
) -> tuple[RuleRow, ...]:
    """The rules of thumb; none where the time did not suffice: the plan does not need them."""
    try:
        return rule_rows(guard, site, problem, spot_usd_per_mwh, found.account.profit_usd, limits)
    except LimitReached:
        return ()
