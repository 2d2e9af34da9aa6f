from __future__ import annotations

from collections.abc import Callable
from queue import Empty, Queue
from threading import Event

import pytest

from support.following import gone
from wattshift.app.follow.tasks import Settle, Task
from wattshift.app.follow.workers import Watcher, Workers
from wattshift.errors import ConfigError, SourceError, Unavailable

PATIENCE_S = 20.0


def task(source: str, ask: Callable[[], object], heard: list[object]) -> Task[object]:
    return Task(source=source, ask=ask, done=heard.append, failed=heard.append)


def settle(workers: Workers) -> None:
    workers.inbox.get(timeout=PATIENCE_S)()


def test_an_answer_settles_only_when_its_owner_takes_it() -> None:
    workers, heard = Workers(), list[object]()
    workers.submit(task("s", lambda: 7, heard))
    settled = workers.inbox.get(timeout=PATIENCE_S)
    assert heard == []
    settled()
    assert heard == [7]
    workers.stop()


def test_a_source_that_hangs_blocks_nobody() -> None:
    workers, heard, release = Workers(), list[object](), Event()
    workers.submit(task("slow", release.wait, heard))
    for number in range(20):
        workers.submit(task("quick", lambda number=number: number, heard))  # type: ignore[misc]  # a default is no argument here
        settle(workers)
    assert heard == list(range(20))
    release.set()
    settle(workers)
    workers.stop()


def test_a_failure_is_told_and_a_defect_is_raised_where_it_ends_the_process() -> None:
    workers, heard = Workers(), list[object]()

    def fail() -> object:
        raise gone("s")

    def defect() -> object:
        raise ZeroDivisionError

    workers.submit(task("s", fail, heard))
    settle(workers)
    assert isinstance(heard[0], Unavailable)
    workers.submit(task("t", defect, heard))
    with pytest.raises(ZeroDivisionError):
        settle(workers)
    workers.stop()


class Line:
    """Announces so many tips, then ends in an error."""

    def __init__(self, tips: int, end: Exception) -> None:
        self.tips, self.end, self.is_closed = tips, end, False

    def wait(self, timeout_s: float) -> bool:
        assert timeout_s > 0
        self.tips -= 1
        if self.tips < 0:
            raise self.end
        return True

    def close(self) -> None:
        self.is_closed = True


def test_announcements_reach_the_inbox_and_a_broken_line_is_closed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattshift.app.follow.workers._CALM_S", 0.0)
    inbox: Queue[Settle] = Queue()
    line = Line(3, Unavailable("broken", hint="later"))
    watcher = Watcher("s", lambda: line, lambda: None, inbox)
    watcher.start()
    for _ in range(3):
        inbox.get(timeout=PATIENCE_S)
    watcher.stop()
    with pytest.raises(Empty):
        inbox.get(timeout=0.2)
    assert line.is_closed
    assert [record.getMessage() for record in caplog.records] == [
        "s announces no tips and is only polled: broken"
    ]


def test_a_server_that_announces_without_end_is_not_listened_to_all_the_time() -> None:
    inbox: Queue[Settle] = Queue()
    line = Line(1 << 60, Unavailable("broken", hint="later"))
    watcher = Watcher("s", lambda: line, lambda: None, inbox)
    watcher.start()
    inbox.get(timeout=PATIENCE_S)
    with pytest.raises(Empty):
        inbox.get(timeout=0.2)
    watcher.stop()


def test_what_no_line_can_mend_ends_the_process() -> None:
    inbox: Queue[Settle] = Queue()

    def refuse() -> Line:
        raise ConfigError("pyzmq is not installed", hint="install it")

    Watcher("s", refuse, lambda: None, inbox).start()
    with pytest.raises(ConfigError):
        inbox.get(timeout=PATIENCE_S)()


def test_only_errors_of_sources_are_answers() -> None:
    heard: list[object] = []

    def fail() -> object:
        raise SourceError("no", hint="later")

    task("s", fail, heard).run()()
    assert isinstance(heard[0], SourceError)
