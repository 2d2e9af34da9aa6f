from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wattshift.app.service.edition import Board
from wattshift.app.service.health import POST_STILL_S, STILL_S, Health, Organs
from wattshift.clock import ReplayClock
from wattshift.errors import Overrun
from wattshift.report.documents.health import HealthCheck
from wattshift.store.home import Home
from wattshift.store.ledger import SqliteLedger


@dataclass
class Asked:
    """Answers, or fails."""

    count: int = 0
    error: Exception | None = None

    def ask_anew(self, *_: object) -> bytes:
        self.count += 1
        if self.error is not None:
            raise self.error
        return b""


@dataclass
class Patient:
    """What health looks at, each piece as a test wants it."""

    loop: Any
    answers: Asked
    alerts: Any
    editions: Any
    organs: Organs

    @property
    def health(self) -> Health:
        return Health(self.organs)

    def checks(self) -> dict[str, HealthCheck]:
        return {check.name: check for check in self.health.ready().checks}


@pytest.fixture
def patient(board: Board, tmp_path: Path) -> Patient:
    loop: Any = SimpleNamespace(turned_s=time.monotonic(), trouble="")
    alerts: Any = SimpleNamespace(trouble="")
    editions: Any = SimpleNamespace(trouble="")
    answers: Any = Asked()
    organs = Organs(
        loop=loop,
        board=board,
        is_turning=lambda: True,
        answers=answers,
        alerts=alerts,
        editions=editions,
        post=None,
        threads={},
        sources=lambda: None,
        home=None,
        folder=tmp_path,
        clock=ReplayClock(datetime(2026, 11, 1, tzinfo=UTC)),
    )
    return Patient(loop=loop, answers=answers, alerts=alerts, editions=editions, organs=organs)


def test_all_is_well(patient: Patient) -> None:
    ready = patient.health.ready()
    assert ready.is_well
    assert all(check.is_well and check.words for check in ready.checks)
    assert ready.version


def test_a_loop_that_has_ended_or_stands_still_is_a_reason_to_begin_anew(patient: Patient) -> None:
    patient.loop.turned_s -= STILL_S + 1
    assert "not turned" in patient.health.trouble
    assert not patient.health.live().is_well
    patient.organs = replace(patient.organs, is_turning=lambda: False)
    assert patient.health.trouble == "the loop has ended"


def test_before_the_first_edition_it_lives_but_is_not_ready(patient: Patient) -> None:
    patient.organs = replace(patient.organs, board=Board())
    assert patient.health.live().is_well
    assert not patient.health.ready().is_well
    patient.loop.trouble = "no price is known"
    assert patient.checks()["edition"].words == "no price is known"


def test_a_query_that_fails_is_told_and_not_asked_too_often(patient: Patient) -> None:
    patient.answers.error = Overrun("it took too long")
    health = patient.health
    for _ in range(5):
        ready = health.ready()
        assert not ready.is_well
    assert patient.answers.count == 1
    assert health.live().is_well, "no reason to end"
    assert patient.checks()["query"].words == "it took too long"


def test_a_store_is_read(patient: Patient, tmp_path: Path) -> None:
    home = Home(tmp_path / "store")
    patient.organs = replace(patient.organs, home=home)
    assert patient.checks()["store"].words == "the store's folder is gone"
    home.make_folder()
    assert patient.checks()["store"].is_well
    with SqliteLedger.lead(home.ledger):
        assert patient.checks()["store"].words == "the ledger can be read"
    home.ledger.write_bytes(b"no ledger" * 1_000)
    assert not patient.checks()["store"].is_well


def test_a_full_disk_is_told(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    assert not patient.checks()["disk"].is_well
    patient.organs = replace(patient.organs, folder=Path("/gone"))
    monkeypatch.undo()
    assert "cannot be looked at" in patient.checks()["disk"].words


def test_alerts_that_cannot_be_kept_are_told(patient: Patient) -> None:
    patient.alerts.trouble = "the disk is full"
    assert patient.checks()["alerts"].words == "the disk is full"
    assert not patient.health.ready().is_well


def test_a_record_that_cannot_be_kept_is_told_and_keeps_nothing_else_from_going_on(patient: Patient) -> None:
    patient.editions.trouble = "the disk is full"
    assert patient.checks()["editions"].words == "the disk is full"
    assert patient.health.ready().is_well


@dataclass
class Post:
    """A post, as a test wants it."""

    trouble: str = ""
    is_alive: bool = True
    turned_s: float = field(default_factory=time.monotonic)
    left: list[Any] = field(default_factory=list)

    def waiting(self) -> list[Any]:
        return self.left


def test_a_post_that_sends_nothing_is_told(patient: Patient) -> None:
    post: Any = Post()
    patient.organs = replace(patient.organs, post=post)
    assert patient.checks()["post"].words == "every message was delivered"
    post.left = [SimpleNamespace(outcome=""), SimpleNamespace(outcome="nobody answers")]
    check = patient.checks()["post"]
    assert (check.is_well, check.is_needed) == (False, False), (
        "a receiver's fault is told, but is none of ours"
    )
    assert check.words == "2 messages wait; the newest fault of a receiver: nobody answers"
    assert patient.health.ready().is_well
    post.trouble = "the file is damaged"
    assert patient.checks()["post"].words == "the file is damaged"
    assert not patient.health.ready().is_well


def test_whatever_else_has_ended_is_a_reason_to_begin_anew(patient: Patient) -> None:
    post: Any = Post()
    patient.organs = replace(patient.organs, post=post, threads={"the watch": lambda: True})
    assert patient.health.trouble == ""
    post.turned_s -= POST_STILL_S + 1
    assert "has not gone round" in patient.health.trouble
    post.is_alive = False
    assert "the post has ended" in patient.health.trouble
    patient.organs = replace(patient.organs, post=None, threads={"the watch": lambda: False})
    assert patient.health.trouble == "the watch has ended"
