from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from support.networks import (
    HASHRATE_EHS,
    lively_scenario,
    naive_retargets,
    opening_start,
    paths_of,
    small_fleet,
    still_scenario,
)
from wattshift.errors import InputError
from wattshift.measures.difficulty import NOISE_FLOOR_FRAC
from wattshift.simulate.behaviour import AiPull, Investment, Switching
from wattshift.simulate.events import Outage, PriceShock, Shipment
from wattshift.simulate.fleet import Region
from wattshift.simulate.price import BootstrapPrice, GeometricPrice, GivenPrice, HestonPrice, JumpPrice
from wattshift.simulate.result import NetworkForecast, PathFigure, Quantity
from wattshift.simulate.run import join, run_shard, shards, simulate
from wattshift.simulate.scenario import Scenario

AI = AiPull(
    knot_days=(0.0,),
    income_usd_per_mwh=(400.0,),
    capacity_mw=(6_000.0,),
    capital_usd_per_mwh=150.0,
    lead_days=60.0,
)


def same(first: NetworkForecast, second: NetworkForecast) -> bool:
    return (
        all(
            np.array_equal(fan.mean, second.daily[quantity].mean)
            and np.array_equal(fan.quantiles, second.daily[quantity].quantiles)
            for quantity, fan in first.daily.items()
        )
        and np.array_equal(first.retargets.change.quantiles, second.retargets.change.quantiles)
        and np.array_equal(first.retargets.ratio.mean, second.retargets.ratio.mean)
        and all(
            np.array_equal(figures, second.path_figures[which])
            for which, figures in first.path_figures.items()
        )
        and [each.total_gw for each in first.departures] == [each.total_gw for each in second.departures]
    )


def median(forecast: NetworkForecast, quantity: Quantity) -> NDArray[np.float64]:
    return np.asarray(forecast.daily[quantity].quantiles[2])


# Luck of the blocks


@pytest.fixture(scope="module")
def still() -> NetworkForecast:
    return simulate(still_scenario())


def test_luck_alone_changes_difficulty_by_three_per_cent(still: NetworkForecast) -> None:
    change = still.retargets.change.quantiles[:, 1:7]
    sd = (change[4] - change[0]) / (2 * 1.6449)
    assert sd.mean() == pytest.approx(NOISE_FLOOR_FRAC, rel=0.02)
    assert pytest.approx(0.0315, abs=5e-5) == NOISE_FLOOR_FRAC


def test_the_mean_interval_keeps_the_oldest_off_by_one(still: NetworkForecast) -> None:
    """Difficulty aims at 2015 intervals in a fortnight of 2016, and the mean of 1 / T adds another."""
    after = still.retargets.after.mean[:7]
    interval_s = (after[6] - after[1]) * 86_400 / (5 * 2016)
    assert interval_s == pytest.approx(600 * 2016 / 2014, abs=0.25)
    assert abs(interval_s - 600) > 0.3


def test_consecutive_changes_take_each_other_back() -> None:
    changes = np.array([path[0, 1:6] for path in paths_of(still_scenario(), 1_500)])
    found = np.mean([np.corrcoef(changes[:, k], changes[:, k + 1])[0, 1] for k in range(4)])
    assert found == pytest.approx(-0.5, abs=0.04)


def test_paths_are_those_of_a_network_that_mines_block_by_block() -> None:
    """Half of the hashrate is gone for a month; the naive network draws every block."""
    gone = Outage(
        name="half",
        start_days=(9.0, 9.0),
        share_frac=(0.5, 0.5),
        length_days=(29.0, 29.0),
        back_over_days=(1.0, 1.0),
    )
    scenario = replace(
        still_scenario(), events=(gone,), horizon_days=70, start=opening_start(2016 * 462 + 700)
    )
    day = np.arange(70)
    hashrate = np.where((day >= 9) & (day < 39), 0.5, 1.0) * HASHRATE_EHS
    rng = np.random.default_rng(4)
    naive = [naive_retargets(scenario, hashrate, rng) for _ in range(250)]
    fast = paths_of(scenario, 1_000)
    for retarget in range(4):
        for which in range(2):
            theirs = [path[retarget][which] for path in naive]
            ours = [path[2 * which, retarget] for path in fast]
            assert ks_2samp(theirs, ours).pvalue > 1e-3
    shifted = [path[1][0] + 0.02 for path in naive]
    assert ks_2samp(shifted, [path[0, 1] for path in fast]).pvalue < 1e-3


def test_a_halving_halves_the_subsidy_at_its_height() -> None:
    scenario = replace(still_scenario(), start=opening_start(1_050_000 - 1_000), horizon_days=20, paths=300)
    found = median(simulate(scenario), Quantity.BUDGET)
    reward = found / found[0] * (3.125 + 0.03)
    assert reward[3] == pytest.approx(3.155, rel=2e-3)
    assert reward[-1] == pytest.approx(1.5925, rel=8e-3)  # where luck has moved difficulty


