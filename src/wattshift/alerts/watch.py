"""All rules together: one step from what is remembered and known to what is remembered and happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from wattshift.alerts.finding import evaluate
from wattshift.alerts.lifecycle import AlertState, Change, Event, advance
from wattshift.alerts.observations import Observations
from wattshift.alerts.rule import Rule, Severity
from wattshift.errors import InputError

__all__ = ["Watch", "WatchState"]

_GONE = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    """What is remembered of all alerts, by the names of their rules."""

    alerts: Mapping[str, AlertState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """Rules that are watched together.

    Args:
        rules: the rules, each name once.

    Raises:
        InputError: if two rules share a name.
    """

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"two rules are called {twice!r}", hint="give one of them another name")

    def rule(self, name: str) -> Rule:
        """The rule of a name.

        Raises:
            InputError: if there is none.
        """
        for rule in self.rules:
            if rule.name == name:
                return rule
        known = ", ".join(rule.name for rule in self.rules)
        raise InputError(f"there is no rule called {name!r}", hint=f"the rules are {known}")

    def step(
        self, state: WatchState, observations: Observations, now: datetime
    ) -> tuple[WatchState, tuple[Event, ...]]:
        """Evaluate every rule once.

        Args:
            state: what was returned by the step before; empty at the first.
            observations: what is known.
            now: the present.
        """
        alerts: dict[str, AlertState] = {}
        events: list[Event] = [*self._withdrawn(state, now)]
        for rule in self.rules:
            before = state.alerts.get(rule.name, AlertState())
            finding = evaluate(rule, observations, is_open=before.is_open)
            alerts[rule.name], more = advance(rule, before, finding, now)
            events += more
        return WatchState(alerts=alerts), tuple(events)

    def change(
        self, state: WatchState, name: str, act: Callable[[Rule, AlertState], tuple[AlertState, Event]]
    ) -> tuple[WatchState, tuple[Event, ...]]:
        """Let a person act on one alert: `acknowledge` or `silence`.

        Raises:
            InputError: if there is no such rule, or the act makes no sense.
        """
        after, event = act(self.rule(name), state.alerts.get(name, AlertState()))
        return replace(state, alerts={**state.alerts, name: after}), (event,)

    def _withdrawn(self, state: WatchState, now: datetime) -> list[Event]:
        """An alert that is open while its rule is gone must not stay open at its receivers."""
        names = {rule.name for rule in self.rules}
        return [
            Event(
                change=Change.WITHDRAWN,
                rule=name,
                key=f"{name}@{alert.onset_at.isoformat()}",
                at=now,
                since_at=alert.onset_at,
                severity=Severity.INFO,
                group=_GONE,
                finding=alert.finding,
                why="its rule is no longer in the file",
                is_muted=alert.silence is not None,
            )
            for name, alert in state.alerts.items()
            if name not in names and alert.onset_at is not None
        ]
