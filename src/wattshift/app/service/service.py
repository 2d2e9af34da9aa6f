"""The service as one object: what API, dashboard, metrics and agents are skins over."""

from __future__ import annotations

import logging
import secrets
from contextlib import ExitStack
from dataclasses import dataclass, replace
from threading import Thread
from typing import Self

from wattshift.app.follow.asking import last_status
from wattshift.app.questions.question import World
from wattshift.app.service.alerts.room import AlertRoom
from wattshift.app.service.answering.answers import Answers
from wattshift.app.service.edition import Board
from wattshift.app.service.editionroom import EditionRoom
from wattshift.app.service.health import Health
from wattshift.app.service.jobs.jobs import Jobs
from wattshift.app.service.loop import Loop
from wattshift.app.service.pulse import pulse_of
from wattshift.clock import Clock
from wattshift.report.documents.following import SourcesDocument
from wattshift.report.documents.pulse import PulseDocument
from wattshift.store.home import Home

__all__ = ["LoopThread", "Parts", "Service"]

_log = logging.getLogger("wattshift.serve")


class LoopThread:
    """The thread in which a loop turns; what ends the loop is logged under a number.

    Args:
        loop: the loop.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._thread = Thread(target=self._run, name="wattshift-loop", daemon=True)

    def start(self) -> None:
        """Begin to turn."""
        self._thread.start()

    def stop(self) -> None:
        """End in good order."""
        self._loop.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=15.0)

    def is_alive(self) -> bool:
        """Whether it turns."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._loop.run()
        except BaseException:  # noqa: BLE001  # the watchdog ends the process
            _log.critical("the loop has failed, incident %s", secrets.token_hex(4), exc_info=True)
            raise SystemExit from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a service consists of; `wattshift.app.service.opening` puts it together.

    Args:
        world: what is spoken of, at the beginning.
        board: where editions hang.
        loop: publishes them.
        thread: in which the loop turns.
        answers: answers questions.
        jobs: simulations and backtests.
        alerts: the alerts.
        editions: the record of what was told.
        health: tells how the service is.
        home: the store; None for the bundled history alone.
        clock: the machine's own clock.
    """

    world: World
    board: Board
    loop: Loop
    thread: LoopThread
    answers: Answers
    jobs: Jobs
    alerts: AlertRoom
    editions: EditionRoom
    health: Health
    home: Home | None
    clock: Clock


class Service:
    """A loop in a thread of its own, the board it publishes on, and all that answers from it.

    Args:
        parts: what it consists of.
        stack: what ends with it, the last first.
    """

    def __init__(self, parts: Parts, stack: ExitStack) -> None:
        self.board = parts.board
        self.loop = parts.loop
        self.answers = parts.answers
        self.jobs = parts.jobs
        self.alerts = parts.alerts
        self.editions = parts.editions
        self.health = parts.health
        self._parts = parts
        self._stack = stack

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to publish."""
        self._parts.thread.start()

    def stop(self) -> None:
        """End in good order."""
        self._parts.thread.stop()
        self._stack.close()

    @property
    def is_turning(self) -> bool:
        """Whether the loop's thread is alive."""
        return self._parts.thread.is_alive()

    @property
    def world(self) -> World:
        """What is spoken of, with the newest history."""
        moment = self.loop.moment
        world = self._parts.world
        return world if moment is None else replace(world, archive=moment.archive)

    def pulse(self) -> PulseDocument:
        """Whether the newest edition is still the present."""
        return pulse_of(self.loop, self.board)

    def sources(self) -> SourcesDocument | None:
        """How the sources of the store are; None where no store is read.

        Raises:
            Corrupt: if what the follower says makes no sense.
        """
        home = self._parts.home
        return None if home is None else last_status(home, now=self._parts.clock.now())
