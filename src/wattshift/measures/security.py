"""What hashrate buys in security: double spends, waits for confirmations, and what an attack costs.

With a share q of the hashrate and z confirmations an attacker succeeds with probability

    1 - sum_{m=0..z} C(m+z-1, m) (p^z q^m - p^m q^z) = I_{4pq}(z, 1/2),  p = 1 - q

(M. Rosenfeld, Analysis of hashrate-based double-spending, 2012; C. Grunspan and R. Perez-Marco, Double spend
races, 2017). Nakamoto's paper takes a Poisson approximation of the attacker's progress, which is lower: both
are here under their own names, and the exact one is the default.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wattshift.errors import InputError

__all__ = [
    "AttackCost",
    "attack_cost",
    "confirmation_wait_prob",
    "deterred_value_usd",
    "double_spend_prob",
    "nakamoto_double_spend_prob",
    "network_power_mw",
]

_MAX_CONFIRMATIONS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackCost:
    """What it takes to match a network's hashrate.

    Args:
        machines_usd: price of the machines [USD].
        power_mw: their power at their terminals [MW].
        energy_usd: price of the energy for `hours` [USD].
        hours: how long the attack lasts [h].
    """

    machines_usd: float
    power_mw: float
    energy_usd: float
    hours: float


def double_spend_prob(attacker_frac: float, confirmations: int) -> float:
    """Probability that an attacker overtakes `confirmations` blocks, exactly (Rosenfeld 2012).

    Args:
        attacker_frac: the attacker's share of all hashrate.
        confirmations: blocks that the merchant waits for.

    Raises:
        InputError: for a share outside [0, 1] or a count outside 0 to 10,000.
    """
    from scipy.special import betainc

    _check(attacker_frac, confirmations)
    if attacker_frac >= 0.5 or confirmations == 0:
        return 1.0
    return float(betainc(confirmations, 0.5, 4 * attacker_frac * (1 - attacker_frac)))


def nakamoto_double_spend_prob(attacker_frac: float, confirmations: int) -> float:
    """The same by the approximation of section 11 of Nakamoto's paper (2008): a Poisson count.

    Raises:
        InputError: for a share outside [0, 1] or a count outside 0 to 10,000.
    """
    from scipy.special import gammaincc, gammaln

    _check(attacker_frac, confirmations)
    if attacker_frac >= 0.5 or confirmations == 0:
        return 1.0
    if attacker_frac == 0.0:
        return 0.0
    ratio = attacker_frac / (1 - attacker_frac)
    expected_blocks = confirmations * ratio
    caught_up = math.fsum(
        math.exp(
            -expected_blocks
            + k * math.log(expected_blocks)
            - float(gammaln(k + 1))
            + (confirmations - k) * math.log(ratio)
        )
        for k in range(confirmations + 1)
    )
    ahead = 1.0 - float(gammaincc(confirmations + 1, expected_blocks))
    return min(1.0, ahead + caught_up)


def confirmation_wait_prob(confirmations: int, wait_s: float, *, mean_interval_s: float) -> float:
    """Probability that some confirmations take longer than a wait (Erlang).

    Args:
        confirmations: number of blocks.
        wait_s: the wait [s].
        mean_interval_s: mean block interval [s]; 600 / 0.85 after 15 % of the hashrate has left.

    Raises:
        InputError: for a count below one, a negative wait or an interval that is not positive.
    """
    from scipy.special import gammaincc

    if confirmations < 1 or not wait_s >= 0 or not mean_interval_s > 0:
        raise InputError(
            "a wait needs at least one confirmation and a positive interval",
            confirmations=confirmations,
            wait_s=wait_s,
            mean_interval_s=mean_interval_s,
        )
    return float(gammaincc(confirmations, wait_s / mean_interval_s))


def network_power_mw(hashrate_ehs: float, efficiency_j_per_th: float) -> float:
    """Power of a hashrate at a mean efficiency, at the machines' terminals [MW]; J/TH is W per TH/s.

    Raises:
        InputError: if either is not positive.
    """
    if not (hashrate_ehs > 0 and efficiency_j_per_th > 0):
        raise InputError(
            "power needs a positive hashrate and efficiency",
            hashrate_ehs=hashrate_ehs,
            efficiency_j_per_th=efficiency_j_per_th,
        )
    return hashrate_ehs * efficiency_j_per_th


def attack_cost(
    hashrate_ehs: float,
    *,
    machine_usd_per_th: float,
    efficiency_j_per_th: float,
    power_usd_per_mwh: float,
    hours: float = 1.0,
) -> AttackCost:
    """What it takes to match a hashrate by buying machines and running them for some hours.

    Buying presumes that they are for sale: machines that were unplugged are a stock that can be bought.

    Raises:
        InputError: if a figure is not positive (the power price may be zero or negative).
    """
    power_mw = network_power_mw(hashrate_ehs, efficiency_j_per_th)
    if not (machine_usd_per_th > 0 and hours > 0 and math.isfinite(power_usd_per_mwh)):
        raise InputError(
            "an attack needs a positive machine price and duration, and a finite power price",
            machine_usd_per_th=machine_usd_per_th,
            hours=hours,
        )
    return AttackCost(
        machines_usd=hashrate_ehs * 1e6 * machine_usd_per_th,
        power_mw=power_mw,
        energy_usd=power_mw * hours * power_usd_per_mwh,
        hours=hours,
    )


def deterred_value_usd(reward_per_block_usd: float, *, attack_blocks: float) -> float:
    """The largest prize that mining rewards deter: an attack must outbid the honest reward for its length.

    In equilibrium N c = reward a block, and a prize V is safe while V < alpha N c with alpha the length of
    the attack in blocks. Source: E. Budish, The economic limits of Bitcoin and the blockchain (2018).

    Raises:
        InputError: if either is not positive.
    """
    if not (reward_per_block_usd > 0 and attack_blocks > 0):
        raise InputError(
            "deterrence needs a positive reward and length",
            reward_per_block_usd=reward_per_block_usd,
            attack_blocks=attack_blocks,
        )
    return reward_per_block_usd * attack_blocks


def _check(attacker_frac: float, confirmations: int) -> None:
    if not 0.0 <= attacker_frac <= 1.0:
        raise InputError("an attacker's share lies between 0 and 1", attacker_frac=attacker_frac)
    if not 0 <= confirmations <= _MAX_CONFIRMATIONS:
        raise InputError(
            f"confirmations lie between 0 and {_MAX_CONFIRMATIONS:,}",
            confirmations=confirmations,
            hint="a few hundred are more than anybody waits for",
        )
