from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from wattshift.simulate.kernel.functions import exponentials, normal_z, normals_z

LAST = 0xFFFFFFFF


def test_normal_quantiles_are_exact_to_1_in_10_million() -> None:
    tail = np.geomspace(1e-10, 0.5, 4_000)
    probs = np.concatenate((tail, 1 - tail))
    found = np.array([normal_z(prob) for prob in probs])
    assert found == pytest.approx(norm.ppf(probs), rel=2e-7, abs=1e-9)


def test_many_quantiles_at_once_are_good_to_3_in_a_million() -> None:
    lower = np.unique(np.geomspace(1, 2**31, 100_000).astype(np.uint32))
    words = np.concatenate((np.array([0], np.uint32), lower, LAST - lower, np.array([LAST], np.uint32)))
    z = np.empty(len(words), np.float32)
    normals_z(words, z)
    expected = norm.ppf((words + 0.5) / 2**32)
    usual = np.abs(expected) < 5.5
    assert np.abs(z - expected)[usual].max() < 3e-6
    assert np.abs(z - expected)[~usual].max() < 3e-3
    assert usual.mean() > 0.9


def test_both_halves_are_mirrored() -> None:
    words = np.random.default_rng(1).integers(0, 2**32, 1_001, dtype=np.uint32)
    z, mirrored = np.empty(1_001, np.float32), np.empty(1_001, np.float32)
    normals_z(words, z)
    normals_z(LAST - words, mirrored)
    assert np.array_equal(z, -mirrored)


def test_exponentials_are_good_to_4_in_10_million_and_bounded() -> None:
    logs = np.linspace(-70, 70, 100_001, dtype=np.float32)
    found = logs.copy()
    exponentials(2.5, found)
    expected = 2.5 * np.exp(np.clip(logs.astype(np.float64), -60, 60))
    assert np.abs(found / expected - 1).max() < 4e-7
