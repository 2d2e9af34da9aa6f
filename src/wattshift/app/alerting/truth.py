"""What was true: known only later, and used only to judge what rules would have said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.alerts.rule import (
    HashpriceBelowBreakEven,
    HashrateBelow,
    HashrateDrop,
    PriceSpike,
    RetargetBeyond,
    Rule,
)
from wattshift.app.alerting.chaineye import ChainEye
from wattshift.app.snapshot import Archive
from wattshift.chain.target import bits_to_difficulty
from wattshift.clock import Window, from_unix, to_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.level.arrivals import BIN_BLOCKS
from wattshift.measures.level.posterior import series
from wattshift.measures.level.statespace import smooth_level

__all__ = ["HOW", "Judge", "Verdict"]

HOW: dict[type[Rule], str] = {
    HashrateBelow: (
        "with all later blocks (Kim's smoother), the median of the hashrate at the onset is below the"
        " threshold; missed: below it by hindsight for a day or more, without an alert"
    ),
    HashrateDrop: (
        "with all later blocks (Kim's smoother), the median of the hashrate when it was raised is below that"
        " before the change began"
    ),
    RetargetBeyond: (
        "the adjustment that came was at least as large; missed: one that was, without an alert in its period"
    ),
    HashpriceBelowBreakEven: "hashprice at the first daily close from the onset on is below break-even",
    PriceSpike: "a settled price is a fact",
}
"""How the truth is decided, by kind of rule; kinds that are not here, history cannot answer."""

_DAY = timedelta(days=1)
_Stretch: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an alert was wrong, and how late it came; None where that is not known [s]."""

    is_false: bool | None
    delay_s: float | None = None


class Judge:
    """Judges alerts with all that is known now.

    Args:
        archive: the history.
        eye: what rules were shown.
    """

    def __init__(self, archive: Archive, eye: ChainEye) -> None:
        self._archive = archive
        self._eye = eye

    def judge(self, rule: Rule, onset_at: datetime) -> Verdict:
        """Judge an alert that began at an instant."""
        match rule:
            case HashrateBelow():
                return self._below(rule, onset_at)
            case HashrateDrop():
                return self._drop(rule, onset_at)
            case RetargetBeyond():
                return self._retarget(rule, onset_at)
            case HashpriceBelowBreakEven():
                return self._hashprice(rule, onset_at)
            case _:
                return Verdict(is_false=False, delay_s=0.0)

    def missed(self, rule: Rule, window: Window, open_spans: list[_Stretch]) -> int | None:
        """How often something was true and no alert was open; None where that is not defined.

        Args:
            rule: the rule.
            window: the stretch of time.
            open_spans: when its alerts were open.
        """
        match rule:
            case HashrateBelow():
                spans = [each for each in self._runs_below(rule.below_ehs) if each[1] - each[0] >= _DAY]
            case RetargetBeyond():
                spans = self._periods_beyond(rule)
            case _:
                return None
        inside = [each for each in spans if window.start_at <= each[0] and each[1] <= window.end_at]
        return sum(not any(_overlap(each, other) for other in open_spans) for each in inside)

    def _below(self, rule: HashrateBelow, at: datetime) -> Verdict:
        is_below = self._level_ehs(at) < rule.below_ehs
        begun_at = next(
            (start for start, end in self._runs_below(rule.below_ehs) if start <= at <= end), None
        )
        if not is_below or begun_at is None:
            return Verdict(is_false=not is_below)
        return Verdict(is_false=False, delay_s=(at - begun_at).total_seconds())

    def _drop(self, rule: HashrateDrop, at: datetime) -> Verdict:
        last = self._eye.see_drops(at)[rule.blocks_between].last
        if last is None:
            return Verdict(is_false=None)
        before_ehs = self._level_ehs(last.begun_at, bins_before=1)
        is_false = not self._level_ehs(last.raised_at) < before_ehs
        delay_s = None if is_false else (at - last.begun_at).total_seconds()
        return Verdict(is_false=is_false, delay_s=delay_s)

    def _retarget(self, rule: RetargetBeyond, at: datetime) -> Verdict:
        height = self._eye.see_retarget(at).height
        found = self._adjustment(height)
        if found is None:
            return Verdict(is_false=None)
        change_frac, came_at = found
        if not _is_beyond(rule, change_frac):
            return Verdict(is_false=True)
        return Verdict(is_false=False, delay_s=(at - came_at).total_seconds())

    def _hashprice(self, rule: HashpriceBelowBreakEven, at: datetime) -> Verdict:
        midnight_at = at.replace(hour=0, minute=0, second=0, microsecond=0)
        close_at = at if at == midnight_at else midnight_at + _DAY
        try:
            later = self._archive.as_of(close_at).hashprice
        except OutOfSpan:
            return Verdict(is_false=None)
        return Verdict(is_false=not later.usd_per_ph_day < rule.break_even_usd_per_ph_day)

    def _adjustment(self, height: int) -> tuple[float, datetime] | None:
        """The change at a block that opens a period, and its time; None if it is not known."""
        whole = self._eye.history.whole
        if height > whole.tip_height:
            return None
        difficulty, before = (bits_to_difficulty(whole.bits_at(each)) for each in (height, height - 1))
        return difficulty / before - 1, from_unix(int(whole.running_max_s[whole.index(height)]))

    def _periods_beyond(self, rule: RetargetBeyond) -> list[_Stretch]:
        whole = self._eye.history.whole
        interval = whole.network.retarget_interval
        first = (whole.first_height // interval + 1) * interval
        spans = []
        for height in range(first + interval, whole.tip_height + 1, interval):
            found = self._adjustment(height)
            if found is not None and _is_beyond(rule, found[0]):
                start_at = from_unix(int(whole.running_max_s[whole.index(height - interval)]))
                spans.append((start_at, found[1]))
        return spans

    def _level_ehs(self, at: datetime, *, bins_before: int = 0) -> float:
        """The median of the hashrate by hindsight [EH/s]."""
        ends_s, level = self._hindsight
        index = min(int(np.searchsorted(ends_s, to_unix(at))), len(level) - 1)
        return float(level[max(index - bins_before, 0)])

    def _runs_below(self, below_ehs: float) -> list[_Stretch]:
        """The stretches of time in which the hashrate was below a threshold, by hindsight."""
        ends_s, level = self._hindsight
        padded = np.concatenate(([False], level < below_ehs, [False]))
        starts, stops = np.flatnonzero(~padded[:-1] & padded[1:]), np.flatnonzero(padded[:-1] & ~padded[1:])
        return [
            (from_unix(float(ends_s[max(a - 1, 0)])), from_unix(float(ends_s[b - 1])))
            for a, b in zip(starts.tolist(), stops.tolist(), strict=True)
        ]

    @cached_property
    def _hindsight(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """End of each bin [s since 1970], and the median of the hashrate in it [EH/s]."""
        filtered = self._eye.level
        mean, _ = series(smooth_level(filtered))
        arrivals = filtered.arrivals
        ends_s = arrivals.arrival_s[arrivals.edge(1) : arrivals.edge(len(mean)) + 1 : BIN_BLOCKS]
        return ends_s, np.exp(mean)


def _is_beyond(rule: RetargetBeyond, change_frac: float) -> bool:
    return change_frac <= rule.change_frac if rule.change_frac < 0 else change_frac >= rule.change_frac


def _overlap(one: _Stretch, other: _Stretch) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
