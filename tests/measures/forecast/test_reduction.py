"""Few paths for many."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.forecast.reduction import match_mean, select_paths


def cost(paths: np.ndarray, chosen: np.ndarray) -> float:
    """How far all paths are from the nearest that stays: the Kantorovich distance of the two sets."""
    apart = np.abs(paths[:, None, :] - paths[None, chosen, :]).sum(axis=2)
    return float(apart.min(axis=1).mean())


@given(st.integers(0, 1_000), st.integers(1, 12))
def test_probabilities_are_those_of_the_nearest(seed: int, count: int) -> None:
    paths = np.random.default_rng(seed).normal(0.0, 10.0, (12, 3))
    chosen, prob = select_paths(paths, count)
    assert len(set(chosen.tolist())) == count
    assert prob.sum() == pytest.approx(1.0)
    nearest = np.abs(paths[:, None] - paths[None, chosen]).sum(axis=2).argmin(axis=1)
    np.testing.assert_allclose(prob, np.bincount(nearest, minlength=count) / 12)


def test_all_stay_where_all_may() -> None:
    chosen, prob = select_paths(np.arange(8.0)[:, None], 8)
    assert sorted(chosen.tolist()) == list(range(8))
    np.testing.assert_allclose(prob, 1.0 / 8.0)


@given(st.integers(0, 200))
def test_the_first_is_the_best_single_one_and_more_are_nearly_the_best(seed: int) -> None:
    paths = np.random.default_rng(seed).normal(0.0, 10.0, (9, 2))
    for count, worst_ratio in ((1, 1.0), (3, 1.5)):
        best = min(cost(paths, np.array(each)) for each in combinations(range(9), count))
        assert cost(paths, select_paths(paths, count)[0]) <= worst_ratio * best + 1e-9


def test_each_more_brings_them_nearer() -> None:
    paths = np.random.default_rng(8).normal(0.0, 10.0, (60, 20))
    chosen, _ = select_paths(paths, 20)
    apart = [cost(paths, chosen[:count]) for count in range(1, 21)]
    assert all(a > b for a, b in pairwise(apart))


def test_equal_paths_share() -> None:
    chosen, prob = select_paths(np.zeros((6, 4)), 3)
    assert len(set(chosen.tolist())) == 3
    assert prob.sum() == pytest.approx(1.0)
    assert (prob > 0.0).all()


@pytest.mark.parametrize(("paths", "count"), [(np.zeros((3, 2)), 4), (np.zeros((3, 2)), 0), (np.zeros(3), 1)])
def test_no_more_stay_than_there_are(paths: np.ndarray, count: int) -> None:
    with pytest.raises(InputError):
        select_paths(paths, count)


def test_a_path_is_finite() -> None:
    with pytest.raises(InputError):
        select_paths(np.array([[1.0], [np.nan]]), 1)


@given(st.integers(0, 200), st.integers(2, 8))
def test_the_few_have_the_mean_of_all(seed: int, count: int) -> None:
    """With a long tail the few are cheaper than all, until their dearer half is stretched."""
    paths = np.random.default_rng(seed).lognormal(3.0, 1.0, (40, 5))
    chosen, prob = select_paths(paths, count)
    few, matched = paths[chosen], match_mean(paths, chosen, prob)
    below, met = np.zeros(5), paths.mean(axis=0)
    for at in range(5):
        order = np.argsort(few[:, at])
        middle = few[order, at][np.searchsorted(np.cumsum(prob[order]), 0.5 - 1e-12)]
        kept = few[:, at] <= middle
        np.testing.assert_array_equal(matched[kept, at], few[kept, at])
        assert (np.diff(matched[order, at]) >= -1e-9).all()
        below[at] = prob @ np.maximum(0.0, few[:, at] - middle)
    within = np.abs(met - prob @ few) < below
    np.testing.assert_allclose((prob @ matched)[within], met[within])


def test_a_stretch_has_its_limits() -> None:
    """One path in a hundred is a spike that the few do not have: they do not make one of next to nothing."""
    paths = np.zeros((100, 1))
    paths[0], paths[1:4] = 5_000.0, 0.5
    chosen = np.array([1, 50])
    np.testing.assert_allclose(match_mean(paths, chosen, np.array([0.4, 0.6])), [[1.0], [0.0]])
    same = np.full((4, 3), 50.0)
    assert (match_mean(same, chosen[:1], np.ones(1)) == 50.0).all()


def test_each_path_needs_its_probability() -> None:
    with pytest.raises(InputError):
        match_mean(np.zeros((3, 2)), np.array([0, 1]), np.ones(3))
