"""How likely a double spend is: exactly, by Nakamoto's approximation, and given the time that has passed.

With a share q of the hashrate and z confirmations an attacker catches up with probability

    1 - sum_{m=0..z} C(m+z-1, m) (p^z q^m - p^m q^z) = I_{4pq}(z, 1/2),  p = 1 - q

(M. Rosenfeld, Analysis of hashrate-based double spending, 2012; C. Grunspan and R. Perez-Marco, Double spend
races, 2017). Where it is known how long the z blocks took, kappa times what honest miners need on average,

    P(z, kappa) = 1 - Q(z, kappa z q/p) + (q/p)^z exp(kappa z (p-q)/p) Q(z, kappa z)

with Q the regularised upper gamma function (Grunspan and Perez-Marco, the same). Nakamoto's paper takes
kappa = 1 for granted, which is too low after many confirmations: each has its own name, and the exact one is
the default.
"""

from __future__ import annotations

import numpy as np

from wattshift.errors import InputError
from wattshift.units import BLOCK_SPACING_S

__all__ = ["MAX_CONFIRMATIONS", "double_spend_prob", "nakamoto_double_spend_prob", "timed_double_spend_prob"]

MAX_CONFIRMATIONS = 10_000

_NEAR_HALF = 0.25
"""Beyond it I_x(z, 1/2) = 1 - I_{1-x}(1/2, z) is exact: near a half 4pq rounds to one, (p-q)^2 does not."""


def double_spend_prob(attacker_frac: float, confirmations: int) -> float:
    """Probability that an attacker overtakes `confirmations` blocks, exactly (Rosenfeld 2012).

    Args:
        attacker_frac: the attacker's share of all hashrate.
        confirmations: blocks that the merchant waits for.

    Raises:
        InputError: for a share outside [0, 1] or a count outside 0 to 10,000.
    """
    from scipy.special import betainc, betaincc

    _check(attacker_frac, confirmations)
    if attacker_frac >= 0.5 or confirmations == 0:
        return 1.0
    if attacker_frac > _NEAR_HALF:
        return float(betaincc(0.5, confirmations, (1 - 2 * attacker_frac) ** 2))
    return float(betainc(confirmations, 0.5, 4 * attacker_frac * (1 - attacker_frac)))


def nakamoto_double_spend_prob(attacker_frac: float, confirmations: int) -> float:
    """The same by the approximation of section 11 of Nakamoto's paper (2008): honest blocks come on time.

    Raises:
        InputError: for a share outside [0, 1] or a count outside 0 to 10,000.
    """
    _check(attacker_frac, confirmations)
    return _given_pace(attacker_frac, confirmations, pace_ratio=1.0)


def timed_double_spend_prob(
    attacker_frac: float, confirmations: int, elapsed_s: float, *, mean_interval_s: float = BLOCK_SPACING_S
) -> float:
    """The same where it is known how long the confirmations took: quick blocks leave an attacker less time.

    Args:
        attacker_frac: the attacker's share of all hashrate.
        confirmations: blocks that the merchant has seen.
        elapsed_s: time in which they came [s].
        mean_interval_s: mean block interval if the attacker mined in the open too [s].

    Raises:
        InputError: for a share outside [0, 1], a count outside 0 to 10,000, a time that is negative or no
            number, or an interval that is not positive.
    """
    _check(attacker_frac, confirmations)
    if not (0 <= elapsed_s < float("inf") and 0 < mean_interval_s < float("inf")):
        raise InputError(
            "a time cannot be negative and an interval must be positive",
            elapsed_s=elapsed_s,
            mean_interval_s=mean_interval_s,
        )
    if confirmations == 0:
        return 1.0
    pace_ratio = elapsed_s * (1 - attacker_frac) / (confirmations * mean_interval_s)
    return _given_pace(attacker_frac, confirmations, pace_ratio=pace_ratio)


def _given_pace(attacker_frac: float, confirmations: int, *, pace_ratio: float) -> float:
    """P(z, kappa): the attacker's blocks are a Poisson count; what he lacks, he must catch up.

    The sum of positive terms stands for the second half of the closed form, whose factors overflow.
    """
    from scipy.special import gammainc, gammaln, xlogy

    if attacker_frac >= 0.5 or confirmations == 0:
        return 1.0
    if attacker_frac == 0.0:
        return 0.0
    odds_ratio = attacker_frac / (1 - attacker_frac)
    expected_blocks = pace_ratio * confirmations * odds_ratio
    found = np.arange(confirmations)
    logs = (
        xlogy(found, expected_blocks)
        - expected_blocks
        - gammaln(found + 1)
        + (confirmations - found) * np.log(odds_ratio)
    )
    return min(1.0, float(gammainc(confirmations, expected_blocks)) + float(np.exp(logs).sum()))


def _check(attacker_frac: float, confirmations: int) -> None:
    if not 0.0 <= attacker_frac <= 1.0:
        raise InputError("an attacker's share lies between 0 and 1", attacker_frac=attacker_frac)
    if not 0 <= confirmations <= MAX_CONFIRMATIONS:
        raise InputError(
            f"confirmations lie between 0 and {MAX_CONFIRMATIONS:,}",
            confirmations=confirmations,
            hint="a few hundred are more than anybody waits for",
        )
