from __future__ import annotations

import math

import numpy as np
import pytest

from wattshift.errors import InputError
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.noise import PRIOR
from wattshift.measures.level.peak import peak_luck, true_drop
from wattshift.measures.level.posterior import Paths, draw_paths
from wattshift.measures.level.statespace import filter_level

WORK = 6.0e23


def test_luck_alone_puts_the_week_seven_percent_below_its_peak() -> None:
    luck = peak_luck(0.07, rng=np.random.default_rng(0))
    assert luck.mean_frac == pytest.approx(0.072, abs=0.002)
    assert luck.low_frac < 0.02
    assert luck.high_frac > 0.12
    assert 0.3 < luck.exceed_prob < 0.7


def test_longer_windows_and_shorter_spans_need_less_correction() -> None:
    day_s = 86_400
    rng = np.random.default_rng(1)
    usual = peak_luck(0.1, rng=rng, draws=500).mean_frac
    assert peak_luck(0.1, rng=rng, window_s=30 * day_s, draws=500).mean_frac < usual
    assert peak_luck(0.1, rng=rng, span_s=14 * day_s, draws=500).mean_frac < usual


def test_true_drop_is_nearer_the_truth_than_the_naive_one() -> None:
    true_errors, naive_errors = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rates = np.repeat([1000.0, 950.0], [18_000, 1_008])  # a drop of 5 % a week ago
        times = np.cumsum(rng.standard_exponential(len(rates)) * WORK / 1e18 / rates).astype(np.int64)
        level = filter_level(arrivals_of(times, np.full(len(times), WORK), 0), [(0, PRIOR)])
        now_s = float(times[-1])
        paths = draw_paths(
            level, tip=len(times) - 1, now_s=now_s, since_s=now_s - 90 * 86_400, rng=rng, draws=400
        )
        naive = 1008 / (times[1008:] - times[:-1008])
        true_errors.append(true_drop(paths).median_frac - 0.05)
        naive_errors.append(1 - naive[-1] / naive[-12_960:].max() - 0.05)
    assert abs(np.mean(true_errors)) < abs(np.mean(naive_errors))


def test_true_drop_of_known_paths() -> None:
    rows = np.log(np.concatenate((np.full(40, 1100.0), np.full(40, 990.0))))
    drop = true_drop(Paths(ln_ehs=np.repeat(rows[:, None], 5, axis=1), end_s=np.arange(80.0)))
    assert (drop.median_frac, drop.low_frac, drop.high_frac) == pytest.approx((0.1, 0.1, 0.1))
    assert drop.peak_median_ehs == pytest.approx(1100)


def test_refuses_nonsense() -> None:
    paths = Paths(ln_ehs=np.full((10, 3), math.log(1000)), end_s=np.arange(10.0))
    with pytest.raises(InputError, match="a week"):
        true_drop(paths)
    with pytest.raises(InputError, match="level"):
        true_drop(paths, level=1)
    with pytest.raises(InputError, match="window"):
        peak_luck(0.1, rng=np.random.default_rng(0), window_s=60)
