from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wattshift.clock import to_unix
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.pools import PoolLabels
from wattshift.measures.stress.fleet import fleet_means
from wattshift.measures.stress.signals import daily_network
from wattshift.measures.why.gridstress import (
    DailyWorth,
    GridHours,
    PoolExposure,
    daily_worth,
    grid_hours,
    pool_exposures,
    pool_slope,
    stress_share,
    zone_change,
    zone_exposure,
)
from wattshift.store.bundled import BundledStore

HOUR = 3_600
START_S = 1_700_000_000 // HOUR * HOUR


@pytest.fixture(scope="module")
def worth(store: BundledStore, newest: KnownBlocks, daily_frame: pl.DataFrame) -> DailyWorth:
    means = fleet_means(store.read("asic_catalog"), store.read("difficulty_periods"), newest.as_of)
    return daily_worth(daily_network(newest), daily_frame, means)


@pytest.fixture(scope="module")
def real(store: BundledStore, worth: DailyWorth) -> GridHours:
    return grid_hours(store.read("power_price"), store.read("ercot_load"), worth)


def made(priced_out: NDArray[np.bool_], load: NDArray[np.float64] | None = None) -> GridHours:
    hours = START_S + HOUR * np.arange(len(priced_out))
    return GridHours(
        start_s=hours,
        price_usd_per_mwh=np.where(priced_out, 500.0, 20.0),
        worth_usd_per_mwh=np.full(len(hours), 80.0),
        load_start_s=hours,
        zones=("ercot", "calm", "yielding"),
        load_mw=np.full((len(hours), 3), 100.0) if load is None else load,
    )


def instant(text: str) -> float:
    return to_unix(datetime.fromisoformat(text).replace(tzinfo=UTC))


def test_a_mwh_mined_what_the_hashprice_says(worth: DailyWorth) -> None:
    at = int(np.searchsorted(worth.day_s, instant("2026-01-18")))
    assert worth.hashprice_usd_per_ph_day[at] == pytest.approx(40.0, abs=1.0)
    efficiency = worth.hashprice_usd_per_ph_day[at] / 0.024 / worth.worth_usd_per_mwh[at]
    assert efficiency == pytest.approx(20.6, abs=0.3)


def test_the_three_winter_storms_priced_miners_out(real: GridHours) -> None:
    for start, end in (
        ("2021-02-11", "2021-02-21"),
        ("2022-12-22", "2022-12-27"),
        ("2026-01-23", "2026-01-30"),
    ):
        share = stress_share(real, instant(start), instant(end))
        assert share is not None
        assert share > 0.7
    quiet = stress_share(real, instant("2026-01-08"), instant("2026-01-22"))
    assert quiet is not None
    assert quiet < 0.1


def test_where_prices_are_not_known_there_is_no_share(real: GridHours) -> None:
    assert stress_share(real, instant("2020-05-01"), instant("2020-05-20")) is None
    assert stress_share(real, instant("2021-01-01"), instant("2021-01-12")) is None


@given(st.lists(st.booleans(), min_size=48, max_size=300))
def test_the_share_is_that_of_the_worst_two_days(flags: list[bool]) -> None:
    out = np.array(flags)
    share = stress_share(made(out), START_S, START_S + HOUR * len(out))
    worst = max(out[k : k + 48].mean() for k in range(len(out) - 47))
    assert share == pytest.approx(worst)


def test_the_pools_that_give_way_are_learnt_from_the_past(
    newest: KnownBlocks, block_frame: pl.DataFrame, real: GridHours
) -> None:
    labels = PoolLabels.from_table(block_frame, newest)
    found = pool_exposures(newest, labels, real, before_s=instant("2026-01-20"))
    assert found is not None
    response = dict(zip(found.names, found.response_frac, strict=True))
    sd = dict(zip(found.names, found.sd_frac, strict=True))
    assert found.stressed_hours > 1_500
    assert response["foundryusa"] < -5 * sd["foundryusa"]
    assert response["marapool"] < -2 * sd["marapool"]
    assert abs(response["antpool"]) < 0.1
    assert pool_exposures(newest, labels, real, before_s=instant("2021-02-11")) is None