# Whoever computes it


@pytest.mark.parametrize("count", [2, 7])
def test_shards_and_workers_change_nothing(count: int) -> None:
    scenario = replace(lively_scenario(paths=2_000), ai=AI)
    with ThreadPoolExecutor(2) as pool:
        parallel = simulate(scenario, count=count, mapper=pool.map)
    assert same(parallel, simulate(scenario))


def test_the_order_of_the_shards_changes_nothing() -> None:
    scenario = lively_scenario(paths=1_100)
    parts = [run_shard(shard) for shard in shards(scenario, 4)]
    forwards, backwards = join(scenario, parts), join(scenario, parts[::-1])
    pairs = zip(forwards._asdict().values(), backwards._asdict().values(), strict=True)
    assert all(np.array_equal(one, two) for one, two in pairs)
    with pytest.raises(InputError, match="not those"):
        join(scenario, parts[1:])


def test_another_seed_is_another_luck() -> None:
    scenario = lively_scenario(paths=300)
    assert same(simulate(scenario), simulate(scenario))
    assert not same(simulate(scenario), simulate(replace(scenario, seed=2)))


# What miners do


def test_no_machine_is_lost() -> None:
    """Installed, idle and scrapped power is the start's and that of new machines."""
    scenario = replace(
        lively_scenario(300),
        ai=AI,
        noise=still_scenario().noise,
        price=GivenPrice(usd_per_btc=np.array([60_000.0])),
        horizon_days=364,
        investment=Investment(lag_days=35),
    )
    calm = simulate(scenario)
    gone = {each.cause: each.total_gw for each in calm.departures}
    hashing = calm.daily[Quantity.POWER].mean[-1]
    start_gw = HASHRATE_EHS * small_fleet().mean_j_per_th / 1e3
    installed = hashing + gone["switched off"]
    total = installed + gone["idle"] + gone["scrapped"]
    # The last week's wear falls on the evening of the last day, after the day was noted.
    assert total == pytest.approx(start_gw + calm.daily[Quantity.NEW].mean[-1], rel=0.01)
    assert gone["converted"] > 1 < start_gw


def test_a_lower_price_switches_machines_off_and_a_recovery_brings_them_back() -> None:
    base = replace(still_scenario(), responds=True, paths=300, horizon_days=300)
    crash = PriceShock(name="crash", start_days=(10, 10), change_frac=(-0.6, -0.6))
    recovery = PriceShock(name="recovery", start_days=(90, 90), change_frac=(1.5, 1.5))
    found = simulate(replace(base, events=(crash, recovery)))
    hashrate = median(found, Quantity.HASHRATE)
    assert hashrate[9] == pytest.approx(HASHRATE_EHS, rel=0.06)  # a few are under water from the start
    assert hashrate[80] < 0.85 * HASHRATE_EHS
    assert hashrate[-1] > hashrate[85] + 0.5 * (hashrate[9] - hashrate[85])
    assert median(found, Quantity.OFF)[80] > 2 * median(found, Quantity.OFF)[9]


def test_between_the_thresholds_nothing_happens() -> None:
    """With a wide hysteresis the same fall of the price moves fewer machines."""
    base = replace(still_scenario(), responds=True, paths=300, horizon_days=100)
    crash = PriceShock(name="crash", start_days=(10, 10), change_frac=(-0.45, -0.45))
    narrow, wide = (
        simulate(replace(base, events=(crash,), switching=Switching(hysteresis_frac=width)))
        for width in (0.02, 0.3)
    )
    assert median(wide, Quantity.HASHRATE)[60] > median(narrow, Quantity.HASHRATE)[60] + 20


def test_who_stays_earns_more_when_others_leave() -> None:
    ban = Outage(name="ban", start_days=(5, 5), share_frac=(0.5, 0.5), back_frac=(0, 0))
    before, after = simulate(still_scenario()), simulate(replace(still_scenario(), events=(ban,)))
    assert median(after, Quantity.HASHPRICE)[-1] == pytest.approx(
        2 * median(before, Quantity.HASHPRICE)[-1], rel=0.02
    )
    assert median(after, Quantity.INTERVAL)[8] == pytest.approx(1_200, rel=0.02)
    assert median(after, Quantity.INTERVAL)[-1] == pytest.approx(600, rel=0.02)
    gone = {each.cause: each.total_gw for each in after.departures}
    assert gone["ban"] == pytest.approx(0.5 * HASHRATE_EHS * small_fleet().mean_j_per_th / 1e3, rel=1e-3)


