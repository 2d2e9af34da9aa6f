"""The plan of the coming day by what is known now: what a rule about changes of plans compares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.coupled.highs import Limits
from wattshift.allocate.coupled.plan import load_mw
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.site.compile import compile_site
from wattshift.allocate.plan import make_plan
from wattshift.allocate.problem import build
from wattshift.app.power import last_price, prices_until
from wattshift.app.siteplan.series import known_of
from wattshift.app.snapshot import Snapshot
from wattshift.assets.coupling import beyond_merit_order
from wattshift.assets.site import Site
from wattshift.clock import Window
from wattshift.measures.forecast.path import PricePaths
from wattshift.tables import UTC_INSTANT

__all__ = ["coming_plan"]

_HISTORY_DAYS = 35
_DAY = timedelta(days=1)


def coming_plan(snapshot: Snapshot, site: Site, *, wall_s: float) -> Mapping[tuple[datetime, str], float]:
    """What each use is going to draw in each interval of the coming day [MW], if prices come as is usual.

    Args:
        snapshot: what is known.
        site: the site.
        wall_s: how long planning may take where intervals hang together [s].

    Raises:
        OutOfSpan: if the prices of the past day are not known.
        InputError, Missing, Malformed: if the site's own series do not reach a day ahead.
        SolveError: if there is no plan.
    """
    intervals = _intervals(snapshot, site)
    loads = _loads_mw(snapshot, site, intervals, wall_s)
    starts: list[datetime] = intervals["start"].to_list()
    return {
        (start, name): float(power_mw)
        for name, row in loads.items()
        for start, power_mw in zip(starts, row, strict=True)
    }


def _intervals(snapshot: Snapshot, site: Site) -> pl.DataFrame:
    """The coming day's intervals at the prices that are to be expected."""
    last = last_price(snapshot, site)
    step = timedelta(hours=float(last["hours"][0]))
    known_to: datetime = last["start"][0] + step
    past, _ = prices_until(
        snapshot,
        site,
        Window(start_at=known_to - _DAY, end_at=known_to),
        history_days=_HISTORY_DAYS,
    )
    count = round(_DAY / step)
    expected = PricePaths(past["price_usd_per_mwh"].to_numpy(), n_per_day=count).after(past.height - 1, count)
    return pl.DataFrame(
        {
            "start": pl.Series([known_to + number * step for number in range(count)], dtype=UTC_INSTANT),
            "hours": [float(last["hours"][0])] * count,
            "price_usd_per_mwh": expected,
        }
    )


def _loads_mw(
    snapshot: Snapshot, site: Site, intervals: pl.DataFrame, wall_s: float
) -> Mapping[str, NDArray[np.float64]]:
    hashprice = snapshot.hashprice.usd_per_ph_day
    if not beyond_merit_order(site):
        problem = build(site, intervals, hashprice_usd_per_ph_day=hashprice)
        load = make_plan(problem).load_mw
        return {use.name: load[:, index] for index, use in enumerate(problem.uses)}
    known = known_of(site, intervals)
    coupled = compile_site(
        site,
        intervals,
        hashprice_usd_per_ph_day=hashprice,
        outside_c=known.outside_c,
        series=known.series,
        peak_prob=known.peak_prob,
        calls_prob=known.calls_prob,
    )
    plan = plan_coupled(coupled, Limits(wall_s=wall_s)).plan
    return {load.name: load_mw(plan, load.name) for load in coupled.loads}
