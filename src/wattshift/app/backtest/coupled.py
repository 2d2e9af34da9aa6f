"""The replay of a site whose intervals hang together: a rolling horizon, month by month.

Each month stands alone, with batteries as the site file starts them, for foresight as for every other way: a
year then is twelve problems of a size that can be solved exactly.

The planner decides every interval anew. It looks a day ahead: the next hour in the tariff's own intervals,
the rest in hours. A charge on the month's peak counts by the share of the rest of the month that it sees, for
a day's income alone would never pay for a month's charge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.compile import compile_site
from wattshift.allocate.coupled.outlook import SiteState
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.rolling import State, carry, first_intervals, resume
from wattshift.allocate.coupled.separate import Piece, join
from wattshift.app.backtest.events import spans_of
from wattshift.app.backtest.material import Material
from wattshift.app.backtest.outcome import Outcomes
from wattshift.app.backtest.told import fleet_worth_usd_per_mwh, told
from wattshift.assets.site import Site
from wattshift.clock import Window
from wattshift.errors import CheckFailed
from wattshift.measures.forecast.path import PricePaths
from wattshift.report.documents.backtest import SpanKind, Way

__all__ = ["Progress", "replay_coupled"]

_Row: TypeAlias = NDArray[np.float64]

_Path: TypeAlias = Callable[[int, int], _Row]
"""Prices after interval `last` of the material: (last, count) -> shape (count,)."""

Progress: TypeAlias = Callable[[int, int], None]
"""Told (done, total) months."""

_FINE_H = 1.0
_GAP_RATIO = 2e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Month:
    """A month of the window: its rows in the material, and what truly came."""

    site: Site
    material: Material
    first: int
    end: int
    truth: CoupledProblem

    @property
    def prices(self) -> pl.DataFrame:
        return self.material.prices[self.first : self.end]

    @property
    def hashprice(self) -> _Row:
        offset = self.material.first
        return self.material.hashprice_usd_per_ph_day[self.first - offset : self.end - offset]


def replay_coupled(site: Site, material: Material, *, progress: Progress | None = None) -> Outcomes:
    """Run a site in every way over a window; each decision knows the prices settled before its interval.

    Raises:
        CheckFailed: if a plan is refused by the proof, or earns more than perfect foresight by more than the
            solver's gap: a fault in wattshift.
        InputError: if the site needs what history does not hold, such as temperatures.
    """
    months = list(_months(site, material))
    profit: dict[Way, list[float]] = {}
    energy: dict[Way, list[float]] = {}
    for done, month in enumerate(months):
        found = dict(_ways(month))
        for way, (account, drawn_mwh) in found.items():
            profit.setdefault(way, []).append(account.profit_usd)
            energy.setdefault(way, []).append(drawn_mwh)
        _require_best({way: account for way, (account, _) in found.items()})
        if progress is not None:
            progress(done + 1, len(months))
    return Outcomes(
        start_at=tuple(month.prices["start"][0] for month in months),
        profit_usd={way: np.array(row) for way, row in profit.items()},
        energy_mwh={way: np.array(row) for way, row in energy.items()},
    )


def _months(site: Site, material: Material) -> Iterator[_Month]:
    starts = material.prices["start"]
    window = Window(start_at=material.window["start"][0], end_at=material.end_at)
    for span in spans_of(window, site.time_zone, SpanKind.MONTH):
        if span.kind is not SpanKind.MONTH:
            continue
        first, end = (int(starts.search_sorted(at)) for at in (span.start_at, span.end_at))
        rows = slice(first - material.first, end - material.first)
        truth = compile_site(
            site,
            material.prices[first:end],
            hashprice_usd_per_ph_day=material.hashprice_usd_per_ph_day[rows],
        )
        yield _Month(site=site, material=material, first=first, end=end, truth=truth)


def _ways(month: _Month) -> Iterator[tuple[Way, tuple[CoupledAccount, float]]]:
    material = month.material
    yield Way.FORESIGHT, _settled(month, plan_coupled(month.truth).plan)
    paths = PricePaths(material.price_usd_per_mwh, n_per_day=material.n_per_day)
    yield Way.PLANNER, _settled(month, _rolled(month, paths.after))
    price = material.price_usd_per_mwh
    yield Way.LAST_PRICE, _settled(month, _rolled(month, lambda last, count: np.full(count, price[last])))
    runs = _runs(month)
    for way, on in runs.items():
        yield way, _settled(month, plan_coupled(told(month.truth, on)).plan)


def _runs(month: _Month) -> dict[Way, NDArray[np.bool_]]:
    """When the rules of thumb mine, by the price that was settled last."""
    last = month.material.price_usd_per_mwh[month.first - 1 : month.end - 1]
    seen = compile_site(
        month.site,
        month.prices.with_columns(pl.Series("price_usd_per_mwh", last)),
        hashprice_usd_per_ph_day=month.hashprice,
    )
    every = np.ones(last.size, np.bool_)
    runs = {
        Way.FLEET_AVERAGE: seen.grid.buy_usd_per_mwh <= fleet_worth_usd_per_mwh(month.truth),
        Way.ALWAYS_MINE: every,
        Way.AI_ONLY: ~every,
    }
    mining = month.site.mining
    if mining is not None and mining.strike_usd_per_mwh is not None:
        runs[Way.STRIKE] = last <= mining.strike_usd_per_mwh
    return runs


def _settled(month: _Month, plan: CoupledPlan) -> tuple[CoupledAccount, float]:
    """The realised account of a plan and the energy that it draws, proved."""
    account = settle_coupled(month.truth, plan)
    check_coupled(month.truth, plan, account)
    return account, float(plan.drawn_mw @ month.truth.hours)


def _rolled(month: _Month, path: _Path) -> CoupledPlan:
    """What comes of planning a day, doing its first interval, and planning again."""
    truth = month.truth
    state: State | None = None
    peak_mw: dict[str, float] = {}
    done: list[tuple[Piece, CoupledPlan]] = []
    for row in range(truth.intervals):
        problem = _seen(month, row, path, state, peak_mw)
        plan = plan_coupled(problem).plan
        state = carry(problem, plan, 1)
        for peak in problem.peaks:
            if peak.period[0] >= 0:
                peak_mw[peak.name] = max(peak_mw.get(peak.name, 0.0), float(plan.drawn_mw[0]))
        done.append((Piece(problem=problem, rows=slice(row, row + 1)), first_intervals(plan, 1)))
    return join(truth, done)


def _seen(
    month: _Month, row: int, path: _Path, state: State | None, peak_mw: dict[str, float]
) -> CoupledProblem:
    """The horizon from an interval on as it looked at its start."""
    at = month.first + row
    count = min(month.material.n_per_day, month.truth.intervals - row)
    prices = _coarse(month.material.prices["start"][at], path(at - 1, count), month.material.n_per_day)
    held = {} if state is None else state.held_mwh
    problem = compile_site(
        month.site,
        prices,
        hashprice_usd_per_ph_day=float(month.hashprice[row]),
        state=SiteState(held_mwh=dict(held), peak_mw=peak_mw),
    )
    problem = _with_share_of_peaks(problem, float(month.truth.hours[row:].sum()))
    problem = _with_what_is_known(problem, month.truth, row)
    return problem if state is None else resume(problem, replace(state, peak_mw={}))


def _coarse(start_at: datetime, path_usd_per_mwh: _Row, n_per_day: int) -> pl.DataFrame:
    """The next hour in intervals as they are, the rest in hours at their mean price."""
    hours = 24.0 / n_per_day
    each = max(1, round(_FINE_H / hours))
    fine = min(each, path_usd_per_mwh.size)
    rest = path_usd_per_mwh[fine:]
    blocks = [rest[first : first + each] for first in range(0, rest.size, each)]
    lengths = np.array([hours] * fine + [hours * block.size for block in blocks])
    begins_h = np.cumsum(lengths) - lengths
    return pl.DataFrame(
        {
            "start": pl.Series(
                [start_at + timedelta(hours=begin) for begin in begins_h.tolist()],
                dtype=pl.Datetime("us", "UTC"),
            ),
            "hours": lengths,
            "price_usd_per_mwh": np.array(
                [*path_usd_per_mwh[:fine], *(block.mean() for block in blocks)], np.float64
            ),
        }
    )


def _with_share_of_peaks(problem: CoupledProblem, left_h: float) -> CoupledProblem:
    share = min(1.0, float(problem.hours.sum()) / left_h)
    return replace(
        problem, peaks=tuple(replace(peak, usd_per_mw=share * peak.usd_per_mw) for peak in problem.peaks)
    )


def _with_what_is_known(problem: CoupledProblem, truth: CoupledProblem, row: int) -> CoupledProblem:
    """The grid's orders arrive in real time, and what batteries must hold in the end is known all along."""
    import_mw = problem.grid.import_mw.copy()
    import_mw[0] = truth.grid.import_mw[row]
    return replace(
        problem,
        grid=replace(problem.grid, import_mw=import_mw),
        batteries=tuple(
            replace(battery, least_end_mwh=true.least_end_mwh)
            for battery, true in zip(problem.batteries, truth.batteries, strict=True)
        ),
    )


def _require_best(accounts: dict[Way, CoupledAccount]) -> None:
    best = accounts[Way.FORESIGHT]
    for way, account in accounts.items():
        if not account.profit_usd <= best.profit_usd + _GAP_RATIO * best.turnover_usd:
            raise CheckFailed("a plan earns more than perfect foresight", way=way)
