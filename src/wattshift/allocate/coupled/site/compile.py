"""A site and what is known of each interval, compiled to a coupled problem.

Everything in the site file finds its part: the tariff in prices, power modes in steps, tenants' promises in
credits, coincident peaks in an expected charge, curtailment contracts in soft caps. See
`wattshift.allocate.coupled.site.supply` and `wattshift.allocate.coupled.site.uses` for how.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import polars as pl
from numpy.typing import ArrayLike

from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.allocate.coupled.parts import PowerGroup, Reserve
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.site.supply import batteries, call_caps, demand_peaks, generators, supply
from wattshift.allocate.coupled.site.uses import LoadsOfUses, loads_of_uses
from wattshift.assets.ancillary import AncillaryProduct
from wattshift.assets.site import Site
from wattshift.assets.state import SiteState
from wattshift.assets.wiring import require_known

__all__ = ["compile_site"]

_UNKNOWN = SiteState()


def compile_site(
    site: Site,
    prices: pl.DataFrame,
    *,
    hashprice_usd_per_ph_day: ArrayLike,
    outside_c: ArrayLike | None = None,
    series: Mapping[str, ArrayLike] = MappingProxyType({}),
    peak_prob: ArrayLike | None = None,
    calls_prob: Mapping[str, ArrayLike] = MappingProxyType({}),
    state: SiteState = _UNKNOWN,
) -> CoupledProblem:
    """Turn a site and its outlook into a problem; rows have one number an interval, or one for all.

    Args:
        site: the site.
        prices: `start` (UTC), `hours` (at most 1) and `price_usd_per_mwh`, sorted, without a gap.
        hashprice_usd_per_ph_day: hashprice [USD/PH/day].
        outside_c: outside temperature [C]; needed where the site has a curve over it.
        series: the series that the site names, such as capacity prices.
        peak_prob: probability of each interval to be a coincident peak; needed where the site is charged
            for them and one may fall into the horizon.
        calls_prob: by curtailment contract the probability of a call; none where it is left out.
        state: how the site stands before the first interval.

    Raises:
        InputError: if a row is not finite, of another length or missing, or a name is unknown.
        Infeasible: if a floor exceeds what is available.
    """
    outlook = Outlook.of(
        prices,
        zone=site.time_zone,
        hashprice_usd_per_ph_day=hashprice_usd_per_ph_day,
        outside_c=outside_c,
        peak_prob=peak_prob,
        calls_prob=calls_prob,
        series=series,
    )
    return _compiled(site, outlook, state)


def _compiled(site: Site, outlook: Outlook, state: SiteState) -> CoupledProblem:
    power = supply(site, outlook)
    uses = loads_of_uses(site, outlook, state, power.tenant_usd_per_mwh)
    _require_names(site, outlook, state, uses)
    return CoupledProblem(
        start=outlook.start_us,
        hours=outlook.hours,
        grid=power.grid,
        loads=tuple(load for loads in uses.by_use.values() for load in loads),
        jobs=uses.jobs,
        batteries=batteries(site, state),
        generators=generators(site, outlook),
        reserves=tuple(_reserve(product, site, uses, outlook) for product in site.ancillary),
        groups=tuple(
            PowerGroup(
                name=feeder.name, limit_mw=outlook.zeros + feeder.limit_mw, loads=uses.names(feeder.uses)
            )
            for feeder in site.feeders
        ),
        peaks=demand_peaks(site, outlook, state),
        soft_caps=call_caps(site, outlook, state),
    )


def _reserve(product: AncillaryProduct, site: Site, uses: LoadsOfUses, outlook: Outlook) -> Reserve:
    """A grid product, backed by whatever of the site can drop in time."""
    price = outlook.zeros + (product.price_usd_per_mwh or 0.0)
    if product.price_series is not None:
        price = outlook.named(product.price_series)
    backing = {load.name for loads in uses.by_use.values() for load in loads if load.capacity_mw > 0.0}
    names = uses.names(site.backing_uses(product))
    return Reserve(
        name=product.name,
        price_usd_per_mwh=price,
        max_mw=product.max_mw,
        duration_h=product.duration_h,
        loads=tuple(name for name in names if name in backing),
        batteries=product.batteries,
    )


def _require_names(site: Site, outlook: Outlook, state: SiteState, uses: LoadsOfUses) -> None:
    """What is brought by name must mean something on this site."""
    loads = [load.name for each in uses.by_use.values() for load in each]
    contracts = [each.name for each in site.interruptible]
    brought: tuple[tuple[str, str, Iterable[str], list[str]], ...] = (
        ("series", "series", outlook.series, [each.name for each in site.series]),
        ("contract", "calls_prob", outlook.calls_prob, contracts),
        ("load", "load_mw", state.load_mw, loads),
        ("load", "started", (move.load for move in state.started), loads),
        ("load", "stopped", (move.load for move in state.stopped), loads),
        ("work that may wait", "done_mwh", state.done_mwh, [job.name for job in uses.jobs]),
        ("contract", "calls", state.calls, contracts),
        ("contract", "call_hours", state.call_hours, contracts),
        ("battery", "held_mwh", state.held_mwh, [each.name for each in site.batteries]),
        ("demand charge", "peak_mw", state.peak_mw, [each.name for each in site.tariff.demand_charges]),
    )
    for noun, key, names, known in brought:
        require_known(noun, key, names, known)
