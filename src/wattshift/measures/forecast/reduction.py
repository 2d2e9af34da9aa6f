"""Many paths as a few, each with its probability, so that a plan sees what matters at a fraction of the work.

Fast forward selection (Heitsch & Roemisch, Computational Optimization and Applications 24, 2003): the path is
chosen next that brings all others nearest to a chosen one, and each path left out gives its probability
to the nearest that stays. That is the best set for the Kantorovich distance as far as one at a time finds it.

A path in the middle of others is cheaper than their mean where prices have a long tail, so the few would be
cheaper than all. Their dearer half is stretched until they are not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["match_mean", "select_paths"]

_MOST_RATIO = 1.0
"""By how much of its distance to the median a price is moved at most: of little, little is made."""


def select_paths(
    paths_usd_per_mwh: NDArray[np.float64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The paths that stand for all, all being equally likely.

    Args:
        paths_usd_per_mwh: shape (n, T); the distance of two paths is the sum of their differences.
        count: how many stay.

    Returns:
        Their numbers in the order of choice, and their probabilities, each of shape (count,).

    Raises:
        InputError: if a number is not finite, or more paths are to stay than there are.
    """
    from scipy.spatial.distance import cdist

    paths = np.asarray(paths_usd_per_mwh, np.float64)
    if paths.ndim != 2 or not 1 <= count <= len(paths) or not np.isfinite(paths).all():
        raise InputError("so many paths cannot be chosen", shape=paths.shape, count=count)
    distance = cdist(paths, paths, "cityblock")
    nearest = np.full(len(paths), np.inf)
    chosen: list[int] = []
    for _ in range(count):
        total = np.minimum(distance, nearest[:, None]).sum(axis=0)
        total[chosen] = np.inf
        chosen.append(int(np.argmin(total)))
        nearest = np.minimum(nearest, distance[:, chosen[-1]])
    owner = np.argmin(distance[:, chosen], axis=1)
    owner[chosen] = np.arange(count)  # equal paths: each that stays stands at least for itself
    return np.array(chosen), np.bincount(owner, minlength=count) / len(paths)


def match_mean(
    paths_usd_per_mwh: NDArray[np.float64], chosen: NDArray[np.int64], prob: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The paths that stand for all, in each interval with the mean of all, all being equally likely.

    In each interval the chosen prices above their median are moved away from it, or towards it, the dearest
    most. Where it would take more than to double their distance, or to take it all, it goes no further.

    Args:
        paths_usd_per_mwh: shape (n, T).
        chosen: the numbers of those that stay, shape (count,).
        prob: their probabilities, which add up to 1.

    Returns:
        Shape (count, T).

    Raises:
        InputError: if there are not as many probabilities as paths.
    """
    if chosen.shape != prob.shape:
        raise InputError("each path needs a probability", paths=chosen.size, probabilities=prob.size)
    few = paths_usd_per_mwh[chosen]
    middle = _weighted_median(few, prob)
    above = np.maximum(0.0, few - middle)
    missing, tail = paths_usd_per_mwh.mean(axis=0) - prob @ few, prob @ above
    ratio = np.divide(missing, tail, out=np.zeros_like(missing), where=tail > 0.0)
    matched: NDArray[np.float64] = few + np.clip(ratio, -_MOST_RATIO, _MOST_RATIO) * above
    return matched


def _weighted_median(figures: NDArray[np.float64], prob: NDArray[np.float64]) -> NDArray[np.float64]:
    """The figure of each column that is undercut or met with a probability of a half, shape (T,)."""
    order = np.argsort(figures, axis=0, kind="stable")
    half = np.argmax(np.cumsum(prob[order], axis=0) >= 0.5 - 1e-12, axis=0)
    at = np.arange(figures.shape[1])
    middle: NDArray[np.float64] = figures[order[half, at], at]
    return middle
