"""What the picture of a load on the grid shows."""

from __future__ import annotations

import numpy as np

from wattshift.app.grideffect import GridCase
from wattshift.report.documents.grideffect import GridEffectDocument
from wattshift.report.plots.grideffect import GridPicture
from wattshift.simulate.grid.effect import world_of

__all__ = ["grid_picture"]

_POINTS = 240
_LOWEST_USD_PER_MWH, _HIGHEST_USD_PER_MWH = 5.0, 5_000.0


def grid_picture(case: GridCase, document: GridEffectDocument) -> GridPicture:
    """The curve of supply with its draws, and the price duration curve of each world.

    Args:
        case: the load and its hours.
        document: their figures.
    """
    prices = np.geomspace(_LOWEST_USD_PER_MWH, _HIGHEST_USD_PER_MWH, _POINTS)
    anchor = np.array([np.median(case.market.price_usd_per_mwh)])
    reach = np.array(
        [curve.reach_mw(prices) - curve.reach_mw(anchor) for curve in (case.supply.curve, *case.supply.draws)]
    )
    low, high = np.quantile(reach[1:], (0.025, 0.975), axis=0)
    worlds = {
        world: np.sort(
            world_of(
                case.supply.curve, case.market, case.added(world), cap_usd_per_mwh=case.cap_usd_per_mwh
            ).price_usd_per_mwh
        )[::-1]
        for world in case.worlds
    }
    return GridPicture(
        document=document,
        price_usd_per_mwh=prices,
        reach_mw=reach[0],
        low_mw=low,
        high_mw=high,
        durations_usd_per_mwh=worlds,
    )
