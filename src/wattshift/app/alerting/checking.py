"""The use-case `alerts check`: what the rules say now, kept and sent if that is wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

from wattshift.alerts.observations import Observations
from wattshift.app.alerting.desk import AlertDesk, Remembered, recall
from wattshift.app.alerting.document import alerts_document
from wattshift.app.alerting.observing import HistoryEye, with_store
from wattshift.app.alerting.postman import deliver, open_channels
from wattshift.app.snapshot import Archive
from wattshift.clock import Clock, SystemClock
from wattshift.config.alerts import AlertsFile
from wattshift.report.documents.alerts import AlertsDocument
from wattshift.store.alertjournal import AlertJournal
from wattshift.store.home import Home

__all__ = ["check_alerts", "journal_path"]

_SYSTEM_CLOCK = SystemClock()


def journal_path(home: Home) -> Path:
    """Where the alerts of a store are kept."""
    return home.alerts


def check_alerts(
    archive: Archive,
    file: AlertsFile,
    *,
    at: datetime | None = None,
    home: Home | None = None,
    clock: Clock = _SYSTEM_CLOCK,
    is_kept: bool = False,
) -> AlertsDocument:
    """Evaluate every rule once.

    Args:
        archive: the kept history.
        file: the rules file.
        at: the instant; by default the present for a store, and the newest block for the bundled history.
        home: the store, for rules about itself; None for the bundled history.
        clock: tells the present: what a store has known for too long is no data.
        is_kept: whether the check is kept in the store's journal, and sent.

    Raises:
        OutOfSpan: if nothing is known at the instant.
        ConfigError: if a channel lacks its secret.
        StoreError: if it cannot be kept.
    """
    newest_at = archive.newest_at
    now = at or (newest_at if home is None else max(clock.now(), newest_at))
    seen = HistoryEye(archive, file.rules).look(min(now, newest_at), file.rules)
    seen = replace(seen, at=now)  # so that evidence is as old as it is now
    if home is not None:
        seen = with_store(seen, home)
    counts: tuple[int | None, int | None, int | None] = (None, None, None)
    remembered = Remembered()
    if home is not None and is_kept:
        remembered, counts = _keep_and_send(file, home, seen, clock)
    elif home is not None and journal_path(home).exists():
        with AlertJournal(journal_path(home)) as journal:
            remembered = recall(journal.state)
    document = alerts_document(archive, file, seen, remembered)
    return replace(document, n_events=counts[0], n_sent=counts[1], n_failed=counts[2])


def _keep_and_send(
    file: AlertsFile, home: Home, seen: Observations, clock: Clock
) -> tuple[Remembered, tuple[int, int, int]]:
    channels = open_channels(file, clock=clock)
    with AlertJournal(journal_path(home)) as journal:
        desk = AlertDesk(file, journal)
        events = desk.step(seen, seen.at)
        sent = deliver(journal, channels, clock=clock, rng=Random())  # noqa: S311  # jitter, not a secret
        return desk.remembered, (len(events), sent.n_sent, sent.n_failed)
