from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from support.faults import scaled
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import Arrivals, arrivals_of
from wattshift.measures.level.noise import FITTED, PRIOR
from wattshift.measures.level.posterior import series
from wattshift.measures.level.statespace import (
    FilteredLevel,
    filter_level,
    fit_noise,
    smooth_level,
    state_at,
)

WORK = 6.0e23


def simulated(levels: NDArray[np.float64], seed: int) -> Arrivals:
    """Blocks at constant difficulty whose 36-block bins have these levels [ln EH/s]."""
    rng = np.random.default_rng(seed)
    rate = np.repeat(np.exp(levels), 36) * 1e18 / WORK
    waits_s = rng.standard_exponential(len(rate)) / rate
    times = np.concatenate(([0.0], np.cumsum(waits_s))).astype(np.int64)
    return arrivals_of(times, np.full(len(times), WORK), 0)


def walk(bins: int, seed: int, sd: float = 0.03) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.asarray(math.log(1000) + np.cumsum(rng.standard_normal(bins)) * sd / math.sqrt(28))


@pytest.fixture(scope="module")
def arrivals(newest: KnownBlocks) -> Arrivals:
    return arrivals_of(newest.header_time_s, newest.work_hashes, newest.first_height)


@pytest.fixture(scope="module")
def filtered(arrivals: Arrivals) -> FilteredLevel:
    return filter_level(arrivals)


def test_constant_hashrate_is_found_within_its_own_uncertainty() -> None:
    level = filter_level(simulated(np.full(600, math.log(1000)), 1), [(0, PRIOR)])
    mean, sd = series(level)
    assert abs(mean[-1] - math.log(1000)) < 3 * sd[-1]
    assert 0.02 < sd[-1] < 0.045


def test_filter_and_smoother_cover_simulated_levels_as_stated() -> None:
    inside = {"filter": 0, "smoother": 0}
    count = 0
    for seed in range(12):
        truth = walk(800, seed)
        level = filter_level(simulated(truth, seed + 100), [(0, PRIOR)])
        truth = truth[: len(level.mean_ln_ehs)]
        for name, (mean, sd) in (("filter", series(level)), ("smoother", series(smooth_level(level)))):
            inside[name] += int((np.abs(mean - truth)[60:] < 1.96 * sd[60:]).sum())
        count += len(truth) - 60
    assert 0.92 < inside["filter"] / count < 0.99
    assert 0.92 < inside["smoother"] / count < 0.99


def test_smoother_is_surer_and_nearer_than_filter() -> None:
    truth = walk(1500, 3)
    level = filter_level(simulated(truth, 4), [(0, PRIOR)])
    (filter_mean, filter_sd), (smooth_mean, smooth_sd) = series(level), series(smooth_level(level))
    truth = truth[: len(filter_mean)]
    assert smooth_sd[100:-100].mean() < filter_sd[100:-100].mean()
    assert np.abs(smooth_mean - truth)[100:-100].mean() < np.abs(filter_mean - truth)[100:-100].mean()
    assert smooth_mean[-1] == filter_mean[-1]


def test_a_jump_raises_the_storm_probability_and_is_followed_within_days() -> None:
    levels = np.concatenate((np.full(600, math.log(1000)), np.full(60, math.log(700))))
    level = filter_level(simulated(levels, 5), [(0, PRIOR)])
    mean, _ = series(level)
    assert level.regime_prob[590:600, 1].mean() < 0.3 < level.regime_prob[608:640, 1].max()
    assert abs(mean[-1] - math.log(700)) < 0.12
    calm_only = dataclasses.replace(PRIOR, storm_sd_frac=PRIOR.calm_sd_frac)
    slow, _ = series(filter_level(level.arrivals, [(0, calm_only)]))
    assert mean[620] < slow[620]


