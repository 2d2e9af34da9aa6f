"""Each interval's market among the sites: what they answered so far as curves, cleared within the limits.

A site that was asked at several prices has shown, for each interval, what drawing more is worth: the concave
hull of its answers is a curve of stretches with falling worth. Limits, and charges on a site's highest power,
share the stretches out; the duals of the limits are the next prices. What ties a site's intervals together is
left out here: it is in the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.highs import Answer, Limits, Method, handed_over, must, run, solve
from wattshift.allocate.coupled.interior.linear import solve_linear
from wattshift.allocate.coupled.parts import Peak
from wattshift.allocate.coupled.program import Builder, Index, Program
from wattshift.errors import SolveError

__all__ = ["Cleared", "LimitPart", "Market", "clear", "cut_markets"]

_Row: TypeAlias = NDArray[np.float64]

_LEAST_MW = 1e-6
_LEAST_USD_PER_MWH = 1e-9
_MOST_PARTS = 300
"""More of them in an interval are left to the solver's own interior-point method."""

_LEAST_COLUMNS = 5_000
_BY_INTERIOR = Limits(method=Method.INTERIOR)
_LEAST_INTERVALS = 168
"""A market of fewer intervals is not worth a program of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LimitPart:
    """A shared limit within a market.

    Args:
        members: which sites it covers, shape (N,).
        period: of each interval; -1 where it looks away, shape (T,).
        limit_mwh: the most in each period.
    """

    members: NDArray[np.bool_]
    period: Index
    limit_mwh: _Row


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """Some of the intervals, whose limits and charges reach into no others.

    Args:
        rows: their numbers.
        hours: their lengths [h].
        drawn_mw, worth_usd: what the sites answered, shape (answers, N, T).
        limits: the shared limits.
        peaks: of each site its charges on peaks.
        dearest_usd_per_mwh: no limit is worth more.
    """

    rows: Index
    hours: _Row
    drawn_mw: _Row
    worth_usd: _Row
    limits: tuple[LimitPart, ...]
    peaks: tuple[tuple[Peak, ...], ...]
    dearest_usd_per_mwh: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cleared:
    """How a market is shared out.

    Args:
        share_mw: of each site, shape (N, T).
        price_usd_per_mwh: of each limit and its periods.
    """

    share_mw: _Row
    price_usd_per_mwh: tuple[_Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Curves:
    """Stretches of all sites and intervals above the least that each drew.

    Args:
        least_mw, most_mw: where the curves begin and end, shape (N, T).
        site, row: of each stretch.
        size_mw, worth_usd_per_mwh: of each stretch.
        number: whether it is its curve's first stretch, its second, and so on.
    """

    least_mw: _Row
    most_mw: _Row
    site: Index
    row: Index
    size_mw: _Row
    worth_usd_per_mwh: _Row
    number: Index

    def groups(self) -> Iterator[tuple[int, int, slice]]:
        """The stretches of one number and one site, which stand together in the order of their intervals."""
        code = self.number * len(self.least_mw) + self.site
        first = np.flatnonzero(np.diff(code, prepend=-1))
        for begin, end in pairwise([*first, code.size]):
            yield int(self.number[begin]), int(self.site[begin]), slice(int(begin), int(end))


def cut_markets(period_rows: Sequence[Index], intervals: int) -> list[Index]:
    """Intervals that share no period of a limit or a charge, in groups of a useful size."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, periods, count = [], [], intervals
    for period in period_rows:
        where = np.flatnonzero(period >= 0)
        rows.append(where)
        periods.append(period[where] + count)
        count += int(period.max(initial=-1)) + 1
    places = (np.concatenate(rows), np.concatenate(periods))
    graph = coo_array((np.ones(places[0].size), places), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    _, first, size = np.unique(label[:intervals], return_index=True, return_counts=True)
    order = np.argsort(first)
    group = np.empty(order.size, np.int64)
    group[order] = np.maximum(0, np.cumsum(size[order]) - 1) // _LEAST_INTERVALS
    _, known = np.unique(label[:intervals], return_inverse=True)
    of_row = group[known]
    return [np.flatnonzero(of_row == each) for each in np.unique(of_row)]


def clear(market: Market) -> Cleared:
    """Share a market out, and price its limits."""
    curves = _curves(market)
    build = Builder()
    stretch = np.concatenate(
        [
            build.add_columns(
                "stretch",
                f"{number}, {site}",
                at=curves.row[of],
                high=curves.size_mw[of],
                cost_usd=-(curves.worth_usd_per_mwh * market.hours[curves.row])[of],
            )
            for number, site, of in curves.groups()
        ]
        or [np.empty(0, np.int64)]
    )
    priced = [_limit_rows(build, market, curves, stretch, limit) for limit in market.limits]
    for site, peaks in enumerate(market.peaks):
        for peak in peaks:
            _peak_rows(build, curves, stretch, site, peak)
    taken, prices = curves.size_mw, [np.zeros(limit.limit_mwh.size) for limit in market.limits]
    if any(rows.size for rows, _ in priced):
        answer = _solved(build.build())
        taken = answer.x[stretch]
        for price, (rows, periods) in zip(prices, priced, strict=True):
            price[periods] = np.maximum(0.0, -answer.row_dual_usd[rows])
    share = curves.least_mw.copy()
    np.add.at(share, (curves.site, curves.row), taken)
    return Cleared(share_mw=share, price_usd_per_mwh=tuple(prices))


def _curves(market: Market) -> _Curves:
    """The concave hull of each site's answers in each interval, vertex after vertex."""
    drawn, worth = market.drawn_mw, market.worth_usd / market.hours
    first = drawn.argmin(axis=0)[None]
    at, value = np.take_along_axis(drawn, first, 0)[0], np.take_along_axis(worth, first, 0)[0]
    least, found = at, []
    ends = np.zeros(at.shape, np.bool_)
    for number in range(len(drawn) - 1):
        beyond = drawn > at + _LEAST_MW
        rise = np.divide(worth - value, drawn - at, out=np.full(drawn.shape, -np.inf), where=beyond)
        best = rise.argmax(axis=0)[None]
        slope = np.take_along_axis(rise, best, 0)[0]
        ends |= slope <= _LEAST_USD_PER_MWH
        site, row = np.nonzero(~ends)
        if not site.size:
            break
        to, earns = (np.take_along_axis(each, best, 0)[0] for each in (drawn, worth))
        found.append((site, row, (to - at)[site, row], slope[site, row], np.full(site.size, number)))
        at, value = np.where(ends, at, to), np.where(ends, value, earns)
    nothing = (np.empty(0, np.int64),) * 2 + (np.empty(0),) * 2 + (np.empty(0, np.int64),)
    sites, rows, sizes, slopes, numbers = (
        np.concatenate(parts) for parts in zip(nothing, *found, strict=True)
    )
    return _Curves(
        least_mw=least,
        most_mw=at,
        site=sites,
        row=rows,
        size_mw=sizes,
        worth_usd_per_mwh=slopes,
        number=numbers,
    )


def _limit_rows(
    build: Builder, market: Market, curves: _Curves, stretch: Index, limit: LimitPart
) -> tuple[Index, Index]:
    """Rows of the periods in which a limit can bind, and their numbers."""
    counts = limit.period >= 0

    def energy(power_mw: _Row) -> _Row:
        inside = (power_mw[limit.members] * market.hours).sum(axis=0)[counts]
        drawn = np.zeros(limit.limit_mwh.size)
        np.add.at(drawn, limit.period[counts], inside)
        return drawn

    periods = np.flatnonzero(energy(curves.most_mw) > limit.limit_mwh + _LEAST_MW)
    number = np.full(limit.limit_mwh.size + 1, -1)
    number[periods] = np.arange(periods.size)
    over = build.add_columns(
        "over", "", at=periods, cost_usd=np.full(periods.size, market.dearest_usd_per_mwh)
    )
    room = (limit.limit_mwh - energy(curves.least_mw))[periods]
    rows = build.add_rows("shared", "", (over, -1.0), at=periods, high=room)
    at = np.where(limit.members[curves.site], number[limit.period[curves.row]], -1)
    of = np.flatnonzero(at >= 0)
    build.add_terms(rows[at[of]], stretch[of], market.hours[curves.row[of]])
    return rows, periods


def _peak_rows(build: Builder, curves: _Curves, stretch: Index, site: int, peak: Peak) -> None:
    """A charge on what a site draws at most in a period, where its curves reach above what it must pay."""
    counts = peak.period >= 0
    already = peak.already_mw.copy()
    np.maximum.at(already, peak.period[counts], curves.least_mw[site][counts])
    periods = np.arange(already.size)
    label = f"{site}, {peak.name}"
    highest = build.add_columns("peak", label, at=periods, low=already, cost_usd=peak.usd_per_mw)
    where = np.flatnonzero(counts & (curves.most_mw[site] > already[peak.period] + _LEAST_MW))
    number = np.full(counts.size, -1)
    number[where] = np.arange(where.size)
    rows = build.add_rows(
        "peak",
        label,
        (highest[peak.period[where]], -1.0),
        at=where,
        high=-curves.least_mw[site][where],
    )
    of = np.flatnonzero(curves.site == site)
    of = of[number[curves.row[of]] >= 0]
    build.add_terms(rows[number[curves.row[of]]], stretch[of], 1.0)


def _solved(program: Program) -> Answer:
    """Wide and shallow programs are what interior-point methods are best at; simplex where they fail."""
    if program.cost_usd.size < _LEAST_COLUMNS:
        return solve(program)
    if len(program.columns) + len(program.rows) <= _MOST_PARTS:
        return solve_linear(program, _BY_INTERIOR)
    model = handed_over(program, Limits())
    must(model.setOptionValue("solver", "ipm"))
    must(model.setOptionValue("run_crossover", "off"))
    try:
        return run(model, program)
    except SolveError:
        return solve(program)
