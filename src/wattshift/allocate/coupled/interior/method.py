"""The interior-point method: Mehrotra's predictor and corrector, with proximal terms on both sides.

S. Mehrotra, "On the implementation of a primal-dual interior point method", SIAM J. Optim. 2 (1992); the
proximal terms after M. P. Friedlander and D. Orban, Math. Prog. Comp. 4 (2012): with them the matrix can be
eliminated in any order, and they vanish as the method converges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wattshift.allocate.coupled.interior.arrays import PRICE, Row, X
from wattshift.allocate.coupled.interior.layout import Layout
from wattshift.allocate.coupled.interior.rounds import Rounds
from wattshift.allocate.coupled.interior.start import Start, start_of
from wattshift.allocate.coupled.program import Program

__all__ = ["Iterate", "iterate"]

_STEP = 0.9995
"""How much of the way to the nearest bound is gone."""

_MISS_MW = 1e-9
_WRONG = 1e-11
_MARGIN = 0.2
_NEAR = 100.0
"""From so near on the best iterate is kept: numbers may run out before the last one."""

_FLOOR = 0.5
"""Of the complementarity that is allowed: below it nothing is gained, and numbers run out."""

_PATIENCE = 10
"""So many rounds without progress are the end: of what numbers can do, or of a program without a plan."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Iterate:
    """Where the method ended; whether that is any good, the certificate says.

    Args:
        x: columns.
        row_dual_usd: rows' duals.
        rounds: how many it took.
    """

    x: Row
    row_dual_usd: Row
    rounds: int


def iterate(program: Program, layout: Layout, *, gap_ratio: float, most_rounds: int) -> Iterate:
    """Go on until the gap is small, or nothing gets better.

    Args:
        program: what is solved.
        layout: its structure.
        gap_ratio: the gap to reach, relative to the cost.
        most_rounds: when to stop anyway.
    """
    start = start_of(program, layout)
    stages = Rounds(layout, start.v)
    push, primal, dual = 0.0, 0.0, 0.0
    best, since, rounds = np.inf, 0, 0
    found = _read(program, layout, start, 0)
    while rounds < most_rounds and since < _PATIENCE:
        rounds += 1
        miss, wrong, total, money = stages.advance(push, primal, dual)
        unit = 1.0 / (start.power_mw * start.price_usd)
        allowed = _MARGIN * gap_ratio * (abs(money + start.fixed_usd * unit) + unit)
        far = max(miss * start.power_mw / _MISS_MW, wrong / _WRONG, total / allowed)
        if far <= _NEAR and far < best:
            found = _read(program, layout, start, rounds)
        if far <= 1.0 or not np.isfinite(far):
            break
        best, since = (far, 0) if far < 0.9 * best else (best, since + 1)
        seen = stages.aim()
        one, other = _length(1.0, seen[0]), _length(1.0, seen[1])
        left = total + other * seen[2] + one * seen[3] + one * other * seen[4]
        push = max(total * max(left / total, 0.0) ** 3, _FLOOR * allowed) / start.pairs
        reach = stages.follow(push)
        primal, dual = _length(_STEP, reach[0]), _length(_STEP, reach[1])
    return found


def _read(program: Program, layout: Layout, start: Start, rounds: int) -> Iterate:
    """The iterate in the program's own order and units."""
    x = layout.get(start.v, X, layout.columns, program.low / start.power_mw)
    dual = layout.get(start.v, PRICE, layout.rows, np.zeros(program.row_low.size))
    return Iterate(x=x * start.power_mw, row_dual_usd=dual * start.price_usd, rounds=rounds)


def _length(share: float, inverse: float) -> float:
    """The length of a step, of which the longest is given by its inverse."""
    return min(1.0, share / max(inverse, share))
