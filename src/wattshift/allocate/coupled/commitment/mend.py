"""A plan made better a window of time at a time, all else as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.commitment.excerpt import excerpt, rows_of
from wattshift.allocate.coupled.commitment.quick import solve_loose, solve_small
from wattshift.allocate.coupled.commitment.stretches import Stretches
from wattshift.allocate.coupled.program import Program
from wattshift.errors import Infeasible

__all__ = ["Mended", "mend", "open_seams"]

_Row: TypeAlias = NDArray[np.float64]

_FITS = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mended:
    """A plan after a window was solved again.

    Args:
        x: the decisions, shape (columns,).
        spent_s: how long it took [s].
    """

    x: _Row
    spent_s: float


def open_seams(program: Program, stretches: Stretches, x: _Row) -> list[int]:
    """The intervals before which two pieces do not fit: a row over both is broken."""
    activity = np.bincount(
        stretches.of_entry, program.value * x[program.column], minlength=program.row_low.size
    )
    broken = (activity < program.row_low - _FITS) | (activity > program.row_high + _FITS)
    rows = np.flatnonzero(broken & stretches.links)
    last = stretches.row_last[rows]
    seams = [
        np.arange(one + 1, other + 1) for one, other in zip(stretches.row_first[rows], last, strict=True)
    ]
    found: list[int] = stretches.first[np.unique(np.concatenate([np.empty(0, np.int64), *seams]))].tolist()
    return found


def mend(
    program: Program, stretches: Stretches, x: _Row, window: tuple[int, int], wall_s: float, gap_usd: float
) -> Mended | None:
    """The best of the intervals of a window (first, end), all else left as it is; None if there is none.

    Raises:
        LimitReached: if nothing was found in time.
    """
    columns = np.flatnonzero((stretches.at >= window[0]) & (stretches.at < window[1]))
    part = excerpt(
        program,
        rows_of(program, stretches.of_entry, columns),
        columns,
        cost_usd=program.cost_usd[columns],
        least=x,
        most=x,
    )
    try:
        loose = solve_loose(part, wall_s)
        found = solve_small(part, wall_s - loose.spent_s, gap_usd)
    except Infeasible:
        return None
    better = x.copy()
    better[columns] = found.x
    return Mended(x=better, spent_s=loose.spent_s + found.spent_s)
