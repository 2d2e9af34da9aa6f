"""A program whose rows may be broken: slack columns, and how little of them is needed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.highs import Limits, solve
from wattshift.allocate.coupled.program import Index, Label, Program, by_rows

__all__ = ["Elastic"]

_Row: TypeAlias = NDArray[np.float64]

_NEEDED = 1e-7
"""A solver's own tolerance: a class that needs less than this is not loosened at all."""

_ROOM_RATIO = 5e-6
"""How much wider each earlier sum becomes whenever another is settled: more than a solver's tolerance, or its
answer to one question might be refused by the next."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _MoreRow:
    """A row beside those of the program."""

    columns: Index
    value: _Row
    low: float
    high: float

    def wider(self) -> _MoreRow:
        """With a little more room above."""
        return replace(self, high=self.high + _ROOM_RATIO * (1.0 + self.high))


@dataclass(slots=True)
class Elastic:
    """A program with slacks, which cost something only while they are settled.

    Args:
        own: the program as it is, which may have no answer.
    """

    own: Program
    _low: _Row = field(init=False)
    _high: _Row = field(default_factory=lambda: np.empty(0))
    _terms: list[tuple[Index, Index, _Row]] = field(default_factory=list)
    _more: list[_MoreRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._low = self.own.low.copy()

    def add(self, *rows: tuple[Index, float], high: _Row | float = np.inf) -> Index:
        """One slack for each row of the first list, the same one in all lists; the numbers of their columns.

        Args:
            rows: numbers of rows, and the sign with which the slack enters them.
            high: the most that each may give.
        """
        count = rows[0][0].size
        numbers = np.arange(count) + self._first + self._high.size
        self._high = np.append(self._high, np.broadcast_to(high, (count,)))
        self._terms += [(where, numbers, np.full(count, sign)) for where, sign in rows]
        return numbers

    def add_to_low(self, column: int) -> Index:
        """A slack of a column's lower bound."""
        least = float(self._low[column])
        slack = np.array([self._first + self._high.size])
        self._high = np.append(self._high, least)
        self._low[column] = 0.0
        self._more.append(
            _MoreRow(columns=np.append(slack, column), value=np.ones(2), low=least, high=np.inf)
        )
        return slack

    def settle(self, members: Index, weight: _Row, limits: Limits) -> None:
        """Find the least weighted sum of some slacks, and keep to it from now on.

        Raises:
            Infeasible, LimitReached, CheckFailed: as `wattshift.allocate.coupled.highs.solve`.
        """
        self._more = [row.wider() for row in self._more]
        program = self.program()
        cost = np.zeros_like(program.cost_usd)
        cost[members] = weight
        answer = solve(replace(program, cost_usd=cost, offset_usd=0.0), limits)
        least = float(weight @ answer.x[members])
        if least <= _NEEDED * float(weight.max()):
            self._high[members - self._first] = 0.0
            return
        self._more.append(_MoreRow(columns=members, value=weight, low=-np.inf, high=least).wider())

    def program(self, slack_usd: float = 0.0) -> Program:
        """The program with its slacks, at its own costs and this price of a unit of each slack."""
        own, size, more = self.own, self._high.size, self._more
        of_row = np.arange(own.row_low.size)
        terms = [(np.repeat(of_row, np.diff(own.row_start)), own.column, own.value), *self._terms]
        terms += [
            (np.full(row.columns.size, number), row.columns, row.value)
            for number, row in enumerate(more, start=of_row.size)
        ]
        rows, columns, values = (list(part) for part in zip(*terms, strict=True))
        shape = (of_row.size + len(more), self._first + size)
        row_start, column, value = by_rows(rows, columns, values, shape)
        return replace(
            own,
            cost_usd=np.append(own.cost_usd, np.full(size, slack_usd)),
            low=np.append(self._low, np.zeros(size)),
            high=np.append(own.high, self._high),
            whole=np.append(own.whole, np.zeros(size, np.bool_)),
            row_low=np.append(own.row_low, [row.low for row in more]),
            row_high=np.append(own.row_high, [row.high for row in more]),
            row_start=row_start,
            column=column,
            value=value,
            columns=(*own.columns, Label("slack", "the site", self._first, np.arange(size))),
            rows=(*own.rows, Label("slack", "the site", of_row.size, np.arange(len(more)))),
        )

    @property
    def _first(self) -> int:
        return self.own.cost_usd.size
