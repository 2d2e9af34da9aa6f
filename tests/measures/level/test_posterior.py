from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.noise import PRIOR
from wattshift.measures.level.posterior import (
    Paths,
    belief,
    below_prob,
    draw_paths,
    fell_prob,
    hindsight_at,
    lowest_since,
    series,
    weekly_means,
)
from wattshift.measures.level.statespace import (
    FilteredLevel,
    LevelState,
    filter_level,
    smooth_level,
    state_at,
)

JAN_19_NOON_S = 1768824000.0
DAY_S = 86_400.0


@pytest.fixture(scope="module")
def filtered(newest: KnownBlocks) -> FilteredLevel:
    return filter_level(arrivals_of(newest.header_time_s, newest.work_hashes, newest.first_height))


def tip_at(filtered: FilteredLevel, now_s: float) -> int:
    return int(np.searchsorted(filtered.arrivals.known_s, now_s, side="right")) - 1


def paths_before(filtered: FilteredLevel, now_s: float, days: float, draws: int = 400) -> Paths:
    return draw_paths(
        filtered,
        tip=tip_at(filtered, now_s),
        now_s=now_s,
        since_s=now_s - days * DAY_S,
        rng=np.random.default_rng(7),
        draws=draws,
    )


def state(calm: float, storm: float, weight: float) -> LevelState:
    return LevelState(
        model=PRIOR, mean_ln_ehs=(calm, storm), var_ln_ehs=(0.0009, 0.004), regime_prob=(1 - weight, weight)
    )


def test_one_regime_is_a_log_normal() -> None:
    said = belief(state(math.log(1000), math.log(1000), 0.0))
    assert said.median_ehs == pytest.approx(1000)
    assert said.low_ehs == pytest.approx(1000 * math.exp(-1.959964 * 0.03))
    assert said.high_ehs == pytest.approx(1000 * math.exp(1.959964 * 0.03))


@given(st.floats(6, 7), st.floats(-0.3, 0.3), st.floats(0, 1), st.floats(0.05, 0.99))
def test_interval_and_probability_agree(mean: float, gap: float, weight: float, level: float) -> None:
    mixed = state(mean, mean + gap, weight)
    said = belief(mixed, level=level)
    assert said.low_ehs < said.median_ehs < said.high_ehs
    assert below_prob(mixed, said.median_ehs) == pytest.approx(0.5, abs=1e-9)
    inside = below_prob(mixed, said.high_ehs) - below_prob(mixed, said.low_ehs)
    assert inside == pytest.approx(level, abs=1e-9)


def test_present_level_of_2026_01_19(filtered: FilteredLevel) -> None:
    now = state_at(filtered, tip_at(filtered, JAN_19_NOON_S), JAN_19_NOON_S)
    said = belief(now)
    # The seven-day average of that noon is 992 [931, 1057]; the filter remembers more than a week.
    assert 975 < said.median_ehs < 1060
    assert said.high_ehs - said.low_ehs < 1057 - 931
    assert 0.05 < below_prob(now, 1000) < 0.5


def test_last_row_of_the_paths_is_the_present_belief(filtered: FilteredLevel) -> None:
    paths = paths_before(filtered, JAN_19_NOON_S, 20, draws=20_000)
    said = belief(state_at(filtered, tip_at(filtered, JAN_19_NOON_S), JAN_19_NOON_S))
    low, median, high = np.exp(np.quantile(paths.ln_ehs[-1], [0.025, 0.5, 0.975]))
    assert [low, median, high] == pytest.approx([said.low_ehs, said.median_ehs, said.high_ehs], rel=0.01)


