"""Stretches of time, each solved alone: what ties them is priced by the duals of the loose program.

A row over several stretches is left out, and what it costs to keep it is put on its columns (Lagrange); a
column that several stretches share, such as a month's peak, is given to each as a copy, and its cost is
split among the copies. Whatever the prices, the stretches' best together cost no more than any plan of the
whole (Geoffrion 1974, "Lagrangean relaxation for integer programming"): a bound far better than the loose
program's own, because within a stretch every yes and no is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.commitment.excerpt import excerpt
from wattshift.allocate.coupled.commitment.quick import solve_small
from wattshift.allocate.coupled.commitment.stretches import SHARED, Stretches
from wattshift.allocate.coupled.highs import Answer
from wattshift.allocate.coupled.program import Index, Program
from wattshift.errors import Infeasible

__all__ = ["Pieces", "Prices", "price", "solve_stretches"]

_Row: TypeAlias = NDArray[np.float64]

_SAME = 1e-6
_MOST, _LEAST = 5.0, 0.5
"""How many times its share of the time a stretch may take, and what it is given even when the time is up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prices:
    """What stretches pay.

    Args:
        cost_usd: cost of every column, with the price of the rows left out [USD], shape (columns,).
        offset_usd: what those rows' sides are worth [USD].
        copies: for each stretch the columns that it shares.
        copy_usd: what its copy of each costs [USD].
    """

    cost_usd: _Row
    offset_usd: float
    copies: tuple[Index, ...]
    copy_usd: tuple[_Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """The stretches' own answers.

    Args:
        bound_usd: no answer of the whole costs less [USD].
        x: their decisions, and one value for what they share, shape (columns,).
        spent_s: how long it took [s].
    """

    bound_usd: float
    x: _Row
    spent_s: float


def price(program: Program, stretches: Stretches, loose: Answer) -> Prices:
    """Prices from the duals of the loose program."""
    dual = np.where(stretches.links, loose.row_dual_usd, 0.0)
    # A price of a side that does not exist is a rounding of the solver's.
    dual = np.where(np.isinf(np.where(dual > 0.0, program.row_low, program.row_high)), 0.0, dual)
    side = np.where(dual > 0.0, program.row_low, np.where(dual < 0.0, program.row_high, 0.0))
    size = program.cost_usd.size
    paid = program.value * dual[stretches.of_entry]
    cost = program.cost_usd - np.bincount(program.column, paid, minlength=size)
    copies, copy_usd = _split(program, stretches, loose.row_dual_usd, cost)
    return Prices(
        cost_usd=cost, offset_usd=program.offset_usd + float(dual @ side), copies=copies, copy_usd=copy_usd
    )


def _split(
    program: Program, stretches: Stretches, dual: _Row, cost: _Row
) -> tuple[tuple[Index, ...], tuple[_Row, ...]]:
    """The copies of each stretch and their costs, which add up to the whole column's cost."""
    shared = stretches.column[program.column] == SHARED
    shared &= ~stretches.links[stretches.of_entry]
    rows, columns = stretches.of_entry[shared], program.column[shared]
    size = program.cost_usd.size
    key, place = np.unique(stretches.row_first[rows] * size + columns, return_inverse=True)
    stretch, column = np.divmod(key, size)
    paid: _Row = program.value[shared] * dual[rows]
    share: _Row = np.bincount(place, paid, minlength=key.size).astype(np.float64)
    weight = np.bincount(place, minlength=key.size) / np.bincount(columns, minlength=size)[column]
    # What the rows do not explain is spread evenly.
    share = share + weight * (cost - np.bincount(column, share, minlength=size))[column]
    ends = np.searchsorted(stretch, np.arange(stretches.count + 1))
    parts = [slice(*pair) for pair in pairwise(ends)]
    return tuple(column[part] for part in parts), tuple(share[part] for part in parts)


def solve_stretches(
    program: Program, stretches: Stretches, prices: Prices, wall_s: float, gap_usd: float
) -> Pieces:
    """Each stretch on its own, then once more where it and the others want a shared column elsewhere.

    Args:
        program: the whole.
        stretches: how it is cut.
        prices: what its stretches pay.
        wall_s: time for all of them [s]; twice as much at the very most.
        gap_usd: how close to its bound each stretch must come [USD].

    Raises:
        Infeasible: if a stretch contradicts itself; then so does the whole.
        Unbounded: if the prices are no duals.
        LimitReached: if a stretch found nothing in time.
    """
    parts = [_alone(program, stretches, prices, k) for k in range(stretches.count)]
    answers, spent_s = [], 0.0
    for k, part in enumerate(parts):
        fair_s = max(_MOST * (wall_s - spent_s) / (stretches.count - k), _LEAST * wall_s / stretches.count)
        answers.append(solve_small(part.program, fair_s, gap_usd))
        spent_s += answers[-1].spent_s
    bound = prices.offset_usd + sum(answer.bound_usd for answer in answers)
    x = np.zeros(program.cost_usd.size)
    _agree(x, parts, answers)
    for part, answer in zip(parts, answers, strict=True):
        wants = answer.x[part.own.size :]
        found = answer
        if (np.abs(x[part.copies] - wants) > _SAME).any():
            try:
                fair_s = max(wall_s - spent_s, _LEAST * wall_s / stretches.count)
                found = solve_small(_held(part, x), fair_s, gap_usd)
                spent_s += found.spent_s
            except Infeasible:  # it cannot do with less
                x[part.copies] = np.maximum(x[part.copies], wants)
        x[part.own] = found.x[: part.own.size]
    return Pieces(bound_usd=bound, x=x, spent_s=spent_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """A stretch's program: its own columns, then its copies of shared ones."""

    program: Program
    own: Index
    copies: Index
    copy_usd: _Row


def _alone(program: Program, stretches: Stretches, prices: Prices, k: int) -> _Part:
    own = np.flatnonzero(stretches.column == k)
    copies, copy_usd = prices.copies[k], prices.copy_usd[k]
    rows = np.flatnonzero((stretches.row_first <= k) & (stretches.row_last >= k))
    alone = excerpt(
        program,
        rows,
        np.concatenate([own, copies]),
        cost_usd=np.concatenate([prices.cost_usd[own], copy_usd]),
        least=program.low,
        most=program.high,
    )
    return _Part(program=alone, own=own, copies=copies, copy_usd=copy_usd)


def _agree(x: _Row, parts: list[_Part], answers: list[Answer]) -> None:
    """Give every shared column the median of what its stretches want, each weighed by what it pays."""
    if not any(part.copies.size for part in parts):
        return
    column = np.concatenate([part.copies for part in parts])
    weight = np.maximum(0.0, np.concatenate([part.copy_usd for part in parts]))
    wants = np.concatenate([answer.x[part.own.size :] for part, answer in zip(parts, answers, strict=True)])
    for shared in np.unique(column):
        here = np.flatnonzero(column == shared)
        here = here[np.argsort(wants[here], kind="stable")]
        half = np.cumsum(weight[here]) >= weight[here].sum() / 2.0
        x[shared] = wants[here[int(np.argmax(half))]]


def _held(part: _Part, x: _Row) -> Program:
    """A stretch whose copies stay where they were agreed to be."""
    low, high = part.program.low.copy(), part.program.high.copy()
    low[part.own.size :] = high[part.own.size :] = x[part.copies]
    return replace(part.program, low=low, high=high)