def test_a_region_loses_what_it_has_and_no_more() -> None:
    regions = (
        Region(name="cheap", share_frac=0.3, power_usd_per_mwh=30.0),
        Region(name="rest", share_frac=0.7),
    )
    ban = Outage(name="ban", region="cheap", start_days=(5, 5), share_frac=(1, 1), back_frac=(0, 0))
    scenario = replace(still_scenario(), fleet=small_fleet(regions), events=(ban,), paths=300)
    found = simulate(scenario)
    assert median(found, Quantity.HASHRATE)[-1] == pytest.approx(0.7 * HASHRATE_EHS, rel=1e-3)
    (row,) = [each for each in found.departures if each.cause == "ban"]
    start = small_fleet().running_ehs @ small_fleet().efficiency_j_per_th
    shares = row.by_power_gw * 1e3 / start
    assert shares[0] > shares[-1]


def test_converted_power_never_comes_back_and_the_capacity_holds() -> None:
    rich = GivenPrice(usd_per_btc=np.concatenate((np.full(200, 60_000.0), np.full(200, 500_000.0))))
    scenario = replace(still_scenario(), responds=True, ai=AI, price=rich, horizon_days=400, paths=300)
    converted = simulate(scenario).daily[Quantity.CONVERTED]
    assert (np.diff(converted.mean) >= -1e-9).all()
    assert converted.mean[56] == 0 < converted.mean[80]  # nothing before the lead time is over
    assert converted.mean[190] <= 6.0 * (190 - 56) / 365.25 + 1e-6
    # Once mining pays more, only what was promised before still goes.
    assert converted.mean[-1] == pytest.approx(converted.mean[290], rel=1e-6)


def test_shipments_arrive_in_full() -> None:
    hidden = Shipment(
        name="hidden",
        start_days=(14, 14),
        hashrate_ehs=(200, 200),
        efficiency_j_per_th=20,
        power_usd_per_mwh=45,
        over_days=(28, 28),
    )
    found = simulate(replace(still_scenario(), events=(hidden,), paths=300))
    hashrate = found.daily[Quantity.HASHRATE].mean
    assert hashrate[13] == pytest.approx(1_000, rel=1e-4)
    assert hashrate[30] == pytest.approx(1_100, rel=0.03)
    assert hashrate[-1] == pytest.approx(1_200, rel=1e-4)
    assert found.daily[Quantity.NEW].mean[-1] == pytest.approx(4.0, rel=1e-3)


def test_growth_goes_on_while_nothing_changes() -> None:
    """Price rises as fast as difficulty, so the margin stays, and so does the growth."""
    days = np.arange(365)
    scenario = replace(
        still_scenario(),
        investment=Investment(annual_growth_frac=0.3, annual_growth_sd_frac=0.0, annual_improvement_frac=0.0),
        price=GivenPrice(usd_per_btc=95_000 * np.exp(0.3 * days / 365.25)),
        horizon_days=365,
        paths=300,
    )
    hashrate = median(simulate(scenario), Quantity.HASHRATE)
    assert math.log(hashrate[-1] / hashrate[0]) == pytest.approx(0.3, abs=0.04)


# Prices


@pytest.mark.parametrize(
    "process",
    [
        GeometricPrice(annual_volatility_frac=0.6, annual_drift_frac=0.2),
        JumpPrice(
            annual_volatility_frac=0.4,
            jumps_per_year_count=6,
            jump_mean_frac=-0.1,
            jump_sd_frac=0.1,
            annual_drift_frac=0.2,
        ),
        HestonPrice(
            annual_volatility_frac=0.5,
            mean_volatility_frac=0.5,
            correlation_ratio=-0.5,
            annual_drift_frac=0.2,
        ),
        BootstrapPrice(
            log_returns=np.random.default_rng(2).standard_t(4, 1_000) * 0.02, annual_drift_frac=0.2
        ),
    ],
    ids=lambda process: type(process).__name__,
)
def test_a_price_has_the_mean_that_it_is_given(process: GeometricPrice) -> None:
    scenario = replace(still_scenario(), price=process, horizon_days=365, paths=8_000)
    price = simulate(scenario).daily[Quantity.PRICE]
    assert price.mean[-1] / 95_000 == pytest.approx(1.2, abs=0.05)
    assert price.quantiles[0, -1] < 0.7 * 95_000 < 1.4 * 95_000 < price.quantiles[4, -1]


def test_quantiles_and_figures_agree() -> None:
    """The bins give what the single paths say."""
    scenario: Scenario = replace(lively_scenario(4_000), price=GeometricPrice(annual_volatility_frac=0.6))
    found = simulate(scenario)
    exact = np.quantile(found.path_figures[PathFigure.LAST_HASHRATE], (0.05, 0.25, 0.5, 0.75, 0.95))
    assert found.daily[Quantity.HASHRATE].quantiles[:, -1] == pytest.approx(exact, rel=4e-3)
    assert found.daily[Quantity.HASHRATE].mean[-1] == pytest.approx(
        found.path_figures[PathFigure.LAST_HASHRATE].mean(dtype=np.float64), rel=1e-5
    )
