"""The document of a plan with scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.highs import Ended
from wattshift.allocate.coupled.stochastic.plan import DecidedPlan
from wattshift.allocate.coupled.stochastic.risk import quantile_usd
from wattshift.app.power import spot_table
from wattshift.app.siteplan.document import due_before_in_words, start_in_words
from wattshift.app.siteplan.futures import Futures
from wattshift.app.siteplan.hedged import Hedge, Hedged
from wattshift.app.snapshot import Snapshot
from wattshift.assets.coupling import beyond_merit_order
from wattshift.assets.site import Site
from wattshift.provenance import Origin
from wattshift.report.documents.scenarioplan import (
    FanSeries,
    FirmSeries,
    FrontierRow,
    OutcomeRow,
    RealisedRow,
    ScenarioPlanDocument,
)
from wattshift.report.figures import interval, number

__all__ = ["ScenarioCase", "scenario_plan_document"]

_Row: TypeAlias = NDArray[np.float64]

_LEVEL = 0.9
_ASSUMES = (
    "what is decided is the same in every scenario; after it each scenario is planned as if its prices were"
    " then known, so the figures are what may be earned at best; a charge on a month's peak counts by the"
    " share of the rest of the month that the window holds; "
)
_NO_TIME = "the time did not suffice for what it is compared with: give more --seconds"
_PROOF = (
    "in every scenario limits, money and what was decided were proved again by independent code, and so were"
    " the mean and the tail"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScenarioCase:
    """All that a document tells.

    Args:
        snapshot: what is known.
        site: the site.
        seed: of the futures.
        state_at: the instant of the site's state; None where it starts cold.
        futures: what may come.
        settled_usd_per_mwh: what came; None where that is not known [USD/MWh].
        asked: the question.
        found: the answer.
    """

    snapshot: Snapshot
    site: Site
    seed: int
    state_at: datetime | None
    futures: Futures
    settled_usd_per_mwh: _Row | None
    asked: Hedge
    found: Hedged


def scenario_plan_document(case: ScenarioCase) -> ScenarioPlanDocument:
    """The document of a plan that was found and proved."""
    asked, futures, found = case.asked, case.futures, case.found
    decided = found.plan.decided
    low, high = decided.band_usd(_LEVEL)
    return ScenarioPlanDocument(
        as_of=case.snapshot.as_of,
        site=case.site.name,
        coupled_by=beyond_merit_order(case.site),
        start_at=futures.window.start_at,
        end_at=futures.window.end_at,
        intervals=futures.intervals.height,
        hours=futures.hours,
        scenarios=len(asked.scenarios.scenarios),
        seed=case.seed,
        aversion_frac=asked.risk.aversion_frac,
        tail_frac=asked.risk.tail_frac,
        firm_hours=futures.hours * min(asked.stage.decided_until, futures.intervals.height),
        decided=_decided(decided),
        expected_usd=decided.expected_usd,
        low_usd=low,
        high_usd=high,
        level=_LEVEL,
        tail_usd=decided.tail_usd,
        ended=found.plan.ended.value,
        gap_usd=found.plan.gap_usd,
        deterministic_usd=found.deterministic_usd,
        stochastic_value_usd=found.stochastic_value_usd,
        deterministic_told=_NO_TIME if found.valued is None else found.valued.refused,
        foresight_usd=found.foresight_usd,
        information_value_usd=found.information_value_usd,
        frontier=_frontier(case),
        realised=_realised(case),
        realised_foresight_usd=_foresight_usd(case),
        outcomes=_outcomes(case),
        series=_fan(case),
        assumes=_ASSUMES + start_in_words(case.state_at),
        proof=_PROOF,
        in_words=_in_words(case, low, high),
        origins=_origins(case),
    )


def _decided(plan: DecidedPlan) -> tuple[FirmSeries, ...]:
    return tuple(
        FirmSeries(name=part, kind=firm.value, power_mw=tuple(row.tolist()))
        for (firm, part), row in plan.decisions.items()
    )


def _origins(case: ScenarioCase) -> tuple[Origin, ...]:
    table = spot_table(case.site)
    tables = (table,) if table else ()
    return case.snapshot.origins("blocks", "difficulty_periods", "block_fees", "btc_usd_daily", *tables)


def _frontier(case: ScenarioCase) -> tuple[FrontierRow, ...]:
    if not case.found.frontier:
        return ()
    plans = sorted((case.found.plan, *case.found.frontier), key=lambda plan: plan.decided.risk.aversion_frac)
    return tuple(
        FrontierRow(
            aversion_frac=plan.decided.risk.aversion_frac,
            expected_usd=plan.decided.expected_usd,
            tail_usd=plan.decided.tail_usd,
        )
        for plan in plans
    )


def _foresight_usd(case: ScenarioCase) -> float | None:
    """What a plan earns that knew all that came."""
    truth, foresight = case.asked.truth, case.found.foresight
    return None if truth is None or foresight is None else settle_coupled(truth, foresight).profit_usd


def _realised(case: ScenarioCase) -> tuple[RealisedRow, ...]:
    """What really came of the decisions."""
    truth, best_usd = case.asked.truth, _foresight_usd(case)
    rows = []
    for each in case.found.realised:
        profit = None if truth is None or each.plan is None else settle_coupled(truth, each.plan).profit_usd
        versus = None if profit is None or best_usd is None else profit - best_usd
        rows.append(
            RealisedRow(
                decided_by=each.decided_by, profit_usd=profit, versus_foresight_usd=versus, told=each.told
            )
        )
    return tuple(rows)


def _outcomes(case: ScenarioCase) -> tuple[OutcomeRow, ...]:
    futures, valued, outcomes = case.futures, case.found.valued, case.found.plan.decided.outcomes
    return tuple(
        OutcomeRow(
            name=outcome.name,
            occurs_prob=outcome.occurs_prob,
            mean_usd_per_mwh=float(price.mean()),
            highest_usd_per_mwh=float(price.max()),
            hashprice_usd_per_ph_day=float(hashprice.mean()),
            profit_usd=outcome.account.profit_usd,
            foresight_usd=foresight,
        )
        for outcome, price, hashprice, foresight in zip(
            outcomes,
            futures.price_usd_per_mwh,
            futures.hashprice_usd_per_ph_day,
            [None] * len(outcomes) if valued is None else valued.foresight_usd.tolist(),
            strict=True,
        )
    )


def _fan(case: ScenarioCase) -> FanSeries:
    futures = case.futures
    low, high = (
        tuple(quantile_usd(row, futures.occurs_prob, level=level) for row in futures.price_usd_per_mwh.T)
        for level in ((1.0 - _LEVEL) / 2.0, (1.0 + _LEVEL) / 2.0)
    )
    settled = case.settled_usd_per_mwh
    return FanSeries(
        start_at=tuple(futures.intervals["start"].to_list()),
        hours=futures.hours,
        low_usd_per_mwh=low,
        mean_usd_per_mwh=tuple(futures.intervals["price_usd_per_mwh"].to_list()),
        high_usd_per_mwh=high,
        settled_usd_per_mwh=() if settled is None else tuple(settled.tolist()),
    )


def _in_words(case: ScenarioCase, low_usd: float, high_usd: float) -> str:
    """What may be earned, what reckoning with scenarios is worth, and what knowing would be."""
    plan, valued = case.found.plan, case.found.valued
    decided = plan.decided
    ended = "" if plan.ended is Ended.OPTIMAL else "; it is the best that was found in time"
    due = due_before_in_words(case.asked.scenarios.problems[0])
    told = (
        f"the plan is expected to earn {number(decided.expected_usd)} USD{due}, with 90 % probability"
        f" {interval(low_usd, high_usd)}, in the worst {number(100 * decided.risk.tail_frac)} % on average"
        f" {number(decided.tail_usd)}{ended}"
    )
    if valued is None:
        return f"{told}; {_NO_TIME}"
    worth = valued.stochastic_value_usd
    if worth is None:
        told += "; the decisions of the mean scenario cannot be kept in every scenario"
    else:
        told += f"; reckoning with scenarios is worth {number(worth, 2)} USD"
    return f"{told}, knowing the future first would be worth {number(valued.information_value_usd)} more"
