from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.networks import HASHRATE_EHS, lively_scenario, still_scenario
from wattshift.simulate.behaviour import AiPull, Investment, SitePower
from wattshift.simulate.events import Shipment
from wattshift.simulate.kernel.bins import FIGURES
from wattshift.simulate.kernel.model import Site
from wattshift.simulate.kernel.path import run_path
from wattshift.simulate.kernel.places import BUILT, CONVERTED, INSTALLED_POWER, NEW, SCRAPPED, SITES
from wattshift.simulate.packing import pack
from wattshift.simulate.price import GeometricPrice, GivenPrice
from wattshift.simulate.result import NetworkForecast, PathFigure, Quantity
from wattshift.simulate.room import empty_luck, empty_site, empty_trace
from wattshift.simulate.run import simulate
from wattshift.simulate.scenario import Scenario

NO_ROOM = SitePower(vacant_frac=0.0, connections_mw=0.0)
SHIPMENT = Shipment(
    name="hidden",
    start_days=(30, 30),
    hashrate_ehs=(50, 90),
    efficiency_j_per_th=20,
    power_usd_per_mwh=45,
    over_days=(40, 40),
)


def pull(capacity_mw: float, income_usd_per_mwh: float = 400.0) -> AiPull:
    return AiPull(
        knot_days=(0.0,),
        income_usd_per_mwh=(income_usd_per_mwh,),
        capacity_mw=(capacity_mw,),
        capital_usd_per_mwh=150.0,
        lead_days=60.0,
    )


def quiet_scenario(price_ratio: float = 1.0, paths: int = 16, days: int = 420) -> Scenario:
    """Miners respond, invest and build; nothing but the blocks is left to luck."""
    still = still_scenario()
    return replace(
        still,
        responds=True,
        investment=Investment(annual_growth_sd_frac=0.0),
        price=GivenPrice(usd_per_btc=np.array([95_000.0 * price_ratio])),
        horizon_days=days,
        paths=paths,
    )


def mean(found: NetworkForecast, figure: PathFigure) -> float:
    return float(found.path_figures[figure].mean(dtype=np.float64))


def site_after(scenario: Scenario, path: int) -> Site:
    """The miners of one path at the horizon's end."""
    model = pack(scenario)
    site, figures = empty_site(model), np.empty(FIGURES, np.float32)
    run_path(model, path, empty_luck(model), site, empty_trace(model), figures)
    return site


@settings(max_examples=6, deadline=None)
@given(
    vacant_frac=st.floats(0, 0.9),
    connections_mw=st.floats(0, 50_000),
    capacity_mw=st.floats(0, 100_000),
    drift_frac=st.floats(-0.9, 2),
    path=st.integers(0, 1_000),
)
def test_power_and_machines_are_kept(
    vacant_frac: float, connections_mw: float, capacity_mw: float, drift_frac: float, path: int
) -> None:
    """Occupied + vacant + converted = start + built; installed + idle + scrapped = start + new."""
    scenario = replace(
        lively_scenario(),
        sites=SitePower(vacant_frac=vacant_frac, connections_mw=connections_mw, lead_days=30),
        ai=pull(capacity_mw),
        events=(SHIPMENT,),
        price=GeometricPrice(annual_volatility_frac=0.7, annual_drift_frac=drift_frac),
        horizon_days=500,
    )
    site, fleet = site_after(scenario, path), scenario.fleet
    start_mw = HASHRATE_EHS * fleet.mean_j_per_th
    sites, converted, occupied = (site.rows[which] for which in (SITES, CONVERTED, INSTALLED_POWER))
    assert (occupied <= sites + 1e-5 * start_mw).all()
    assert (sites >= 0).all()
    total = start_mw / (1 - vacant_frac) + site.totals[BUILT]
    assert sites.sum() + converted.sum() == pytest.approx(total, rel=1e-5)
    machines = site.stock_ehs.astype(np.float64).reshape(4, 16) @ fleet.efficiency_j_per_th
    idle = site.idle_ehs.astype(np.float64) @ fleet.efficiency_j_per_th
    assert (site.stock_ehs >= 0).all()
    assert machines.sum() + idle + site.totals[SCRAPPED] == pytest.approx(
        start_mw + site.totals[NEW], rel=2e-4
    )
    assert machines == pytest.approx(occupied, rel=1e-3, abs=1e-3 * start_mw)


@settings(max_examples=6, deadline=None)
@given(
    less_mw=st.floats(0, 5_000),
    more_mw=st.floats(2_000, 5_000),
    price_ratio=st.floats(0.8, 2),
    seed=st.integers(0, 100),
)
def test_the_more_ai_takes_the_less_mines_and_the_more_the_stayers_earn(
    less_mw: float, more_mw: float, price_ratio: float, seed: int
) -> None:
    base = replace(quiet_scenario(price_ratio), seed=seed)
    less, more = (simulate(replace(base, ai=pull(each, 800))) for each in (less_mw, less_mw + more_mw))
    for figure in (PathFigure.LAST_POWER, PathFigure.LAST_HASHRATE):
        assert mean(more, figure) < mean(less, figure)
    for figure in (PathFigure.LAST_HASHPRICE, PathFigure.MEAN_MARGIN, PathFigure.CONVERTED):
        assert mean(more, figure) > mean(less, figure)


