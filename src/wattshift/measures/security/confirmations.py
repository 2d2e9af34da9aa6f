"""How many confirmations a payment needs: below a risk, or so that attacking it does not pay.

The convention for a payment's value is Rosenfeld's (Analysis of hashrate-based double spending, 2012, on the
economics): an attacker who succeeds, with probability r, keeps the goods and the coins; one who fails has
paid for the goods at their price and forfeits his stake, the rewards of the blocks that he mined in vain.
An attack on k merchants at once, each paid v, does not pay while r k v <= (1 - r) stake.
"""

from __future__ import annotations

from collections.abc import Callable

from wattshift.errors import InputError
from wattshift.measures.security.doublespend import MAX_CONFIRMATIONS, double_spend_prob

__all__ = ["STAKE_BLOCKS", "confirmations_for_risk", "confirmations_for_value", "safe_value_usd"]

STAKE_BLOCKS = 20
"""Blocks after which an attacker gives up, and whose rewards he then has lost (Rosenfeld's choice)."""


def confirmations_for_risk(
    attacker_frac: float, risk_prob: float, law: Callable[[float, int], float] = double_spend_prob
) -> int | None:
    """The fewest confirmations with which a double spend is less likely than `risk_prob`.

    Args:
        attacker_frac: the attacker's share of all hashrate.
        risk_prob: the probability to stay below.
        law: probability by share and confirmations; it falls with each confirmation.

    Returns:
        The count; None where 10,000 are not enough.

    Raises:
        InputError: for a share outside [0, 1] or a risk outside (0, 1].
    """
    if not 0 < risk_prob <= 1:
        raise InputError("a risk to stay below lies above 0 and at most at 1", risk_prob=risk_prob)
    return _fewest(lambda count: law(attacker_frac, count) < risk_prob)


def confirmations_for_value(
    attacker_frac: float, value_usd: float, *, stake_usd: float, merchants: int = 1
) -> int | None:
    """The fewest confirmations with which attacking a payment does not pay.

    Args:
        attacker_frac: the attacker's share of all hashrate.
        value_usd: what each merchant is paid [USD].
        stake_usd: what a failed attack forfeits [USD].
        merchants: how many are attacked at once.

    Returns:
        The count; None where 10,000 are not enough.

    Raises:
        InputError: for a share outside [0, 1], or a value, stake or count that is not positive.
    """
    _check_stake(value_usd, stake_usd, merchants)

    def is_enough(count: int) -> bool:
        success_prob = double_spend_prob(attacker_frac, count)
        return success_prob * merchants * value_usd <= (1 - success_prob) * stake_usd

    return _fewest(is_enough)


def safe_value_usd(
    attacker_frac: float, confirmations: int, *, stake_usd: float, merchants: int = 1
) -> float | None:
    """The largest payment that is not worth an attack after some confirmations [USD].

    Returns:
        The value; None where any value is safe (the probability vanishes).

    Raises:
        InputError: for a share outside [0, 1], or a stake or count that is not positive.
    """
    _check_stake(stake_usd, stake_usd, merchants)
    success_prob = double_spend_prob(attacker_frac, confirmations)
    if success_prob < 1e-290:
        return None
    return (1 - success_prob) * stake_usd / (merchants * success_prob)


def _fewest(is_enough: Callable[[int], bool]) -> int | None:
    """The first count for which a condition holds that holds from there on, by bisection."""
    if not is_enough(MAX_CONFIRMATIONS):
        return None
    low, high = -1, MAX_CONFIRMATIONS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _check_stake(value_usd: float, stake_usd: float, merchants: int) -> None:
    if not (0 < value_usd < float("inf") and 0 < stake_usd < float("inf") and merchants >= 1):
        raise InputError(
            "a payment and the stake of an attack must be positive, and somebody must be paid",
            value_usd=value_usd,
            stake_usd=stake_usd,
            merchants=merchants,
        )
