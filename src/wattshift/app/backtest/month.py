"""A month of a backtest: the site, what was known, and what truly came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.site.calls import carry_calls
from wattshift.allocate.coupled.site.compile import compile_site
from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.app.backtest.events import spans_of
from wattshift.app.backtest.material import HISTORY_DAYS, Material
from wattshift.app.siteplan.series import known_from
from wattshift.assets.hall import AiHall
from wattshift.assets.jobs import JobKind
from wattshift.assets.site import Site
from wattshift.assets.state import SiteState
from wattshift.clock import Window
from wattshift.report.documents.backtest import SpanKind

__all__ = ["Month", "compiled", "months_of", "true_month"]

_Row: TypeAlias = NDArray[np.float64]

_NOTHING = SiteState()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Month:
    """A month and its truth.

    Args:
        site: the site, its work that may wait at a PUE that no weather changes.
        material: what was known, with the weeks before.
        truth: the month as it came.
    """

    site: Site
    material: Material
    truth: CoupledProblem

    @property
    def first(self) -> int:
        """The row of the prices at which the month begins."""
        return self.material.first

    @property
    def end(self) -> int:
        """The row at which it ends."""
        return self.material.prices.height

    def at_price(self, price_usd_per_mwh: _Row) -> CoupledProblem:
        """The month as it would be at other prices, shape (T,)."""
        prices = self.material.window.with_columns(pl.Series("price_usd_per_mwh", price_usd_per_mwh))
        return _true(self.site, self.material, prices)


def months_of(site: Site, material: Material) -> Iterator[tuple[Site, Material, SiteState]]:
    """The months of a window by the site's clock, with the weeks before and the year's calls so far."""
    starts = material.prices["start"]
    window = Window(start_at=material.window["start"][0], end_at=material.end_at)
    called = _NOTHING
    for span in spans_of(window, site.time_zone, SpanKind.MONTH):
        if span.kind is SpanKind.MONTH:
            first, end = (int(starts.search_sorted(at)) for at in (span.start_at, span.end_at))
            yield site, material.cut(max(0, first - HISTORY_DAYS * material.n_per_day), first, end), called
            called = _called(site, material, first, end, called)


def _called(site: Site, material: Material, first: int, end: int, before: SiteState) -> SiteState:
    """The calls of the year after some rows; one interval more tells whether the last call goes on."""
    if not site.interruptible:
        return before
    seen = min(end + 1, material.prices.height)
    rows = {name: each.true(first, seen) for name, each in material.series.items()}
    outlook = Outlook.of(
        material.prices[first:seen],
        zone=site.time_zone,
        hashprice_usd_per_ph_day=0.0,
        calls_prob=known_from(site, rows).calls_prob,
    )
    return carry_calls(outlook, before, end - first)


def true_month(site: Site, material: Material, called: SiteState = _NOTHING) -> Month:
    """A month with its truth, after the year's calls so far.

    Raises:
        InputError: if the site needs a series that it does not name, or a contract is called more often in a
            year than it allows.
        Infeasible: if a floor exceeds what is available.
    """
    steady = replace(site, halls=tuple(_steady(hall) for hall in site.halls))
    return Month(site=steady, material=material, truth=_true(steady, material, material.window, called))


def compiled(
    site: Site,
    prices: pl.DataFrame,
    hashprice_usd_per_ph_day: ArrayLike,
    rows: Mapping[str, _Row],
    state: SiteState = _NOTHING,
) -> CoupledProblem:
    """A site at these prices and rows of its series.

    Raises:
        InputError: if the site needs a series that it does not name.
        Infeasible: if a floor exceeds what is available.
    """
    known = known_from(site, rows)
    return compile_site(
        site,
        prices,
        hashprice_usd_per_ph_day=hashprice_usd_per_ph_day,
        outside_c=known.outside_c,
        series=known.series,
        peak_prob=known.peak_prob,
        calls_prob=known.calls_prob,
        state=state,
    )


def _true(
    site: Site, material: Material, prices: pl.DataFrame, called: SiteState = _NOTHING
) -> CoupledProblem:
    rows = {name: each.true(material.first, material.prices.height) for name, each in material.series.items()}
    return compiled(site, prices, material.hashprice_usd_per_ph_day, rows, called)


def _steady(hall: AiHall) -> AiHall:
    """A hall whose work waits or is resumed, without its curve over the temperature.

    Such work is counted in MWh at the mean PUE of its time, which in a replay would tell of weather to come.
    """
    cloud = hall.gpu_cloud
    waits = cloud is not None and any(
        job.kind is JobKind.DEFERRABLE or job.checkpoint_usd_per_gpu for job in cloud.job_classes
    )
    return replace(hall, pue_curve=()) if waits else hall
