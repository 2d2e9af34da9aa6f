"""Kills at any moment between firing and sending: sent at least once, again at most once for each kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from time import sleep

from support.alertprocess import __file__ as program
from support.alertprocess import run_steps
from support.faults import scaled
from support.servers import LoopbackServer, Reply, Request, http
from wattshift.store.alertjournal import AlertJournal

TESTS = Path(__file__).parents[2]
SOURCE = TESTS.parent / "src"


class Ear:
    """Takes messages, after an instant in which its sender may die; kills its victim before it answers."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.victim: subprocess.Popen[bytes] | None = None

    def __call__(self, request: Request) -> Reply:
        self.keys.append(json.loads(request.body)["key"])
        sleep(0.002)
        if self.victim is not None:
            self.victim.kill()
            self.victim.wait()
        return Reply()


def start(path: Path, url: str, steps: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(TESTS)])}
    command = [sys.executable, program, str(path), url, str(steps)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def events_of(path: Path) -> list[bytes]:
    with AlertJournal(path) as journal:
        assert journal.outbox() == []
        return [event.body for event in journal.events()]


def test_every_alert_is_sent_whatever_is_killed(tmp_path: Path) -> None:
    kills, luck = scaled(4, 100), Random(3)  # noqa: S311  # when to kill
    steps = 15 * kills
    heard, quiet = Ear(), Ear()
    with LoopbackServer(http(heard)) as server:
        n_killed = 0
        while n_killed < kills:
            process = start(tmp_path / "killed.sqlite", server.url, steps)
            sleep(luck.uniform(0.0, 0.25))
            if process.poll() is not None:
                break  # it was quicker than the killer
            process.kill()
            process.communicate()
            n_killed += 1
        process = start(tmp_path / "killed.sqlite", server.url, steps)
        process.communicate()
        assert process.returncode == 0
    with LoopbackServer(http(quiet)) as server:
        run_steps(tmp_path / "quiet.sqlite", server.url, steps)
    assert n_killed >= kills // 2
    assert events_of(tmp_path / "killed.sqlite") == events_of(tmp_path / "quiet.sqlite")
    assert len(events_of(tmp_path / "quiet.sqlite")) == steps
    times = Counter(heard.keys)
    assert set(times) == set(quiet.keys), "every message at least once, and no other"
    assert len(heard.keys) - len(times) <= n_killed
    assert Counter(quiet.keys).most_common(1)[0][1] == 1


def test_who_dies_between_sending_and_saying_so_sends_that_one_message_again(tmp_path: Path) -> None:
    ear = Ear()
    with LoopbackServer(http(ear)) as server:
        with start(tmp_path / "killed.sqlite", server.url, 5) as victim:
            ear.victim = victim
        assert victim.returncode == -9
        ear.victim = None
        with start(tmp_path / "killed.sqlite", server.url, 5) as second:
            second.communicate()
        assert second.returncode == 0
    assert sorted(Counter(ear.keys).values()) == [1, 1, 1, 1, 2]
    assert ear.keys[0] == ear.keys[1], "the same key, so that a receiver can drop it"
    assert len(events_of(tmp_path / "killed.sqlite")) == 5
