"""Letting rules run over a stretch of time: the very steps that a live watch takes, by another clock."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from wattshift.alerts.lifecycle import Change, Event
from wattshift.alerts.observations import Observations
from wattshift.alerts.rule import HashpriceBelowBreakEven, PriceSpike, RetargetBeyond, Rule
from wattshift.alerts.watch import Watch, WatchState
from wattshift.clock import Window
from wattshift.units import SECONDS_PER_HOUR

__all__ = ["Look", "Progress", "Span", "run_rules", "spans_of", "step_of_s"]

Look = Callable[[datetime, Collection[Rule]], Observations]
"""Shows some rules what was known at an instant."""


Progress = Callable[[int, int], None]
"""Is told how many steps of how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One alert: its onset, and its recovery if it had one."""

    onset: Event
    recovery_at: datetime | None


def step_of_s(rule: Rule) -> float:
    """How often a rule is asked when history is replayed: as often as its evidence is news [s]."""
    if isinstance(rule, PriceSpike):
        return SECONDS_PER_HOUR / 4
    if isinstance(rule, RetargetBeyond | HashpriceBelowBreakEven):
        return 6.0 * SECONDS_PER_HOUR
    return float(SECONDS_PER_HOUR)


def run_rules(
    rules: Collection[Rule],
    look: Look,
    window: Window,
    *,
    progress: Progress | None = None,
) -> dict[str, list[Event]]:
    """All events of each rule, by its name.

    Args:
        rules: the rules.
        look: shows them what was known.
        window: the stretch of time; each rule is asked from its start on, as often as `step_of_s` says.
        progress: is told how many steps of how many are done.
    """
    events: dict[str, list[Event]] = {rule.name: [] for rule in rules}
    by_step: dict[float, list[Rule]] = {}
    for rule in rules:
        by_step.setdefault(step_of_s(rule), []).append(rule)
    counts = {step_s: int(window.length_s // step_s) + 1 for step_s in by_step}
    done = 0
    for step_s, some in by_step.items():
        watch, state = Watch(tuple(some)), WatchState()
        for index in range(counts[step_s]):
            now = window.start_at + timedelta(seconds=index * step_s)
            state, happened = watch.step(state, look(now, some), now)
            for event in happened:
                events[event.rule].append(event)
            if progress is not None and index % 256 == 0:
                progress(done + index, sum(counts.values()))
        done += counts[step_s]
    return events


def spans_of(events: Collection[Event]) -> list[Span]:
    """Onsets with their recoveries, from the events of one rule in order."""
    spans: list[Span] = []
    for event in events:
        if event.change is Change.ONSET:
            spans.append(Span(onset=event, recovery_at=None))
        elif event.change is Change.RECOVERY:
            spans[-1] = Span(onset=spans[-1].onset, recovery_at=event.at)
    return spans
