"""The merit order where nothing couples the intervals: closed form, for all intervals at once.

**The question.** In one interval every stretch of a load pays v_i for each MWh up to its length; every
stretch of supply (block, power bought, a generator) costs c_j for each MWh up to its length; what is used is
supplied.

**The optimum.** Write y_j for supply and s_j for its length, and let s_j - y_j, what is *not* supplied, be
a use as well: it saves c_j. Then uses x_i and savings s_j - y_j together share out exactly S = sum s_j, each
MWh earns its v_i or c_j, and the best share is the fractional knapsack's: in falling order of earning until S
is gone. That is exact as long as each load's stretches fall in worth and those of drawn power rise in cost.

Drawn power rises in cost but for one case: a block that costs more to use than spot power does (a negative
price), which must be used before any is bought. There the two cases, block used up and nothing bought, are
each answered so, and the better one is the optimum. Of equally good plans the one of least power is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["can_bind", "has_merit_order", "merit_order"]

_Row: TypeAlias = NDArray[np.float64]

_ROUNDING_MW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stretch:
    """A use of power, or supply not used: how long it is [MW], and what a MWh earns [USD/MWh]; shape (T,)."""

    size: _Row
    value: _Row


def has_merit_order(problem: CoupledProblem) -> bool:
    """Whether `merit_order` is the optimum once time is left out of account."""
    grid = problem.grid
    if problem.batteries or problem.jobs or problem.reserves:
        return False
    if any(load.whole or not _falls(load) for load in problem.loads):
        return False
    if any(can_bind(problem, group.loads, group.limit_mw) for group in problem.groups):
        return False
    feeds = (grid.export_mw > 0.0) & (grid.block_mw > 0.0)
    return not (feeds & (grid.sell_usd_per_mwh > _block_usd_per_mwh(problem))).any()


def can_bind(problem: CoupledProblem, loads: tuple[str, ...], limit_mw: _Row) -> bool:
    """Whether these loads can together reach a limit."""
    most = sum((_most_mw(problem.load(name)) for name in loads), np.zeros(problem.intervals))
    return bool((most > limit_mw).any())


def merit_order(problem: CoupledProblem) -> CoupledPlan | None:
    """The best plan of each interval alone; None if in one the floors need more than there is.

    Ramps, least times, starts, stops and peak charges are not looked at.
    """
    drawn, within, cost = _drawn(problem)
    fixed = [_stretches(load) for load in problem.loads]
    must = sum((low for load in fixed for low, _, _ in load), np.zeros(problem.intervals))
    uses = [part for load in fixed for _, *parts in load for part in parts]
    uses.append(_Stretch(size=problem.grid.export_mw, value=problem.grid.sell_usd_per_mwh))
    made = [_Stretch(size=part.available_mw, value=part.cost_usd_per_mwh) for part in problem.generators]
    supply = [_Stretch(size=size, value=value) for size, value in zip(drawn, cost, strict=True)]

    dear = within & (_block_usd_per_mwh(problem) > problem.grid.buy_usd_per_mwh)
    forced = [
        _Stretch(size=np.where(dear[i], 0.0, part.size), value=part.value) for i, part in enumerate(supply)
    ]
    share, possible = _share([*supply, *made], [*forced, *made], uses, must)
    if dear.any():
        kept = within | ~dear.any(axis=0)
        fewer = [_Stretch(size=part.size * kept[i], value=part.value) for i, part in enumerate(supply)]
        other, other_possible = _share([*fewer, *made], [*fewer, *made], uses, must)
        earns = [_earned(each, [*supply, *made], uses) for each in (share, other)]
        better = other_possible & (~possible | (earns[1] >= earns[0]))
        share, possible = np.where(better, other, share), possible | other_possible
    return _plan(problem, share, fixed, within) if possible.all() else None


def _most_mw(load: Load) -> _Row:
    return np.minimum(load.available_mw, load.capacity_mw)


def _falls(load: Load) -> bool:
    worth = [step.worth_usd_per_mwh for step in load.steps]
    return all((later <= earlier).all() for earlier, later in pairwise(worth))


def _block_usd_per_mwh(problem: CoupledProblem) -> _Row:
    """What using a MWh of the block costs: its resale, forgone, and the charges on it."""
    return problem.grid.resale_usd_per_mwh + problem.grid.block_adder_usd_per_mwh


def _drawn(problem: CoupledProblem) -> tuple[_Row, NDArray[np.bool_], _Row]:
    """Stretches of drawn power, cut at the block and at soft caps: size, whether of the block, and cost.

    Each of shape (number, T).
    """
    grid = problem.grid
    block = np.minimum(grid.block_mw, grid.import_mw)
    caps = [cap for cap in problem.soft_caps if (cap.penalty_usd_per_mwh > 0.0).any()]
    ends = [block, *(np.clip(cap.cap_mw, 0.0, grid.import_mw) for cap in caps), grid.import_mw]
    end = np.sort(np.stack(ends), axis=0)
    begin = np.concatenate([np.zeros((1, problem.intervals)), end[:-1]])
    within = (end <= block) & (end > begin)
    cost = np.where(within, _block_usd_per_mwh(problem), grid.buy_usd_per_mwh)
    for cap in caps:
        cost += np.where(begin >= cap.cap_mw, cap.penalty_usd_per_mwh, 0.0)
    dearest_first = slice(None, None, -1)  # of equal costs, the block is used and nothing bought
    return (end - begin)[dearest_first], within[dearest_first], cost[dearest_first]


def _stretches(load: Load) -> list[tuple[_Row, _Stretch, _Stretch]]:
    """For each step: what must run of it, what was promised beyond, and the rest."""
    found = []
    before = np.zeros_like(load.available_mw)
    for step in load.steps:
        size = np.clip(load.available_mw - before, 0.0, step.capacity_mw)
        low = np.clip(load.floor_mw - before, 0.0, size)
        promised = np.clip(load.promised_mw - before, low, size) - low
        worth = step.worth_usd_per_mwh
        kept = _Stretch(size=promised, value=worth + load.credit_usd_per_mwh)
        found.append((low, kept, _Stretch(size=size - low - promised, value=worth)))
        before = before + step.capacity_mw
    return found


def _share(
    supply: list[_Stretch], saved: list[_Stretch], uses: list[_Stretch], must: _Row
) -> tuple[_Row, NDArray[np.bool_]]:
    """What each supply gives and each use gets above what must run, and where that is possible at all.

    `saved` is what of each supply may be left unused; of equal values it is left unused.
    """
    sizes = np.stack([part.size for part in (*saved, *uses)])
    values = np.stack([part.value for part in (*saved, *uses)])
    give = np.stack([part.size for part in supply])
    total = give.sum(axis=0) - must
    order = np.argsort(-values, axis=0, kind="stable")
    sorted_sizes = np.take_along_axis(sizes, order, axis=0)
    before = np.cumsum(sorted_sizes, axis=0) - sorted_sizes
    got = np.empty_like(sizes)
    np.put_along_axis(got, order, np.clip(total - before, 0.0, sorted_sizes), axis=0)
    got[: len(give)] = give - got[: len(give)]
    possible = (total >= -_ROUNDING_MW) & (total <= sizes.sum(axis=0) + _ROUNDING_MW)
    return got, possible


def _earned(share: _Row, supply: list[_Stretch], uses: list[_Stretch]) -> _Row:
    values = np.stack([*(-part.value for part in supply), *(part.value for part in uses)])
    earned: _Row = (share * values).sum(axis=0)
    return earned


def _plan(
    problem: CoupledProblem,
    share: _Row,
    fixed: list[list[tuple[_Row, _Stretch, _Stretch]]],
    within: NDArray[np.bool_],
) -> CoupledPlan:
    n_drawn = len(within)
    made = {part.name: share[n_drawn + i] for i, part in enumerate(problem.generators)}
    rows = iter(share[n_drawn + len(made) :])
    steps = {}
    for load, stretches in zip(problem.loads, fixed, strict=True):
        steps[load.name] = np.stack([low + next(rows) + next(rows) for low, *_ in stretches])
    drawn = share[:n_drawn]
    return CoupledPlan(
        bought_mw=np.where(within, 0.0, drawn).sum(axis=0),
        block_mw=np.where(within, drawn, 0.0).sum(axis=0),
        fed_in_mw=next(rows),
        step_mw=steps,
        job_mw={},
        charge_mw={},
        discharge_mw={},
        held_mwh={},
        made_mw=made,
        reserve_mw={},
    )
