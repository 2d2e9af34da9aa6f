"""What the grid charges for a megawatt-hour, and what leaving it there is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wattshift.assets.tariff import Tariff
from wattshift.errors import InputError

__all__ = ["GridValue", "grid_value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridValue:
    """The grid's side of one MWh.

    Args:
        delivered_usd_per_mwh: what a MWh bought at spot costs at the meter; not buying it saves as much.
        resale_usd_per_mwh: what a MWh of the block brings if sold back, never below zero; None without a
            block that can be resold.
        block_use_usd_per_mwh: what using a MWh of the block costs, given that the block is paid for
            anyway: the resale forgone, and the charges on every MWh drawn; None without a block.
    """

    delivered_usd_per_mwh: float
    resale_usd_per_mwh: float | None
    block_use_usd_per_mwh: float | None


def grid_value(tariff: Tariff, spot_usd_per_mwh: float) -> GridValue:
    """What one MWh costs, saves and brings under a tariff at a spot price.

    Raises:
        InputError: if the spot price is not finite.
    """
    if not math.isfinite(spot_usd_per_mwh):
        raise InputError("the spot price must be finite", spot_usd_per_mwh=spot_usd_per_mwh)
    block, adder = tariff.block, tariff.adder_usd_per_mwh
    resale = None
    if block is not None and block.resale:
        resale = max(0.0, spot_usd_per_mwh - block.resale_fee_usd_per_mwh)
    return GridValue(
        delivered_usd_per_mwh=spot_usd_per_mwh + adder,
        resale_usd_per_mwh=resale,
        block_use_usd_per_mwh=None if block is None else (resale or 0.0) + adder,
    )
