"""Alerts of a running service: stepped by the loop, acted upon by people, sent by the post."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock

from wattshift.alerts.lifecycle import Change, Event
from wattshift.alerts.observations import Observations
from wattshift.alerts.rule import Severity
from wattshift.app.alerting.desk import AlertDesk, recall
from wattshift.app.alerting.document import alerts_document
from wattshift.app.alerting.observing import HistoryEye, with_store
from wattshift.app.service.alerts.planwatch import PlanWatch
from wattshift.app.service.feeds.feed import Moment
from wattshift.app.snapshot import Archive
from wattshift.clock import Clock
from wattshift.config.alerts import AlertsFile
from wattshift.errors import Busy, StoreError
from wattshift.report.documents.alerts import AlertEventRow, AlertsDocument
from wattshift.report.figures import printable
from wattshift.report.jsontext import plain
from wattshift.store.alertjournal import AlertJournal, EventRow
from wattshift.store.home import Home

__all__ = ["AlertPlace", "AlertRoom"]

_log = logging.getLogger("wattshift.serve")
_Listener = Callable[[bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPlace:
    """What alerts are kept in, and told by.

    Args:
        file: the rules file.
        journal: the file of the journal.
        home: the store that rules about sources and ledger look at; None for none.
        clock: the machine's own clock.
    """

    file: AlertsFile
    journal: Path
    home: Home | None
    clock: Clock


class AlertRoom:
    """The alerts of one service. The loop's thread looks, any other may ask and act.

    Args:
        place: what they are kept in.
        plans: tells how plans change; None where no site is planned.
    """

    def __init__(self, place: AlertPlace, plans: PlanWatch | None = None) -> None:
        self._place = place
        self._plans = plans
        self._eye: HistoryEye | None = None
        self._moment: Moment | None = None
        self._seen: Observations | None = None
        self._document: AlertsDocument | None = None
        self._listeners: list[_Listener] = []
        self._lock = Lock()
        self.trouble = ""
        """Why alerts cannot be kept, in words; empty if they can."""

    @property
    def path(self) -> Path:
        """The file of the journal."""
        return self._place.journal

    def look(self, moment: Moment) -> None:
        """Step all rules once; where that cannot be kept, a word of it in the log."""
        if self._moment is not None and moment.at < self._moment.at:
            self._begin_anew()
        self._moment = moment
        seen = self._observe(moment)
        try:
            with self._lock, AlertJournal(self.path) as journal:
                events = AlertDesk(self._place.file, journal).step(seen, seen.at)
                remembered = recall(journal.state)
                rows = _newest(journal, events)
            self._seen = seen
            self._document = alerts_document(moment.archive, self._place.file, seen, remembered)
        except StoreError as error:
            self._tell(error)
            return
        self.trouble = ""
        self._announce(rows)

    def document(self) -> AlertsDocument:
        """What every rule said when it was looked at last, and which alerts are open.

        Raises:
            Busy: before the first look.
        """
        if self._document is None:
            raise Busy("the service has only just begun", retry_s=1, hint="ask again in a second")
        return self._document

    def events(self, before: int | None = None, limit: int = 100) -> tuple[AlertEventRow, ...]:
        """What happened, the newest first.

        Args:
            before: only events with a smaller number; None for the newest of all.
            limit: how many at most.

        Raises:
            StoreError: if the journal cannot be read.
        """
        with AlertJournal(self.path) as journal:
            return tuple(_row(number, row) for number, row in journal.page(before=before, limit=limit))

    def acknowledge(self, rule: str, by: str) -> None:
        """Somebody knows of an open alert: it is not told again until it ends.

        Raises:
            InputError: if there is no such rule, or its alert is not open.
            StoreError: if it cannot be kept.
        """
        self._act(lambda desk, now: desk.acknowledge(rule, by=by, now=now))

    def silence(self, rule: str, until_at: datetime, by: str, reason: str) -> None:
        """Tell nothing of an alert until an instant, in the time of the chain.

        Raises:
            InputError: if there is no such rule, or the instant is past.
            StoreError: if it cannot be kept.
        """
        self._act(
            lambda desk, now: desk.silence(rule, until_at=until_at, by=by, reason=reason, now=now),
        )

    def unsilence(self, rule: str, by: str) -> None:
        """End a silence; nothing happens where there is none.

        Raises:
            InputError: if there is no such rule.
            StoreError: if it cannot be kept.
        """
        self._act(lambda desk, now: desk.unsilence(rule, now=now))
        _log.info("%s ends the silence of %s", printable(by), printable(rule))

    def listen(self, listener: _Listener) -> Callable[[], None]:
        """Have each event that is not muted told as one line of JSON; call what is returned to hear no more.

        Args:
            listener: must return at once and raise nothing.
        """
        with self._lock:
            self._listeners.append(listener)

        def leave() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return leave

    def _act(self, act: Callable[[AlertDesk, datetime], tuple[Event, ...]]) -> None:
        moment, seen = self._moment, self._seen
        if moment is None or seen is None:
            raise Busy("the service has only just begun", retry_s=1, hint="ask again in a second")
        with self._lock, AlertJournal(self.path) as journal:
            events = act(AlertDesk(self._place.file, journal), self._now(moment))
            remembered = recall(journal.state)
            rows = _newest(journal, events)
        self._document = alerts_document(moment.archive, self._place.file, seen, remembered)
        self._announce(rows)

    def _observe(self, moment: Moment) -> Observations:
        rules, now = self._place.file.rules, self._now(moment)
        seen = self._eye_for(moment.archive).look(min(moment.at, moment.archive.newest_at), rules)
        seen = replace(seen, at=now, plan=None if self._plans is None else self._plans.seen)
        return seen if self._place.home is None or moment.is_replay else with_store(seen, self._place.home)

    def _eye_for(self, archive: Archive) -> HistoryEye:
        if self._eye is None or self._eye.archive is not archive:
            self._eye = HistoryEye(archive, self._place.file.rules)
        return self._eye

    def _now(self, moment: Moment) -> datetime:
        return moment.at if moment.is_replay else max(self._place.clock.now(), moment.at)

    def _begin_anew(self) -> None:
        """The replay has begun again: what was remembered lies in its future."""
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink(missing_ok=True)
        if self._plans is not None:
            self._plans.forget()

    def _announce(self, rows: list[tuple[int, EventRow]]) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for number, row in reversed(rows):
            told = _row(number, row)
            if not told.is_muted:
                line = json.dumps(plain(told), ensure_ascii=False, separators=(",", ":")).encode()
                for listener in listeners:
                    listener(line)

    def _tell(self, error: StoreError) -> None:
        """Once on failure; the next step that is kept is the sign of recovery."""
        if error.message != self.trouble:
            _log.error("alerts cannot be kept: %s", error.message)
        self.trouble = error.message


def _newest(journal: AlertJournal, events: Sequence[Event]) -> list[tuple[int, EventRow]]:
    """The rows that these events became."""
    count = sum(event.change is not Change.HEARTBEAT for event in events)
    return journal.page(before=None, limit=count) if count else []


def _row(number: int, row: EventRow) -> AlertEventRow:
    body = json.loads(row.body)
    finding = body["finding"]
    return AlertEventRow(
        number=number,
        at=row.at,
        since_at=datetime.fromisoformat(body["since_at"]),
        rule=row.rule,
        change=row.change,
        severity=Severity(body["severity"]),
        group=body["group"],
        key=row.key,
        what="" if finding is None else finding["what"],
        sure_prob=None if finding is None else finding["sure_prob"],
        why=body["why"],
        note=body["note"],
        is_muted=body["is_muted"],
    )
