"""A linear program in bulk arrays: columns and rows are added by the thousand, never one by one.

    minimise  cost.x + offset   subject to  row_low <= A x <= row_high,  low <= x <= high,  some x whole

Rows and columns carry a label, in the words of the problem's parts, so that duals and conflicts can be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["Builder", "Index", "Label", "Program", "by_rows"]

Index: TypeAlias = NDArray[np.int64]
"""Numbers of columns or rows; -1 stands for none."""

_Row: TypeAlias = NDArray[np.float64]

_LARGEST = 1e15
"""A solver reads larger costs (1e20) and coefficients as infinite, and loses cents long before that."""

_SMALLEST = 1e-9
"""A solver reads smaller coefficients as zero."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a stretch of columns or rows is.

    Args:
        kind: the limit or the decision, such as "connection" or "ramp up".
        part: the part's own name, such as a load's.
        at: the interval of each (or the period, the job), shape (number,).
    """

    kind: str
    part: str
    first: int
    at: Index

    @property
    def span(self) -> slice:
        """Where it stands."""
        return slice(self.first, self.first + self.at.size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """The program; `A` is stored by rows (CSR)."""

    cost_usd: _Row
    low: _Row
    high: _Row
    whole: NDArray[np.bool_]
    row_low: _Row
    row_high: _Row
    row_start: Index
    column: Index
    value: _Row
    offset_usd: float
    columns: tuple[Label, ...]
    rows: tuple[Label, ...]

    def __post_init__(self) -> None:
        """Refuse NaN, and what a solver would silently read as infinite or as zero.

        Infinity is allowed only where it says "no limit": below on a lower side, above on an upper one.
        """
        size = np.abs(self.value)
        for name, row, good in (
            ("cost", self.cost_usd, np.abs(self.cost_usd) <= _LARGEST),
            ("coefficient", self.value, (size >= _SMALLEST) & (size <= _LARGEST)),
            ("lower bound", self.low, (self.low == -np.inf) | (np.abs(self.low) <= _LARGEST)),
            ("upper bound", self.high, (self.high == np.inf) | (np.abs(self.high) <= _LARGEST)),
            ("lower side", self.row_low, (self.row_low == -np.inf) | (np.abs(self.row_low) <= _LARGEST)),
            ("upper side", self.row_high, (self.row_high == np.inf) | (np.abs(self.row_high) <= _LARGEST)),
            ("fixed cost", np.array([self.offset_usd]), np.abs([self.offset_usd]) <= _LARGEST),
        ):
            if not good.all():
                worst = int(np.argmin(good))
                raise InputError(
                    f"a {name} of a plan's program is not a usable number",
                    number=worst,
                    value=float(row[worst]),
                    hint="look in the site and its prices for a number in another unit",
                )

    @property
    def is_linear(self) -> bool:
        """Whether no column must be whole."""
        return not self.whole.any()


@dataclass(slots=True)
class Builder:
    """Collects columns and rows."""

    offset_usd: float = 0.0
    _n_columns: int = 0
    _n_rows: int = 0
    _columns: list[Label] = field(default_factory=list)
    _rows: list[Label] = field(default_factory=list)
    _bounds: list[tuple[_Row, _Row, _Row, NDArray[np.bool_]]] = field(default_factory=list)
    _sides: list[tuple[_Row, _Row]] = field(default_factory=list)
    _terms: list[tuple[Index, Index, _Row]] = field(default_factory=list)

    def add_columns(
        self,
        kind: str,
        part: str,
        *,
        at: Index,
        low: _Row | float = 0.0,
        high: _Row | float = np.inf,
        cost_usd: _Row | float = 0.0,
        whole: bool = False,
    ) -> Index:
        """One column for each of `at`; their numbers."""
        size, first = at.size, self._n_columns
        self._columns.append(Label(kind, part, first, at))
        self._bounds.append(
            (_filled(low, size), _filled(high, size), _filled(cost_usd, size), np.full(size, whole))
        )
        self._n_columns += size
        return np.arange(first, self._n_columns)

    def add_rows(
        self,
        kind: str,
        part: str,
        *terms: tuple[Index, _Row | float],
        at: Index,
        low: _Row | float = -np.inf,
        high: _Row | float = np.inf,
    ) -> Index:
        """One row for each of `at`: the sum of its terms, (columns, coefficients); a column -1 is no term."""
        size, first = at.size, self._n_rows
        self._rows.append(Label(kind, part, first, at))
        self._sides.append((_filled(low, size), _filled(high, size)))
        rows = np.arange(first, first + size)
        for columns, coefficients in terms:
            self.add_terms(rows, columns, coefficients)
        self._n_rows += size
        return rows

    def add_terms(self, rows: Index, columns: Index, coefficients: _Row | float) -> None:
        """More terms of rows that are there already; any number of them in one row."""
        there = columns >= 0
        value = _filled(coefficients, columns.size)
        self._terms.append((rows[there], columns[there], value[there]))

    def build(self) -> Program:
        """The program; terms of one row and column are added up."""
        low, high, cost, whole = (np.concatenate(parts) for parts in zip(*self._bounds, strict=True))
        row_low, row_high = (np.concatenate(parts) for parts in zip(*self._sides, strict=True))
        rows, columns, values = (list(parts) for parts in zip(*self._terms, strict=True))
        row_start, column, value = by_rows(rows, columns, values, (self._n_rows, self._n_columns))
        return Program(
            cost_usd=cost,
            low=low,
            high=high,
            whole=whole,
            row_low=row_low,
            row_high=row_high,
            row_start=row_start,
            column=column,
            value=value,
            offset_usd=self.offset_usd,
            columns=tuple(self._columns),
            rows=tuple(self._rows),
        )


def _filled(value: _Row | float, size: int) -> _Row:
    return np.full(size, value, np.float64)


def by_rows(
    rows: list[Index], columns: list[Index], values: list[_Row], shape: tuple[int, int]
) -> tuple[Index, Index, _Row]:
    """Triplets as compressed rows (starts, columns, values) of a (rows, columns) shape; duplicates add up."""
    from scipy.sparse import coo_array

    places = (np.concatenate(rows), np.concatenate(columns))
    matrix = coo_array((np.concatenate(values), places), shape=shape).tocsr()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data
