"""Why each use runs, rests or is held, in words."""

from __future__ import annotations

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


def _prices(problem: Problem, row: int, total: float) -> tuple[float, float]:
    """What one MWh more costs, and what one MWh less saves, at a total load [USD/MWh].

    Above the block that is the delivered spot price; within it, the resale forgone and the charges.
    """
    spot, block = float(problem.spot_usd_per_mwh[row]), problem.block
    above = spot + problem.adder_usd_per_mwh
    if block is None:
        return above, above
    resale = max(0.0, spot - block.resale_fee_usd_per_mwh) if block.resale else 0.0
    within = resale + problem.adder_usd_per_mwh
    more = within if total < block.block_mw - _SAME_MW else above
    less = above if total > block.block_mw + _SAME_MW else within
    return more, less


def _on(use: Use, load: float, worth: float, more: float, less: float, limit: str | None) -> str:
    """Why a use has more than its floor, and why not more still."""
    if load >= use.capacity_mw - _SAME_MW:
        if worth >= less:
            return f"on: worth {worth:.1f} >= delivered power {less:.1f} USD/MWh"
        return f"on: its floor of {use.floor_mw:.1f} MW is all it can take (worth {worth:.1f} USD/MWh)"
    state = f"at {load:.1f} of {use.capacity_mw:.1f} MW"
    if worth > more and limit:
        return f"{state}: {limit}, and worth {worth:.1f} > delivered power {more:.1f} USD/MWh"
    return f"{state}: the block ends here, and more power at {more:.1f} > worth {worth:.1f} USD/MWh"


def _off(use: Use, worth: float, more: float, limit: str | None) -> str:
    """Why a use has no more than its floor."""
    state = f"at its floor of {use.floor_mw:.1f} MW" if use.floor_mw > 0.0 else "off"
    if worth <= more:
        sign = ">" if more > worth else "="
        return f"{state}: delivered power {more:.1f} {sign} worth {worth:.1f} USD/MWh"
    if limit:
        return f"{state}: {limit}, and other uses come first (worth {worth:.1f} USD/MWh)"
    return f"{state}: filling the block first would cost more than the negative price brings"
