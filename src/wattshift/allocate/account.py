"""The money of a plan, computed in one place.

For a load L [MW] in one interval, with spot price s, adder a, and a take-or-pay block of B MW at price b
that is used first and may be sold back for max(0, s - fee):

    cost(L) = b B - resale max(0, s - fee) max(0, B - L) + s max(0, L - B) + a L   [USD/h]

Without a block B = 0. A negative spot price pays for load above the block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.problem import Problem
from wattshift.assets.kind import UseKind
from wattshift.assets.tariff import PowerBlock
from wattshift.errors import InputError

__all__ = ["RUNNING_MW", "Account", "UseAccount", "power_cost", "settle"]

RUNNING_MW = 1e-6
"""A use with less load than this is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseAccount:
    """What one use drew and earned.

    Args:
        name: the use.
        kind: what it is.
        energy_mwh: energy drawn [MWh].
        revenue_usd: what it paid [USD].
        running_hours: time with any load [h].
    """

    name: str
    kind: UseKind
    energy_mwh: float
    revenue_usd: float
    running_hours: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Account:
    """What a plan earns and costs.

    Args:
        intervals: one row an interval: `start`, `hours`, `load_mw`, `energy_mwh`, `revenue_usd`, `spot_usd`
            (energy bought at spot), `adder_usd`, `block_usd`, `resale_usd` and `profit_usd`.
        uses: one entry a use, in the problem's order.
        energy_mwh: energy drawn [MWh].
        revenue_usd: what all uses paid [USD].
        spot_usd: energy bought at spot [USD]; negative where the grid paid for load.
        adder_usd: charges on energy drawn [USD].
        block_usd: the take-or-pay block [USD].
        resale_usd: income from block energy sold back [USD].
        profit_usd: revenue + resale - spot - adder - block [USD].
    """

    intervals: pl.DataFrame
    uses: tuple[UseAccount, ...]
    energy_mwh: float
    revenue_usd: float
    spot_usd: float
    adder_usd: float
    block_usd: float
    resale_usd: float
    profit_usd: float

    @property
    def profit_usd_per_mwh(self) -> float | None:
        """Profit per MWh drawn [USD/MWh]; None if nothing was drawn."""
        return self.profit_usd / self.energy_mwh if self.energy_mwh > 0.0 else None

    @property
    def mining_mwh(self) -> float:
        """Energy drawn by mining [MWh]."""
        return sum(use.energy_mwh for use in self.uses if use.kind is UseKind.MINING)

    @property
    def ai_mwh(self) -> float:
        """Energy drawn by AI halls [MWh]."""
        return self.energy_mwh - self.mining_mwh


def settle(problem: Problem, load_mw: NDArray[np.float64]) -> Account:
    """The account of a plan.

    Args:
        problem: what was asked.
        load_mw: load of each use in each interval [MW], shape (T, number of uses).

    Raises:
        InputError: if the plan has another shape or a load that is not finite.
    """
    if load_mw.shape != (problem.hours.size, len(problem.uses)) or not np.isfinite(load_mw).all():
        raise InputError("a plan needs one finite load for each interval and use", shape=load_mw.shape)
    hours, total = problem.hours, load_mw.sum(axis=1)
    earned = [load_mw[:, i] * use.worth_usd_per_mwh * hours for i, use in enumerate(problem.uses)]
    spot, adder, block, resale = (
        np.broadcast_to(rate, hours.shape) * hours
        for rate in _rates(total, problem.spot_usd_per_mwh, problem.adder_usd_per_mwh, problem.block)
    )
    revenue = np.sum(earned, axis=0)
    intervals = pl.DataFrame(
        {
            "start": pl.Series(problem.start).dt.replace_time_zone("UTC"),
            "hours": hours,
            "load_mw": total,
            "energy_mwh": total * hours,
            "revenue_usd": revenue,
            "spot_usd": spot,
            "adder_usd": adder,
            "block_usd": block,
            "resale_usd": resale,
            "profit_usd": revenue + resale - spot - adder - block,
        }
    )
    uses = (
        UseAccount(
            name=use.name,
            kind=use.kind,
            energy_mwh=float((load_mw[:, i] * hours).sum()),
            revenue_usd=float(earned[i].sum()),
            running_hours=float(hours[load_mw[:, i] > RUNNING_MW].sum()),
        )
        for i, use in enumerate(problem.uses)
    )
    names = ("energy_mwh", "revenue_usd", "spot_usd", "adder_usd", "block_usd", "resale_usd", "profit_usd")
    return Account(
        intervals=intervals, uses=tuple(uses), **{name: float(intervals[name].sum()) for name in names}
    )


def power_cost(
    load_mw: NDArray[np.float64],
    spot_usd_per_mwh: NDArray[np.float64],
    adder_usd_per_mwh: float,
    block: PowerBlock | None,
) -> NDArray[np.float64]:
    """What power costs at a total load [USD/h], of the shape of the load."""
    spot, adder, fixed, resale = _rates(load_mw, spot_usd_per_mwh, adder_usd_per_mwh, block)
    return spot + adder + fixed - resale


def _rates(
    load: NDArray[np.float64], spot: NDArray[np.float64], adder: float, block: PowerBlock | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Spot purchases, charges, the block and resale [USD/h]."""
    zero = np.zeros(())
    if block is None:
        return spot * load, adder * load, zero, zero
    bought = spot * np.maximum(0.0, load - block.block_mw)
    resale = zero
    if block.resale:
        price = np.maximum(0.0, spot - block.resale_fee_usd_per_mwh)
        resale = price * np.maximum(0.0, block.block_mw - load)
    return bought, adder * load, np.full((), block.block_mw * block.block_usd_per_mwh), resale
