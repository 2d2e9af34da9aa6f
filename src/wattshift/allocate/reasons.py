"""Why each use runs, rests or is held, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.problem import Problem, Use
from wattshift.errors import InputError

__all__ = ["explain"]

_SAME_MW = 1e-6


def explain(problem: Problem, load_mw: NDArray[np.float64], row: int) -> tuple[str, ...]:
    """One sentence for each use in one interval of a merit-order plan, in the problem's order.

    Args:
        problem: what was asked.
        load_mw: the plan [MW], shape (T, number of uses).
        row: the interval, from 0.

    Raises:
        InputError: if there is no such interval.
    """
    if not 0 <= row < len(problem.hours):
        raise InputError("there is no such interval", row=row, hint=f"give 0 to {len(problem.hours) - 1}")
    total = float(load_mw[row].sum())
    at_limit = total >= problem.cap_mw[row] - _SAME_MW
    limit = f"{problem.cap_reason(row)} allows {problem.cap_mw[row]:g} MW" if at_limit else None
    more, less = _prices(problem, row, total)
    return tuple(
        _on(use, float(load), float(use.worth_usd_per_mwh[row]), more, less, limit)
        if load > use.floor_mw + _SAME_MW or load >= use.capacity_mw - _SAME_MW
        else _off(use, float(use.worth_usd_per_mwh[row]), more, limit)
        for use, load in zip(problem.uses, load_mw[row], strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Price:
    """A price of power and where it comes from; in words "delivered power 45.0"."""

    usd_per_mwh: float
    source: str

    def __str__(self) -> str:
        return f"{self.source} {_usd(self.usd_per_mwh)}"


def _usd(price: float) -> str:
    return f"{price:.1f}".replace("-", "\N{MINUS SIGN}")


def _prices(problem: Problem, row: int, total: float) -> tuple[_Price, _Price]:
    """What one MWh more costs, and what one MWh less saves, at a total load.

    Above the block that is the delivered spot price; within it, the resale forgone and the charges.
    """
    spot, block = float(problem.spot_usd_per_mwh[row]), problem.block
    above = _Price(usd_per_mwh=spot + problem.adder_usd_per_mwh, source="delivered power")
    if block is None:
        return above, above
    resale = max(0.0, spot - block.resale_fee_usd_per_mwh) if block.resale else 0.0
    within = _Price(
        usd_per_mwh=resale + problem.adder_usd_per_mwh,
        source="block power, resale forgone," if block.resale else "block power, already paid,",
    )
    more = within if total < block.block_mw - _SAME_MW else above
    less = above if total > block.block_mw + _SAME_MW else within
    return more, less


def _on(use: Use, load: float, worth: float, more: _Price, less: _Price, limit: str | None) -> str:
    """Why a use has more than its floor, and why not more still."""
    if load >= use.capacity_mw - _SAME_MW:
        if worth >= less.usd_per_mwh:
            return f"on: worth {_usd(worth)} >= {less} USD/MWh"
        return f"on: its floor of {use.floor_mw:.1f} MW is all it can take (worth {_usd(worth)} USD/MWh)"
    state = f"at {load:.1f} of {use.capacity_mw:.1f} MW"
    if worth > more.usd_per_mwh and limit:
        return f"{state}: {limit}, and worth {_usd(worth)} > {more} USD/MWh"
    return f"{state}: the block ends here, and {more} > worth {_usd(worth)} USD/MWh"


def _off(use: Use, worth: float, more: _Price, limit: str | None) -> str:
    """Why a use has no more than its floor."""
    state = f"at its floor of {use.floor_mw:.1f} MW" if use.floor_mw > 0.0 else "off"
    if worth <= more.usd_per_mwh:
        sign = ">" if more.usd_per_mwh > worth else "="
        return f"{state}: {more} {sign} worth {_usd(worth)} USD/MWh"
    if limit:
        return f"{state}: {limit}, and other uses come first (worth {_usd(worth)} USD/MWh)"
    return f"{state}: filling the block first would cost more than the negative price brings"
