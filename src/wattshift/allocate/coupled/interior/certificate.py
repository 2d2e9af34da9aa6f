"""A bound that no plan can beat, from the duals alone, whoever found them.

Weak duality: for any duals y of the rows, with the reduced costs d = c - A'y,

    cost >= sum over rows of y times the side that y leans on + sum over columns of d times its bound,

row_low and low where the number is positive, row_high and high where it is negative. Nothing is taken on
trust: a number that leans on a side that is not there makes the bound minus infinity, so a row's dual of the
wrong sign is set to zero first, and a reduced cost of the wrong sign is pushed back through its rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wattshift.allocate.coupled.interior.arrays import Row
from wattshift.allocate.coupled.program import Program

__all__ = ["bound_usd", "matrix_of", "mended"]

_REPAIRS = 3
_ROUNDING = 1e-14
"""Of the sum of all terms: what adding them up in floating point may lose, many times over."""


def matrix_of(program: Program) -> Any:
    """The program's coefficients as a sparse matrix."""
    from scipy.sparse import csr_array

    shape = (program.row_low.size, program.cost_usd.size)
    return csr_array((program.value, program.column, program.row_start), shape=shape)


def mended(program: Program, row_dual_usd: Row) -> Row:
    """Duals near these that lean only on sides that are there, as far as a few repairs go."""
    dual = _signed(program, row_dual_usd)
    matrix = matrix_of(program)
    columns = None
    for _ in range(_REPAIRS):
        reduced = program.cost_usd - matrix.T @ dual
        wrong = np.flatnonzero(
            ((reduced < 0.0) & np.isinf(program.high)) | ((reduced > 0.0) & np.isinf(program.low))
        )
        if not wrong.size:
            break
        columns = matrix.tocsc() if columns is None else columns
        for column in wrong.tolist():
            _push(program, columns, dual, column, float(reduced[column]))
    return dual


def _signed(program: Program, dual: Row) -> Row:
    """Zero where the sign has no side to lean on."""
    dual = np.where(np.isinf(program.row_low), np.minimum(dual, 0.0), dual)
    return np.where(np.isinf(program.row_high), np.maximum(dual, 0.0), dual)


def _push(program: Program, columns: Any, dual: Row, column: int, excess: float) -> None:
    """Change the duals of a column's rows, as far as signs allow, until its own is on the right side."""
    for n in range(columns.indptr[column], columns.indptr[column + 1]):
        row, value = int(columns.indices[n]), float(columns.data[n])
        before = float(dual[row])
        changed = before + excess / value * (1.0 + 1e-9) + float(np.copysign(1e-15, excess / value))
        if np.isinf(program.row_low[row]):
            changed = min(changed, 0.0)
        if np.isinf(program.row_high[row]):
            changed = max(changed, 0.0)
        dual[row] = changed
        excess -= (changed - before) * value
        if excess == 0.0 or (excess > 0.0) == (program.high[column] == np.inf):
            return


def bound_usd(program: Program, row_dual_usd: Row) -> float:
    """What no plan can cost less than, by these duals [USD]; minus infinity where they prove nothing."""
    reduced = program.cost_usd - matrix_of(program).T @ row_dual_usd
    sides = (
        (row_dual_usd, program.row_low, program.row_high),
        (reduced, program.low, program.high),
    )
    total, size = program.offset_usd, abs(program.offset_usd)
    for number, low, high in sides:
        leans = number != 0.0
        terms = number[leans] * np.where(number > 0.0, low, high)[leans]
        if not np.isfinite(terms).all():
            return -np.inf
        total += float(terms.sum())
        size += float(np.abs(terms).sum())
    return total - _ROUNDING * size
