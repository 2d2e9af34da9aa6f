"""Threads: one for each source that is asked, one for each line on which new tips are announced.

They own nothing but their source. A source that hangs blocks its own thread and nobody else, and no thread
keeps the process from ending.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import Queue
from threading import Event, Thread
from typing import Any

from wattshift.app.follow.tasks import Settle, Task
from wattshift.errors import SourceError
from wattshift.report.figures import printable
from wattshift.sources.port import TipWatch

__all__ = ["Watcher", "Workers", "outcome"]

_INBOX = 256
_WATCH_S = 30.0
_REDIAL_S = 60.0
_CALM_S = 1.0
"""Time between two announcements that are listened to: a server that shouts is heard no more often [s]."""

_log = logging.getLogger("wattshift.follow")


class Workers:
    """Asks sources, each in its own thread, one question at a time."""

    def __init__(self) -> None:
        self.inbox: Queue[Settle] = Queue(_INBOX)
        """What is to be done with the answers, by the thread that owns everything else."""
        self._desks: dict[str, Queue[Task[Any] | None]] = {}

    def submit(self, task: Task[Any]) -> None:
        """Have a question asked; the source must be free."""
        if task.source not in self._desks:
            self._desks[task.source] = Queue(2)
            Thread(
                target=self._work, args=(self._desks[task.source],), name=f"ask {task.source}", daemon=True
            ).start()
        self._desks[task.source].put_nowait(task)

    def stop(self) -> None:
        """End the threads that are free now, and the others when they are; nobody waits for them."""
        for desk in self._desks.values():
            desk.put_nowait(None)  # there is room for it beside the one question

    def _work(self, desk: Queue[Task[Any] | None]) -> None:
        while (task := desk.get()) is not None:
            self.inbox.put(outcome(task))


def outcome(task: Task[Any]) -> Settle:
    """What to do with the answer to a question; a defect is raised again where it ends the process."""
    try:
        return task.run()
    except BaseException as error:  # noqa: BLE001  # raised again by the owner of everything
        return _raiser(error)


def _raiser(error: BaseException) -> Settle:
    def settle() -> None:
        raise error

    return settle


class Watcher:
    """Waits for announcements of new tips, and calls the line again when it breaks.

    Args:
        name: the source's name.
        connect: opens the line.
        announce: what is to be done at each announcement.
        inbox: where that is put.
    """

    def __init__(
        self, name: str, connect: Callable[[], TipWatch], announce: Settle, inbox: Queue[Settle]
    ) -> None:
        self._name = name
        self._connect = connect
        self._announce = announce
        self._inbox = inbox
        self._is_over = Event()

    def start(self) -> None:
        """Begin."""
        Thread(target=self._run, name=f"watch {self._name}", daemon=True).start()

    def stop(self) -> None:
        """End soon; nobody waits for it."""
        self._is_over.set()

    def _run(self) -> None:
        is_told = False
        while not self._is_over.is_set():
            try:
                self._listen()
            except SourceError as error:
                if not is_told:
                    words = f"{self._name} announces no tips and is only polled: {error.message}"
                    _log.warning("%s", printable(words))
                is_told = True
                self._is_over.wait(_REDIAL_S)
            except BaseException as error:  # noqa: BLE001  # raised again by the owner of everything
                self._inbox.put(_raiser(error))
                return

    def _listen(self) -> None:
        line = self._connect()
        try:
            while not self._is_over.is_set():
                if line.wait(_WATCH_S):
                    self._inbox.put(self._announce)
                    self._is_over.wait(_CALM_S)
        finally:
            line.close()
