"""Whether a service lives and can answer: a real query through a worker, not a promise."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from wattshift import __version__
from wattshift.app.questions.network import AskHashrate
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.alerts.post import PostRoom
from wattshift.app.service.alerts.room import AlertRoom
from wattshift.app.service.answering.workers import WorkerAnswers
from wattshift.app.service.edition import Board
from wattshift.app.service.editionroom import EditionRoom
from wattshift.app.service.loop import Loop
from wattshift.clock import Clock, format_instant
from wattshift.errors import WattshiftError
from wattshift.report.documents.following import FollowState, SourcesDocument
from wattshift.report.documents.health import HealthCheck, HealthDocument
from wattshift.store.home import Home
from wattshift.store.opening import open_ledger

__all__ = ["POST_STILL_S", "STILL_S", "Health", "Organs"]

STILL_S = 120.0
"""A loop that has not turned for so long never will [s]."""

POST_STILL_S = 1_800.0
"""The post has not gone round for so long: longer than all receivers together may keep it waiting [s]."""

_PROBE_S = 5.0
"""A real query is made that often at most, however often somebody asks [s]."""

_LEAST_BYTES = 256 << 20
_ILL_SOURCES = {FollowState.BLOCKED, FollowState.LOST, FollowState.DEGRADED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Organs:
    """What health depends on.

    Args:
        loop: publishes editions.
        board: where they hang.
        is_turning: whether the loop's thread is alive.
        answers: answers questions.
        alerts: the alerts.
        editions: the record of what was told.
        post: sends what alerts say; None where nobody is told.
        threads: what else must go on, by what it is called: whether it does.
        sources: tells how the sources are; None where none is followed.
        home: the store; None for the bundled history alone.
        folder: where the service writes.
        clock: the machine's own clock.
    """

    loop: Loop
    board: Board
    is_turning: Callable[[], bool]
    answers: WorkerAnswers
    alerts: AlertRoom
    editions: EditionRoom
    post: PostRoom | None
    threads: Mapping[str, Callable[[], bool]]
    sources: Callable[[], SourcesDocument | None]
    home: Home | None
    folder: Path
    clock: Clock


class Health:
    """Looks at a service. Any thread may ask.

    Args:
        organs: what it depends on.
    """

    def __init__(self, organs: Organs) -> None:
        self._organs = organs
        self._started_at = organs.clock.now()
        self._probed = HealthCheck(name="query", is_well=False, is_needed=True, words="not asked yet")
        self._probed_s = -_PROBE_S
        self._lock = Lock()

    @property
    def trouble(self) -> str:
        """Why the process should end and begin anew, in words; empty if it should not."""
        check, post = self._loop(), self._organs.post
        if not check.is_well:
            return check.words
        if post is not None and not post.is_alive:
            return "the post has ended: no alert would be told"
        if post is not None and time.monotonic() - post.turned_s > POST_STILL_S:
            return f"the post has not gone round for {POST_STILL_S / 60:.0f} min: no alert would be told"
        return next(
            (f"{name} has ended" for name, goes_on in self._organs.threads.items() if not goes_on()), ""
        )

    def live(self) -> HealthDocument:
        """Whether the process should go on."""
        return self._document(self._loop())

    def ready(self) -> HealthDocument:
        """Whether it can answer now."""
        checks = [self._loop(), self._edition(), self._query(), self._store(), self._disk(), self._alerts()]
        checks.append(self._editions())
        if self._organs.post is not None:
            checks.append(self._post(self._organs.post))
        if (sources := self._sources()) is not None:
            checks.append(sources)
        return self._document(*checks)

    def _document(self, *checks: HealthCheck) -> HealthDocument:
        return HealthDocument(
            as_of=self._organs.clock.now(),
            is_well=all(check.is_well for check in checks if check.is_needed),
            version=__version__,
            started_at=self._started_at,
            checks=checks,
        )

    def _loop(self) -> HealthCheck:
        still_s = time.monotonic() - self._organs.loop.turned_s
        words = "the loop turns"
        if not self._organs.is_turning():
            words = "the loop has ended"
        elif still_s > STILL_S:
            words = f"the loop has not turned for {still_s:.0f} s"
        is_well = words == "the loop turns"
        return HealthCheck(name="loop", is_well=is_well, is_needed=True, words=words, age_s=still_s)

    def _edition(self) -> HealthCheck:
        latest = self._organs.board.latest
        if latest is None:
            words = self._organs.loop.trouble or "nothing is computed yet"
            return HealthCheck(name="edition", is_well=False, is_needed=True, words=words)
        words = f"number {latest.number}, as of {format_instant(latest.at)}"
        if self._organs.loop.trouble:
            words = f"{words}; no newer one: {self._organs.loop.trouble}"
        return HealthCheck(name="edition", is_well=True, is_needed=True, words=words)

    def _query(self) -> HealthCheck:
        """A question whose answer is held by nobody, through the workers that answer all others."""
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._probed_s >= _PROBE_S:
                self._probed = self._ask()
                self._probed_s = time.monotonic()
            age_s = time.monotonic() - self._probed_s
            return replace(self._probed, age_s=age_s)

    def _ask(self) -> HealthCheck:
        begun_s = time.monotonic()
        try:
            self._organs.answers.ask_anew(QUESTIONS["hashrate"], AskHashrate())
        except WattshiftError as error:
            return HealthCheck(name="query", is_well=False, is_needed=True, words=error.message)
        spent_s = time.monotonic() - begun_s
        return HealthCheck(
            name="query", is_well=True, is_needed=True, words=f"a real query took {spent_s:.2f} s"
        )

    def _store(self) -> HealthCheck:
        words, is_well = "the bundled history alone", True
        if self._organs.home is not None:
            try:
                if not self._organs.home.folder.is_dir():
                    words, is_well = "the store's folder is gone", False
                elif self._organs.home.ledger_url is not None or self._organs.home.ledger.exists():
                    with open_ledger(self._organs.home.ledger_place, write=False) as ledger:
                        ledger.tip()
                    words = "the ledger can be read"
                else:
                    words = "nothing has been followed yet"
            except WattshiftError as error:
                words, is_well = error.message, False
        return HealthCheck(name="store", is_well=is_well, is_needed=True, words=words)

    def _disk(self) -> HealthCheck:
        try:
            free_bytes = shutil.disk_usage(self._organs.folder).free
        except OSError as error:
            words = f"it cannot be looked at: {error.strerror}"
            return HealthCheck(name="disk", is_well=False, is_needed=True, words=words)
        is_well = free_bytes >= _LEAST_BYTES
        words = f"{free_bytes / 1e9:.1f} GB are free"
        return HealthCheck(name="disk", is_well=is_well, is_needed=True, words=words)

    def _alerts(self) -> HealthCheck:
        trouble = self._organs.alerts.trouble
        words = trouble or "they are kept"
        return HealthCheck(name="alerts", is_well=not trouble, is_needed=True, words=words)

    def _editions(self) -> HealthCheck:
        trouble = self._organs.editions.trouble
        words = trouble or "what is told is kept"
        return HealthCheck(name="editions", is_well=not trouble, is_needed=False, words=words)

    def _post(self, post: PostRoom) -> HealthCheck:
        """Whether messages leave; that a receiver does not answer is told, but is no fault of ours."""
        if trouble := post.trouble:
            return HealthCheck(name="post", is_well=False, is_needed=True, words=trouble)
        try:
            waiting = post.waiting()
        except WattshiftError as error:
            return HealthCheck(name="post", is_well=False, is_needed=True, words=error.message)
        failed = [each.outcome for each in waiting if each.outcome]
        words = f"{len(waiting)} messages wait" if waiting else "every message was delivered"
        if failed:
            words = f"{words}; the newest fault of a receiver: {failed[-1]}"
        return HealthCheck(name="post", is_well=not failed, is_needed=False, words=words)

    def _sources(self) -> HealthCheck | None:
        """What is not fresh is told and shown with its age: no reason not to be asked."""
        try:
            found = self._organs.sources()
        except WattshiftError as error:
            return HealthCheck(name="sources", is_well=False, is_needed=False, words=error.message)
        if found is None:
            return None
        words = "; ".join((found.state.value, *found.told))
        is_well = found.state not in _ILL_SOURCES
        return HealthCheck(name="sources", is_well=is_well, is_needed=False, words=words)
