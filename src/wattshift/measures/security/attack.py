"""What it costs to match a network's hashrate: buy machines, rent those that stand idle, pay the power.

Who owns as much hashrate as all others has half of it, and wins every race in the end. Machines that were
unplugged are a stock that can be rented: at the hashprice, for which an owner would also mine honestly, and
with the power in it. Whatever is not rented is bought. What bought machines would have earned honestly in the
same time is a cost of its own, which a successful attack gets back if the coin holds its value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from wattshift.errors import InputError
from wattshift.measures.security.doublespend import MAX_CONFIRMATIONS
from wattshift.units import ehs_to_phs

__all__ = [
    "LARGEST",
    "AttackCost",
    "AttackPoint",
    "attack_cost",
    "attack_surface",
    "deterred_value_usd",
    "network_power_mw",
    "race_length_blocks",
]

LARGEST = 1e9
"""No figure of an attack is larger, in whatever unit: products of them stay finite."""

_HOURS_PER_DAY = 24
_MOST_POINTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackCost:
    """What it takes to match a network's hashrate.

    Args:
        bought_ehs: hashrate that is bought [EH/s].
        rented_ehs: hashrate that is rented [EH/s].
        machines_usd: price of the machines bought [USD].
        power_mw: power of all of them at their terminals [MW].
        energy_usd: price of the energy of those bought, for `hours` [USD].
        rent_usd: rent of the others for `hours`, their power included [USD].
        lost_reward_usd: what those bought would have mined honestly in `hours` [USD].
        hours: how long the attack lasts [h].
    """

    bought_ehs: float
    rented_ehs: float
    machines_usd: float
    power_mw: float
    energy_usd: float
    rent_usd: float
    lost_reward_usd: float
    hours: float

    @property
    def total_usd(self) -> float:
        """What must be paid: machines, energy and rent; the reward lost is not paid but forgone [USD]."""
        return self.machines_usd + self.energy_usd + self.rent_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackPoint:
    """One point of the surface of an attack's cost.

    Args:
        hashrate_ehs: the hashrate to match [EH/s].
        machine_usd_per_th: price of a machine [USD/TH].
        power_usd_per_mwh: price of power [USD/MWh].
        idle_ehs: idle stock that can be rented [EH/s].
        machines_usd: price of the machines bought [USD].
        running_usd: energy and rent for the hours of the attack [USD].
        total_usd: both [USD].
    """

    hashrate_ehs: float
    machine_usd_per_th: float
    power_usd_per_mwh: float
    idle_ehs: float
    machines_usd: float
    running_usd: float
    total_usd: float


def network_power_mw(hashrate_ehs: float, efficiency_j_per_th: float) -> float:
    """Power of a hashrate at a mean efficiency, at the machines' terminals [MW]; J/TH is W per TH/s.

    Raises:
        InputError: if either is not positive, or above 10^9.
    """
    if not (0 < hashrate_ehs <= LARGEST and 0 < efficiency_j_per_th <= LARGEST):
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
    idle_ehs: float = 0.0,
    hashprice_usd_per_ph_day: float = 0.0,
) -> AttackCost:
    """What it takes to match a hashrate for some hours: rent the idle stock first, buy the rest.

    Args:
        hashrate_ehs: the hashrate to match [EH/s].
        machine_usd_per_th: price of a machine [USD/TH].
        efficiency_j_per_th: the machines' efficiency [J/TH].
        power_usd_per_mwh: price of power [USD/MWh].
        hours: how long the attack lasts [h].
        idle_ehs: machines that stand idle and are for rent [EH/s].
        hashprice_usd_per_ph_day: what mining earns, which is the rent [USD/PH/day].

    Raises:
        InputError: if a figure is not positive (idle stock and hashprice may be zero, the power price also
            negative), or above 10^9.
    """
    power_mw = network_power_mw(hashrate_ehs, efficiency_j_per_th)
    if not (
        0 < machine_usd_per_th <= LARGEST
        and 0 < hours <= LARGEST
        and abs(power_usd_per_mwh) <= LARGEST
        and idle_ehs >= 0
        and 0 <= hashprice_usd_per_ph_day <= LARGEST
    ):
        raise InputError(
            "an attack needs a positive machine price and duration, and a finite power price",
            machine_usd_per_th=machine_usd_per_th,
            power_usd_per_mwh=power_usd_per_mwh,
            hours=hours,
            idle_ehs=idle_ehs,
            hashprice_usd_per_ph_day=hashprice_usd_per_ph_day,
            hint="no figure of an attack is above 10^9",
        )
    rented_ehs = min(idle_ehs, hashrate_ehs)
    bought_ehs = hashrate_ehs - rented_ehs
    earned_usd_per_ehs = ehs_to_phs(1.0) * hashprice_usd_per_ph_day * hours / _HOURS_PER_DAY
    return AttackCost(
        bought_ehs=bought_ehs,
        rented_ehs=rented_ehs,
        machines_usd=bought_ehs * 1e6 * machine_usd_per_th,
        power_mw=power_mw,
        energy_usd=bought_ehs * efficiency_j_per_th * hours * power_usd_per_mwh,
        rent_usd=rented_ehs * earned_usd_per_ehs,
        lost_reward_usd=bought_ehs * earned_usd_per_ehs,
        hours=hours,
    )


def attack_surface(
    hashrates_ehs: Sequence[float],
    *,
    machines_usd_per_th: Sequence[float],
    power_usd_per_mwh: Sequence[float],
    idle_ehs: Sequence[float],
    efficiency_j_per_th: float,
    hashprice_usd_per_ph_day: float,
    hours: float = 1.0,
) -> tuple[AttackPoint, ...]:
    """The cost at every combination of hashrate, machine price, power price and idle stock.

    Raises:
        InputError: as `attack_cost`, or if there are more than 10,000 combinations.
    """
    axes = (hashrates_ehs, machines_usd_per_th, power_usd_per_mwh, idle_ehs)
    if math.prod(map(len, axes)) > _MOST_POINTS:
        raise InputError(f"a surface has at most {_MOST_POINTS:,} points", hint="give fewer values")
    points = []
    for hashrate, machine, power, idle in product(*axes):
        cost = attack_cost(
            hashrate,
            machine_usd_per_th=machine,
            efficiency_j_per_th=efficiency_j_per_th,
            power_usd_per_mwh=power,
            hours=hours,
            idle_ehs=idle,
            hashprice_usd_per_ph_day=hashprice_usd_per_ph_day,
        )
        points.append(
            AttackPoint(
                hashrate_ehs=hashrate,
                machine_usd_per_th=machine,
                power_usd_per_mwh=power,
                idle_ehs=idle,
                machines_usd=cost.machines_usd,
                running_usd=cost.energy_usd + cost.rent_usd,
                total_usd=cost.total_usd,
            )
        )
    return tuple(points)


def race_length_blocks(confirmations: int, *, attacker_ratio: float) -> float:
    """Mean time that an attacker with a majority needs, in mean intervals of the honest miners' blocks.

    He starts with the payment's block. Once honest miners have found `confirmations` blocks he must be ahead
    by one; if he is not, he goes on until he is (Wald's identity for a random walk with drift).

    Args:
        confirmations: blocks that the merchant waits for.
        attacker_ratio: his hashrate over that of all honest miners; above one.

    Raises:
        InputError: if he has no majority, or for a count outside 1 to 10,000.
    """
    from scipy.special import gammaln

    if not (1 < attacker_ratio < math.inf and 1 <= confirmations <= MAX_CONFIRMATIONS):
        raise InputError(
            "a race that must end needs an attacker with a majority, and a confirmation",
            attacker_ratio=attacker_ratio,
            confirmations=confirmations,
        )
    found = np.arange(confirmations + 1)
    ln_chances = (
        gammaln(found + confirmations)
        - gammaln(found + 1)
        - gammaln(confirmations)
        + found * math.log(attacker_ratio)
        - (found + confirmations) * math.log1p(attacker_ratio)
    )
    short_blocks = float((np.exp(ln_chances) * (confirmations + 1 - found)).sum())
    return confirmations + short_blocks / (attacker_ratio - 1)


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
