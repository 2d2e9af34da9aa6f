from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from support.serving import until
from wattshift.app.service.alerts.post import PostRoom
from wattshift.clock import ReplayClock
from wattshift.delivery.message import Message
from wattshift.errors import Unavailable
from wattshift.store.alertjournal import AlertJournal, MessageRow, Written
from wattshift.store.lease import FileLock

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Letterbox:
    """A channel that takes messages, or fails."""

    name = "box"

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.is_broken = False

    def send(self, message: Message) -> None:
        if self.is_broken:
            raise Unavailable("nobody answers")
        self.taken.append(message.key)


def put(path: Path, key: str) -> None:
    body = Message(key=key, title="t", text="t", payload={}).pack()
    row = MessageRow(key=key, channel="box", body=body, until_at=NOW + timedelta(days=1))
    with AlertJournal(path) as journal:
        journal.update(lambda _: Written(state=b"{}", messages=[row]), now=NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.sqlite"


def test_what_waits_is_sent_once_and_what_failed_again(path: Path) -> None:
    box, clock = Letterbox(), ReplayClock(NOW)
    post = PostRoom(path, {"box": box}, clock, Random(1))  # noqa: S311  # jitter
    post.turn()
    assert post.trouble == "", "a journal that is not there yet is no trouble"
    put(path, "one")
    post.turn()
    post.turn()
    assert box.taken == ["one"]
    box.is_broken = True
    put(path, "two")
    post.turn()
    box.is_broken = False
    post.turn()
    assert box.taken == ["one"], "it is left alone for a while"
    clock.advance(timedelta(hours=1))
    post.turn()
    assert box.taken == ["one", "two"]


def test_a_sender_beside_is_let_be(path: Path) -> None:
    put(path, "one")
    box = Letterbox()
    post = PostRoom(path, {"box": box}, ReplayClock(NOW))
    with FileLock(path.with_name("alerts.sqlite.sending")):
        post.turn()
        assert box.taken == []
    assert post.trouble == ""
    post.turn()
    assert box.taken == ["one"]


def test_a_damaged_journal_is_told_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"no journal" * 1_000)
    post = PostRoom(path, {}, ReplayClock(NOW))
    post.turn()
    post.turn()
    assert post.trouble
    assert len(caplog.records) == 1


def test_a_thread_sends_and_ends(path: Path) -> None:
    put(path, "one")
    box = Letterbox()
    post = PostRoom(path, {"box": box}, ReplayClock(NOW))
    post.start()
    until(lambda: box.taken == ["one"], "message")
    post.stop()
    assert not post._thread.is_alive()