def test_ai_that_converts_nothing_changes_nothing() -> None:
    base = quiet_scenario()
    with_none, without = simulate(replace(base, ai=pull(0.0))), simulate(base)
    for figure in PathFigure:
        assert np.array_equal(with_none.path_figures[figure], without.path_figures[figure])


def test_without_vacant_power_idle_machines_stay_idle() -> None:
    """All machines earn, AI takes a fifth of the power, and nothing is built."""
    base = replace(quiet_scenario(3.0), investment=None, ai=pull(20_000, 3_000))
    full, roomy = (
        simulate(replace(base, sites=SitePower(vacant_frac=vacant, connections_mw=0)))
        for vacant in (0.0, 0.3)
    )
    start_gw = HASHRATE_EHS * base.fleet.mean_j_per_th / 1e3
    assert mean(full, PathFigure.CONVERTED) > 0.2 * start_gw
    left = start_gw - mean(full, PathFigure.CONVERTED)
    assert mean(full, PathFigure.LAST_POWER) == pytest.approx(left, rel=1e-3)
    assert full.daily[Quantity.IDLE].mean[-1] > 0.15 * HASHRATE_EHS
    assert roomy.daily[Quantity.IDLE].mean[-1] < 0.7 * full.daily[Quantity.IDLE].mean[-1]


def test_new_machines_replace_the_worst_where_power_is_full() -> None:
    base = replace(quiet_scenario(2.0), sites=NO_ROOM)
    found = simulate(base)
    start_gw = HASHRATE_EHS * base.fleet.mean_j_per_th / 1e3
    assert mean(found, PathFigure.BUILT) == 0
    assert mean(found, PathFigure.LAST_POWER) <= start_gw * (1 + 1e-4)
    assert mean(found, PathFigure.LAST_POWER) > 0.97 * start_gw
    assert mean(found, PathFigure.LAST_HASHRATE) > 1.2 * HASHRATE_EHS
    never = replace(base, sites=replace(NO_ROOM, upgrade_gain_frac=100.0))
    assert mean(simulate(never), PathFigure.LAST_HASHRATE) < mean(found, PathFigure.LAST_HASHRATE) - 30


def test_sites_are_built_where_mining_pays_as_far_as_grids_connect() -> None:
    sites = SitePower(lead_days=28)
    poor, usual, rich = (
        mean(simulate(replace(quiet_scenario(ratio), sites=sites)), PathFigure.BUILT)
        for ratio in (0.6, 1.0, 1.6)
    )
    assert poor < usual < rich <= 5.2 * 420 / 365.25 + 1e-6
    assert rich > 5
    dear = replace(sites, capital_usd_per_mwh=60.0)
    price = GivenPrice(usd_per_btc=np.geomspace(95_000, 40_000, 420))
    fallen = [
        mean(simulate(replace(quiet_scenario(), sites=each, price=price)), PathFigure.BUILT)
        for each in (sites, dear)
    ]
    assert fallen[1] < fallen[0]


def test_ai_bids_for_the_same_connections() -> None:
    base = replace(quiet_scenario(1.5), ai=pull(4_000, 800))
    alone, bid = (
        simulate(replace(base, sites=SitePower(lead_days=28, ai_bids_ratio=ratio))) for ratio in (0.0, 1.0)
    )
    assert mean(bid, PathFigure.BUILT) < 0.5 * mean(alone, PathFigure.BUILT)
    assert mean(bid, PathFigure.LAST_HASHRATE) < mean(alone, PathFigure.LAST_HASHRATE)


def test_a_shipment_brings_the_power_that_it_stands_on() -> None:
    quiet = replace(quiet_scenario(), investment=None, sites=NO_ROOM, events=(SHIPMENT,))
    site = site_after(quiet, 5)
    assert site.totals[BUILT] == pytest.approx(site.totals[NEW])
    assert 50 * 20 < site.totals[NEW] < 90 * 20


def test_the_network_never_needs_more_power_than_its_sites_have() -> None:
    scenario = replace(quiet_scenario(4.0, days=730), sites=SitePower(connections_mw=1_000, vacant_frac=0.1))
    found = simulate(scenario)
    start_gw = HASHRATE_EHS * scenario.fleet.mean_j_per_th / 1e3
    power = found.daily[Quantity.POWER].quantiles[4]
    bound = start_gw / 0.9 + np.arange(1, 731) / 365.25
    assert (power <= bound * 1.005).all()
    assert power[-1] > 0.97 * bound[-1]
