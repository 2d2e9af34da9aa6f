"""Where the method starts: amid the bounds, with duals that lean on them as the costs do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wattshift.allocate.coupled.interior.arrays import (
    ABOVE,
    BELOW,
    GIVEN,
    HIGH_DUAL,
    LANES,
    LOW_DUAL,
    NONE,
    WIDTH,
    Index,
    Row,
    X,
)
from wattshift.allocate.coupled.interior.layout import Layout
from wattshift.allocate.coupled.program import Program

__all__ = ["Start", "start_of"]

_NOTHING = 1e-200
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
    moves, sided = layout.column_stand >= 0, layout.row_stand >= 0
    held = np.where(moves, 0.0, program.low)
    bounds = np.abs(np.concatenate([program.low[moves], program.high[moves]]))
    power = max(1.0, float(bounds[np.isfinite(bounds)].max(initial=0.0)))
    cost = program.cost_usd[moves]
    price = float(np.abs(cost).max(initial=0.0)) or 1.0
    fields = np.zeros((layout.places, WIDTH // LANES, LANES))
    fields[:, [BELOW // LANES, ABOVE // LANES]] = NONE
    fields[:, [LOW_DUAL // LANES, HIGH_DUAL // LANES]] = _NOTHING
    v = fields.ravel()
    at = layout.column_stand[moves]
    v[at + GIVEN] = cost / price
    pairs = _enclose(v, at, program.low[moves] / power, program.high[moves] / power, cost / price)
    at = layout.row_stand[sided]
    carried = _activity(program, held)
    low, high = ((side - carried)[sided] / power for side in (program.row_low, program.row_high))
    equal = low == high
    v[at[equal] + X] = low[equal]
    pairs += _enclose(v, at[~equal], low[~equal], high[~equal], np.zeros(int((~equal).sum())))
    fixed = float(program.cost_usd @ held) + program.offset_usd
    return Start(v=v, pairs=max(pairs, 1), power_mw=power, price_usd=price, fixed_usd=fixed)


def _activity(program: Program, x: Row) -> Row:
    if not x.any():
        return np.zeros(program.row_low.size)
    rows = np.repeat(np.arange(program.row_low.size), np.diff(program.row_start))
    terms = program.value * x[program.column]
    return np.bincount(rows, terms, minlength=program.row_low.size).astype(np.float64)


def _enclose(v: Row, at: Index, low: Row, high: Row, cost: Row) -> int:
    """Set out between two bounds, or off the only one; the number of bounds."""
    has_low, has_high = np.isfinite(low), np.isfinite(high)
    one_sided = np.where(has_low, low + _ROOM, np.where(has_high, high - _ROOM, 0.0))
    both = has_low & has_high
    x = one_sided
    x[both] = 0.5 * (low[both] + high[both])
    v[at + X] = x
    v[at + BELOW] = np.where(has_low, x - low, NONE)
    v[at + ABOVE] = np.where(has_high, high - x, NONE)
    v[at + LOW_DUAL] = np.where(has_low, _LEAN + np.maximum(cost, 0.0), _NOTHING)
    v[at + HIGH_DUAL] = np.where(has_high, _LEAN + np.maximum(-cost, 0.0), _NOTHING)
    return int(has_low.sum() + has_high.sum())
