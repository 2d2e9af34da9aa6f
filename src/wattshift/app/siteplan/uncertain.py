"""The use-case `plan --scenarios`: a window that begins at the instant of knowledge, its prices unknown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.coupled.parts import Peak
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.site.compile import compile_site
from wattshift.allocate.coupled.stochastic.firststage import FirstStage
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.allocate.coupled.stochastic.scenarios import Scenario, ScenarioSet
from wattshift.app.engine.guard import DEFAULT_GUARD_LIMITS, Guard, GuardLimits
from wattshift.app.engine.port import Engine
from wattshift.app.planning import hashprice_of_intervals
from wattshift.app.power import prices_within
from wattshift.app.siteplan.futures import Futures, draw_futures
from wattshift.app.siteplan.hedged import Hedge, hedge
from wattshift.app.siteplan.rows import instants
from wattshift.app.siteplan.run import require_present
from wattshift.app.siteplan.scenariodocument import ScenarioCase, scenario_plan_document
from wattshift.app.siteplan.series import Known, known_of
from wattshift.app.siteplan.solving import limits_for
from wattshift.app.snapshot import Archive
from wattshift.assets.site import Site
from wattshift.assets.state import SiteState
from wattshift.clock import Window
from wattshift.errors import InputError, OutOfSpan
from wattshift.report.documents.scenarioplan import ScenarioPlanDocument

__all__ = ["DEFAULT_FIRM_H", "DEFAULT_TAIL_FRAC", "Attitude", "plan_uncertain"]

_Row: TypeAlias = NDArray[np.float64]

DEFAULT_FIRM_H = 1.0
DEFAULT_TAIL_FRAC = 0.1
_MAX_SECONDS = 86_400.0
_COLD = SiteState()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attitude:
    """How a site plans for what it does not know.

    Args:
        scenarios: how many futures.
        seed: of what they are drawn from.
        aversion_frac: the weight of the tail, 0 for the mean alone.
        tail_frac: which share of the worst outcomes the tail is.
        firm_h: how long what is slow is decided ahead [h].
    """

    scenarios: int
    seed: int = 0
    aversion_frac: float = 0.0
    tail_frac: float = DEFAULT_TAIL_FRAC
    firm_h: float = DEFAULT_FIRM_H


def plan_uncertain(
    archive: Archive,
    site: Site,
    attitude: Attitude,
    *,
    at: datetime | None = None,
    end_at: datetime | None = None,
    state: SiteState = _COLD,
    wall_s: float = DEFAULT_GUARD_LIMITS.wall_s,
    engine: Engine | None = None,
) -> ScenarioPlanDocument:
    """What to decide now for a window whose prices are not known, and what may come of it.

    Args:
        archive: the kept history.
        site: the site.
        attitude: how many futures, and how they are weighed.
        at: the instant of knowledge, and the start of the window; by default that of the state, else the
            newest.
        end_at: end of the window; by default a day later.
        state: how the site stands at its beginning.
        wall_s: how long planning may take [s].
        engine: where plans that know their scenario are made; in the child process unless given.

    Raises:
        OutOfSpan: if prices, hashprices or series are not known at the instant, or for the window.
        Missing, Malformed: if a file cannot be read or is not a sound series.
        InputError: if a number is out of range, or the state is not that of the window's beginning.
        Infeasible: naming the scenario that has no plan, and why.
        LimitReached: if time or memory ran out before a plan was found.
        SolveError: if the solver crashed.
        CheckFailed: if the independent proof refuses the plan.
    """
    if not 0.0 < wall_s <= _MAX_SECONDS:
        raise InputError("planning needs a time above zero, up to a day", wall_s=wall_s, hint="give seconds")
    snapshot = archive.as_of(at or state.at)
    window = Window(start_at=snapshot.as_of, end_at=end_at or snapshot.as_of + timedelta(days=1))
    futures = draw_futures(snapshot, site, window, count=attitude.scenarios, seed=attitude.seed)
    require_present(state, futures.window.start_at)
    known = known_of(site, futures.intervals)
    settled = _settled(archive, site, futures.window)
    asked = Hedge(
        scenarios=_scenarios(site, futures, known, state),
        truth=None if settled is None else _problem(site, *settled, known, state),
        stage=FirstStage(decided_until=_firm_intervals(attitude, futures)),
        risk=Risk(aversion_frac=attitude.aversion_frac, tail_frac=attitude.tail_frac),
    )
    with Guard() as guard:
        found = hedge(guard, asked, _limits(asked, wall_s), engine=engine)
    return scenario_plan_document(
        ScenarioCase(
            snapshot=snapshot,
            site=site,
            seed=attitude.seed,
            state_at=state.at,
            futures=futures,
            settled_usd_per_mwh=None if settled is None else settled[0]["price_usd_per_mwh"].to_numpy(),
            asked=asked,
            found=found,
        )
    )


def _limits(asked: Hedge, wall_s: float) -> GuardLimits:
    problems = asked.scenarios.problems
    return limits_for(problems[0], wall_s, scenarios=len(problems))


def _firm_intervals(attitude: Attitude, futures: Futures) -> int:
    if not 0.0 <= attitude.firm_h < np.inf:
        raise InputError("hours decided ahead are 0 or more", firm_h=attitude.firm_h, hint="give hours")
    return int(np.ceil(attitude.firm_h / futures.hours - 1e-9))


def _scenarios(site: Site, futures: Futures, known: Known, state: SiteState) -> ScenarioSet:
    rows = zip(
        futures.price_usd_per_mwh, futures.hashprice_usd_per_ph_day, futures.occurs_prob.tolist(), strict=True
    )
    return ScenarioSet(
        scenarios=tuple(
            Scenario(
                name=f"scenario {number}",
                occurs_prob=prob,
                problem=_problem(
                    site,
                    futures.intervals.with_columns(pl.Series("price_usd_per_mwh", price)),
                    hashprice,
                    known,
                    state,
                ),
            )
            for number, (price, hashprice, prob) in enumerate(rows, start=1)
        )
    )


def _settled(archive: Archive, site: Site, window: Window) -> tuple[pl.DataFrame, _Row] | None:
    """The prices that came, and the hashprices known at the start of each day; None while they have not."""
    newest = archive.as_of(None)
    if window.end_at > newest.as_of:
        return None
    try:
        prices = prices_within(newest, site, window)
    except OutOfSpan:
        return None
    return prices, hashprice_of_intervals(newest, prices)


def _problem(
    site: Site, prices: pl.DataFrame, hashprice: _Row, known: Known, state: SiteState
) -> CoupledProblem:
    problem = compile_site(
        site,
        prices,
        hashprice_usd_per_ph_day=hashprice,
        outside_c=known.outside_c,
        series=known.series,
        peak_prob=known.peak_prob,
        calls_prob=known.calls_prob,
        state=state,
    )
    peaks = tuple(_by_share(peak, problem, ZoneInfo(site.time_zone)) for peak in problem.peaks)
    return replace(problem, peaks=peaks)


def _by_share(peak: Peak, problem: CoupledProblem, zone: ZoneInfo) -> Peak:
    """A charge on a month's peak, by the share of what is left of the month that the window holds.

    A day that bore the whole month's charge would hardly run anything.
    """
    share = np.ones(peak.usd_per_mw.size)
    starts = instants(problem)
    window_end_at = starts[-1] + timedelta(hours=float(problem.hours[-1]))
    for period in range(share.size):
        first_at = starts[0] if period == 0 else starts[int(np.argmax(peak.period == period))]
        local = first_at.astimezone(zone)
        next_month = (local.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0)
        left = next_month.replace(microsecond=0).astimezone(UTC) - first_at
        share[period] = min(1.0, (window_end_at - first_at) / left)
    return replace(peak, usd_per_mw=share * peak.usd_per_mw)
