"""Where mining stops earning, and where it equals an AI hall."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.assets.contract import Colocation
from wattshift.assets.hall import AiHall
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.value.compute import (
    break_even_capex_usd_m_per_mw,
    capital_usd_per_mwh,
    hall_usd_per_mwh,
    hall_value,
)
from wattshift.value.mining import (
    break_even_efficiency_j_per_th,
    break_even_hashprice_usd_per_ph_day,
    miner_usd_per_mwh,
)

__all__ = ["BreakEvens", "ClassBreakEven", "PairBreakEven", "break_evens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassBreakEven:
    """Where a machine class stops earning.

    Args:
        name: the machine class.
        power_usd_per_mwh: the delivered power price at which it earns nothing.
        hashprice_usd_per_ph_day: the hashprice at which it earns nothing at the present power price.
    """

    name: str
    power_usd_per_mwh: float
    hashprice_usd_per_ph_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairBreakEven:
    """Where a machine class and a hall earn the same for a facility MWh, after power.

    Args:
        miner: the machine class.
        hall: the hall.
        hashprice_usd_per_ph_day: the hashprice above which mining beats the hall, whose capital is sunk.
        hall_capex_usd_m_per_mw: the building's capex per MW of critical IT power below which the hall, net
            of all its capital, beats mining; negative if it does not even in a building that is free.
    """

    miner: str
    hall: str
    hashprice_usd_per_ph_day: float
    hall_capex_usd_m_per_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvens:
    """All break-evens of a site at one instant.

    Args:
        efficiency_j_per_th: the worst efficiency that pays for its power; None while power costs nothing
            (every machine earns) or there is no fleet.
        classes: one entry for each machine class.
        pairs: one entry for each machine class and hall.
    """

    efficiency_j_per_th: float | None
    classes: tuple[ClassBreakEven, ...]
    pairs: tuple[PairBreakEven, ...]


def break_evens(site: Site, hashprice_usd_per_ph_day: float, delivered_usd_per_mwh: float) -> BreakEvens:
    """The break-evens of a site's fleet and halls at a hashprice and a delivered power price."""
    hashprice, delivered = hashprice_usd_per_ph_day, delivered_usd_per_mwh
    efficiency = None
    if site.mining and delivered > 0.0:
        fleet = site.mining
        efficiency = break_even_efficiency_j_per_th(
            hashprice,
            delivered,
            pool_fee_frac=fleet.pool_fee_frac,
            pue=fleet.pue,
            uptime_frac=fleet.uptime_frac,
        )
    return BreakEvens(
        efficiency_j_per_th=efficiency,
        classes=tuple(
            ClassBreakEven(
                name=miner.name,
                power_usd_per_mwh=miner_usd_per_mwh(miner, fleet, hashprice),
                hashprice_usd_per_ph_day=_hashprice(miner, fleet, delivered),
            )
            for fleet, miner in site.machines
        ),
        pairs=tuple(
            _pair(miner, fleet, hall, hashprice, delivered)
            for fleet, miner in site.machines
            for hall in site.halls
        ),
    )


def _pair(
    miner: MinerClass, fleet: Mining, hall: AiHall, hashprice: float, delivered: float
) -> PairBreakEven:
    contract, pue = hall.contract, hall.pue
    if isinstance(contract, Colocation):
        capex, term = contract.capex_usd_m_per_mw, contract.term_years
    else:
        capex, term = contract.hall_capex_usd_m_per_mw, contract.hall_life_years
    rate = contract.discount_rate_frac
    worth = hall_usd_per_mwh(hall, delivered)
    building = capital_usd_per_mwh(capex, discount_rate_frac=rate, term_years=term) / pue
    equipment = hall_value(hall).capital_usd_per_mwh - building
    return PairBreakEven(
        miner=miner.name,
        hall=hall.name,
        hashprice_usd_per_ph_day=_hashprice(miner, fleet, worth),
        hall_capex_usd_m_per_mw=break_even_capex_usd_m_per_mw(
            (worth - equipment) * pue,
            miner_usd_per_mwh(miner, fleet, hashprice) * pue,
            discount_rate_frac=rate,
            term_years=term,
        ),
    )


def _hashprice(miner: MinerClass, fleet: Mining, usd_per_mwh: float) -> float:
    return break_even_hashprice_usd_per_ph_day(
        usd_per_mwh,
        efficiency_j_per_th=miner.efficiency_j_per_th,
        pool_fee_frac=fleet.pool_fee_frac,
        pue=fleet.pue,
        uptime_frac=fleet.uptime_frac,
    )
