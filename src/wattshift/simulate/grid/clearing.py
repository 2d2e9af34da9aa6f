"""An hourly market: a curve of supply, a load that never gives way, and loads that stop above their strikes.

Merit order on both sides. The load that pays most is served first, and each is served while the next megawatt
costs no more than its strike. All hours are cleared at once: for a load with strike k behind others,

    served = clip(reach(k) - inflexible - those ahead, 0, its power)

because each load ahead has a higher strike. The price is that of the last megawatt, or the strike of the load
that is served in part. Energy only: no network, no start-up, no memory from hour to hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.simulate.grid.supply import SupplyCurve

__all__ = ["Clearing", "FlexibleLoad", "clear"]

_Hourly = float | NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlexibleLoad:
    """A load that stops when power costs more than it earns.

    Args:
        power_mw: what it draws when it runs, one number or shape (hours,) [MW].
        strike_usd_per_mwh: what a MWh earns it, one number or shape (hours,) [USD/MWh].
    """

    power_mw: _Hourly
    strike_usd_per_mwh: _Hourly


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clearing:
    """The market hour by hour.

    Args:
        price_usd_per_mwh: shape (n,) [USD/MWh].
        served_mw: shape (loads, n), what each flexible load draws, in the order given [MW].
        unserved_mw: shape (n,), what is lacking for the inflexible load at the cap [MW].
    """

    price_usd_per_mwh: NDArray[np.float64]
    served_mw: NDArray[np.float64]
    unserved_mw: NDArray[np.float64]


def clear(
    curve: SupplyCurve,
    inflexible_mw: NDArray[np.float64],
    loads: Sequence[FlexibleLoad] = (),
    *,
    cap_usd_per_mwh: _Hourly,
) -> Clearing:
    """Clear every hour.

    Args:
        curve: supply.
        inflexible_mw: shape (n,), where the inflexible load stands on the curve [MW].
        loads: those with a strike; a strike above the cap counts as the cap.
        cap_usd_per_mwh: price at which load is shed, one number or shape (n,) [USD/MWh].

    Raises:
        InputError: if a number is not finite, a power negative, or the shapes disagree.
    """
    position = _hours(inflexible_mw, len(inflexible_mw), "inflexible_mw")
    cap = _hours(cap_usd_per_mwh, len(position), "cap_usd_per_mwh")
    power, strike = (
        np.array([_hours(getattr(load, name), len(position), name) for load in loads]).reshape(
            -1, len(position)
        )
        for name in ("power_mw", "strike_usd_per_mwh")
    )
    if (power < 0).any():
        raise InputError("a load cannot draw less than nothing", hint="give supply as part of the curve")
    strike = np.minimum(strike, cap)
    served = _served(power, strike, curve.reach_mw(strike) - position)
    unserved = np.maximum(position - curve.reach_mw(cap), 0.0)
    last = curve.cost_usd_per_mwh(position + served.sum(axis=0))
    waiting = np.where(served < power, strike, -np.inf).max(axis=0, initial=-np.inf)
    price = np.where(unserved > 0, cap, np.minimum(np.maximum(last, waiting), cap))
    return Clearing(price_usd_per_mwh=price, served_mw=served, unserved_mw=unserved)


def _served(
    power: NDArray[np.float64], strike: NDArray[np.float64], room: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each load draws, all (loads, n); `room` is what its strike calls beyond the inflexible load."""
    if len(power) < 2:
        return np.clip(room, 0.0, power)
    order = np.argsort(-strike, axis=0, kind="stable")
    ranked, reach = (np.take_along_axis(each, order, axis=0) for each in (power, room))
    fill = np.clip(reach - (np.cumsum(ranked, axis=0) - ranked), 0.0, ranked)
    served = np.empty_like(fill)
    np.put_along_axis(served, order, fill, axis=0)
    return served


def _hours(values: _Hourly, hours: int, name: str) -> NDArray[np.float64]:
    found = np.asarray(values, dtype=np.float64)
    if found.shape not in {(), (hours,)} or not np.isfinite(found).all():
        raise InputError(
            f"{name} must be one finite number, or one for each hour", shape=found.shape, hours=hours
        )
    return np.broadcast_to(found, (hours,))
