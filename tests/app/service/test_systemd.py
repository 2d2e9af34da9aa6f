from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wattshift.app.service.systemd import Manager
from wattshift.app.service.watchdog import Watchdog


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address)
        line.settimeout(5.0)
        yield line


@pytest.mark.parametrize("is_abstract", [False, True])
def test_a_manager_is_told(tmp_path: Path, is_abstract: bool) -> None:
    path = str(tmp_path / "notify")
    with listening(f"\0{path}" if is_abstract else path) as line:
        manager = Manager({"NOTIFY_SOCKET": f"@{path}" if is_abstract else path})
        manager.tell("READY=1", "STATUS=well")
        assert line.recv(100) == b"READY=1\nSTATUS=well"


def test_without_a_manager_nobody_is_told() -> None:
    Manager({}).tell("READY=1")


def test_a_manager_that_is_gone_is_no_reason_to_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="wattshift.serve"):
        Manager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")
    assert "cannot be told" in caplog.text


class Told(Manager):
    """A manager that remembers."""

    def __init__(self) -> None:
        super().__init__({})
        self.lines: list[str] = []

    def tell(self, *lines: str) -> None:
        self.lines += lines


def test_ready_is_said_once_and_life_again_and_again() -> None:
    told, ready = Told(), [False]
    watchdog = Watchdog(lambda: "", is_ready=lambda: ready[0], manager=told)
    watchdog.look()
    assert told.lines == ["WATCHDOG=1"]
    ready[0] = True
    watchdog.look()
    watchdog.look()
    assert told.lines[1:] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
    watchdog.stop()
    assert told.lines[-1] == "STOPPING=1"


def test_a_service_that_stands_still_is_ended_and_no_life_is_told(caplog: pytest.LogCaptureFixture) -> None:
    told, ended = Told(), []
    watchdog = Watchdog(
        lambda: "the loop has ended",
        is_ready=lambda: True,
        manager=told,
        end=lambda: ended.append(True),
    )
    with caplog.at_level(logging.CRITICAL, logger="wattshift.serve"):
        watchdog.start()
        watchdog._thread.join(timeout=0.1)
        watchdog.look()
    assert ended
    assert "WATCHDOG=1" not in told.lines
    assert "the loop has ended" in caplog.text
    watchdog.stop()