def test_paths_agree_with_the_smoother(newest: KnownBlocks) -> None:
    cut = newest.index(900_000)
    arrivals = arrivals_of(newest.header_time_s[:cut], newest.work_hashes[:cut], newest.first_height)
    level = filter_level(arrivals)
    tip, now_s = cut - 1, float(arrivals.known_s[-1])
    paths = draw_paths(
        level, tip=tip, now_s=now_s, since_s=now_s - 60 * DAY_S, rng=np.random.default_rng(1), draws=4_000
    )
    mean, sd = series(smooth_level(level))
    bins = len(paths.end_s) - 1
    assert paths.ln_ehs[:-40].mean(axis=1) == pytest.approx(mean[-bins:][:-39], abs=0.02)
    assert np.median(paths.ln_ehs[:-40].std(axis=1) / sd[-bins:][:-39]) == pytest.approx(1, abs=0.15)


def test_fall_through_the_winter_storm_is_certain(filtered: FilteredLevel) -> None:
    paths = paths_before(filtered, 1769558400.0, 9)  # 2026-01-28, nine days back
    assert fell_prob(paths, 0.05) > 0.9
    assert fell_prob(paths, 0.6) == 0
    assert fell_prob(paths, 0.05) >= fell_prob(paths, 0.1) >= fell_prob(paths, 0.2)


def test_lowest_since_in_the_china_ban_is_a_year_and_surer_means_nearer(filtered: FilteredLevel) -> None:
    paths = paths_before(filtered, 1625097600.0, 500)  # 2021-07-01
    nearest, middle, farthest = (lowest_since(paths, sure_prob=prob) for prob in (0.95, 0.5, 0.1))
    assert farthest.since_s <= middle.since_s <= nearest.since_s
    assert 1_580_000_000 < middle.since_s < 1_600_000_000
    for said, asked in ((nearest, 0.95), (middle, 0.5), (farthest, 0.1)):
        assert said.sure_prob >= asked


def test_lowest_since_of_known_paths() -> None:
    rows = np.log(np.concatenate((np.full(28, 90.0), np.full(100, 200.0), np.full(28, 100.0))))
    paths = Paths(ln_ehs=np.repeat(rows[:, None], 3, axis=1), end_s=np.arange(156.0))
    said = lowest_since(paths)
    # The last earlier week below 100 ends while at most two of its bins are high ones.
    assert 27 <= said.since_s <= 30
    assert (said.sure_prob, said.reaches_start) == (1.0, False)
    ever = lowest_since(Paths(ln_ehs=paths.ln_ehs[30:], end_s=paths.end_s[30:]))
    assert (ever.since_s, ever.reaches_start) == (30.0, True)


def test_weekly_means_are_means() -> None:
    paths = Paths(ln_ehs=np.log(np.arange(1.0, 61.0))[:, None], end_s=np.arange(60.0))
    assert weekly_means(paths)[:, 0] == pytest.approx(np.arange(14.5, 47.5))


def test_hindsight_of_a_past_instant(filtered: FilteredLevel) -> None:
    smoothed = smooth_level(filtered)
    said = belief(hindsight_at(filtered, smoothed, JAN_19_NOON_S))
    assert 930 < said.median_ehs < 1060
    with pytest.raises(OutOfSpan):
        hindsight_at(filtered, smoothed, 1e9)


def test_refuses_nonsense(filtered: FilteredLevel) -> None:
    some = state(6.9, 6.9, 0.1)
    with pytest.raises(InputError, match="positive"):
        below_prob(some, 0)
    with pytest.raises(InputError, match="level"):
        belief(some, level=1)
    short = paths_before(filtered, JAN_19_NOON_S, 5)
    with pytest.raises(InputError, match="two weeks"):
        lowest_since(short)
    with pytest.raises(InputError, match="probability"):
        lowest_since(short, sure_prob=1)
    with pytest.raises(InputError, match="falls"):
        fell_prob(short, 1)
    with pytest.raises(OutOfSpan, match="after the last"):
        draw_paths(
            filtered,
            tip=tip_at(filtered, JAN_19_NOON_S),
            now_s=JAN_19_NOON_S,
            since_s=JAN_19_NOON_S + DAY_S,
            rng=np.random.default_rng(0),
        )
