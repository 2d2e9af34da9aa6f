from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wattshift.errors import Corrupt, SchemaMismatch, StoreError, Unwritable
from wattshift.store.alertjournal import AlertJournal, EventRow, MessageRow, Written

NOW = datetime(2026, 1, 26, tzinfo=UTC)
SOON = timedelta(seconds=10)


def written(number: int, *, state: bytes = b"s", channel: str = "a", life: timedelta = SOON * 100) -> Written:
    return Written(
        state=state,
        events=[EventRow(at=NOW, rule="x", change="onset", key=f"k{number}", body=b"{}")],
        messages=[MessageRow(key=f"k{number}", channel=channel, body=b"m", until_at=NOW + life)],
    )


def always(kept: Written) -> Callable[[bytes | None], Written]:
    return lambda _: kept


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.sqlite"


def retry(attempt: int) -> datetime:
    return NOW + SOON * attempt


def test_a_step_is_kept_whole_and_survives(path: Path) -> None:
    with AlertJournal(path) as journal:
        assert journal.state is None
        journal.update(lambda before: written(1, state=repr(before).encode()), now=NOW)
        journal.update(lambda before: written(2, state=repr(before).encode()), now=NOW)
    with AlertJournal(path) as journal:
        assert journal.state == b"b'None'"
        assert [event.key for event in journal.events()] == ["k1", "k2"]
        assert journal.events(since_at=NOW + SOON) == []
        assert [message.key for message in journal.outbox()] == ["k1", "k2"]


def test_a_step_that_fails_leaves_nothing(path: Path) -> None:
    def fails(_: bytes | None) -> Written:
        raise ValueError

    twice = Written(state=b"new", events=[*written(1).events, EventRow.__new__(EventRow)])
    with AlertJournal(path) as journal:
        journal.update(lambda _: written(1), now=NOW)
        with pytest.raises(ValueError):  # noqa: PT011  # its own
            journal.update(fails, now=NOW)
        with pytest.raises(AttributeError):
            journal.update(lambda _: twice, now=NOW)
        assert journal.state == b"s"
        assert len(journal.events()) == 1


def test_the_same_message_is_put_into_the_outbox_once_for_each_channel(path: Path) -> None:
    with AlertJournal(path) as journal:
        for channel in ("a", "a", "b"):
            journal.update(always(written(1, channel=channel)), now=NOW)
        assert [message.channel for message in journal.outbox()] == ["a", "b"]


def test_a_message_is_handed_out_until_it_is_delivered(path: Path) -> None:
    with AlertJournal(path) as journal:
        journal.update(lambda _: written(1), now=NOW)
        assert journal.claim("b", now=NOW, retry_at=retry) is None
        first = journal.claim("a", now=NOW, retry_at=retry)
        assert first is not None
        assert (first.key, first.attempts) == ("k1", 1)
        assert journal.claim("a", now=NOW, retry_at=retry) is None, "not before its time"
        journal.failed(first, why="no answer")
        again = journal.claim("a", now=NOW + SOON, retry_at=retry)
        assert again is not None
        assert (again.attempts, again.outcome) == (2, "no answer")
        journal.delivered(again, now=NOW + SOON)
        assert journal.outbox() == []
        assert journal.claim("a", now=NOW + SOON * 50, retry_at=retry) is None


def test_a_message_is_given_up_after_its_time(path: Path) -> None:
    with AlertJournal(path) as journal:
        journal.update(lambda _: written(1, life=SOON), now=NOW)
        assert journal.claim("a", now=NOW + SOON, retry_at=retry) is None
        assert journal.outbox() == []


def test_what_was_delivered_is_forgotten_after_a_month_and_events_never(path: Path) -> None:
    with AlertJournal(path) as journal:
        for number, at in enumerate((NOW, NOW + timedelta(days=31))):
            journal.update(always(written(number, life=timedelta(days=99))), now=at)
            message = journal.claim("a", now=at, retry_at=lambda _: NOW + timedelta(days=60))
            assert message is not None
            journal.delivered(message, now=at)
        assert len(journal.events()) == 2
    rows = sqlite3.connect(path)
    assert rows.execute("SELECT key FROM outbox").fetchall() == [("k1",)]
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        rows.execute("DELETE FROM event")
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        rows.execute("UPDATE event SET rule = 'y'")
    rows.close()


def test_two_processes_take_turns(path: Path) -> None:
    with AlertJournal(path) as one, AlertJournal(path) as other:
        one.update(lambda _: written(1, state=b"1"), now=NOW)
        other.update(lambda before: written(2, state=(before or b"") + b"2"), now=NOW)
        assert one.state == b"12"


def test_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"x" * 5_000)
    with pytest.raises(StoreError):
        AlertJournal(path)
    with pytest.raises(Unwritable):
        AlertJournal(tmp_path / "none" / "alerts.sqlite")
    foreign = tmp_path / "foreign.sqlite"
    db = sqlite3.connect(foreign)
    db.execute("CREATE TABLE t (x)")
    db.commit()
    db.close()
    with pytest.raises(SchemaMismatch):
        AlertJournal(foreign)


def test_a_newer_or_damaged_journal_is_refused(path: Path) -> None:
    AlertJournal(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 9")
    with pytest.raises(SchemaMismatch):
        AlertJournal(path)
    db.execute("PRAGMA user_version = 1")
    db.execute("DROP TABLE outbox")
    db.commit()
    db.close()
    with pytest.raises(Corrupt):
        AlertJournal(path)
