"""Where regions stand: the share that each has of every power price, all of them parts of one network."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.fleet import MinerFleet, Region

__all__ = ["region_shares"]

_SPREAD = 0.35
"""Spread of the logarithm of power prices inside a region whose median is given."""

_STEPS = 200


def region_shares(fleet: MinerFleet) -> Mapping[str, NDArray[np.float64]]:
    """Each region's share of the hashrate in each row of power prices, by its name, shape (P,) each.

    A region with a median price of its own is spread over the rows in proportion to a log-normal around that
    median, the others evenly. No row can be more than full: what does not fit goes to other rows, and in
    every row the regions together are one at most.
    """
    rows = fleet.running_ehs.sum(axis=1) / fleet.hashrate_ehs
    room = np.ones(len(rows))
    found = {}
    for region in sorted(fleet.regions, key=lambda region: region.power_usd_per_mwh is None):
        found[region.name] = _filled(rows, _tilt(fleet, rows, region), room, region.share_frac)
        room = np.maximum(room - found[region.name], 0.0)
    return found


def _tilt(fleet: MinerFleet, rows: NDArray[np.float64], region: Region) -> NDArray[np.float64]:
    """By how much each row is preferred to what its hashrate alone would say."""
    if region.power_usd_per_mwh is None:
        return np.ones(len(rows))
    away = np.log(fleet.power_usd_per_mwh / region.power_usd_per_mwh) / _SPREAD
    own = (np.log(fleet.power_usd_per_mwh) - float(rows @ np.log(fleet.power_usd_per_mwh))) / _SPREAD
    return np.asarray(np.exp(np.clip(0.5 * (np.square(own) - np.square(away)), -50, 50)))


def _filled(
    rows: NDArray[np.float64], tilt: NDArray[np.float64], room: NDArray[np.float64], share_frac: float
) -> NDArray[np.float64]:
    """In proportion to the tilt as far as there is room, so that the region has its share."""
    low, high = 0.0, 1e30
    for _ in range(_STEPS):
        factor = math.sqrt(low * high) if low > 0 else high * 1e-3
        if float(rows @ np.minimum(tilt * factor, room)) < share_frac:
            low = factor
        else:
            high = factor
    return np.minimum(tilt * high, room)
