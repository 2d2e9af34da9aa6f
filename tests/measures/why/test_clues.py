from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from wattshift.clock import Window
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.statespace import filter_level
from wattshift.measures.pools import PoolLabels
from wattshift.measures.stress.fleet import fleet_at, fleet_means
from wattshift.measures.stress.signals import daily_network
from wattshift.measures.why.clues import (
    MarginClue,
    grid_clue,
    margin_clue,
    mix_clue,
    pool_clue,
    storm_prob,
    zone_clue,
)
from wattshift.measures.why.gridstress import DailyWorth, GridHours, daily_worth, grid_hours
from wattshift.measures.why.move import find_move
from wattshift.store.bundled import BundledStore


def window(start: str, end: str) -> Window:
    return Window(
        start_at=datetime.fromisoformat(start).replace(tzinfo=UTC),
        end_at=datetime.fromisoformat(end).replace(tzinfo=UTC),
    )


STORM, QUIET = window("2026-01-23", "2026-02-09"), window("2026-01-08", "2026-01-22")
EARLY = window("2020-02-10", "2020-02-20")


@pytest.fixture(scope="module")
def labels(block_frame: pl.DataFrame, newest: KnownBlocks) -> PoolLabels:
    return PoolLabels.from_table(block_frame, newest)


@pytest.fixture(scope="module")
def worth(store: BundledStore, newest: KnownBlocks, daily_frame: pl.DataFrame) -> DailyWorth:
    means = fleet_means(store.read("asic_catalog"), store.read("difficulty_periods"), newest.as_of)
    return daily_worth(daily_network(newest), daily_frame, means)


@pytest.fixture(scope="module")
def grid(store: BundledStore, worth: DailyWorth) -> GridHours:
    return grid_hours(store.read("power_price"), store.read("ercot_load"), worth)


def test_a_storm_stands_out_in_every_clue(newest: KnownBlocks, labels: PoolLabels, grid: GridHours) -> None:
    move = find_move(newest, STORM)
    stress, pools, zone = grid_clue(grid, STORM), pool_clue(newest, labels, grid, move), zone_clue(grid, move)
    assert stress is not None
    assert stress.stress_frac > max(0.9, 4 * stress.usual_frac)
    assert stress.peak_usd_per_mwh > 5 * stress.worth_usd_per_mwh
    assert pools is not None
    assert pools.slope_ratio > 2 * pools.sd_ratio
    assert set(pools.exposed) == {"foundryusa", "luxor", "marapool"}
    assert zone is not None
    assert zone.change_frac < -3 * zone.past.sd_frac


def test_a_quiet_fortnight_does_not(newest: KnownBlocks, labels: PoolLabels, grid: GridHours) -> None:
    move = find_move(newest, QUIET)
    stress, pools, zone = grid_clue(grid, QUIET), pool_clue(newest, labels, grid, move), zone_clue(grid, move)
    assert stress is not None
    assert stress.stress_frac < stress.usual_frac
    assert pools is not None
    assert abs(pools.slope_ratio) < pools.sd_ratio
    assert zone is not None
    assert abs(zone.change_frac) < 2 * zone.past.sd_frac


def test_what_was_not_recorded_is_not_known(
    newest: KnownBlocks, labels: PoolLabels, grid: GridHours, worth: DailyWorth, store: BundledStore
) -> None:
    move = find_move(newest, EARLY)
    fleet = fleet_at(
        store.read("asic_catalog"), store.read("difficulty_periods"), EARLY.start_at, hashrate_ehs=100.0
    )
    assert grid_clue(grid, EARLY) is None
    assert pool_clue(newest, labels, grid, move) is None
    assert zone_clue(grid, move) is None
    assert margin_clue(fleet, worth, move) is None


def test_the_halving_put_machines_under_water(
    newest: KnownBlocks, worth: DailyWorth, store: BundledStore
) -> None:
    asked = window("2024-04-24", "2024-05-16")
    fleet = fleet_at(
        store.read("asic_catalog"), store.read("difficulty_periods"), asked.start_at, hashrate_ehs=600.0
    )
    found = margin_clue(fleet, worth, find_move(newest, asked))
    assert found is not None
    assert found.now_usd_per_ph_day < 0.6 * found.before_usd_per_ph_day
    assert found.squeezed_frac > 0.08


def test_machines_that_surface_are_not_squeezed() -> None:
    found = MarginClue(before_frac=0.3, now_frac=0.1, before_usd_per_ph_day=40.0, now_usd_per_ph_day=60.0)
    assert found.squeezed_frac == 0.0


def test_the_ban_changed_the_mix_more_than_a_quiet_month(newest: KnownBlocks, labels: PoolLabels) -> None:
    ban, quiet = (
        mix_clue(newest, labels, find_move(newest, asked)).moved_frac
        for asked in (window("2021-05-15", "2021-07-15"), QUIET)
    )
    assert ban > 2 * quiet
    assert 0 <= quiet < 0.05


def test_the_filter_saw_the_storm(newest: KnownBlocks) -> None:
    low = int(np.searchsorted(newest.running_max_s, datetime(2025, 9, 1, tzinfo=UTC).timestamp()))
    filtered = filter_level(
        arrivals_of(newest.header_time_s[low:], newest.work_hashes[low:], newest.first_height + low)
    )
    storm, quiet = storm_prob(filtered, STORM), storm_prob(filtered, QUIET)
    assert storm is not None
    assert quiet is not None
    assert quiet < 0.3
    assert storm > 0.8
    assert storm_prob(filtered, EARLY) is None
