"""The document of a plan: its money, its parts, what limits it, and why each load runs or rests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from wattshift.allocate.coupled.highs import Ended
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.plan import load_mw
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.reasons import explain_coupled, marginal_uses, worths_of_limits
from wattshift.app.power import spot_table
from wattshift.app.siteplan import rows
from wattshift.app.siteplan.solving import PricedPlan
from wattshift.app.snapshot import Snapshot
from wattshift.assets.coupling import beyond_merit_order
from wattshift.assets.site import Site
from wattshift.clock import format_instant
from wattshift.provenance import Origin
from wattshift.report.documents.site import Decision
from wattshift.report.documents.siteplan import (
    DecisionsAt,
    FallbackNote,
    LimitRow,
    RuleRow,
    SitePlanDocument,
    SitePlanSeries,
)
from wattshift.report.figures import number

__all__ = ["Case", "due_before_in_words", "site_plan_document", "start_in_words"]

_CONNECTION = "the connection"
_ASSUMES = (
    "before the first interval all machines are off, batteries hold what the site file says, and no peak has"
    " been drawn in the month"
)
_PROOF = "limits and money were proved again by independent code; every price of the window is taken as known"
_NO_SOLVER = "no solver found this plan: what limits are worth, and why each load runs, is not known"
_NO_PRICES = "the time did not suffice for what each limit is worth; allow more with --seconds"
_PRICES = "worths are those of the last MW: they hold for small changes"
_ROUNDING_RATIO = 1e-5
_FIXED = f"{_PRICES}, with yes-or-no choices as they are"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """All that a document tells.

    Args:
        snapshot: what is known.
        site: the site.
        problem: its window.
        found: its plan.
        fallback: that it is not the plan that was asked for; None where it is.
        state_at: the instant of the state that it starts from; None where none was given.
        rules: the rules of thumb beside it.
        spot_usd_per_mwh: the market's prices [USD/MWh].
    """

    snapshot: Snapshot
    site: Site
    problem: CoupledProblem
    found: PricedPlan
    fallback: FallbackNote | None
    state_at: datetime | None
    rules: tuple[RuleRow, ...]
    spot_usd_per_mwh: tuple[float, ...]


def site_plan_document(case: Case) -> SitePlanDocument:
    """The document of a plan that was found and proved."""
    problem, found, plan = case.problem, case.found, case.found.plan
    starts, hours = rows.instants(problem), float(problem.hours[0])
    return SitePlanDocument(
        as_of=case.snapshot.as_of,
        site=case.site.name,
        fallback=case.fallback,
        coupled_by=beyond_merit_order(case.site),
        start_at=starts[0],
        end_at=starts[-1] + timedelta(hours=hours),
        intervals=problem.intervals,
        hours=hours,
        profit_usd=found.account.profit_usd,
        energy_mwh=float(plan.drawn_mw @ problem.hours),
        ended=_ended(case),
        gap_usd=found.gap_usd,
        amounts=rows.amount_rows(found.account),
        rules=case.rules,
        uses=rows.use_rows(problem, plan),
        work=rows.work_rows(problem, plan),
        batteries=rows.battery_rows(problem, plan),
        generators=rows.generator_rows(problem, plan),
        reserves=rows.reserve_rows(problem, plan),
        peaks=rows.peak_rows(problem, plan),
        limits=_limits(problem, found),
        limits_in_words=_limits_in_words(found),
        decisions=_decisions(problem, found, case.spot_usd_per_mwh),
        series=_series(problem, found, case.spot_usd_per_mwh),
        assumes=start_in_words(case.state_at),
        proof=_PROOF,
        in_words=_in_words(problem, found) if found.ended else _told_of(case),
        origins=_origins(case.snapshot, case.site),
    )


def _ended(case: Case) -> str:
    if case.found.ended is not None:
        return case.found.ended.value
    return case.fallback.kind.value if case.fallback else ""


def start_in_words(state_at: datetime | None) -> str:
    """How the site stands before the first interval: as its state says, or cold."""
    if state_at is None:
        return _ASSUMES
    return f"before the first interval the site stands as its state of {format_instant(state_at)} says"


def due_before_in_words(problem: CoupledProblem) -> str:
    """What the month's peak before the window costs, whatever is planned; empty where that is nothing."""
    due_usd = sum(float(peak.already_mw @ peak.usd_per_mw) for peak in problem.peaks)
    return f", after {number(due_usd)} USD that the month's peak so far costs in any case" if due_usd else ""


def _told_of(case: Case) -> str:
    earns = f"it earns {number(case.found.account.profit_usd)} USD"
    return f"{_ended(case)}; {earns}{due_before_in_words(case.problem)}"


