"""The merit order, in closed form.

**The question.** In one interval choose loads x_i with floor_i <= x_i <= capacity_i and sum x_i = L <= cap,
so as to maximise sum w_i x_i - C(L), where w_i is the worth of a MWh in use i and C is the cost of power
of `wattshift.allocate.account`.

**The optimum.** Write F for the sum of the floors.

1. For a fixed L in [F, cap] only sum w_i x_i depends on how L is shared. Serving the floors and then the
   uses in falling order of worth is optimal: moving power from a use of higher worth to one of lower
   worth cannot gain. The value V(L) so reached is continuous and linear between the points at which one
   use is full and the next begins: F, F + h_(1), F + h_(1) + h_(2), ... with h = capacity - floor.
2. C is continuous and linear on either side of the block's size B.
3. So V - C is continuous and piecewise linear on the interval [F, min(cap, F + sum h)], and its maximum is
   attained at an end or at a breakpoint of V or C. These are at most n + 2 points: evaluating them all
   is exact, whether or not C is convex. (It is not where the spot price is negative: load above the block
   is then paid for, load within it is not.)
4. Nothing couples the intervals, so the optimum of each is the optimum of all.

Of equally good loads the least is chosen, and of equal worths the earlier use is served first. The rows are
done in slices, so that memory does not grow with their number beyond that of the plan itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.account import power_cost
from wattshift.allocate.problem import Problem

__all__ = ["Dispatch", "dispatch"]

_ROWS = 8_192


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dispatch:
    """An optimal plan and what it claims to earn.

    Args:
        load_mw: load of each use in each interval [MW], shape (T, number of uses).
        profit_usd: profit of each interval [USD], shape (T,).
    """

    load_mw: NDArray[np.float64]
    profit_usd: NDArray[np.float64]


def dispatch(problem: Problem) -> Dispatch:
    """The most profitable plan; exact, see the module's proof."""
    rows = problem.hours.size
    load = np.empty((rows, len(problem.uses)))
    profit = np.empty(rows)
    for first in range(0, rows, _ROWS):
        part = slice(first, first + _ROWS)
        load[part], profit[part] = _best(problem, part)
    profit *= problem.hours
    return Dispatch(load_mw=load, profit_usd=profit)


def _best(problem: Problem, part: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Loads (R, n) [MW] and profit (R,) [USD/h] of a slice of R intervals; inside, uses run along axis 0."""
    worth = np.stack([use.worth_usd_per_mwh[part] for use in problem.uses])
    floor = np.array([use.floor_mw for use in problem.uses])
    spare = np.array([use.capacity_mw for use in problem.uses]) - floor
    order = np.argsort(-worth, axis=0, kind="stable")
    sorted_worth, sorted_spare = np.take_along_axis(worth, order, axis=0), spare[order]
    before = np.cumsum(sorted_spare, axis=0) - sorted_spare
    base, room = floor.sum(), problem.cap_mw[part] - floor.sum()

    fill = np.clip(room - before, 0.0, sorted_spare)
    profit, full = _at_breakpoints(problem, part, base, fill, sorted_worth)
    fill[np.arange(len(fill))[:, None] >= full] = 0.0
    if problem.block is not None:
        inside = np.minimum(room, max(0.0, problem.block.block_mw - base))
        other = np.clip(inside - before, 0.0, sorted_spare)
        other_profit, other_load = _profit(problem, part, base, other, sorted_worth)
        better = (other_profit > profit) | ((other_profit == profit) & (other_load < base + fill.sum(axis=0)))
        fill = np.where(better, other, fill)
        profit = np.where(better, other_profit, profit)
    load = np.empty_like(fill)
    np.put_along_axis(load, order, fill, axis=0)
    return (load + floor[:, None]).T, profit + floor @ worth


def _at_breakpoints(
    problem: Problem,
    part: slice,
    base: float,
    fill: NDArray[np.float64],
    worth: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The best profit above the floors' worth [USD/h] and how many uses are served for it, each (R,)."""
    spot, load, gain = problem.spot_usd_per_mwh[part], np.full(fill.shape[1], base), np.zeros(fill.shape[1])
    best = -power_cost(load, spot, problem.adder_usd_per_mwh, problem.block)
    served = np.zeros(fill.shape[1], np.intp)
    for count, (power, value) in enumerate(zip(fill, worth, strict=True), start=1):
        load = load + power
        gain = gain + power * value
        profit = gain - power_cost(load, spot, problem.adder_usd_per_mwh, problem.block)
        better = profit > best
        best = np.where(better, profit, best)
        served[better] = count
    return best, served


def _profit(
    problem: Problem, part: slice, base: float, fill: NDArray[np.float64], worth: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Profit above the floors' worth [USD/h] and total load [MW] of one filling, each (R,)."""
    load = base + fill.sum(axis=0)
    cost = power_cost(load, problem.spot_usd_per_mwh[part], problem.adder_usd_per_mwh, problem.block)
    return (fill * worth).sum(axis=0) - cost, load
