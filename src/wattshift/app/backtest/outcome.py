"""What every way of running a site earned, over time and summed by span."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from wattshift.app.backtest.events import Span
from wattshift.report.documents.backtest import Course, SpanResult, Way, WayResult

__all__ = ["Outcomes"]

_MOST_POINTS = 400
_NOTHING_USD = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """Profit and energy of each way in consecutive stretches of time, such as intervals or months.

    Args:
        start_at: starts of the stretches, shape (K,).
        profit_usd: for each way, shape (K,) [USD].
        energy_mwh: likewise, energy drawn [MWh].
    """

    start_at: tuple[datetime, ...]
    profit_usd: Mapping[Way, NDArray[np.float64]]
    energy_mwh: Mapping[Way, NDArray[np.float64]]

    def within(self, span: Span) -> SpanResult:
        """The sums over the stretches that start within a span."""
        starts_s = np.array([at.timestamp() for at in self.start_at])
        first, end = np.searchsorted(starts_s, [span.start_at.timestamp(), span.end_at.timestamp()])
        profit = {way: float(row[first:end].sum()) for way, row in self.profit_usd.items()}
        energy = {way: float(row[first:end].sum()) for way, row in self.energy_mwh.items()}
        best, base = profit[Way.FORESIGHT], profit[Way.AI_ONLY]
        planner, last = profit[Way.PLANNER], profit[Way.LAST_PRICE]
        fleet = profit.get(Way.FLEET_SELLING, profit[Way.FLEET_AVERAGE])
        return SpanResult(
            name=span.name,
            kind=span.kind,
            start_at=span.start_at,
            end_at=span.end_at,
            ways=tuple(
                WayResult(
                    way=way,
                    profit_usd=profit[way],
                    behind_usd=best - profit[way],
                    captured_ratio=_share(profit[way] - base, best - base),
                    energy_mwh=energy[way],
                )
                for way in profit
            ),
            gap_closed_ratio=_share(planner - last, best - last),
            over_fleet_ratio=_share(planner - fleet, fleet),
        )

    def course(self) -> Course:
        """How each way fell behind perfect foresight, thinned to a few hundred instants."""
        ways = tuple(way for way in self.profit_usd if way is not Way.FORESIGHT)
        best = self.profit_usd[Way.FORESIGHT]
        step = -(-len(self.start_at) // _MOST_POINTS)
        picked = np.arange(step - 1, len(self.start_at), step)
        behind = (np.cumsum(best - self.profit_usd[way])[picked] for way in ways)
        return Course(
            at=tuple(self.start_at[row] for row in picked.tolist()),
            ways=ways,
            behind_usd=tuple(tuple(row.tolist()) for row in behind),
        )


def _share(part_usd: float, whole_usd: float) -> float | None:
    return part_usd / whole_usd if whole_usd > _NOTHING_USD else None
