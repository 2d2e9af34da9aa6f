"""What a load would have done to the consumers of a region in hours that have been.

Each hour stands on the curve of supply where its price says; a load moves it up the curve. Three worlds are
compared: without the load (the hours as they were), with the load drawing always, and with the load stopping
above its strike. Two more are a long run under an assumption that is the caller's: supply grows by a share of
the load, of the same mix as the supply that is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.simulate.grid.clearing import FlexibleLoad, clear
from wattshift.simulate.grid.controls import MarketHours
from wattshift.simulate.grid.supply import SupplyCurve
from wattshift.units import HOURS_PER_YEAR

__all__ = ["AddedLoad", "PriceEffect", "World", "price_effect", "price_effects", "world_of"]

_DEAR_FRAC = 0.01
_Hourly = float | NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AddedLoad:
    """A load that comes on top.

    Args:
        power_mw: what it draws [MW].
        strike_usd_per_mwh: the price above which it stops, one number or shape (hours,) [USD/MWh].
        curtailable_frac: the share of it that stops; none of it never does.
        entry_frac: supply that comes with it, as a share of its power.

    Raises:
        InputError: if the power is negative or a share not between 0 and 1.
    """

    power_mw: float
    strike_usd_per_mwh: _Hourly = 0.0
    curtailable_frac: float = 0.0
    entry_frac: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.curtailable_frac, self.entry_frac)
        if not (0.0 <= self.power_mw < np.inf and all(0.0 <= share <= 1.0 for share in shares)):
            raise InputError(
                "a load has a power that is not negative, and shares between 0 and 1",
                power_mw=self.power_mw,
                curtailable_frac=self.curtailable_frac,
                entry_frac=self.entry_frac,
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """The hours with a load.

    Args:
        price_usd_per_mwh: shape (n,) [USD/MWh].
        drawn_mw: shape (n,), what the load draws [MW].
        unserved_mw: shape (n,), what is lacking at the cap because of it [MW].
    """

    price_usd_per_mwh: NDArray[np.float64]
    drawn_mw: NDArray[np.float64]
    unserved_mw: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEffect:
    """What consumers and the load see.

    Args:
        mean_usd_per_mwh: mean price of the hours [USD/MWh].
        consumer_usd_per_mwh: mean price weighted by what consumers draw [USD/MWh].
        peak_usd_per_mwh: the same in the dearest hundredth of the hours as they were [USD/MWh].
        bill_usd_m_per_year: what consumers pay at these prices [million USD/year].
        drawn_mw: what the load draws, mean [MW].
        off_hours: hours of a year in which it draws less than it could [h].
        paid_usd_per_mwh: mean price of what it draws; 0 where it draws nothing [USD/MWh].
        unserved_mwh: what is lacking at the cap in a year because of it [MWh].
    """

    mean_usd_per_mwh: float
    consumer_usd_per_mwh: float
    peak_usd_per_mwh: float
    bill_usd_m_per_year: float
    drawn_mw: float
    off_hours: float
    paid_usd_per_mwh: float
    unserved_mwh: float


def world_of(
    curve: SupplyCurve, market: MarketHours, load: AddedLoad, *, cap_usd_per_mwh: NDArray[np.float64]
) -> World:
    """The hours with a load on top; an hour that was at its cap stays there, whatever supply comes.

    Args:
        curve: supply.
        market: the hours as they were.
        load: what comes.
        cap_usd_per_mwh: shape (n,), price at which load is shed [USD/MWh].
    """
    was = market.price_usd_per_mwh
    position = curve.reach_mw(np.minimum(was, cap_usd_per_mwh))
    firm_mw = (1.0 - load.curtailable_frac) * load.power_mw
    flexible = FlexibleLoad(
        power_mw=load.curtailable_frac * load.power_mw, strike_usd_per_mwh=load.strike_usd_per_mwh
    )
    cleared = clear(
        curve,
        position + (firm_mw - load.entry_frac * load.power_mw),
        (flexible,),
        cap_usd_per_mwh=cap_usd_per_mwh,
    )
    return World(
        # Above the cap a hub pays for lines, which the curve does not know.
        price_usd_per_mwh=np.where(was >= cap_usd_per_mwh, was, cleared.price_usd_per_mwh),
        drawn_mw=firm_mw - np.minimum(cleared.unserved_mw, firm_mw) + cleared.served_mw[0],
        unserved_mw=cleared.unserved_mw,
    )


def price_effect(market: MarketHours, world: World, *, power_mw: float) -> PriceEffect:
    """The figures of a world, for the consumers of the hours as they were.

    Args:
        market: the hours as they were.
        world: the same hours with a load.
        power_mw: what the load could draw [MW].
    """
    hours = len(market.load_mw)
    few = max(1, round(_DEAR_FRAC * hours))
    dear = np.argpartition(market.price_usd_per_mwh, hours - few)[hours - few :]
    price, load = world.price_usd_per_mwh, market.load_mw
    consumer = _weighted(price, load)
    drawn_mwh = float(world.drawn_mw.sum())
    short = world.drawn_mw < power_mw * (1.0 - 1e-9)
    return PriceEffect(
        mean_usd_per_mwh=float(price.mean()),
        consumer_usd_per_mwh=consumer,
        peak_usd_per_mwh=_weighted(price[dear], load[dear]),
        bill_usd_m_per_year=consumer * float(load.mean()) * HOURS_PER_YEAR / 1e6,
        drawn_mw=drawn_mwh / hours,
        off_hours=float(short.mean()) * HOURS_PER_YEAR,
        paid_usd_per_mwh=_weighted(price, world.drawn_mw) if drawn_mwh > 0.0 else 0.0,
        unserved_mwh=float(world.unserved_mw.mean()) * HOURS_PER_YEAR,
    )


def _weighted(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float((values * weights).sum() / weights.sum())


def price_effects(
    curves: Sequence[SupplyCurve],
    market: MarketHours,
    load: AddedLoad,
    *,
    cap_usd_per_mwh: NDArray[np.float64],
) -> tuple[PriceEffect, ...]:
    """The figures of one load on each of several curves."""
    return tuple(
        price_effect(
            market, world_of(curve, market, load, cap_usd_per_mwh=cap_usd_per_mwh), power_mw=load.power_mw
        )
        for curve in curves
    )
