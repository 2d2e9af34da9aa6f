"""The replay of a site whose intervals hang together: a rolling horizon, month by month.

Each month stands alone, with batteries as the site file starts them, for foresight as for every other way: a
year then is twelve problems of a size that can be solved exactly, on as many processes as there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np

from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.app.backtest.material import Material
from wattshift.app.backtest.month import Month, months_of, true_month
from wattshift.app.backtest.outcome import Outcomes
from wattshift.app.backtest.rolled import rolled
from wattshift.app.backtest.thumbs import by_thumb
from wattshift.app.engine.port import Engine
from wattshift.assets.site import Site
from wattshift.assets.state import SiteState
from wattshift.errors import CheckFailed
from wattshift.report.documents.backtest import Way

__all__ = ["Progress", "replay_coupled"]

Progress: TypeAlias = Callable[[int, int], None]
"""Told (done, total) months."""

_GAP_RATIO = 2e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earned:
    """What the ways earned in a month, and the energy that they drew."""

    start_at: datetime
    profit_usd: dict[Way, float]
    energy_mwh: dict[Way, float]


def replay_coupled(
    site: Site, material: Material, *, progress: Progress | None = None, engine: Engine | None = None
) -> Outcomes:
    """Run a site in every way over a window; each decision knows the prices settled before its interval.

    Args:
        site: the site.
        material: what was known and what came.
        progress: told (done, total) months; with an engine once all are done.
        engine: where months are replayed, all at once; here, one after the other, unless given.

    Raises:
        CheckFailed: if a plan is refused by the proof, or earns more than perfect foresight by more than the
            solver's gap: a fault in wattshift.
        Infeasible: if the site's limits contradict each other.
        InputError: if the site needs a series that it does not name, or a contract is called more often in a
            year than it allows.
    """
    months = list(months_of(site, material))
    earned = list(_one_by_one(months, progress)) if engine is None else engine.map(_replayed, months)
    if engine is not None and progress is not None:
        progress(len(months), len(months))
    ways = tuple(earned[0].profit_usd)
    return Outcomes(
        start_at=tuple(month.start_at for month in earned),
        profit_usd={way: np.array([month.profit_usd[way] for month in earned]) for way in ways},
        energy_mwh={way: np.array([month.energy_mwh[way] for month in earned]) for way in ways},
    )


def _one_by_one(
    months: list[tuple[Site, Material, SiteState]], progress: Progress | None
) -> Iterator[_Earned]:
    for done, month in enumerate(months, start=1):
        yield _replayed(month)
        if progress is not None:
            progress(done, len(months))


def _replayed(asked: tuple[Site, Material, SiteState]) -> _Earned:
    """A month in every way, proved."""
    month = true_month(*asked)
    settled = {way: _settled(month, plan) for way, plan in _ways(month)}
    _require_best({way: account for way, (account, _) in settled.items()})
    return _Earned(
        start_at=month.material.window["start"][0],
        profit_usd={way: account.profit_usd for way, (account, _) in settled.items()},
        energy_mwh={way: drawn_mwh for way, (_, drawn_mwh) in settled.items()},
    )


def _ways(month: Month) -> Iterator[tuple[Way, CoupledPlan]]:
    price = month.material.price_usd_per_mwh
    yield Way.FORESIGHT, plan_coupled(month.truth).plan
    yield Way.PLANNER, rolled(month, month.material.paths(month.site).after)
    yield Way.LAST_PRICE, rolled(month, lambda last, count: np.full(count, price[last]))
    yield from by_thumb(month)


def _settled(month: Month, plan: CoupledPlan) -> tuple[CoupledAccount, float]:
    """The realised account of a plan and the energy that it draws, proved."""
    account = settle_coupled(month.truth, plan)
    check_coupled(month.truth, plan, account)
    return account, float(plan.drawn_mw @ month.truth.hours)


def _require_best(accounts: dict[Way, CoupledAccount]) -> None:
    best = accounts[Way.FORESIGHT]
    for way, account in accounts.items():
        if not account.profit_usd <= best.profit_usd + _GAP_RATIO * best.turnover_usd:
            raise CheckFailed("a plan earns more than perfect foresight", way=way)
