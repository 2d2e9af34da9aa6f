"""A curve of supply: up to which power a price calls, and what the next megawatt costs.

It is a chain of straight pieces. A stack of generators is the special case of level treads (a generator) and
upright risers (to the next one).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["Generator", "SupplyCurve", "stack_curve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """One step of a stack.

    Args:
        capacity_mw: what it can give [MW].
        cost_usd_per_mwh: what another MWh of it costs [USD/MWh]; negative is legal.

    Raises:
        InputError: if the capacity is not positive, or either is not finite.
    """

    capacity_mw: float
    cost_usd_per_mwh: float

    def __post_init__(self) -> None:
        if not (0.0 < self.capacity_mw < math.inf and math.isfinite(self.cost_usd_per_mwh)):
            raise InputError(
                "a generator has a positive capacity and a finite cost",
                capacity_mw=self.capacity_mw,
                cost_usd_per_mwh=self.cost_usd_per_mwh,
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SupplyCurve:
    """Corners of the curve, joined by straight lines; it ends at its last corner.

    Args:
        position_mw: shape (n,), never falling, the first two unlike [MW]. Only differences mean anything
            where the curve was fitted.
        price_usd_per_mwh: shape (n,), never falling [USD/MWh].

    Raises:
        InputError: if that is not so.
    """

    position_mw: NDArray[np.float64]
    price_usd_per_mwh: NDArray[np.float64]

    def __post_init__(self) -> None:
        corners = (self.position_mw, self.price_usd_per_mwh)
        sound = self.position_mw.shape == self.price_usd_per_mwh.shape and self.position_mw.ndim == 1
        if not (
            sound
            and len(self.position_mw) > 1
            and all(np.isfinite(each).all() and (np.diff(each) >= 0).all() for each in corners)
            and self.position_mw[1] > self.position_mw[0]
        ):
            raise InputError(
                "a curve of supply has two corners or more, and neither its power nor its price ever falls",
                hint="sort the corners",
            )

    def reach_mw(self, price_usd_per_mwh: NDArray[np.float64]) -> NDArray[np.float64]:
        """The furthest position that costs no more than a price, any shape [MW]."""
        # Of equal corners `interp` takes the last: a price that equals a generator's cost calls all of it.
        return np.interp(price_usd_per_mwh, self.price_usd_per_mwh, self.position_mw)

    def cost_usd_per_mwh(self, position_mw: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the last megawatt up to a position costs, any shape [USD/MWh]; flat beyond both ends."""
        corners, prices = self.position_mw, self.price_usd_per_mwh
        at = np.clip(position_mw, corners[0], corners[-1])
        right = np.maximum(np.searchsorted(corners, at, side="left"), 1)
        left = right - 1
        along = (at - corners[left]) / (corners[right] - corners[left])
        return np.asarray(prices[left] + along * (prices[right] - prices[left]))


def stack_curve(generators: Sequence[Generator]) -> SupplyCurve:
    """The merit order of generators: the cheapest first.

    Raises:
        InputError: if there is none.
    """
    if not generators:
        raise InputError("a stack needs a generator", hint="give capacity and marginal cost of each")
    ordered = sorted(generators, key=lambda each: each.cost_usd_per_mwh)
    ends = np.cumsum([each.capacity_mw for each in ordered])
    starts = np.concatenate(([0.0], ends[:-1]))
    costs = np.array([each.cost_usd_per_mwh for each in ordered])
    return SupplyCurve(
        position_mw=np.column_stack((starts, ends)).ravel(), price_usd_per_mwh=np.repeat(costs, 2)
    )
