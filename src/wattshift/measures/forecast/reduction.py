"""Many paths as a few, each with its probability, so that a plan sees what matters at a fraction of the work.

Fast forward selection (Heitsch & Roemisch, Computational Optimization and Applications 24, 2003): the path is
chosen next that brings all others nearest to a chosen one, and each path left out gives its probability
to the nearest that stays. That is the best set for the Kantorovich distance as far as one at a time finds it.

A path in the middle of others is cheaper than their mean where prices have a long tail, so the few would be
cheaper than all. They are stretched upward until they are not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["match_mean", "select_paths"]

_MOST_RATIO = 2.0
"""Where the few lie close to the least of all, no more than this is made of the little by which they do not."""


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

    In each interval the chosen prices are stretched from the least of all paths on: that one stays, the dearest
    move most, and none falls below what was drawn. Where it would take a stretch to more than twice the
    distance, or to less than half, it is no further.

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
    least = paths_usd_per_mwh.min(axis=0)
    above = paths_usd_per_mwh[chosen] - least
    is_above, of_all = prob @ above, paths_usd_per_mwh.mean(axis=0) - least
    ratio = np.divide(of_all, is_above, out=np.ones_like(of_all), where=is_above > 0.0)
    matched: NDArray[np.float64] = least + above * np.clip(ratio, 1.0 / _MOST_RATIO, _MOST_RATIO)
    return matched
