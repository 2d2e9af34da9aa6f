"""All answers of a portfolio's sites, cleared interval by interval or mixed as whole plans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.highs import solve
from wattshift.allocate.coupled.parts import Peak
from wattshift.allocate.coupled.portfolio.curves import Cleared, LimitPart, Market, clear, cut_markets
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.portfolio.site import Response
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Builder, Index

__all__ = ["Asked", "clear_all", "mix_all"]

_Row: TypeAlias = NDArray[np.float64]

_LEAST_MWH = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What all sites answered in one round.

    Args:
        drawn_mw, worth_usd: shape (N, T), as of a `Response`.
        profit_usd: shape (N,).
    """

    drawn_mw: _Row
    worth_usd: _Row
    profit_usd: _Row

    @classmethod
    def of(cls, answers: Sequence[Response]) -> Asked:
        """Side by side."""
        return cls(
            drawn_mw=np.stack([answer.drawn_mw for answer in answers]),
            worth_usd=np.stack([answer.worth_usd for answer in answers]),
            profit_usd=np.array([answer.profit_usd for answer in answers]),
        )


def clear_all(
    sites: Sequence[CoupledProblem],
    shared: Sequence[SharedLimit],
    asked: Sequence[Asked],
    dearest_usd_per_mwh: float,
    mapped: Callable[[Callable[[Market], Cleared], Sequence[Market]], list[Cleared]],
) -> Cleared:
    """Clear every interval's market; markets that share nothing are cleared apart."""
    hours = sites[0].hours
    drawn, worth = (np.stack([getattr(each, key) for each in asked]) for key in ("drawn_mw", "worth_usd"))
    periods = [limit.period for limit in shared]
    periods += [peak.period for site in sites for peak in site.peaks]
    parts = cut_markets(periods, hours.size)
    cleared = mapped(
        clear,
        [
            Market(
                rows=rows,
                hours=hours[rows],
                drawn_mw=drawn[..., rows],
                worth_usd=worth[..., rows],
                limits=tuple(_limit_part(limit, rows, len(sites)) for limit in shared),
                peaks=tuple(tuple(_peak_part(peak, rows) for peak in site.peaks) for site in sites),
                dearest_usd_per_mwh=dearest_usd_per_mwh,
            )
            for rows in parts
        ],
    )
    share = np.zeros(drawn.shape[1:])
    prices = tuple(np.zeros(limit.limit_mwh.size) for limit in shared)
    for rows, part in zip(parts, cleared, strict=True):
        share[:, rows] = part.share_mw
        for limit, price, found in zip(shared, prices, part.price_usd_per_mwh, strict=True):
            price[_periods(limit.period[rows])] = found
    return Cleared(share_mw=share, price_usd_per_mwh=prices)


def _periods(period: Index) -> Index:
    return np.unique(period[period >= 0])


def _renumbered(period: Index) -> Index:
    known = _periods(period)
    return np.where(period >= 0, np.searchsorted(known, period), -1)


def _limit_part(limit: SharedLimit, rows: Index, n_sites: int) -> LimitPart:
    period = limit.period[rows]
    return LimitPart(
        members=limit.members(n_sites),
        period=_renumbered(period),
        limit_mwh=limit.limit_mwh[_periods(period)],
    )


def _peak_part(peak: Peak, rows: Index) -> Peak:
    period = peak.period[rows]
    known = _periods(period)
    return replace(
        peak,
        period=_renumbered(period),
        usd_per_mw=peak.usd_per_mw[known],
        already_mw=peak.already_mw[known],
    )


def mix_all(
    sites: Sequence[CoupledProblem],
    shared: Sequence[SharedLimit],
    asked: Sequence[Asked],
    dearest_usd_per_mwh: float,
) -> Cleared:
    """The best mix of whole answers within the limits: each site's mean draw, and the limits' prices."""
    build, hours, rows = Builder(), sites[0].hours, []
    for limit in shared:
        periods = np.arange(limit.limit_mwh.size)
        over = build.add_columns(
            "over", limit.name, at=periods, cost_usd=np.full(periods.size, dearest_usd_per_mwh)
        )
        rows.append(build.add_rows("shared", limit.name, (over, -1.0), at=periods, high=limit.limit_mwh))
    rounds = np.arange(len(asked))
    weights = []
    for number in range(len(sites)):
        profit = np.array([each.profit_usd[number] for each in asked])
        weight = build.add_columns("plan", str(number), at=rounds, high=1.0, cost_usd=-profit)
        weights.append(weight)
        one = build.add_rows("one plan", str(number), at=np.zeros(1, np.int64), low=1.0, high=1.0)
        build.add_terms(np.repeat(one, rounds.size), weight, 1.0)
        for limit, row in zip(shared, rows, strict=True):
            if limit.members(len(sites))[number]:
                _add_draws(build, limit, row, weight, [each.drawn_mw[number] for each in asked], hours)
    answer = solve(build.build())
    drawn = np.stack([each.drawn_mw for each in asked])
    share = np.stack(
        [np.tensordot(answer.x[weight], drawn[:, i], axes=1) for i, weight in enumerate(weights)]
    )
    prices = tuple(np.maximum(0.0, -answer.row_dual_usd[row]) for row in rows)
    return Cleared(share_mw=share, price_usd_per_mwh=prices)


def _add_draws(
    build: Builder, limit: SharedLimit, row: Index, weight: Index, draws: list[_Row], hours: _Row
) -> None:
    alone = replace(limit, sites=None)
    for column, drawn in zip(weight, draws, strict=True):
        energy = alone.drawn_mwh(drawn[None], hours)
        some = np.flatnonzero(energy > _LEAST_MWH)
        build.add_terms(row[some], np.full(some.size, column), energy[some])
