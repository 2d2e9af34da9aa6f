"""The journal of alerts in SQLite: what is remembered, what happened, and what must still be sent.

A step of the watch is one transaction: its new state, its events and the messages that follow from them are
kept together or not at all. A message stays in the outbox until somebody says that it was delivered, so it
is sent at least once; whoever dies between sending and saying so sends that one message again, under the
same key. Beside the ledger and not in it, because people acknowledge while the follower holds the ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from wattshift.errors import Corrupt
from wattshift.store.database import translated
from wattshift.store.port import from_micros, to_micros
from wattshift.store.schema import SqliteSchema

__all__ = ["AlertJournal", "EventRow", "MessageRow", "Pending", "Written"]

_BUSY_S = 5.0
_KEPT = timedelta(days=30)
_TABLES = (
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL) STRICT",
    (
        "CREATE TABLE event (seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, rule TEXT NOT NULL,"
        " change TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL) STRICT"
    ),
    "CREATE INDEX event_at ON event (at_us)",
    (
        "CREATE TABLE outbox (id INTEGER PRIMARY KEY, key TEXT NOT NULL, channel TEXT NOT NULL,"
        " body BLOB NOT NULL, made_us INTEGER NOT NULL, due_us INTEGER NOT NULL, until_us INTEGER NOT NULL,"
        " attempts INTEGER NOT NULL DEFAULT 0, done_us INTEGER, outcome TEXT NOT NULL DEFAULT '',"
        " UNIQUE (key, channel)) STRICT"
    ),
    "CREATE INDEX outbox_due ON outbox (due_us) WHERE done_us IS NULL",
    "CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER event_is_final BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END",
)
_JOURNAL = SqliteSchema(
    noun="journal of alerts",
    application=0x57414C54,  # "WALT"
    tables=_TABLES,
    damaged_hint="move the file away",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event: when, of which rule, what, its key for deduplication, and all of it as JSON."""

    at: datetime
    rule: str
    change: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message for one channel.

    Args:
        key: the same however often it is sent.
        channel: name of the channel.
        body: the message.
        until_at: it is given up then.
    """

    key: str
    channel: str
    body: bytes
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A message that was not delivered yet.

    Args:
        number: its number in the outbox.
        key: the same however often it is sent.
        channel: name of the channel.
        body: the message.
        made_at: when it was put there.
        attempts: how often it was tried, this time included.
        outcome: what became of it last.
    """

    number: int
    key: str
    channel: str
    body: bytes
    made_at: datetime
    attempts: int
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one transaction keeps: the new state, what happened, and what is to be sent."""

    state: bytes
    events: Sequence[EventRow] = ()
    messages: Sequence[MessageRow] = ()


class AlertJournal:
    """The journal of one store; any number of processes write in turn. One thread each.

    Args:
        path: its file; it is made if need be.

    Raises:
        StoreError: if the file cannot be opened or is no journal of alerts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with translated(path):
            self._db = _JOURNAL.open(path, busy_s=_BUSY_S, synchronous="FULL")

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> bytes | None:
        """What is remembered; None if nothing ever was."""
        with translated(self.path):
            row = self._db.execute("SELECT body FROM state").fetchone()
        return None if row is None else bytes(row[0])

    def update(self, change: Callable[[bytes | None], Written], *, now: datetime) -> None:
        """Read what is remembered, let it change, keep what follows: one transaction.

        Args:
            change: from the state before to what is to be kept; it must do nothing else.
            now: the present: what is to be sent is due at once.
        """
        now_us = to_micros(now)
        with self._transaction():
            written = change(self.state)
            self._db.execute("INSERT OR REPLACE INTO state VALUES (1, ?)", (written.state,))
            self._db.executemany(
                "INSERT INTO event (at_us, rule, change, key, body) VALUES (?, ?, ?, ?, ?)",
                [(to_micros(row.at), row.rule, row.change, row.key, row.body) for row in written.events],
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO outbox (key, channel, body, made_us, due_us, until_us)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (row.key, row.channel, row.body, now_us, now_us, to_micros(row.until_at))
                    for row in written.messages
                ],
            )

    def claim(self, channel: str, *, now: datetime, retry_at: Callable[[int], datetime]) -> Pending | None:
        """The message of a channel that has waited longest, to be sent now; None if none is due.

        Before it is handed out it is written down that it is tried, so that a message that kills its
        sender does not kill it again at once. What is past its time is given up.

        Args:
            channel: its name.
            now: the present.
            retry_at: when to try again if nothing more is heard, by the number of attempts.
        """
        now_us = to_micros(now)
        with self._transaction():
            self._db.execute(
                "UPDATE outbox SET done_us = ?, outcome = 'given up: ' || outcome"
                " WHERE done_us IS NULL AND until_us <= ?",
                (now_us, now_us),
            )
            row = self._db.execute(
                "SELECT id, key, channel, body, made_us, attempts, outcome FROM outbox"
                " WHERE done_us IS NULL AND channel = ? AND due_us <= ? ORDER BY due_us, id LIMIT 1",
                (channel, now_us),
            ).fetchone()
            if row is None:
                return None
            found = _pending((*row[:5], row[5] + 1, row[6]))
            self._db.execute(
                "UPDATE outbox SET attempts = ?, due_us = ? WHERE id = ?",
                (found.attempts, to_micros(retry_at(found.attempts)), found.number),
            )
        return found

    def delivered(self, message: Pending, *, now: datetime) -> None:
        """It has arrived; old ones that have are forgotten."""
        with self._transaction():
            self._db.execute(
                "UPDATE outbox SET done_us = ?, outcome = 'delivered' WHERE id = ?",
                (to_micros(now), message.number),
            )
            self._db.execute("DELETE FROM outbox WHERE done_us < ?", (to_micros(now - _KEPT),))

    def failed(self, message: Pending, *, why: str) -> None:
        """It has not; it is tried again when `claim` said."""
        with self._transaction():
            self._db.execute("UPDATE outbox SET outcome = ? WHERE id = ?", (why, message.number))

    def outbox(self) -> list[Pending]:
        """All that was not delivered yet, in order."""
        with translated(self.path):
            rows = self._db.execute(
                "SELECT id, key, channel, body, made_us, attempts, outcome FROM outbox"
                " WHERE done_us IS NULL ORDER BY id"
            ).fetchall()
        return [_pending(row) for row in rows]

    def events(self, *, since_at: datetime | None = None) -> list[EventRow]:
        """What happened since an instant, in order; all of it by default."""
        since_us = -(1 << 62) if since_at is None else to_micros(since_at)
        with translated(self.path):
            rows = self._db.execute(
                "SELECT at_us, rule, change, key, body FROM event WHERE at_us >= ? ORDER BY seq", (since_us,)
            ).fetchall()
        return [
            EventRow(at=from_micros(at_us), rule=rule, change=change, key=key, body=body)
            for at_us, rule, change, key, body in rows
        ]

    def page(self, *, before: int | None, limit: int) -> list[tuple[int, EventRow]]:
        """Events with their numbers, the newest first.

        Args:
            before: only those with a smaller number; None for the newest of all.
            limit: how many at most.
        """
        with translated(self.path):
            rows = self._db.execute(
                "SELECT seq, at_us, rule, change, key, body FROM event WHERE seq < ?"
                " ORDER BY seq DESC LIMIT ?",
                ((1 << 62) if before is None else before, limit),
            ).fetchall()
        return [
            (number, EventRow(at=from_micros(at_us), rule=rule, change=change, key=key, body=body))
            for number, at_us, rule, change, key, body in rows
        ]

    def verify(self) -> int:
        """Prove that the file is whole; how many events it holds.

        Raises:
            Corrupt: if it is not.
        """
        with translated(self.path):
            faults = [fault for (fault,) in self._db.execute("PRAGMA integrity_check(1)")]
            count: int = self._db.execute("SELECT count(*) FROM event").fetchone()[0]
        if faults != ["ok"]:
            hint = "restore it from a copy, or move the file away"
            raise Corrupt("the journal is damaged", file=self.path, detail=faults[0], hint=hint)
        return count

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise


def _pending(row: tuple[int, str, str, bytes, int, int, str]) -> Pending:
    number, key, channel, body, made_us, attempts, outcome = row
    return Pending(
        number=number,
        key=key,
        channel=channel,
        body=body,
        made_at=from_micros(made_us),
        attempts=attempts,
        outcome=outcome,
    )
