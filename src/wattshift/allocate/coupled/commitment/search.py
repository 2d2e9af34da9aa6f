"""A long program with yes and no: a bound, a plan, and the gap between them.

1. The loose program, every yes and no left open, gives prices of what ties the hours together.
2. The horizon is cut into stretches, each solved alone at those prices: together they are the bound.
3. Their pieces are joined: around each seam a window is solved anew, all else as it is.
4. With every yes and no as found, the rest is decided once more over the whole horizon.

Where the gap is then wider than asked, the whole program is searched in the time that is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.commitment.mend import mend, open_seams
from wattshift.allocate.coupled.commitment.priced import price, solve_stretches
from wattshift.allocate.coupled.commitment.quick import solve_loose
from wattshift.allocate.coupled.commitment.stretches import Stretches, reach, stretches_of
from wattshift.allocate.coupled.highs import Answer, Ended, Limits, handed_over, must, run, settled
from wattshift.allocate.coupled.program import Program
from wattshift.errors import Infeasible, LimitReached, SolveError

if TYPE_CHECKING:
    import highspy

__all__ = ["is_long", "solve_long"]

_Row: TypeAlias = NDArray[np.float64]

_LEAST_WHOLE = 1500
"""With fewer, one search of the whole ends within a second or two and comes nearer to the optimum.

On the site of `benchmarks/bench_commitment.py`, to 0.1 %, stretches took a third to nine tenths of the
whole's time at 900 to 1,500 decisions, and at 2,000 to 4,000 a third to a half, but once a quarter more.
"""

_LEAST_STRETCHES = 4
_STRETCH = 72
_SEAM = 4
_LEAST_SHARE = 0.1
_PIECES_SHARE = 0.5
"""The share of the time that the stretches are given."""
_FINER = 0.25
"""The share of the gap that the stretches may leave on their own."""


def is_long(program: Program) -> bool:
    """Whether a program has enough decisions, over enough time, for stretches to pay."""
    if int(program.whole.sum()) < _LEAST_WHOLE:
        return False
    return _intervals(program) >= _LEAST_STRETCHES * _stretch(reach(program))


def solve_long(program: Program, limits: Limits) -> Answer:
    """Solve a program for which `is_long` holds; the answer has no duals.

    Time is the solver's own; what is spent between its calls is not counted.

    Raises:
        Infeasible, Unbounded, LimitReached, CheckFailed: as `wattshift.allocate.coupled.highs.solve`.
    """
    loose = solve_loose(program, limits.wall_s)
    found: Answer | None = None
    spent_s = loose.spent_s
    with suppress(SolveError):  # stretches are a way, not the judge: what they cannot do is searched whole
        found = _joined(program, loose, _left(limits, spent_s))
    if found is not None:
        found = replace(found, spent_s=spent_s + found.spent_s)
        spent_s = found.spent_s
        if _is_close(found, limits):
            return found
    return _searched(program, found, limits, spent_s)


def _intervals(program: Program) -> int:
    return 1 + max(int(label.at.max(initial=0)) for label in program.columns)


def _stretch(tied: int) -> int:
    """How many intervals a stretch has: enough that least times do not fill it."""
    return max(_STRETCH, 3 * (tied + 1))


def _joined(program: Program, loose: Answer, limits: Limits) -> Answer:
    """The bound of the stretches, and a plan joined from their pieces.

    Raises:
        SolveError: if a stretch or a seam has no answer, or found none in time.
    """
    tied = reach(program)
    size = _stretch(tied)
    stretches = stretches_of(program, np.arange(0, _intervals(program) - size // 2, size))
    gap_usd = _FINER * limits.gap_ratio * abs(loose.cost_usd) / stretches.count
    prices = price(program, stretches, loose)
    pieces = solve_stretches(program, stretches, prices, _PIECES_SHARE * limits.wall_s, gap_usd)
    x, spent_s = pieces.x, pieces.spent_s
    widths = (tied + 1 + _SEAM, 2 * (tied + 1 + _SEAM), size)
    for seam in open_seams(program, stretches, x):
        x, seam_s = _mended(program, stretches, x, seam, widths, limits.wall_s - spent_s, gap_usd)
        spent_s += seam_s
    decided = settled(program, x)
    exact = run(handed_over(decided, _left(limits, spent_s)), decided)
    bound = max(pieces.bound_usd, loose.bound_usd)
    answer = replace(
        exact,
        row_dual_usd=np.empty(0),
        column_dual_usd=np.empty(0),
        bound_usd=min(bound, exact.cost_usd),
        spent_s=spent_s + exact.spent_s,
    )
    return replace(answer, ended=Ended.OPTIMAL if _is_close(answer, limits) else Ended.IN_TIME)


def _mended(
    program: Program,
    stretches: Stretches,
    x: _Row,
    seam: int,
    widths: Iterable[int],
    wall_s: float,
    gap_usd: float,
) -> tuple[_Row, float]:
    """The plan with a window around a seam solved anew; a wider one where the narrow one contradicts itself.

    Raises:
        Infeasible: if the widest does as well.
    """
    for half in widths:
        mended = mend(program, stretches, x, (seam - half, seam + half), wall_s, gap_usd)
        if mended is not None:
            return mended.x, mended.spent_s
    raise Infeasible("two stretches cannot be joined")


def _searched(program: Program, found: Answer | None, limits: Limits, spent_s: float) -> Answer:
    """The whole at once, from what was found."""
    left = _left(limits, spent_s)
    model = handed_over(program, left)
    if found is not None:
        _start_from(model, found.x)
    try:
        answer = run(model, program)
        decided = settled(program, answer.x)
        exact = run(handed_over(decided, left), decided)
    except (Infeasible, LimitReached):
        if found is None:
            raise
        return replace(found, spent_s=spent_s + left.wall_s)
    bound = answer.bound_usd if found is None else max(answer.bound_usd, found.bound_usd)
    best = exact if found is None or exact.cost_usd <= found.cost_usd else found
    best = replace(
        best,
        row_dual_usd=np.empty(0),
        column_dual_usd=np.empty(0),
        bound_usd=min(bound, best.cost_usd),
        spent_s=spent_s + answer.spent_s + exact.spent_s,
    )
    return replace(best, ended=Ended.OPTIMAL if _is_close(best, limits) else Ended.IN_TIME)


def _start_from(model: highspy.Highs, x: _Row) -> None:
    import highspy

    start = highspy.HighsSolution()
    start.col_value = x.tolist()
    start.value_valid = True
    must(model.setSolution(start), allow_warning=True)


def _left(limits: Limits, spent_s: float) -> Limits:
    """What is left of the time; some for each step."""
    return replace(limits, wall_s=max(limits.wall_s - spent_s, _LEAST_SHARE * limits.wall_s))


def _is_close(answer: Answer, limits: Limits) -> bool:
    return answer.gap_usd <= limits.gap_ratio * abs(answer.cost_usd)
