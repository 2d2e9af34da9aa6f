"""The use-case `plan`: who gets the megawatts, what that earns, and how it compares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.plan import Comparison, Plan, Rule, compare
from wattshift.allocate.problem import Problem, build
from wattshift.allocate.reasons import explain
from wattshift.app.power import prices_within, spot_table
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.assets.coupling import beyond_merit_order
from wattshift.assets.site import Site
from wattshift.clock import Window
from wattshift.report import words
from wattshift.report.documents.site import AccountRow, Decision, PlanDocument, PlanSeries, UseEnergyRow

__all__ = ["decisions_of", "hashprice_of_intervals", "plan"]

_WHAT = {
    Rule.MERIT: "best use of every interval at its own settled price",
    Rule.LAGGED: "the same, deciding on the price of the interval before",
    Rule.STRIKE: "mine while the spot price is at or below the typed strike",
    Rule.ALWAYS_MINE: "run everything at every price",
}
_WITHOUT_MINING = {Rule.ALWAYS_MINE: "always on"}
_PROOF = (
    "closed form: nothing couples the intervals, so the best of each is the best of all;"
    " limits and money re-proved by independent code"
)


def plan(
    archive: Archive,
    site: Site,
    *,
    at: datetime | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
) -> PlanDocument:
    """The merit-order dispatch of a site over a window, its account, and the rules of thumb beside it.

    Each interval is valued with the hashprice known at the start of its UTC day, or at `at` if that is
    earlier.

    Args:
        archive: the kept history.
        site: the site.
        at: the instant of knowledge.
        start_at: start of the window; by default a day before its end.
        end_at: its end; by default `at`.

    Raises:
        OutOfSpan: if prices or hashprices are not known for the window.
        Infeasible: if the site's limits contradict each other.
    """
    snapshot = archive.as_of(at)
    end_at = snapshot.as_of if end_at is None else end_at
    window = Window(start_at=start_at or end_at - timedelta(days=1), end_at=end_at)
    prices = prices_within(snapshot, site, window)
    problem = build(site, prices, hashprice_usd_per_ph_day=hashprice_of_intervals(snapshot, prices))
    return _document(snapshot, site, prices, problem, compare(problem))


def hashprice_of_intervals(snapshot: Snapshot, prices: pl.DataFrame) -> NDArray[np.float64]:
    """The hashprice known at the start of each interval's UTC day, or at the snapshot if that is earlier.

    Returns:
        Shape (T,) [USD/PH/day].
    """
    days = prices["start"].dt.truncate("1d")
    known: dict[datetime, float] = {}
    for day in days.unique():
        at = min(cast("datetime", day), snapshot.as_of)
        known[day] = snapshot.archive.as_of(at).hashprice.usd_per_ph_day
    return days.replace_strict(known, return_dtype=pl.Float64).to_numpy()


def decisions_of(problem: Problem, chosen: Plan, row: int) -> tuple[Decision, ...]:
    """What each use should draw in one interval, and why."""
    reasons = explain(problem, chosen.load_mw, row)
    return tuple(
        Decision(
            name=use.name,
            kind=use.kind.value,
            load_mw=float(chosen.load_mw[row, index]),
            capacity_mw=use.capacity_mw,
            worth_usd_per_mwh=float(use.worth_usd_per_mwh[row]),
            reason=reasons[index],
        )
        for index, use in enumerate(problem.uses)
    )


def _document(
    snapshot: Snapshot, site: Site, prices: pl.DataFrame, problem: Problem, compared: Comparison
) -> PlanDocument:
    starts = tuple(prices["start"].to_list())
    hours = float(problem.hours[0])
    accounts = _accounts(site, compared)
    table = spot_table(site)
    return PlanDocument(
        as_of=snapshot.as_of,
        site=site.name,
        start_at=starts[0],
        end_at=starts[-1] + timedelta(hours=hours),
        intervals=len(starts),
        hours=hours,
        accounts=accounts,
        uses=_uses(compared.best, problem),
        decisions=decisions_of(problem, compared.best, len(starts) - 1),
        series=PlanSeries(
            start_at=starts,
            hours=hours,
            spot_usd_per_mwh=tuple(problem.spot_usd_per_mwh.tolist()),
            cap_mw=tuple(problem.cap_mw.tolist()),
            uses=tuple(use.name for use in problem.uses),
            load_mw=tuple(tuple(column) for column in compared.best.load_mw.T.tolist()),
        ),
        proof=_PROOF,
        in_words=words.accounts_in_words(accounts),
        leaves_out=beyond_merit_order(site),
        origins=snapshot.origins(
            "blocks", "difficulty_periods", "block_fees", "btc_usd_daily", *((table,) if table else ())
        ),
    )


def _accounts(site: Site, compared: Comparison) -> tuple[AccountRow, ...]:
    could_mine_mw = site.mining.facility_mw if site.mining else 0.0
    best = compared.best.account.profit_usd
    rows = []
    for made in compared.plans:
        account = made.account
        could_mwh = could_mine_mw * float(account.intervals["hours"].sum())
        rows.append(
            AccountRow(
                rule=made.rule.value if site.mining else _WITHOUT_MINING.get(made.rule, made.rule.value),
                what=_WHAT[made.rule],
                revenue_usd=account.revenue_usd,
                power_usd=account.revenue_usd - account.profit_usd,
                profit_usd=account.profit_usd,
                energy_mwh=account.energy_mwh,
                mining_frac=account.mining_mwh / could_mwh if could_mwh else None,
                versus_plan_usd=account.profit_usd - best,
            )
        )
    return tuple(rows)


def _uses(chosen: Plan, problem: Problem) -> tuple[UseEnergyRow, ...]:
    hours = float(problem.hours.sum())
    return tuple(
        UseEnergyRow(
            name=use.name,
            kind=use.kind.value,
            energy_mwh=use.energy_mwh,
            running_hours=use.running_hours,
            running_frac=use.running_hours / hours,
            revenue_usd=use.revenue_usd,
            revenue_usd_per_mwh=use.revenue_usd / use.energy_mwh if use.energy_mwh > 0 else None,
        )
        for use in chosen.account.uses
    )
