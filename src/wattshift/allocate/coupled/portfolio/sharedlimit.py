"""What several sites share: a common connection, a block of energy, a yearly quota."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["SharedLimit"]

_Row: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedLimit:
    """What several sites may draw together.

    Args:
        name: in the contract's own words.
        period: the period of each interval, from 0; -1 where the limit looks away; shape (T,).
        limit_mwh: the most that may be drawn in each period [MWh].
        sites: numbers of the sites that it covers; None for all.
    """

    name: str
    period: NDArray[np.int64]
    limit_mwh: _Row
    sites: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse periods without a limit, and limits that are no amounts."""
        if not (np.isfinite(self.limit_mwh) & (self.limit_mwh >= 0.0)).all():
            raise InputError(
                "a shared limit is no amount of energy", limit=self.name, hint="give a number from 0 on"
            )
        if (
            self.period.dtype.kind != "i"
            or not ((self.period >= -1) & (self.period < self.limit_mwh.size)).all()
        ):
            raise InputError("a shared limit does not say how much each period may have", limit=self.name)

    @classmethod
    def of_power(
        cls, name: str, limit_mw: _Row, hours: _Row, sites: tuple[int, ...] | None = None
    ) -> SharedLimit:
        """A limit on power in each interval."""
        return cls(name=name, period=np.arange(hours.size), limit_mwh=limit_mw * hours, sites=sites)

    @property
    def is_of_power(self) -> bool:
        """Whether each interval is a period of its own."""
        return self.limit_mwh.size == self.period.size and bool((np.diff(self.period) == 1).all())

    def members(self, n_sites: int) -> NDArray[np.bool_]:
        """Which of so many sites it covers."""
        covers = np.full(n_sites, self.sites is None)
        if self.sites is not None:
            covers[list(self.sites)] = True
        return covers

    def drawn_mwh(self, drawn_mw: _Row, hours: _Row) -> _Row:
        """What sites draw of it in each period [MWh].

        Args:
            drawn_mw: power of all sites, shape (N, T).
            hours: the intervals' lengths, shape (T,).
        """
        energy = (drawn_mw[self.members(len(drawn_mw))] * hours).sum(axis=0)
        counts = self.period >= 0
        drawn = np.zeros(self.limit_mwh.size)
        np.add.at(drawn, self.period[counts], energy[counts])
        return drawn

    def by_interval(self, of_period: _Row) -> _Row:
        """A figure of each period at its intervals; zero where the limit looks away."""
        row: _Row = np.where(self.period >= 0, of_period[self.period], 0.0)
        return row