def _origins(snapshot: Snapshot, site: Site) -> tuple[Origin, ...]:
    table = spot_table(site)
    tables = (table,) if table else ()
    return snapshot.origins("blocks", "difficulty_periods", "block_fees", "btc_usd_daily", *tables)


def _limits(problem: CoupledProblem, found: PricedPlan) -> tuple[LimitRow, ...]:
    if found.prices is None:
        return ()
    return tuple(
        LimitRow(
            name=worth.name.rstrip(","),
            worth_usd_per_mw=worth.worth_usd_per_mw,
            binding_hours=worth.binding_hours,
        )
        for worth in worths_of_limits(problem, found.prices)
    )


def _limits_in_words(found: PricedPlan) -> str:
    if found.prices is None:
        return _NO_PRICES if found.ended else _NO_SOLVER
    return _FIXED if found.prices.choices_fixed else _PRICES


def _decisions(
    problem: CoupledProblem, found: PricedPlan, spot: tuple[float, ...]
) -> tuple[DecisionsAt, ...]:
    """Those of the first interval, and those of the one whose power costs most."""
    shown = {0: "the first interval"}
    dearest = int(np.argmax(spot))
    shown[dearest] = "the dearest interval" if dearest else "the first interval, and the dearest"
    return tuple(_decisions_at(problem, found, spot[at], at, told) for at, told in shown.items())


def _decisions_at(
    problem: CoupledProblem, found: PricedPlan, spot_usd_per_mwh: float, at: int, told: str
) -> DecisionsAt:
    prices = found.prices
    reasons = (
        (_limits_in_words(found),) * len(problem.loads)
        if prices is None
        else explain_coupled(problem, found.plan, prices, at)
    )
    return DecisionsAt(
        at=rows.instants(problem)[at],
        told=told,
        spot_usd_per_mwh=spot_usd_per_mwh,
        power_usd_per_mwh=None if prices is None else float(prices.power_usd_per_mwh[at]),
        marginal=marginal_uses(problem, found.plan, at),
        uses=tuple(
            _decision(load, found, at, reason)
            for load, reason in zip(problem.loads, reasons, strict=True)
            if load.capacity_mw > 0.0
        ),
    )


def _decision(load: Load, found: PricedPlan, at: int, reason: str) -> Decision:
    """The worth is that of its step that runs last, or of its first."""
    runs = np.flatnonzero(found.plan.step_mw[load.name][:, at] > 0.0)
    step = load.steps[int(runs[-1]) if runs.size else 0]
    return Decision(
        name=load.name,
        kind=load.kind.value,
        load_mw=float(load_mw(found.plan, load.name)[at]),
        capacity_mw=min(load.capacity_mw, float(load.available_mw[at])),
        worth_usd_per_mwh=float(step.worth_usd_per_mwh[at]),
        reason=reason,
    )


def _series(problem: CoupledProblem, found: PricedPlan, spot: tuple[float, ...]) -> SitePlanSeries:
    plan, prices = found.plan, found.prices
    return SitePlanSeries(
        start_at=rows.instants(problem),
        hours=float(problem.hours[0]),
        spot_usd_per_mwh=spot,
        power_usd_per_mwh=() if prices is None else tuple(prices.power_usd_per_mwh.tolist()),
        marginal=tuple(marginal_uses(problem, plan, at) for at in range(problem.intervals)),
        drawn_mw=tuple(plan.drawn_mw.tolist()),
        fed_in_mw=tuple(plan.fed_in_mw.tolist()),
        parts=rows.part_series(problem, plan),
        reserves=rows.reserve_series(problem, plan),
    )


def _in_words(problem: CoupledProblem, found: PricedPlan) -> str:
    """What it earns, how it ended, what more connection is worth, and what the dearest limit is."""
    gap_usd = found.gap_usd or 0.0
    profit_usd = found.account.profit_usd
    ended = "it is the best that was found in time"
    if found.ended is Ended.OPTIMAL:
        near = gap_usd > max(1.0, _ROUNDING_RATIO * abs(profit_usd))
        ended = "it is as near to the optimum as is asked of so many blocks" if near else "it is the optimum"
    gap = f"no plan earns {number(max(1.0, np.ceil(gap_usd)))} USD more"
    told = f"the plan earns {number(profit_usd)} USD{due_before_in_words(problem)}; {ended}: {gap}"
    if found.prices is None:
        return told
    limits = _limits(problem, found)
    connection = sum(limit.worth_usd_per_mw for limit in limits if limit.name == _CONNECTION)
    worth = f"worth {number(connection, 2)} USD over this window" if connection else "worth nothing here"
    told += f"; one more MW of connection is {worth}"
    if not limits or limits[0].name == _CONNECTION:
        return told
    return f"{told}; dearest is {limits[0].name}: {number(limits[0].worth_usd_per_mw, 2)} USD a MW"
