"""The network's cost curve: who is under water at a hashprice, and what power the network draws.

A machine is under water when a MWh costs it more than the MWh mines. Efficiencies come from
`wattshift.measures.stress.fleet`; power prices are log-normal across the fleet around a surveyed median.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wattshift.errors import InputError
from wattshift.measures.stress.fleet import Fleet
from wattshift.units import (
    HOURS_PER_YEAR,
    j_per_th_to_mwh_per_ph_day,
    usd_per_ph_day_to_usd_per_mwh,
)

__all__ = [
    "SURVEY_POWER",
    "NetworkPower",
    "PowerPrices",
    "UnderWater",
    "break_even_usd_per_ph_day",
    "network_power",
    "under_water",
    "under_water_frac",
]

_FACILITY_LOW, _FACILITY_HIGH = 1.0, 1.10
_W_PER_EHS_PER_J_PER_TH = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPrices:
    """What miners pay for a MWh: log-normal across the hashrate.

    Args:
        median_usd_per_mwh: half of the hashrate pays less [USD/MWh].
        spread_ratio: standard deviation of the logarithm.

    Raises:
        InputError: if either is not positive.
    """

    median_usd_per_mwh: float
    spread_ratio: float

    def __post_init__(self) -> None:
        if not (self.median_usd_per_mwh > 0 and self.spread_ratio > 0):
            raise InputError(
                "power prices need a positive median and a positive spread",
                median_usd_per_mwh=self.median_usd_per_mwh,
                spread_ratio=self.spread_ratio,
            )


SURVEY_POWER = PowerPrices(median_usd_per_mwh=45.0, spread_ratio=0.35)
"""The Cambridge survey's median (2025 report); the spread is an assumption: nine in ten pay 25 to 80."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWater:
    """How much of the hashrate loses money on its power.

    Args:
        hashprice_usd_per_ph_day: at this hashprice [USD/PH/day].
        share_frac: share of the hashrate.
        low_frac: the share if the fleet were as efficient as its interval allows.
        high_frac: the share if it were as inefficient.
        hashrate_ehs: the same as hashrate [EH/s].
        break_even_usd_per_ph_day: hashprice at which half of the hashrate is under water [USD/PH/day].
    """

    hashprice_usd_per_ph_day: float
    share_frac: float
    low_frac: float
    high_frac: float
    hashrate_ehs: float
    break_even_usd_per_ph_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPower:
    """Power that the network draws.

    Args:
        mean_gw: machines of the fleet's mean efficiency, and half of the overhead range [GW].
        low_gw: lower end of the 95 % interval [GW].
        high_gw: upper end [GW].
        energy_twh_per_year: the mean over a year [TWh].
    """

    mean_gw: float
    low_gw: float
    high_gw: float
    energy_twh_per_year: float


def under_water_frac(
    fleet: Fleet,
    hashprice_usd_per_ph_day: float,
    prices: PowerPrices = SURVEY_POWER,
    *,
    scale_ratio: float = 1.0,
) -> float:
    """Share of the hashrate whose power costs more than it mines; power price and efficiency independent.

    Args:
        fleet: the machines.
        hashprice_usd_per_ph_day: hashprice [USD/PH/day].
        prices: what miners pay for power.
        scale_ratio: multiplies every efficiency.

    Raises:
        InputError: if the hashprice or the scale is not positive.
    """
    from scipy.special import ndtr

    if not (hashprice_usd_per_ph_day > 0 and scale_ratio > 0):
        raise InputError(
            "a hashprice must be positive", hashprice=hashprice_usd_per_ph_day, scale_ratio=scale_ratio
        )
    worth = usd_per_ph_day_to_usd_per_mwh(hashprice_usd_per_ph_day, 1.0) / (
        fleet.efficiency_j_per_th * scale_ratio
    )
    paid_less = ndtr(np.log(worth / prices.median_usd_per_mwh) / prices.spread_ratio)
    return float(min(1.0, max(0.0, 1.0 - (fleet.share_frac * paid_less).sum())))


def under_water(
    fleet: Fleet, hashprice_usd_per_ph_day: float, prices: PowerPrices = SURVEY_POWER
) -> UnderWater:
    """The share under water, its range over the fleet's interval, and the break-even of half the hashrate.

    Raises:
        InputError: if the hashprice is not positive.
    """
    low, share, high = (
        under_water_frac(fleet, hashprice_usd_per_ph_day, prices, scale_ratio=mean / fleet.mean_j_per_th)
        for mean in (fleet.low_j_per_th, fleet.mean_j_per_th, fleet.high_j_per_th)
    )
    return UnderWater(
        hashprice_usd_per_ph_day=hashprice_usd_per_ph_day,
        share_frac=share,
        low_frac=low,
        high_frac=high,
        hashrate_ehs=share * fleet.hashrate_ehs,
        break_even_usd_per_ph_day=break_even_usd_per_ph_day(fleet, 0.5, prices),
    )


def break_even_usd_per_ph_day(fleet: Fleet, share_frac: float, prices: PowerPrices = SURVEY_POWER) -> float:
    """The hashprice at which a share of the hashrate is under water [USD/PH/day], by bisection.

    Raises:
        InputError: if the share is not inside (0, 1).
    """
    if not 0 < share_frac < 1:
        raise InputError("a share under water lies between 0 and 1", share_frac=share_frac)
    centre = prices.median_usd_per_mwh * j_per_th_to_mwh_per_ph_day(fleet.mean_j_per_th)
    low, high = centre * 1e-4, centre * 1e4
    for _ in range(60):
        middle = math.sqrt(low * high)
        if under_water_frac(fleet, middle, prices) > share_frac:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def network_power(
    fleet: Fleet, *, low_ehs: float | None = None, high_ehs: float | None = None
) -> NetworkPower:
    """Power of the whole network.

    Facilities draw 0 to 10 % more than their machines (the survey's figure is close to the former, air
    cooling to the latter). The interval joins that of the fleet's mean, of the hashrate and of the
    overhead as independent log errors.

    Args:
        fleet: the machines.
        low_ehs: lower end of the hashrate's interval; by default the hashrate is taken as known [EH/s].
        high_ehs: its upper end [EH/s].
    """
    overhead = math.sqrt(_FACILITY_LOW * _FACILITY_HIGH)
    mean = fleet.hashrate_ehs * fleet.mean_j_per_th * _W_PER_EHS_PER_J_PER_TH * overhead / 1e9
    half = math.log(_FACILITY_HIGH / overhead)
    down = math.hypot(
        math.log(fleet.mean_j_per_th / fleet.low_j_per_th),
        0.0 if low_ehs is None else math.log(fleet.hashrate_ehs / low_ehs),
        half,
    )
    up = math.hypot(
        math.log(fleet.high_j_per_th / fleet.mean_j_per_th),
        0.0 if high_ehs is None else math.log(high_ehs / fleet.hashrate_ehs),
        half,
    )
    return NetworkPower(
        mean_gw=mean,
        low_gw=mean * math.exp(-down),
        high_gw=mean * math.exp(up),
        energy_twh_per_year=mean * HOURS_PER_YEAR / 1e3,
    )
