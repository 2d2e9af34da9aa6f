"""The follower as a process: signals, heartbeat, and what it does when the disk is full. It is crash-only.

Whatever is acknowledged is kept before it counts, so the process may be killed at any point, and starting is
recovering. An error of the store or a defect ends it, and a supervisor starts it anew; only a disk that is
full is waited for.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event, current_thread, main_thread

from wattshift import __version__
from wattshift.app.follow.describing import describe
from wattshift.app.follow.follower import Follower
from wattshift.app.follow.metrics import MetricsServer, parse_address
from wattshift.app.follow.session import Session, opened
from wattshift.app.follow.status import HEARTBEAT_S, write_status
from wattshift.app.follow.wallclock import SteadyClock
from wattshift.config.follow import FollowSettings
from wattshift.errors import Unwritable
from wattshift.report.documents.following import FollowerRow, FollowState, SourcesDocument
from wattshift.store.home import Home

__all__ = ["FollowRun"]

_LONGEST_WAIT_S = 0.5
"""The loop turns at least that often, so that a signal is heeded in time [s]."""

_RETRY_DISK_S = 10.0

_NEWS_S = 1.0
"""A new tip is told that soon [s]."""

_log = logging.getLogger("wattshift.follow")


@dataclass(slots=True, kw_only=True)
class FollowRun:
    """One run of the follower.

    Args:
        settings: what it is told, its sources named.
        home: where everything is kept.
        is_once: whether to end as soon as everything was asked once.
        watch: called at every turn, to show progress.
    """

    settings: FollowSettings
    home: Home
    is_once: bool = False
    watch: Callable[[Follower], None] = field(default=lambda _: None)
    _clock: SteadyClock = field(
        default_factory=lambda: SteadyClock(lambda: datetime.now(UTC), time.monotonic)
    )
    _stop: Event = field(default_factory=Event)
    _newest: SourcesDocument | None = None
    _beat_s: float = 0.0
    _is_silent: bool = False

    def run(self) -> SourcesDocument:
        """Follow until told to stop; the last document.

        Raises:
            ConfigError: if a source or the address of the metrics is wrong.
            Locked: at once, if another process leads the ledger; it names the process and since when.
            StoreError: if the store is damaged, or cannot be written at the start.
        """
        row = self._row()
        with ExitStack() as stack:
            stack.enter_context(self._heeding_signals())
            is_served = False
            while True:
                try:
                    with opened(self.settings, self.home, self._clock) as session:
                        if not is_served:
                            self._serve_metrics(stack)
                            is_served = True
                        return self._follow(session, row)
                except Unwritable as error:
                    if self._newest is None:
                        raise
                    last = self._wait_for_disk(error, self._newest)
                    if self._stop.is_set():
                        return last

    def stop(self) -> None:
        """End in good order, soon."""
        self._stop.set()

    def _follow(self, session: Session, row: FollowerRow) -> SourcesDocument:
        follower = session.follower
        tip = follower.chain.tip
        _log.info(
            "following %s from block %s with %d sources", self.settings.network, tip, len(follower.desks)
        )
        while not self._stop.is_set():
            has_moved, tip = tip != follower.chain.tip, follower.chain.tip
            self._beat_s -= has_moved * (HEARTBEAT_S - _NEWS_S)
            self._beat(lambda: describe(follower, row))
            session.turn(_LONGEST_WAIT_S)
            self.watch(follower)
            if self.is_once and follower.is_idle:
                follower.finish()
                break
        last = describe(follower, row)
        self._beat(lambda: replace(last, state=FollowState.STOPPED), at_once=True)
        _log.info("stopped at block %s; all that was taken is kept", follower.chain.tip)
        return last

    def _beat(self, document: Callable[[], SourcesDocument], *, at_once: bool = False) -> None:
        """Give a sign of life now and then; where even that cannot be written, once a word about it."""
        now_s = time.monotonic()
        if now_s < self._beat_s and not at_once:
            return
        self._beat_s = now_s + HEARTBEAT_S
        found = document()
        if found.follower is not None:
            found = replace(found, follower=replace(found.follower, heartbeat_at=found.as_of))
        self._newest = found
        try:
            write_status(self.home.status, found)
            self._is_silent = False
        except Unwritable as error:
            if not self._is_silent:
                _log.warning("no heartbeat can be written: %s", error.message)
            self._is_silent = True

    def _wait_for_disk(self, error: Unwritable, newest: SourcesDocument) -> SourcesDocument:
        """Stand still for a while, but give signs of life."""
        _log.critical("nothing can be kept, trying again every %.0f s: %s", _RETRY_DISK_S, error.message)
        told = (f"nothing can be kept: {error.message}", *newest.told)
        blocked = replace(newest, state=FollowState.BLOCKED, told=told)
        end_s = time.monotonic() + _RETRY_DISK_S
        while time.monotonic() < end_s and not self._stop.wait(_LONGEST_WAIT_S):
            self._beat(lambda: replace(blocked, as_of=self._clock.now()))
        self._newest = newest
        return blocked

    def _row(self) -> FollowerRow:
        now = self._clock.now()
        return FollowerRow(
            pid=os.getpid(),
            version=__version__,
            started_at=now,
            heartbeat_at=now,
            metrics=self.settings.metrics,
        )

    def _serve_metrics(self, stack: ExitStack) -> None:
        if self.settings.metrics is not None:
            server = MetricsServer(parse_address(self.settings.metrics), lambda: self._newest)
            stack.callback(server.close)

    @contextmanager
    def _heeding_signals(self) -> Iterator[None]:
        if current_thread() is not main_thread():
            yield
            return
        wanted = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, lambda *_: self._stop.set()) for each in wanted}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
