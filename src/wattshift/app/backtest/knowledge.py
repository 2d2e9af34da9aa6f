"""When each figure of a site's own series is known, and what is to be expected of it before.

| series | known |
|---|---|
| the site's own temperature, plants and produced power | in its interval, as the meters show it |
| prices and probabilities of the day ahead | at 13:30 local time of the day before |
| calls of the grid | at their notice |
| the grid's emissions | at the end of the interval |

A column `known_at` of the file says otherwise, row by row. Before a figure is known, its column `forecast`
stands for it from 13:30 of the day before on, and before that what was usual at that time of the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.app.siteplan.series import Placed, placed_series
from wattshift.assets.site import Site
from wattshift.clock import format_instant, from_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.forecast.path import UsualPaths

__all__ = ["Revealed", "published_us", "reveal"]

_Row: TypeAlias = NDArray[np.float64]
_Instants: TypeAlias = NDArray[np.int64]
"""Microseconds since 1970."""

_HOUR_US = 3_600_000_000
_BEFORE_MIDNIGHT = timedelta(hours=10, minutes=30)
"""From 13:30, when ERCOT's day-ahead market has published, to the end of that day."""


class _Kind(StrEnum):
    """How figures of a series become known."""

    OWN = "own"
    DAY_AHEAD = "day ahead"
    CALL = "call"
    SETTLED = "settled"


@dataclass(frozen=True, kw_only=True, eq=False)
class Revealed:
    """A series and when its figures are known.

    Args:
        name: of the series.
        first: the row of the backtest's prices at which it begins.
        value: its figures, shape (K,).
        known_us: when each is known.
        forecast: what was said of each a day before, where the file tells it.
        published_us: when that was.
        is_own: whether each figure is known in its own interval at the latest.
        is_rare: whether nothing is expected before it is known, as of calls.
        n_per_day: intervals a day.
    """

    name: str
    first: int
    value: _Row
    known_us: _Instants
    forecast: _Row | None
    published_us: _Instants
    is_own: bool
    is_rare: bool
    n_per_day: int

    def cut(self, begin: int, end: int) -> Revealed:
        """The same of fewer rows of the prices, from `begin` up to `end`."""
        kept = slice(max(0, begin - self.first), end - self.first)
        return replace(
            self,
            first=max(0, self.first - begin),
            value=self.value[kept],
            known_us=self.known_us[kept],
            forecast=None if self.forecast is None else self.forecast[kept],
            published_us=self.published_us[kept],
        )

    def true(self, row: int, end: int) -> _Row:
        """The figures of some rows of the prices."""
        return self.value[row - self.first : end - self.first]

    def foreseen(self, row: int, count: int, at_us: int) -> _Row:
        """The figures of `count` rows as they look at an instant, the start of the first.

        Raises:
            OutOfSpan: if nothing of the series is known yet.
        """
        here = row - self.first
        rows = slice(here, here + count)
        known = self.known_us[rows] <= at_us
        if self.is_own:
            known[0] = True
        if known.all():
            return self.value[rows]
        said = np.zeros(count) if self.is_rare else self._usual(here, count, at_us)
        if self.forecast is not None:
            said = np.where(self.published_us[rows] <= at_us, self.forecast[rows], said)
        return np.where(known, self.value[rows], said)

    def known_rows(self, at_us: _Instants) -> _Instants:
        """How many of its figures, from the first on without a gap, are known at some instants."""
        return np.searchsorted(self._all_known_us, at_us, side="right")

    def _usual(self, here: int, count: int, at_us: int) -> _Row:
        last = int(self.known_rows(np.array(at_us))) - 1
        if self.is_own:
            last = max(last, here)
        if last < 0:
            raise OutOfSpan(
                f"nothing is known yet of the series {self.name!r}",
                at=format_instant(from_unix(at_us // 1_000_000)),
                hint="let its file begin a day or more before --start, or give it a column forecast",
            )
        end = here + count
        usual = self.value[here:end].copy()
        ahead = max(last + 1, here)
        if ahead < end:
            usual[ahead - here :] = self._paths.after(last, end - 1 - last)[ahead - last - 1 :]
        return usual

    @cached_property
    def _all_known_us(self) -> _Instants:
        return np.maximum.accumulate(self.known_us)

    @cached_property
    def _paths(self) -> UsualPaths:
        return UsualPaths(self.value, n_per_day=self.n_per_day)


def reveal(site: Site, prices: pl.DataFrame, first: int) -> dict[str, Revealed]:
    """The series of a site over a window and as much before it as their files hold.

    Args:
        site: the site.
        prices: `start` and `hours` of the window's intervals, and of those before it.
        first: the row at which the window begins.

    Raises:
        InputError, OutOfSpan, Missing, Malformed: as `wattshift.app.siteplan.series.known_of`.
    """
    kinds = _kinds(site)
    begin_us = prices["start"].dt.epoch("us").to_numpy()
    published = published_us(prices["start"], site.time_zone)
    n_per_day = round(24.0 / float(prices["hours"][0]))
    revealed = {}
    for each in site.series:
        placed = placed_series(each, site.time_zone, prices, first)
        kind, notice_us = kinds.get(each.name, (_Kind.DAY_AHEAD, 0))
        revealed[each.name] = Revealed(
            name=each.name,
            first=placed.first,
            value=placed.value,
            known_us=_known_us(placed, kind, notice_us, begin_us, published, _HOUR_US * 24 // n_per_day),
            forecast=placed.forecast,
            published_us=published[placed.first :],
            is_own=kind is _Kind.OWN,
            is_rare=kind is _Kind.CALL,
            n_per_day=n_per_day,
        )
    return revealed


def published_us(start: pl.Series, zone: str) -> _Instants:
    """When the day-ahead market has published the prices of each interval: 13:30 of the local day before."""
    day = start.dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.truncate("1d")
    out = (day - _BEFORE_MIDNIGHT).dt.replace_time_zone(zone, ambiguous="earliest")
    return out.dt.epoch("us").to_numpy()


def _known_us(
    placed: Placed, kind: _Kind, notice_us: int, begin_us: _Instants, published: _Instants, step_us: int
) -> _Instants:
    if placed.known_us is not None:
        return placed.known_us
    begin = begin_us[placed.first :]
    if kind is _Kind.DAY_AHEAD:
        return published[placed.first :]
    if kind is _Kind.CALL:
        return begin - notice_us
    return begin + step_us if kind is _Kind.SETTLED else begin


def _kinds(site: Site) -> Mapping[str, tuple[_Kind, int]]:
    """How each series is used; of several uses the most physical one counts."""
    kinds: dict[str, tuple[_Kind, int]] = {}
    if site.carbon is not None and site.carbon.grid_series is not None:
        kinds[site.carbon.grid_series] = _Kind.SETTLED, 0
    for contract in site.interruptible:
        if contract.call_series is not None:
            kinds[contract.call_series] = _Kind.CALL, round(contract.notice_h * _HOUR_US)
    own = [site.outside_series, *(each.available_series for each in site.generators)]
    if site.tariff.ppa is not None:
        own.append(site.tariff.ppa.produced_series)
    return kinds | {name: (_Kind.OWN, 0) for name in own if name is not None}
