"""Where the method starts: amid the bounds, with duals that lean on them as the costs do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wattshift.allocate.coupled.interior.arrays import (
    ABOVE,
    BELOW,
    HIGH_DUAL,
    LOW_DUAL,
    NONE,
    PRICE,
    Row,
    X,
)
from wattshift.allocate.coupled.interior.layout import Layout
from wattshift.allocate.coupled.interior.structure import Side
from wattshift.allocate.coupled.program import Program

__all__ = ["Start", "start_of"]

_NOTHING = 1e-60
"""The dual of a bound that is not there: nothing, yet it can be divided by."""

_ROOM = 0.5
"""The distance to the only bound, of the largest bound."""

_LEAN = 0.1
"""The least dual of a bound, of the largest cost."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """The first iterate, in units of its own.

    Args:
        v: the vector.
        pairs: how many bounds there are.
        power_mw: the unit of columns: the largest bound [MW].
        price_usd: the unit of costs: the largest cost [USD].
        fixed_usd: the cost of what cannot move [USD].
    """

    v: Row
    pairs: int
    power_mw: float
    price_usd: float
    fixed_usd: float


def start_of(program: Program, layout: Layout) -> Start:
    """The first iterate of a program."""
    columns, rows = layout.columns, layout.rows
    held = np.where(columns.idle, program.low, 0.0)
    bounds = np.abs(np.concatenate([program.low[~columns.idle], program.high[~columns.idle]]))
    power = max(1.0, float(bounds[np.isfinite(bounds)].max(initial=0.0)))
    price = float(np.abs(program.cost_usd[~columns.idle]).max(initial=0.0)) or 1.0
    carried, cost = _activity(program, held), program.cost_usd / price
    v = np.zeros(layout.size)
    low, high = program.low / power, program.high / power
    pairs = _enclose(layout, v, columns, (low, high), cost)
    layout.put(v, PRICE, columns, cost, 0.0)
    low, high = (program.row_low - carried) / power, (program.row_high - carried) / power
    pairs += _enclose(layout, v, rows, (low, high), np.zeros(low.size))
    fixed = float(program.cost_usd @ held) + program.offset_usd
    return Start(v=v, pairs=max(pairs, 1), power_mw=power, price_usd=price, fixed_usd=fixed)


def _activity(program: Program, x: Row) -> Row:
    if not x.any():
        return np.zeros(program.row_low.size)
    rows = np.repeat(np.arange(program.row_low.size), np.diff(program.row_start))
    terms = program.value * x[program.column]
    return np.bincount(rows, terms, minlength=program.row_low.size).astype(np.float64)


def _enclose(layout: Layout, v: Row, side: Side, bounds: tuple[Row, Row], cost: Row) -> int:
    """Set out between two bounds, or off the only one; the number of bounds."""
    low, high = bounds
    equal = low == high
    has_low, has_high = np.isfinite(low) & ~equal, np.isfinite(high) & ~equal
    x = np.where(has_low, low + _ROOM, np.where(has_high, high - _ROOM, np.where(equal, low, 0.0)))
    both = has_low & has_high
    x[both] = 0.5 * (low[both] + high[both])
    layout.put(v, X, side, x, 0.0)
    layout.put(v, BELOW, side, np.where(has_low, x - low, NONE), NONE)
    layout.put(v, ABOVE, side, np.where(has_high, high - x, NONE), NONE)
    for field, there, lean in ((LOW_DUAL, has_low, cost), (HIGH_DUAL, has_high, -cost)):
        layout.put(v, field, side, np.where(there, _LEAN + np.maximum(lean, 0.0), _NOTHING), _NOTHING)
    return int((has_low & ~side.idle).sum() + (has_high & ~side.idle).sum())
