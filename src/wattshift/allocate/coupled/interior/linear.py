"""The entry: a linear program by whichever method is right for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.highs import (
    DEFAULT_LIMITS,
    Answer,
    Ended,
    Limits,
    Method,
    prove,
    solve,
)
from wattshift.allocate.coupled.program import Program
from wattshift.errors import CheckFailed

__all__ = ["GAP_RATIO", "solve_linear"]

GAP_RATIO = 1e-8
"""How far an answer of the interior-point method may be from its proven bound, relative to the cost."""

_LEAST_COLUMNS = 300_000
"""A smaller program is solved by simplex, unless the limits say otherwise.

Where the loops were never run, compiling them takes 9 s; from here on simplex takes nearly as long. A choice
by whether they are on disk already would give one plan today and another, as good, tomorrow.
"""

_AT_BOUND_MW = 1e-8
"""An interior point comes near to its bounds, not to them: so near, it is there."""

_MOST_ROUNDS = 80
_S_PER_COLUMN = 4e-6
"""What the slowest machine may need for a column, all rounds together: this room owns no clock."""


def solve_linear(program: Program, limits: Limits = DEFAULT_LIMITS) -> Answer:
    """Solve a program without whole numbers, with duals, and with its bound proved by them.

    Long programs whose intervals depend on their neighbours, and on a few columns and rows that span many, go
    to the interior-point method. Its answer counts only if it keeps every row and bound and if its duals
    prove it to `GAP_RATIO`; all else is left to HiGHS, and `Answer.note` says why. It is no vertex: where
    several plans are best, it lies between them.

    Args:
        program: of any structure.
        limits: time, and `Limits.method`, which forces either way or leaves it to the program's size.

    Raises:
        Infeasible, Unbounded, LimitReached, CheckFailed: as `wattshift.allocate.coupled.highs.solve`.
    """
    large = program.cost_usd.size >= _LEAST_COLUMNS
    if limits.method is Method.SIMPLEX or (limits.method is Method.AUTOMATIC and not large):
        return solve(program, limits)
    answer, note = _by_interior(program, limits)
    return replace(solve(program, limits), note=note) if answer is None else answer


def _by_interior(program: Program, limits: Limits) -> tuple[Answer | None, str]:
    """A certified answer, or why there is none."""
    from wattshift.allocate.coupled.interior.certificate import bound_usd, matrix_of, mended
    from wattshift.allocate.coupled.interior.layout import lay_out
    from wattshift.allocate.coupled.interior.method import iterate
    from wattshift.allocate.coupled.interior.structure import Declined

    if (program.low > program.high).any() or (program.row_low > program.row_high).any():
        return None, "the program's limits contradict each other"
    if (np.isinf(program.low) & np.isinf(program.high)).any():
        return None, "a column has no bound at all"
    if program.cost_usd.size * _S_PER_COLUMN > limits.wall_s:
        return None, "the time is too short to be sure of it"
    try:
        found = iterate(program, lay_out(program), gap_ratio=GAP_RATIO, most_rounds=_MOST_ROUNDS)
        x = _at_bounds(program, found.x)
        prove(program, x)
    except Declined as declined:
        return None, str(declined)
    except CheckFailed:
        return None, "a row or a bound is missed"
    dual = mended(program, found.row_dual_usd)
    cost, bound = float(program.cost_usd @ x) + program.offset_usd, bound_usd(program, dual)
    if not abs(cost - bound) <= GAP_RATIO * (1.0 + abs(cost)):
        return None, f"the duals prove only {bound:.6g} USD of {cost:.6g}"
    answer = Answer(
        ended=Ended.OPTIMAL,
        x=x,
        row_dual_usd=dual,
        column_dual_usd=program.cost_usd - matrix_of(program).T @ dual,
        cost_usd=cost,
        bound_usd=min(bound, cost),
        spent_s=found.rounds / _MOST_ROUNDS * _S_PER_COLUMN * x.size,
        by=Method.INTERIOR,
    )
    return answer, ""


def _at_bounds(program: Program, x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.where(x <= program.low + _AT_BOUND_MW, program.low, x)
    return np.where(x >= program.high - _AT_BOUND_MW, program.high, x)