def test_what_comes_later_teaches_nothing(
    newest: KnownBlocks, block_frame: pl.DataFrame, real: GridHours
) -> None:
    labels = PoolLabels.from_table(block_frame, newest)
    before_s = instant("2024-04-20")
    cut = int(np.searchsorted(real.start_s, before_s))
    shortened = GridHours(
        start_s=real.start_s[:cut],
        price_usd_per_mwh=real.price_usd_per_mwh[:cut],
        worth_usd_per_mwh=real.worth_usd_per_mwh[:cut],
        load_start_s=real.load_start_s[: int(np.searchsorted(real.load_start_s, before_s))],
        zones=real.zones,
        load_mw=real.load_mw[: int(np.searchsorted(real.load_start_s, before_s))],
    )
    whole, part = (pool_exposures(newest, labels, grid, before_s=before_s) for grid in (real, shortened))
    assert whole is not None
    assert part is not None
    assert whole.response_frac.tolist() == part.response_frac.tolist()
    assert zone_exposure(real, before_s=before_s) == zone_exposure(shortened, before_s=before_s)


def test_a_mix_that_moves_as_before_has_slope_one() -> None:
    response = np.array([-0.3, -0.2, 0.0, 0.05])
    exposure = PoolExposure(
        stressed_hours=500, names=("a", "b", "c", "d"), response_frac=response, sd_frac=np.full(4, 0.02)
    )
    before = np.array([30_000, 10_000, 40_000, 20_000])
    inside = np.round(before / 10 * np.exp(response)).astype(np.int64)
    found = pool_slope(before, inside, exposure)
    assert found is not None
    assert found[0] == pytest.approx(1.0, abs=0.15)
    still = pool_slope(before, before // 10, exposure)
    assert still is not None
    assert still[0] == pytest.approx(0.0, abs=1e-9)
    assert still[1] > 0


def test_a_mix_says_nothing_without_blocks_or_contrast() -> None:
    even = PoolExposure(
        stressed_hours=500, names=("a", "b"), response_frac=np.zeros(2), sd_frac=np.full(2, 0.02)
    )
    assert pool_slope(np.array([5, 5]), np.array([1, 2]), even) is None
    assert pool_slope(np.array([5, 5]), np.zeros(2, dtype=np.int64), even) is None


def test_the_zone_that_yields_is_found_and_its_change_measured() -> None:
    hours = 24 * 400
    out = np.arange(hours) % 100 < 5
    load = np.full((hours, 3), 100.0)
    load[out, 0], load[out, 1], load[out, 2] = 110.0, 112.0, 70.0
    grid = made(out, load)
    end_s = START_S + HOUR * hours
    found = zone_exposure(grid, before_s=end_s)
    assert found is not None
    assert found.name == "yielding"
    assert found.response_frac == pytest.approx(np.log(70 / 98.5) - np.log(110 / 100.5), abs=1e-3)
    assert found.sd_frac < 0.02
    change = zone_change(
        grid, "yielding", start_s=end_s - HOUR * 95, end_s=end_s, usual_until_s=end_s - HOUR * 100
    )
    assert change == pytest.approx(np.log(100 / 98.5) - np.log(100 / 100.5), abs=1e-2)
    assert zone_change(grid, "calm", start_s=end_s, end_s=end_s + HOUR, usual_until_s=end_s) is None


def test_in_texas_the_far_west_yields(real: GridHours) -> None:
    found = zone_exposure(real, before_s=instant("2026-01-20"))
    assert found is not None
    assert found.name == "fwest"
    change = zone_change(
        real,
        found.name,
        start_s=instant("2026-01-24"),
        end_s=instant("2026-01-28"),
        usual_until_s=instant("2026-01-23"),
    )
    assert change is not None
    assert change < -3 * found.sd_frac
    assert zone_exposure(real, before_s=instant("2021-02-01")) is None


def test_an_hour_knows_only_the_worth_of_the_day_before(
    store: BundledStore, worth: DailyWorth, real: GridHours
) -> None:
    at = int(np.searchsorted(real.start_s, instant("2026-01-19T05:00")))
    day = int(np.searchsorted(worth.day_s, instant("2026-01-18")))
    assert real.worth_usd_per_mwh[at] == worth.worth_usd_per_mwh[day]
    hour = store.read("power_price").filter(
        pl.col("start").is_between(
            datetime(2026, 1, 19, 5, tzinfo=UTC), datetime(2026, 1, 19, 5, 59, tzinfo=UTC)
        )
    )
    assert real.price_usd_per_mwh[at] == pytest.approx(hour["price_usd_per_mwh"].mean())
    assert timedelta(seconds=int(real.start_s[at + 1] - real.start_s[at])) == timedelta(hours=1)
