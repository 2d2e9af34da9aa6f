"""The desk of the alerts: rules, journal and channels of one store.

`step` is the seam for whoever has new observations: it reads what is remembered, lets the watch step, and
keeps the new state, the events and the messages in one transaction. `deliver` sends what is due. Both may
be called from different processes; what a person acknowledges or silences goes the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from wattshift.alerts.grouping import Digest, GroupState, gather
from wattshift.alerts.lifecycle import AlertState, Change, Event, acknowledge, silence, unsilence
from wattshift.alerts.observations import Observations
from wattshift.alerts.rule import Rule, Severity
from wattshift.alerts.watch import Watch, WatchState
from wattshift.app.alerting.message import message_of
from wattshift.config.alerts import AlertsFile
from wattshift.errors import Corrupt
from wattshift.report.jsontext import plain
from wattshift.store.alertjournal import AlertJournal, EventRow, MessageRow, Written

__all__ = ["AlertDesk", "Remembered", "recall"]

_ALERT_LIFE = timedelta(hours=72)
_HEARTBEAT_LIFE = timedelta(minutes=3)
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What is kept between two steps: of each alert, and of each group."""

    watch: WatchState = field(default_factory=WatchState)
    groups: Mapping[str, GroupState] = field(default_factory=dict)


_Step = Callable[[WatchState], tuple[WatchState, tuple[Event, ...]]]


class AlertDesk:
    """Steps the alerts of one rules file, and keeps them in one journal.

    Args:
        file: the rules file.
        journal: where they are kept.
    """

    def __init__(self, file: AlertsFile, journal: AlertJournal) -> None:
        self._file = file
        self._journal = journal
        self.watch = Watch(file.rules)

    @property
    def remembered(self) -> Remembered:
        """How the alerts stand.

        Raises:
            Corrupt: if what is kept makes no sense.
        """
        return recall(self._journal.state)

    def step(self, observations: Observations, now: datetime) -> tuple[Event, ...]:
        """Evaluate all rules once, and keep what follows.

        Args:
            observations: what is known.
            now: the present.

        Raises:
            StoreError: if it cannot be kept; nothing of it is then.
        """
        return self._keep(lambda state: self.watch.step(state, observations, now), now)

    def acknowledge(self, name: str, *, by: str, now: datetime) -> tuple[Event, ...]:
        """Say that somebody knows of an open alert.

        Raises:
            InputError: if there is no such rule, or its alert is not open.
        """

        def act(rule: Rule, state: AlertState) -> tuple[AlertState, Event]:
            return acknowledge(rule, state, by=by, now=now)

        return self._keep(lambda state: self.watch.change(state, name, act), now)

    def silence(
        self, name: str, *, until_at: datetime, by: str, reason: str, now: datetime
    ) -> tuple[Event, ...]:
        """Tell nothing of an alert until an instant.

        Raises:
            InputError: if there is no such rule, or the instant is past.
        """

        def act(rule: Rule, state: AlertState) -> tuple[AlertState, Event]:
            return silence(rule, state, until_at=until_at, by=by, reason=reason, now=now)

        return self._keep(lambda state: self.watch.change(state, name, act), now)

    def unsilence(self, name: str, *, now: datetime) -> tuple[Event, ...]:
        """End the silence of an alert at once, and tell how it stands; nothing happens where there is none.

        Raises:
            InputError: if there is no such rule.
        """
        rule = self.watch.rule(name)

        def step(state: WatchState) -> tuple[WatchState, tuple[Event, ...]]:
            after, events = unsilence(rule, state.alerts.get(name, AlertState()), now=now)
            return replace(state, alerts={**state.alerts, name: after}), events

        return self._keep(step, now)

    def _keep(self, step: _Step, now: datetime) -> tuple[Event, ...]:
        happened: list[Event] = []

        def change(body: bytes | None) -> Written:
            before = recall(body)
            watch, events = step(before.watch)
            groups, digests = gather(before.groups, events, now, interval_s=self._file.group_interval_s)
            happened.extend(events)
            after = Remembered(watch=watch, groups=groups)
            return Written(
                state=_adapter().dump_json(after),
                # A heartbeat is no news: its message is kept until it is sent, and that is all.
                events=[_event_row(event) for event in events if event.change is not Change.HEARTBEAT],
                messages=[row for digest in digests for row in self._messages(digest)],
            )

        self._journal.update(change, now=now)
        return tuple(happened)

    def _messages(self, digest: Digest) -> list[MessageRow]:
        """The digest for each channel that is told of it."""
        worst = max(_RANK[event.severity] for event in digest.events)
        names = [
            hook.name
            for hook in self._file.webhooks
            if hook.heartbeat == digest.is_heartbeat
            and (digest.is_heartbeat or worst >= _RANK[hook.min_severity])
        ]
        if not digest.is_heartbeat:
            names += [relay.name for relay in self._file.relays if worst >= _RANK[relay.min_severity]]
        life = _HEARTBEAT_LIFE if digest.is_heartbeat else _ALERT_LIFE
        body = message_of(digest, self._file.site).pack()
        return [
            MessageRow(key=digest.key, channel=name, body=body, until_at=digest.at + life) for name in names
        ]


def recall(body: bytes | None) -> Remembered:
    """Read what a journal remembers.

    Raises:
        Corrupt: if it makes no sense.
    """
    if body is None:
        return Remembered()
    from pydantic import ValidationError

    try:
        remembered: Remembered = _adapter().validate_json(body)
    except ValidationError as error:
        raise Corrupt(
            "what is remembered of the alerts makes no sense",
            hint="move the journal away: every alert that is open then begins anew",
        ) from error
    return remembered


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Remembered)


def _event_row(event: Event) -> EventRow:
    body = json.dumps(plain(event), sort_keys=True).encode()
    return EventRow(at=event.at, rule=event.rule, change=event.change.value, key=event.key, body=body)
