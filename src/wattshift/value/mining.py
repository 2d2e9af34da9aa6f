"""What mining pays for a megawatt-hour, the break-evens, and how long a machine takes to pay back.

One PH/s at e J/TH draws 0.024 e MWh a day, so a hashprice h earns h / (0.024 e) USD for each MWh at the
machine's terminals. At the meter this is

    h (1 - pool fee) uptime / (0.024 e PUE)   [USD per facility MWh]

`uptime_frac` is the share of the energy drawn that earns: restarting, tuning and stale shares draw power
too. Efficiency here is always at the machine's own terminals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining
from wattshift.errors import InputError
from wattshift.units import j_per_th_to_mwh_per_ph_day

__all__ = [
    "Payback",
    "break_even_efficiency_j_per_th",
    "break_even_hashprice_usd_per_ph_day",
    "machine_cost_usd_per_mw",
    "miner_usd_per_mwh",
    "mining_usd_per_mwh",
    "payback",
]

_Numbers = TypeVar("_Numbers", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True, kw_only=True)
class Payback:
    """How long a machine takes to earn its price.

    Args:
        days: the days at today's hashprice, difficulty and power price; None if it never does.
        reason: the cash margin behind it, in words.
    """

    days: float | None
    reason: str


def mining_usd_per_mwh(
    hashprice_usd_per_ph_day: _Numbers,
    *,
    efficiency_j_per_th: float,
    pool_fee_frac: float = 0.0,
    pue: float = 1.0,
    uptime_frac: float = 1.0,
) -> _Numbers:
    """Revenue of mining per facility MWh [USD/MWh], a number or an array of any shape.

    It is also the break-even price of delivered power.

    Raises:
        InputError: if the hashprice is negative or not finite, or the efficiency is not positive.
    """
    if not (np.isfinite(hashprice_usd_per_ph_day).all() and np.all(hashprice_usd_per_ph_day >= 0.0)):
        raise InputError("hashprice must be finite and not negative", hint="give USD per PH/s and day")
    earned = (1.0 - pool_fee_frac) * uptime_frac
    return hashprice_usd_per_ph_day * (earned / _mwh_per_ph_day(efficiency_j_per_th, pue))


def miner_usd_per_mwh(miner: MinerClass, fleet: Mining, hashprice_usd_per_ph_day: _Numbers) -> _Numbers:
    """Revenue of one machine class on its fleet's terms, per facility MWh [USD/MWh]."""
    return mining_usd_per_mwh(
        hashprice_usd_per_ph_day,
        efficiency_j_per_th=miner.efficiency_j_per_th,
        pool_fee_frac=fleet.pool_fee_frac,
        pue=fleet.pue,
        uptime_frac=fleet.uptime_frac,
    )


def break_even_hashprice_usd_per_ph_day(
    power_usd_per_mwh: float,
    *,
    efficiency_j_per_th: float,
    pool_fee_frac: float = 0.0,
    pue: float = 1.0,
    uptime_frac: float = 1.0,
) -> float:
    """The hashprice at which mining earns exactly this much per facility MWh [USD/PH/day].

    Raises:
        InputError: if the efficiency or what is left of the revenue is not positive.
    """
    earned = (1.0 - pool_fee_frac) * uptime_frac
    if not earned > 0.0:
        raise InputError(
            "no hashprice breaks even if nothing is earned", hint="check pool_fee_frac, uptime_frac"
        )
    return power_usd_per_mwh * _mwh_per_ph_day(efficiency_j_per_th, pue) / earned


def break_even_efficiency_j_per_th(
    hashprice_usd_per_ph_day: float,
    power_usd_per_mwh: float,
    *,
    pool_fee_frac: float = 0.0,
    pue: float = 1.0,
    uptime_frac: float = 1.0,
) -> float:
    """The worst efficiency that still pays for its power [J/TH].

    Raises:
        InputError: if power costs nothing: then every machine earns.
    """
    if not power_usd_per_mwh > 0.0:
        raise InputError(
            "every machine earns while power costs nothing",
            power_usd_per_mwh=power_usd_per_mwh,
            hint="ask for a positive power price",
        )
    return (
        mining_usd_per_mwh(
            hashprice_usd_per_ph_day,
            efficiency_j_per_th=1.0,
            pool_fee_frac=pool_fee_frac,
            pue=pue,
            uptime_frac=uptime_frac,
        )
        / power_usd_per_mwh
    )


def payback(
    machine_usd_per_th: float,
    *,
    hashprice_usd_per_ph_day: float,
    power_usd_per_mwh: float,
    efficiency_j_per_th: float,
    pool_fee_frac: float = 0.0,
    pue: float = 1.0,
    uptime_frac: float = 1.0,
) -> Payback:
    """Days until a machine has earned its price, with everything as it is today.

    Args:
        machine_usd_per_th: the machine's price [USD/TH].
        hashprice_usd_per_ph_day: hashprice [USD/PH/day].
        power_usd_per_mwh: delivered power price [USD/MWh].
        efficiency_j_per_th: at the machine's terminals [J/TH].
        pool_fee_frac: the pool's fee.
        pue: facility energy divided by the machine's energy.
        uptime_frac: share of the energy drawn that earns.

    Raises:
        InputError: if a price is not finite or the machine's is not positive.
    """
    if not (
        math.isfinite(machine_usd_per_th) and machine_usd_per_th > 0.0 and math.isfinite(power_usd_per_mwh)
    ):
        raise InputError(
            "a payback needs a positive machine price and a finite power price", hint="check both"
        )
    revenue = hashprice_usd_per_ph_day * (1.0 - pool_fee_frac) * uptime_frac
    power = power_usd_per_mwh * _mwh_per_ph_day(efficiency_j_per_th, pue)
    margin = revenue - power
    reason = f"earns {revenue:.2f} and pays {power:.2f} for power, USD/PH/day".replace("-", "\N{MINUS SIGN}")
    if margin <= 0.0:
        return Payback(days=None, reason=f"never: it {reason}")
    return Payback(days=machine_usd_per_th * 1_000.0 / margin, reason=f"it {reason}")


def machine_cost_usd_per_mw(machine_usd_per_th: float, efficiency_j_per_th: float) -> float:
    """Price of machines per MW at their terminals [USD/MW]; J/TH is W per TH/s.

    Raises:
        InputError: if the efficiency is not positive.
    """
    _mwh_per_ph_day(efficiency_j_per_th, 1.0)
    return machine_usd_per_th / efficiency_j_per_th * 1e6


def _mwh_per_ph_day(efficiency_j_per_th: float, pue: float) -> float:
    """Energy at the meter of one PH/s for a day [MWh]."""
    if not (math.isfinite(efficiency_j_per_th) and efficiency_j_per_th > 0.0 and 1.0 <= pue < math.inf):
        raise InputError(
            "mining needs a positive efficiency and a PUE of at least 1",
            efficiency_j_per_th=efficiency_j_per_th,
            pue=pue,
            hint="give the efficiency in J/TH",
        )
    return j_per_th_to_mwh_per_ph_day(efficiency_j_per_th) * pue
