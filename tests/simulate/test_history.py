"""Instants of the past against what then came; `benchmarks/study_simulation.py` does the same at length."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.hindsight import (
    SCENARIOS,
    Band,
    change_bands,
    hashrate_bands,
    opening_at,
    quiet_periods,
    ratio_bands,
    undisturbed,
)
from wattshift.app.simulating.build import build_scenario
from wattshift.app.snapshot import Archive
from wattshift.config.scenario import ScenarioFile, load_scenario
from wattshift.simulate.result import NetworkForecast, PathFigure, Quantity
from wattshift.simulate.run import simulate
from wattshift.store.bundled import BundledStore

HORIZONS = (1, 2, 4, 8)
FIRST, LAST = 356, 461
"""Periods that opened in 2022 to 2025: none of their blocks was known to any fit of the calibration."""


@pytest.fixture(scope="module")
def archive(store: BundledStore) -> Archive:
    return Archive(store)


def started(archive: Archive, file: ScenarioFile) -> NetworkForecast:
    return simulate(build_scenario(archive.as_of(file.at), replace(file, paths=1_500)))


@pytest.fixture(scope="module")
def ban() -> ScenarioFile:
    return load_scenario(SCENARIOS / "ban-2021.toml")


@pytest.fixture(scope="module")
def exodus(archive: Archive, ban: ScenarioFile) -> NetworkForecast:
    return started(archive, ban)


def test_the_ban_covers_the_falls_and_the_recovery(archive: Archive, exodus: NetworkForecast) -> None:
    changes = change_bands(archive, exodus)
    falls = [round(100 * band.real, 2) for band in changes[1:5]]
    assert falls == [-15.97, -5.30, -27.94, -4.81]
    assert all(band.inside for band in changes[1:5])
    ratios = ratio_bands(archive, exodus)[:16]
    assert ratios[-1].real > 1.1  # recovered
    assert all(band.inside for band in ratios)
    assert ratios[-1].high / ratios[-1].low < 1.8


def test_the_ban_covers_the_path_of_hashrate(archive: Archive, exodus: NetworkForecast) -> None:
    days = hashrate_bands(archive, exodus.daily[Quantity.HASHRATE], exodus.as_of)
    assert len(days) == 240
    assert min(band.real for band in days) < 0.6 * days[0].real
    assert sum(band.inside for band in days) >= 0.9 * len(days)


def test_blocks_are_as_slow_as_they_were(exodus: NetworkForecast) -> None:
    """The slowest period of 2021 took 833 s a block."""
    falls = exodus.path_figures[PathFigure.LARGEST_FALL]
    slower = float((1_209_600 / 2_015 / (1 - falls) >= 833).mean())
    assert 0.05 < slower < 0.95


def test_without_a_ban_none_of_it_is_foreseen(archive: Archive, ban: ScenarioFile) -> None:
    found = started(archive, replace(ban, outages=(), horizon_days=90))
    changes = change_bands(archive, found)
    assert not changes[1].inside
    assert not changes[3].inside
    assert not ratio_bands(archive, found)[3].inside


def test_a_ban_of_which_nothing_returns_misses_the_recovery(archive: Archive, ban: ScenarioFile) -> None:
    gone = replace(ban.outages[0], back_frac=(0.0, 0.0))
    found = started(archive, replace(ban, outages=(gone, *ban.outages[1:])))
    assert not ratio_bands(archive, found)[15].inside


def test_the_storm_covers_both_of_its_retargets(archive: Archive) -> None:
    file = load_scenario(SCENARIOS / "storm-2026.toml")
    struck, calm = (
        change_bands(archive, started(archive, each)) for each in (file, replace(file, outages=()))
    )
    assert [round(100 * band.real, 2) for band in struck[1:3]] == [-11.16, 14.73]
    assert all(band.inside for band in struck[:3])
    assert not any(band.inside for band in calm[1:3])


@pytest.fixture(scope="module")
def calm(archive: Archive) -> list[list[Band]]:
    return [
        ratio_bands(
            archive, simulate(undisturbed(archive, opening_at(archive, period), days=150, paths=1_000))
        )
        for period in quiet_periods(archive, FIRST, LAST, 20)
    ]


def test_quiet_times_lie_inside_the_bands(calm: list[list[Band]]) -> None:
    for horizon in HORIZONS:
        bands = [row[horizon - 1] for row in calm]
        assert sum(band.inside for band in bands) >= 0.85 * len(bands)
        assert 0.2 <= sum(band.inside_half for band in bands) / len(bands) <= 0.8


def test_the_bands_are_no_wider_than_what_came_asks_for(calm: list[list[Band]]) -> None:
    """Bands of half the width miss too much, and none is wider than a calm network's."""
    half = [
        (band.low / band.median) ** 0.5 <= band.real / band.median <= (band.high / band.median) ** 0.5
        for row in calm
        for band in (row[horizon - 1] for horizon in HORIZONS)
    ]
    assert sum(half) < 0.85 * len(half)
    for horizon, most in zip(HORIZONS, (1.22, 1.30, 1.45, 1.75), strict=True):
        assert all(row[horizon - 1].high / row[horizon - 1].low < most for row in calm)
