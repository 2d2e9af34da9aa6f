"""A curve: columns over time, cut to what a screen asks for and to what was known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Self

import numpy as np
from numpy.typing import NDArray

from wattshift.app.charts.extremes import Extremes
from wattshift.errors import CheckFailed, InputError

__all__ = ["MAX_WIDTH_PX", "Curve", "Cut"]

MAX_WIDTH_PX = 4_096
"""The widest screen that is served."""

_RECENT_ROWS = 365
"""Which columns lead is decided by so many rows: a year, where they are days."""

_Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What is drawn of a curve.

    Args:
        at_s: shape (n,), ascending [s since 1970].
        columns: its columns, each of shape (n,), by name.
        rows: how many rows of the curve lie there.
    """

    at_s: _Column
    columns: Mapping[str, _Column]
    rows: int

    def packed(self) -> bytes:
        """All of it as 64-bit floats, little-endian: instants first, then column by column."""
        return np.concatenate([self.at_s, *self.columns.values()]).astype("<f8").tobytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Columns over time, each row known at its own instant: what is cut at an instant was known then.

    Args:
        name: its name, as in an address.
        title: what it shows.
        unit: of all its columns, as people are shown it.
        at_s: shape (n,), instants in ascending order [s since 1970].
        columns: each of shape (n,), by a name that ends in its unit.
        labels: what the columns are called, for people; text from outside may be among them.
        shown_ratio: a figure in that unit / the same in the unit of its column's name.
        is_step: whether a value holds until the next one, instead of leading to it.
        is_band: whether the columns are an estimate and the two ends of its interval.
        most: how many of its columns are shown; all where it is None.

    Raises:
        CheckFailed: if the instants are not in order, or a figure is not finite.
    """

    name: str
    title: str
    unit: str
    at_s: _Column
    columns: Mapping[str, _Column]
    labels: tuple[str, ...]
    shown_ratio: float = 1.0
    is_step: bool = False
    is_band: bool = False
    most: int | None = None
    _extremes: Mapping[str, Extremes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the extremes."""
        sizes = {len(self.at_s), *map(len, self.columns.values())}
        if len(sizes) != 1 or len(self.labels) != len(self.columns):
            raise CheckFailed("the columns of a curve are of unlike length", curve=self.name)
        if (np.diff(self.at_s) < 0).any():
            raise CheckFailed("the instants of a curve are not in order", curve=self.name)
        if not all(np.isfinite(column).all() for column in (self.at_s, *self.columns.values())):
            raise CheckFailed("a figure that is not finite reached a curve", curve=self.name)
        found = {name: Extremes(column) for name, column in self.columns.items()}
        object.__setattr__(self, "_extremes", found)

    @property
    def mark(self) -> str:
        """A short word for which columns it has, in which order."""
        return sha256("\n".join(self.columns).encode()).hexdigest()[:12]

    def leading(self, until_s: float) -> Self:
        """With those columns alone that are shown: the largest ones just before an instant [s since 1970].

        What comes later has no say in which these are, nor has what is long past.
        """
        if self.most is None:
            return self
        known = self.known(until_s)
        recent = slice(max(0, known - _RECENT_ROWS), known)
        sums = np.array([column[recent].sum() for column in self.columns.values()])
        names = [list(self.columns)[place] for place in np.argsort(-sums, kind="stable")[: self.most]]
        labels = dict(zip(self.columns, self.labels, strict=True))
        return replace(
            self,
            columns={name: self.columns[name] for name in names},
            labels=tuple(labels[name] for name in names),
            most=None,
        )

    def known(self, until_s: float) -> int:
        """How many of its rows were known at an instant [s since 1970]."""
        return int(np.searchsorted(self.at_s, until_s, side="right"))

    def cut(self, start_s: float, end_s: float, *, until_s: float, width_px: int) -> Cut:
        """What to draw between two instants on a screen so wide.

        Args:
            start_s: left edge [s since 1970].
            end_s: right edge [s since 1970].
            until_s: instant of knowledge; nothing from later is shown [s since 1970].
            width_px: columns of the screen [px].

        Returns:
            Of every stretch of about one or two columns the first, last, lowest and highest row of each
            column; and the rows just outside both edges, so that lines reach them.

        Raises:
            InputError: if the edges are not in order, or the screen is wider than any.
        """
        if not (np.isfinite(start_s) and np.isfinite(end_s) and start_s <= end_s):
            raise InputError("a picture starts before it ends", start=start_s, end=end_s, hint="swap them")
        if not 1 <= width_px <= MAX_WIDTH_PX:
            raise InputError(f"a screen has 1 to {MAX_WIDTH_PX:,} columns", width=width_px)
        known = self.known(until_s)
        inner = np.searchsorted(self.at_s, start_s, side="left"), self.known(end_s)
        first, last = max(0, int(inner[0]) - 1), min(known, inner[1] + 1)
        if first >= last:
            return self._taken(np.empty(0, dtype=np.int64), rows=0)
        chosen = [each.rows(first, last, stretches=width_px) for each in self._extremes.values()]
        rows = chosen[0] if len(chosen) == 1 else np.unique(np.concatenate(chosen))
        return self._taken(rows, rows=max(0, min(known, inner[1]) - int(inner[0])))

    def _taken(self, chosen: NDArray[np.int64], *, rows: int) -> Cut:
        columns = {name: column[chosen] for name, column in self.columns.items()}
        return Cut(at_s=self.at_s[chosen], columns=columns, rows=rows)
