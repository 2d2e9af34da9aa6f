"""The shape of a distribution that is known by its quantiles."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattshift.measures.level.projection import Forecast

__all__ = ["Bell", "bell_of"]

_POINTS = 241
_REACH = 3.2
"""How far it is drawn, in normal scores."""
_KNOTS = frozenset((0.005, 0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975, 0.995))
"""The quantiles that the shape goes through: those between them would show the luck of the draws."""
_LEAST_STEP = 1e-9
"""Quantiles nearer than this are one."""


class Bell(NamedTuple):
    """A density.

    Args:
        change_frac: where, in ascending order.
        height_ratio: the density there / the highest one.
    """

    change_frac: list[float]
    height_ratio: list[float]


def bell_of(coming: Forecast) -> Bell:
    """The density of a coming adjustment, which is not locked in.

    Normal scores of the probabilities are interpolated over the changes by a monotone cubic, and led on
    straight beyond the outermost quantiles: where the draws are normal this is exactly their bell, and the
    density is nowhere negative.
    """
    from scipy.interpolate import CubicHermiteSpline

    normal = NormalDist()
    changes: list[float] = []
    scores: list[float] = []
    for each in coming.quantiles:
        if each.below_prob in _KNOTS and (not changes or each.change_frac > changes[-1] + _LEAST_STEP):
            changes.append(each.change_frac)
            scores.append(normal.inv_cdf(each.below_prob))
    left, right = _beyond(changes[:2], scores[:2], -_REACH), _beyond(changes[-2:], scores[-2:], _REACH)
    knots, known = np.array([left, *changes, right]), np.array([-_REACH, *scores, _REACH])
    score = CubicHermiteSpline(knots, known, _slopes(knots, known))
    at = np.linspace(left, right, _POINTS)
    heights = np.exp(-(score(at) ** 2) / 2) * score.derivative()(at)
    return Bell(at.tolist(), (heights / heights.max()).tolist())


def _slopes(knots: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those of the parabola through each knot and its neighbours, within what keeps a cubic monotone."""
    secants = np.diff(known) / np.diff(knots)
    most = 3 * np.minimum(np.append(secants, np.inf), np.append(np.inf, secants))
    found: NDArray[np.float64] = np.minimum(np.gradient(known, knots), most)
    return found


def _beyond(changes: list[float], scores: list[float], score: float) -> float:
    """Where a score lies on the straight line through two quantiles."""
    slope = (changes[1] - changes[0]) / (scores[1] - scores[0])
    return changes[0] + slope * (score - scores[0])
