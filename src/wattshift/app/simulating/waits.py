"""How long confirmations take on the days of a forecast: at once, or behind a backlog."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np

from wattshift.app.securitystate import SLOW_S
from wattshift.app.simulating.courses import band_of, instant_of
from wattshift.config.scenarioparts import Backlog
from wattshift.measures.security.waits import (
    BLOCK_VMB,
    FeeQueue,
    confirmation_wait_prob,
    confirmation_wait_s,
    queue_wait_prob,
    queue_wait_s,
)
from wattshift.report.documents.simulation import Band, WaitTimeRow
from wattshift.simulate.result import NetworkForecast, Quantity
from wattshift.units import SUFFIXES

__all__ = ["wait_rows"]

_WAITED_FOR = (1, 3, 6)
_MOST_LOAD = 3.0


def wait_rows(found: NetworkForecast, backlogs: tuple[Backlog, ...]) -> tuple[WaitTimeRow, ...]:
    """Time to 1, 3 and 6 confirmations on the first, the slowest and the last day.

    On each day blocks are a Poisson process; the band is that of its mean interval.
    """
    fan = found.daily[Quantity.INTERVAL]
    slowest = int(np.argmax(fan.mean))
    cases = {0: "first day", slowest: "slowest day", found.horizon_days - 1: "last day"}
    return tuple(
        _row(case, instant_of(found.as_of, day), band_of(fan, day), backlog, count)
        for day, case in sorted(cases.items())
        for backlog in (None, *backlogs)
        for count in _WAITED_FOR
    )


def _row(case: str, at: datetime, interval_s: Band, backlog: Backlog | None, count: int) -> WaitTimeRow:
    median_s = _band(lambda mean_s: _wait_s(backlog, count, 0.5, mean_s), interval_s)
    return WaitTimeRow(
        case=case,
        at=at,
        interval_s=interval_s,
        fee_sat_per_vb=None if backlog is None else backlog.fee_sat_per_vb,
        confirmations=count,
        median_s=median_s,
        ninth_tenth_s=None
        if median_s is None
        else _band(lambda mean_s: _wait_s(backlog, count, 0.9, mean_s), interval_s),
        slow_prob=_probs(lambda mean_s: _slow_prob(backlog, count, mean_s), interval_s),
    )


def _band(wait_s: Callable[[float], float | None], interval_s: Band) -> Band | None:
    """The waits at the three intervals, the slowest first: where that one does not end, there is no band."""
    ends: list[float] = []
    for mean_s in (interval_s.high, interval_s.median, interval_s.low):
        end_s = wait_s(mean_s)
        if end_s is None:
            return None
        ends.append(end_s)
    high, median, low = ends
    return Band(unit=SUFFIXES["_s"], low=low, median=median, high=high)


def _probs(prob: Callable[[float], float], interval_s: Band) -> Band:
    low, median, high = (prob(each) for each in (interval_s.low, interval_s.median, interval_s.high))
    return Band(unit=SUFFIXES["_prob"], low=low, median=median, high=high)


def _queue(backlog: Backlog, mean_s: float) -> FeeQueue | None:
    """The queue at an interval; None where so much more arrives than blocks hold that no wait ends."""
    if backlog.inflow_vmb_per_s * mean_s > _MOST_LOAD * BLOCK_VMB:
        return None
    return FeeQueue(
        ahead_vmb=backlog.ahead_vmb, inflow_vmb_per_s=backlog.inflow_vmb_per_s, mean_interval_s=mean_s
    )


def _wait_s(backlog: Backlog | None, count: int, within_prob: float, mean_s: float) -> float | None:
    if backlog is None:
        return confirmation_wait_s(count, within_prob, mean_interval_s=mean_s)
    queue = _queue(backlog, mean_s)
    return None if queue is None else queue_wait_s(queue, count, within_prob)


def _slow_prob(backlog: Backlog | None, count: int, mean_s: float) -> float:
    if backlog is None:
        return confirmation_wait_prob(count, SLOW_S, mean_interval_s=mean_s)
    queue = _queue(backlog, mean_s)
    return 1.0 if queue is None else queue_wait_prob(queue, count, SLOW_S)