def test_one_regime_is_the_kalman_filter() -> None:
    truth = walk(200, 9)
    model = dataclasses.replace(PRIOR, storm_sd_frac=PRIOR.calm_sd_frac)
    level = filter_level(simulated(truth, 10), [(0, model)])
    from scipy.special import digamma, polygamma

    blocks = level.arrivals
    ends = blocks.exposure_s_per_hash[blocks.edge(0) :: 36][: len(level.mean_ln_ehs) + 1]
    observed = digamma(36) - np.log(np.diff(ends) * 1e18)
    noise, step = float(polygamma(1, 36)), model.step_sd_frac[0] ** 2
    mean, var = observed[0], noise
    for value in observed[1:]:
        gain = (var + step) / (var + step + noise)
        mean, var = mean + gain * (value - mean), (1 - gain) * (var + step)
    assert level.mean_ln_ehs[-1] == pytest.approx([mean, mean], abs=1e-12)
    assert level.var_ln_ehs[-1] == pytest.approx([var, var], rel=1e-9)


def test_nothing_looks_ahead(newest: KnownBlocks, filtered: FilteredLevel) -> None:
    for tip in (50_000, 200_017, 300_000):
        cut = arrivals_of(newest.header_time_s[: tip + 1], newest.work_hashes[: tip + 1], newest.first_height)
        now_s = float(cut.known_s[-1]) + 120
        alone = state_at(filter_level(cut), tip, now_s)
        assert alone == state_at(filtered, tip, now_s)


def test_real_history_agrees_with_known_events(filtered: FilteredLevel) -> None:
    mean, sd = series(smooth_level(filtered))
    ends_s = filtered.arrivals.arrival_s[filtered.arrivals.edge(1) :: 36][: len(mean)]

    def level_at(instant_s: int) -> float:
        return float(np.exp(mean[int(np.searchsorted(ends_s, instant_s))]))

    before_ban, after_ban = level_at(1620864000), level_at(1625270400)  # 2021-05-13, 2021-07-03
    assert 0.4 < after_ban / before_ban < 0.6
    before_storm, in_storm = level_at(1768996800), level_at(1769428800)  # 2026-01-21, 2026-01-26
    assert in_storm < 0.9 * before_storm
    assert 0.01 < sd.mean() < 0.05


def test_waiting_lowers_the_level(filtered: FilteredLevel) -> None:
    tip = 300_000
    now_s = float(filtered.arrivals.known_s[tip])
    soon, later = (state_at(filtered, tip, now_s + wait_s) for wait_s in (0, 7_200))
    assert later.mean_ln_ehs < soon.mean_ln_ehs


def test_fit_finds_the_noise_of_simulated_blocks() -> None:
    arrivals = simulated(walk(3000, 21, sd=0.05), 22)
    fitted = fit_noise(arrivals, before_s=int(arrivals.known_s[-1]) + 1)
    storm = fitted.storm_start_prob / (fitted.storm_start_prob + fitted.storm_end_prob)
    sd = math.sqrt((1 - storm) * fitted.calm_sd_frac**2 + storm * fitted.storm_sd_frac**2)
    assert 0.03 < sd < 0.08


@pytest.mark.slow
def test_fitted_table_is_what_the_fit_gives_on_earlier_blocks(arrivals: Arrivals) -> None:
    # The search starts afresh here, so it may stop at a neighbour that is as likely.
    for since_s, model in FITTED[1 : scaled(4, len(FITTED)) : 2]:
        again = fit_noise(arrivals, before_s=since_s)
        assert again.calm_sd_frac == pytest.approx(model.calm_sd_frac, rel=0.1)
        assert again.storm_sd_frac == pytest.approx(model.storm_sd_frac, rel=0.1)
        assert again.growth_frac == pytest.approx(model.growth_frac, abs=0.003)


def test_refuses_what_it_cannot_do(filtered: FilteredLevel) -> None:
    with pytest.raises(OutOfSpan, match="closed"):
        state_at(filtered, 30, float(filtered.arrivals.known_s[30]))
    with pytest.raises(InputError, match="noise model"):
        filter_level(filtered.arrivals, [])
    with pytest.raises(InputError, match="60 bins"):
        fit_noise(filtered.arrivals, before_s=int(filtered.arrivals.known_s[100]))
    still = arrivals_of(np.zeros(200, dtype=np.int64), np.full(200, WORK), 0)
    with pytest.raises(InputError, match="no time passes"):
        filter_level(still)
