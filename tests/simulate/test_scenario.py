from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from support.networks import AS_OF, opening_start, small_fleet, still_scenario
from wattshift.chain.target import Bits
from wattshift.errors import InputError
from wattshift.simulate.behaviour import AiPull, HashrateNoise, Investment, SitePower, Switching
from wattshift.simulate.events import Outage, PriceShock, Shipment
from wattshift.simulate.fees import FeeProcess
from wattshift.simulate.fleet import MinerFleet, Region
from wattshift.simulate.price import BootstrapPrice, GeometricPrice, GivenPrice, HestonPrice, JumpPrice

NAN = float("nan")
START, FLEET = opening_start(), small_fleet()
OUTAGE = Outage(name="storm", start_days=(1, 2), share_frac=(0.1, 0.2))
DOUBLINGS = tuple(
    PriceShock(name=str(number), start_days=(0, 0), change_frac=(1.0, 1.0)) for number in range(20)
)
HALF = Region(name="a", share_frac=0.5)
AI = AiPull(knot_days=(0.0,), income_usd_per_mwh=(1.0,), capacity_mw=(1.0,), capital_usd_per_mwh=0.0)


@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("horizon_days", lambda: replace(still_scenario(), horizon_days=0)),
        ("horizon_days", lambda: replace(still_scenario(), horizon_days=10**6)),
        ("paths", lambda: replace(still_scenario(), paths=10**8)),
        ("seed", lambda: replace(still_scenario(), seed=-1)),
        ("name", lambda: replace(still_scenario(), name=" ")),
        ("events", lambda: replace(still_scenario(), events=(OUTAGE, OUTAGE))),
        ("region", lambda: replace(still_scenario(), events=(replace(OUTAGE, region="nowhere"),))),
        ("hashrate_ehs", lambda: replace(START, hashrate_ehs=NAN)),
        ("tip_height", lambda: replace(START, tip_height=-1)),
        ("bits", lambda: replace(START, bits=Bits(0x1D000001))),
        ("bits", lambda: replace(START, bits=Bits(0x207FFFFF))),
        ("first_time_s", lambda: replace(START, first_time_s=1)),
        ("first_time_s", lambda: replace(START, tip_height=START.tip_height + 1)),
        (
            "first_time_s",
            lambda: replace(
                opening_start(2016 * 462 + 5), first_time_s=int((AS_OF + timedelta(1)).timestamp())
            ),
        ),
        ("running_ehs", lambda: replace(FLEET, running_ehs=np.zeros((4, 16)))),
        ("running_ehs", lambda: replace(FLEET, running_ehs=np.ones((16, 4)))),
        ("running_ehs", lambda: replace(FLEET, running_ehs=np.full((4, 16), NAN))),
        ("power_usd_per_mwh", lambda: replace(FLEET, power_usd_per_mwh=np.array([4.0, 3.0, 2.0, 1.0]))),
        ("efficiency_j_per_th", lambda: replace(FLEET, efficiency_j_per_th=np.ones(10**4))),
        (
            "regions",
            lambda: small_fleet((Region(name="a", share_frac=0.6), Region(name="b", share_frac=0.6))),
        ),
        (
            "regions",
            lambda: small_fleet((Region(name="a", share_frac=0.1), Region(name="a", share_frac=0.1))),
        ),
        ("share_frac", lambda: Region(name="a", share_frac=50)),
        ("share_frac", lambda: replace(OUTAGE, share_frac=(0.3, 0.2))),
        ("start_days", lambda: replace(OUTAGE, start_days=(-10.0, 1.0))),
        ("start_days", lambda: PriceShock(name="x", start_days=(-1e5, 0), change_frac=(0, 0))),
        ("name", lambda: replace(OUTAGE, name="idle")),
        ("price_shocks", lambda: replace(still_scenario(), events=DOUBLINGS)),
        ("hashrate_ehs", lambda: replace(START, hashrate_ehs=1e300)),
        ("hashrate_sd_frac", lambda: replace(START, hashrate_sd_frac=1e308)),
        ("price_usd_per_btc", lambda: replace(START, price_usd_per_btc=1e300)),
        ("fees_btc", lambda: replace(START, fees_btc=1e300)),
        ("power_usd_per_mwh", lambda: replace(FLEET, power_usd_per_mwh=np.array([1.0, 2.0, 3.0, 1e87]))),
        ("calm_sd_frac", lambda: HashrateNoise(calm_sd_frac=1e300)),
        ("storm_sd_frac", lambda: HashrateNoise(storm_sd_frac=NAN)),
        ("income_sd_frac", lambda: replace(AI, income_sd_frac=1e300)),
        ("annual_growth_sd_frac", lambda: Investment(annual_growth_sd_frac=1e300)),
        ("median_btc", lambda: FeeProcess(median_btc=1e300)),
        ("daily_sd_frac", lambda: FeeProcess(median_btc=0.1, daily_sd_frac=1e300)),
        ("jump_frac", lambda: FeeProcess(median_btc=0.1, jump_frac=1e300)),
        ("usd_per_btc", lambda: GivenPrice(usd_per_btc=np.array([95_000.0, 1e300]))),
        ("usd_per_btc", lambda: GivenPrice(usd_per_btc=np.array([95_000.0, NAN]))),
        ("start_days", lambda: replace(OUTAGE, start_days=(0.0, float("inf")))),
        ("change_frac", lambda: PriceShock(name="x", start_days=(0, 0), change_frac=(-1, 0))),
        (
            "efficiency_j_per_th",
            lambda: Shipment(
                name="x",
                start_days=(0, 0),
                hashrate_ehs=(1, 1),
                efficiency_j_per_th=0,
                power_usd_per_mwh=1,
            ),
        ),
        ("storm_end_prob", lambda: HashrateNoise(storm_end_prob=2)),
        ("return_days", lambda: HashrateNoise(return_days=NAN)),
        ("hysteresis_frac", lambda: Switching(hysteresis_frac=1)),
        ("off_days", lambda: Switching(off_days=NAN)),
        ("scrap_days", lambda: Switching(scrap_days=1)),
        ("life_years", lambda: Switching(life_years=0)),
        ("lag_days", lambda: Investment(lag_days=10**6)),
        ("annual_growth_frac", lambda: Investment(annual_growth_frac=NAN)),
        ("vacant_frac", lambda: SitePower(vacant_frac=1)),
        ("connections_mw", lambda: SitePower(connections_mw=NAN)),
        ("capital_usd_per_mwh", lambda: SitePower(capital_usd_per_mwh=-1)),
        ("upgrade_gain_frac", lambda: SitePower(upgrade_gain_frac=-0.1)),
        ("ai_bids_ratio", lambda: SitePower(ai_bids_ratio=float("inf"))),
        ("lead_days", lambda: SitePower(lead_days=10**6)),
        ("knot_days", lambda: replace(AI, knot_days=(0.0, 1.0))),
        ("capacity_mw", lambda: replace(AI, capacity_mw=(-1.0,))),
        ("lead_days", lambda: replace(AI, lead_days=NAN)),
        ("persistence_frac", lambda: FeeProcess(median_btc=0.1, persistence_frac=1)),
        ("annual_volatility_frac", lambda: GeometricPrice(annual_volatility_frac=60)),
        ("usd_per_btc", lambda: GivenPrice(usd_per_btc=np.array([0.0]))),
        (
            "correlation_ratio",
            lambda: HestonPrice(annual_volatility_frac=0.5, mean_volatility_frac=0.5, correlation_ratio=2),
        ),
        (
            "jumps_per_year_count",
            lambda: JumpPrice(
                annual_volatility_frac=0.5, jumps_per_year_count=NAN, jump_mean_frac=0, jump_sd_frac=0
            ),
        ),
        ("block_days", lambda: BootstrapPrice(log_returns=np.zeros(100), block_days=0.5)),
    ],
)
def test_nonsense_is_refused_by_its_key(key: str, make: Callable[[], object]) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert caught.value.context["key"] == key


@pytest.mark.parametrize("returns", [np.zeros(5), np.full(100, NAN), np.zeros((10, 10))])
def test_a_bootstrap_needs_returns(returns: np.ndarray) -> None:
    with pytest.raises(InputError):
        BootstrapPrice(log_returns=returns)


def test_arrays_are_copied_and_frozen() -> None:
    running = np.ones((1, 1))
    fleet = MinerFleet(
        efficiency_j_per_th=np.array([20.0]),
        power_usd_per_mwh=np.array([40.0]),
        running_ehs=running,
        off_ehs=np.zeros((1, 1)),
    )
    running[0, 0] = 7
    assert fleet.hashrate_ehs == 1
    assert not fleet.running_ehs.flags.writeable
    assert (fleet.mean_j_per_th, still_scenario().as_of) == (20, AS_OF)


def test_difficulty_is_that_of_the_bits() -> None:
    assert START.difficulty == pytest.approx(1_000e18 * 600 / 2**32, rel=1e-4)
