"""Exact intervals for counts of rare events, shared by every estimate that counts blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wattshift.errors import InputError

__all__ = [
    "LEVEL",
    "Interval",
    "check_level",
    "gamma_ratio_interval",
    "poisson_interval",
    "prob_rate_below",
    "prob_ratio_below",
]

LEVEL = 0.95
"""The confidence level of every interval that does not name another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A dimensionless interval around 1: multiply an estimate by its ends.

    Args:
        low_ratio: lower end / estimate.
        high_ratio: upper end / estimate.
    """

    low_ratio: float
    high_ratio: float


def check_level(level: float) -> None:
    """Refuse what is not a confidence level.

    Raises:
        InputError: if the level does not lie inside (0, 1).
    """
    if not 0 < level < 1:
        raise InputError("a confidence level lies between 0 and 1", level=level, hint="write 0.95 for 95 %")


def _check_count(count: float) -> None:
    if not 0 < count < math.inf:
        raise InputError(
            "an interval needs at least one event", count=count, hint="choose a longer stretch of time"
        )


def poisson_interval(count: float, level: float = LEVEL) -> Interval:
    """Exact central interval of a Poisson mean, relative to the observed count.

    Source: F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936). A count that
    is not an integer is an effective one (weights of unlike size).

    Raises:
        InputError: if the count is not positive or the level not inside (0, 1).
    """
    from scipy.special import gammaincinv

    _check_count(count)
    check_level(level)
    tail = (1 - level) / 2
    return Interval(
        low_ratio=float(gammaincinv(count, tail) / count),
        high_ratio=float(gammaincinv(count + 1, 1 - tail) / count),
    )


def prob_rate_below(count: float, threshold_ratio: float) -> float:
    """Probability that a Gamma(count) distributed rate lies below `threshold_ratio` times its mean.

    Raises:
        InputError: if the count is not positive.
    """
    from scipy.special import gammainc

    _check_count(count)
    if threshold_ratio <= 0:
        return 0.0
    return float(gammainc(count, count * threshold_ratio))


def gamma_ratio_interval(count: float, base_count: float, level: float = LEVEL) -> Interval:
    """Interval of a ratio of two independent rates, relative to the ratio of their means.

    Each rate is Gamma(its count) distributed, so their ratio follows an F distribution with
    (2 count, 2 base_count) degrees of freedom.

    Raises:
        InputError: if a count is not positive or the level not inside (0, 1).
    """
    from scipy.special import fdtri

    _check_count(count)
    _check_count(base_count)
    check_level(level)
    tail = (1 - level) / 2
    return Interval(
        low_ratio=float(fdtri(2 * count, 2 * base_count, tail)),
        high_ratio=float(fdtri(2 * count, 2 * base_count, 1 - tail)),
    )


def prob_ratio_below(count: float, base_count: float, threshold_ratio: float) -> float:
    """Probability that the ratio of two such rates lies below `threshold_ratio` times that of their means.

    Raises:
        InputError: if a count is not positive.
    """
    from scipy.special import fdtr

    _check_count(count)
    _check_count(base_count)
    return float(fdtr(2 * count, 2 * base_count, threshold_ratio))
