"""The watchdog: a service that stands still ends, and whoever supervises starts it anew."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from threading import Event, Thread

from wattshift.app.service.systemd import Manager
from wattshift.errors import ExitStatus

__all__ = ["Watchdog"]

_LOOK_S = 1.0
_log = logging.getLogger("wattshift.serve")


def _end() -> None:
    """Leave at once: nothing that was acknowledged waits to be written."""
    os._exit(ExitStatus.FAILED)


class Watchdog:
    """Looks every second, in a thread of its own.

    Args:
        trouble: why the process should end, in words; empty while it should not.
        is_ready: whether the service can be told to be ready.
        manager: the service manager.
        end: ends the process.
    """

    def __init__(
        self,
        trouble: Callable[[], str],
        *,
        is_ready: Callable[[], bool],
        manager: Manager,
        end: Callable[[], None] = _end,
    ) -> None:
        self._trouble = trouble
        self._is_ready = is_ready
        self._manager = manager
        self._end = end
        self._was_ready = False
        self._stop = Event()
        self._thread = Thread(target=self._run, name="wattshift-watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """The service ends in good order: look no more."""
        self._manager.tell("STOPPING=1")
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * _LOOK_S)

    def look(self) -> None:
        """Look once."""
        trouble = self._trouble()
        if trouble:
            _log.critical("the service ends, to be started anew: %s", trouble)
            self._manager.tell(f"STATUS={trouble}", "STOPPING=1")
            self._end()
            return
        if not self._was_ready and self._is_ready():
            self._was_ready = True
            self._manager.tell("READY=1")
        self._manager.tell("WATCHDOG=1")

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_S):
            self.look()
