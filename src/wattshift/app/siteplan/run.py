"""The use-case itself: from a site and a window to the document of its plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.site.compile import compile_site
from wattshift.app.engine.guard import Guard, GuardLimits
from wattshift.app.planning import hashprice_of_intervals
from wattshift.app.power import prices_within
from wattshift.app.siteplan.document import Case, site_plan_document
from wattshift.app.siteplan.fallback import Found, Standby, plan_or_fall_back
from wattshift.app.siteplan.saved import SaveTo, saved_of, write_saved
from wattshift.app.siteplan.series import known_of
from wattshift.app.siteplan.solving import limits_for
from wattshift.app.siteplan.thumbs import rule_rows
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.assets.site import Site
from wattshift.assets.state import SiteState
from wattshift.clock import Window, format_instant
from wattshift.errors import InputError, LimitReached
from wattshift.provenance import Origin
from wattshift.report.documents.siteplan import RuleRow, SitePlanDocument
from wattshift.report.files import require_writable

__all__ = ["DEFAULT_WALL_S", "More", "plan_site", "require_present"]

DEFAULT_WALL_S = 60.0
_MAX_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """What a plan may be given beside its window.

    Args:
        state: how the site stands at its beginning.
        relax: whether limits that contradict each other may give way.
        last: file of the last saved plan, what is safe of which stands in for one that cannot be found.
        save: where the plan is kept; what stands in for a plan never is.
    """

    state: SiteState = field(default_factory=SiteState)
    relax: bool = False
    last: Path | None = None
    save: SaveTo | None = None


_NOTHING = More()


def plan_site(
    archive: Archive,
    site: Site,
    *,
    at: datetime | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    wall_s: float = DEFAULT_WALL_S,
    more: More = _NOTHING,
) -> SitePlanDocument:
    """The most profitable plan of a whole window, proved, with its account by item and its reasons.

    Prices and hashprices are taken as in `wattshift.app.planning.plan`, series from the site's files.

    Args:
        archive: the kept history.
        site: the site.
        at: the instant of knowledge.
        start_at: start of the window; by default the state's instant, or a day before its end.
        end_at: its end; by default `at`.
        wall_s: how long planning may take, and each thing beside it once more [s].
        more: where it starts from, what may stand in for the plan, where it is kept.

    Raises:
        OutOfSpan: if prices, hashprices or series are not known for the window.
        Missing, Malformed: if a file cannot be read or is not a sound series.
        InputError: if the site needs a series that it does not name, the time is out of range, the state is
            not that of the window's beginning, or the plan could not be kept.
        Infeasible: if the site's limits contradict each other, naming a smallest set that does.
        LimitReached: if time or memory ran out before any plan was found.
        SolveError: if the solver crashed.
        CheckFailed: if the independent proof refuses the plan. None of these four, where something stands in.
    """
    _require_possible(wall_s, more.save)
    snapshot = archive.as_of(at)
    end_at = snapshot.as_of if end_at is None else end_at
    begins_at = start_at or more.state.at or end_at - timedelta(days=1)
    prices = prices_within(snapshot, site, Window(start_at=begins_at, end_at=end_at))
    require_present(more.state, prices["start"][0])
    problem = _problem(snapshot, site, prices, more.state)
    standby = Standby(relax=more.relax, last=more.last, site=site.name, as_of=snapshot.as_of)
    limits = limits_for(problem, wall_s)
    spot = prices["price_usd_per_mwh"].to_numpy()
    with Guard() as guard:
        found = plan_or_fall_back(guard, problem, limits, standby)
        spot = spot[: found.problem.intervals]
        rules = _rules(guard, site, found, spot, limits)
    case = Case(
        snapshot=snapshot,
        site=site,
        problem=found.problem,
        found=found.plan,
        fallback=found.note,
        state_at=more.state.at,
        rules=rules,
        spot_usd_per_mwh=tuple(spot.tolist()),
    )
    document = site_plan_document(case)
    if more.save is not None and found.note is None:
        _save(more.save, case, document.origins)
    return document


def _require_possible(wall_s: float, save: SaveTo | None) -> None:
    """Refuse now what would fail once the plan is made: a misspelt folder must not cost it."""
    if not 0.0 < wall_s <= _MAX_SECONDS:
        raise InputError("planning needs a time above zero, up to a day", wall_s=wall_s, hint="give seconds")
    if save is not None:
        require_writable(save.path)


def _save(save: SaveTo, case: Case, origins: tuple[Origin, ...]) -> None:
    as_of = case.snapshot.as_of
    write_saved(save.path, saved_of(case.site.name, as_of, case.problem, case.found, origins, save.life_s))


def require_present(state: SiteState, first_at: datetime) -> None:
    """A state is that of the first interval's start, or of the hour before.

    Raises:
        InputError: if it is of another time.
    """
    if state.at is None or timedelta(0) <= first_at - state.at < timedelta(hours=1):
        return
    raise InputError(
        "the state is not that of the window's beginning",
        state=format_instant(state.at),
        first_interval=format_instant(first_at),
        hint="begin the plan at the state's instant with --start, or give a state of the hour before",
    )


def _problem(snapshot: Snapshot, site: Site, prices: pl.DataFrame, state: SiteState) -> CoupledProblem:
    known = known_of(site, prices)
    return compile_site(
        site,
        prices,
        hashprice_usd_per_ph_day=hashprice_of_intervals(snapshot, prices),
        outside_c=known.outside_c,
        series=known.series,
        peak_prob=known.peak_prob,
        calls_prob=known.calls_prob,
        state=state,
    )


def _rules(
    guard: Guard,
    site: Site,
    found: Found,
    spot_usd_per_mwh: NDArray[np.float64],
    limits: GuardLimits,
) -> tuple[RuleRow, ...]:
    """The rules of thumb; none where the time did not suffice or no solver helps: the plan needs none."""
    if found.plan.ended is None:
        return ()
    profit_usd = found.plan.account.profit_usd
    try:
        return rule_rows(guard, site, found.problem, spot_usd_per_mwh, profit_usd, limits)
    except LimitReached:
        return ()
