"""Estimates of a hashrate that is known to be 1,000 EH/s: unbiased, and covered as often as they say."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pytest

from wattshift.clock import from_unix
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.hashrate import (
    HashrateChange,
    HashrateEstimate,
    change_between,
    getnetworkhashps,
    hashrate_of_blocks,
    hashrate_of_window,
    peak_of_window,
    prob_below,
)
from wattshift.testing import simulate_history

TRUE_EHS = 1_000.0


@pytest.fixture(scope="module")
def simulated() -> BlockHistory:
    """Twelve years at exactly 1,000 EH/s."""
    return simulate_history(np.random.default_rng(7), hashrate_ehs=TRUE_EHS, periods=310)


def ends_of(history: BlockHistory, step_s: int) -> list[datetime]:
    first, last = int(history.whole.running_max_s[0]), int(history.whole.running_max_s[-1])
    return [from_unix(end_s) for end_s in range(first + 3 * step_s, last, step_s)]


def windows(history: BlockHistory, window_s: int, step_s: int) -> list[HashrateEstimate]:
    return [
        hashrate_of_window(history.known_at(end_at), window_s=window_s) for end_at in ends_of(history, step_s)
    ]


def runs(history: BlockHistory, count: int, step: int) -> list[HashrateEstimate]:
    known = history.known_at(history.newest_at)
    firsts = range(known.first_height + step, known.tip_height - count, step)
    return [hashrate_of_blocks(known, first_height=first, last_height=first + count) for first in firsts]


def misses(estimates: list[HashrateEstimate]) -> tuple[float, float]:
    """How often the truth lies below and above the interval."""
    below = sum(estimate.low_ehs > TRUE_EHS for estimate in estimates)
    above = sum(estimate.high_ehs < TRUE_EHS for estimate in estimates)
    return below / len(estimates), above / len(estimates)


@pytest.mark.parametrize("hours", [3, 24])
def test_a_window_is_unbiased_and_covers_the_truth(simulated: BlockHistory, hours: int) -> None:
    estimates = windows(simulated, hours * 3_600, max(hours, 12) * 3_600)
    assert len(estimates) > 4_000
    means = [estimate.mean_ehs for estimate in estimates]
    error = TRUE_EHS / math.sqrt(6 * hours * len(means))
    assert np.mean(means) == pytest.approx(TRUE_EHS, abs=3.5 * error)
    assert all(0.005 < miss < 0.032 for miss in misses(estimates))


@pytest.mark.parametrize("count", [5, 36, 144])
def test_a_run_of_blocks_is_unbiased_and_covers_the_truth(simulated: BlockHistory, count: int) -> None:
    estimates = runs(simulated, count, max(count, 100))
    assert len(estimates) > 4_000
    means = [estimate.mean_ehs for estimate in estimates]
    error = TRUE_EHS / math.sqrt(max(1, count - 2) * len(means))
    assert np.mean(means) == pytest.approx(TRUE_EHS, abs=3.5 * error)
    assert all(miss == pytest.approx(0.025, abs=0.0075) for miss in misses(estimates))


def assert_honest(changes: list[HashrateChange]) -> None:
    """At unchanged hashrate, intervals miss in both tails alike, and luck is uniform."""
    assert len(changes) > 1_000
    for miss in (
        np.mean([change.low_frac > 0 for change in changes]),
        np.mean([change.high_frac < 0 for change in changes]),
    ):
        assert miss == pytest.approx(0.025, abs=0.01)
    fell = np.sort([change.fell_prob for change in changes])
    uniform = (np.arange(len(fell)) + 0.5) / len(fell)
    assert np.abs(fell - uniform).max() < 1.63 / math.sqrt(len(fell)), "Kolmogorov-Smirnov at 1 %"
    for change in changes[:50]:
        assert change.low_frac < change.change_frac < change.high_frac
        assert change.luck_prob == pytest.approx(2 * min(change.fell_prob, 1 - change.fell_prob))


@pytest.mark.parametrize(("base_count", "count"), [(12, 240), (240, 12), (60, 60)])
def test_a_change_between_runs_of_unlike_length_is_honest(
    simulated: BlockHistory, base_count: int, count: int
) -> None:
    known = simulated.known_at(simulated.newest_at)
    both = base_count + count
    firsts = range(known.first_height, known.tip_height - both, both)
    assert_honest(
        [
            change_between(
                hashrate_of_blocks(known, first_height=first, last_height=first + base_count),
                hashrate_of_blocks(known, first_height=first + base_count, last_height=first + both),
            )
            for first in firsts
        ]
    )


@pytest.mark.parametrize(("base_hours", "hours"), [(6, 48), (48, 6)])
def test_a_change_between_windows_of_unlike_length_is_honest(
    simulated: BlockHistory, base_hours: int, hours: int
) -> None:
    changes = []
    for end_at in ends_of(simulated, (base_hours + hours) * 3_600):
        known = simulated.known_at(end_at)
        after = hashrate_of_window(known, window_s=hours * 3_600)
        before = hashrate_of_window(known, window_s=base_hours * 3_600, end_at=after.start_at)
        changes.append(change_between(before, after))
    assert_honest(changes)


def test_the_probability_below_a_threshold_is_a_probability(simulated: BlockHistory) -> None:
    for estimates in (runs(simulated, 12, 200), windows(simulated, 86_400, 172_800)):
        probs = np.sort([prob_below(estimate, TRUE_EHS) for estimate in estimates])
        uniform = (np.arange(len(probs)) + 0.5) / len(probs)
        # A Poisson count is discrete, so its probabilities come in steps of about 1 / sqrt(2 pi 144).
        assert np.abs(probs - uniform).max() < 1.63 / math.sqrt(len(probs)) + 0.02


def test_a_constant_hashrate_stands_seven_percent_below_its_peak(simulated: BlockHistory) -> None:
    known = simulated.known_at(simulated.newest_at)
    drops = []
    for days in range(0, 4_000, 45):
        end_at = known.as_of - timedelta(days=days)
        drops.append(peak_of_window(known, hashrate_of_window(known, end_at=end_at)).drop_frac)
    assert np.mean(drops) == pytest.approx(0.072, abs=0.008)


def test_core_overestimates_by_one_part_in_n(simulated: BlockHistory) -> None:
    known = simulated.known_at(simulated.newest_at)
    heights = range(known.first_height + 50, known.tip_height, 40)
    mean_ehs = np.mean([getnetworkhashps(known, nblocks=12, height=height) for height in heights]) / 1e18
    assert mean_ehs / TRUE_EHS == pytest.approx(12 / 11, rel=0.01)
