"""The replay of a site whose intervals do not hang together: every way's plan, proved, over all intervals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate import rules
from wattshift.allocate.account import settle
from wattshift.allocate.check import check_plan
from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem, build
from wattshift.app.backtest.material import Material
from wattshift.app.backtest.outcome import Outcomes
from wattshift.assets.site import Site
from wattshift.errors import CheckFailed
from wattshift.report.documents.backtest import Way

__all__ = ["replay_separable"]

_ROUNDING = 1e-9


def replay_separable(site: Site, material: Material) -> Outcomes:
    """Run a site in every way over a window; each decision knows the prices settled before its interval.

    The hashprice is that of the start of the day, and the grid's limits are those of the interval itself.

    Raises:
        CheckFailed: if a plan is refused by the proof, or earns more than perfect foresight: a fault in
            wattshift.
    """
    problem = build(site, material.window, hashprice_usd_per_ph_day=material.hashprice_usd_per_ph_day)
    profit_usd, energy_mwh = {}, {}
    for way, load in _loads(site, problem, material):
        account = settle(problem, load)
        check_plan(problem, load, account)
        profit_usd[way] = account.intervals["profit_usd"].to_numpy()
        energy_mwh[way] = account.intervals["energy_mwh"].to_numpy()
    _require_best(profit_usd)
    return Outcomes(
        start_at=tuple(material.window["start"].to_list()), profit_usd=profit_usd, energy_mwh=energy_mwh
    )


def _loads(site: Site, problem: Problem, material: Material) -> Iterator[tuple[Way, NDArray[np.float64]]]:
    last = material.last_usd_per_mwh
    yield Way.FORESIGHT, dispatch(problem).load_mw
    yield Way.PLANNER, rules.foreseen(problem, material.forecast_usd_per_mwh(site))
    yield Way.LAST_PRICE, rules.foreseen(problem, last)
    yield Way.FLEET_AVERAGE, rules.fleet_average(problem, last)
    if problem.strike_usd_per_mwh is not None:
        yield Way.STRIKE, rules.strike(problem, problem.strike_usd_per_mwh, seen_usd_per_mwh=last)
    yield Way.ALWAYS_MINE, rules.always_mine(problem)
    yield Way.AI_ONLY, rules.ai_only(problem)


def _require_best(profit_usd: dict[Way, NDArray[np.float64]]) -> None:
    best = profit_usd[Way.FORESIGHT]
    for way, profit in profit_usd.items():
        if not (profit <= best + _ROUNDING * (1.0 + np.abs(best) + np.abs(profit))).all():
            raise CheckFailed("a plan earns more than perfect foresight", way=way)
