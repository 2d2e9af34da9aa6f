"""The post: a thread of its own sends what waits in the outbox, so that no receiver can hold up the loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random, SystemRandom
from threading import Event, Thread

from wattshift.app.alerting.postman import deliver
from wattshift.clock import Clock
from wattshift.delivery.message import Channel
from wattshift.errors import Locked, WattshiftError
from wattshift.store.alertjournal import AlertJournal, Pending

__all__ = ["PostRoom"]

_ROUND_S = 2.0
_log = logging.getLogger("wattshift.alerts")


class PostRoom:
    """Sends what is due, again and again.

    Args:
        path: the journal of the alerts.
        channels: by name.
        clock: the machine's own clock.
        rng: for the jitter of waits.
    """

    def __init__(
        self, path: Path, channels: Mapping[str, Channel], clock: Clock, rng: Random | None = None
    ) -> None:
        self._path = path
        self._channels = channels
        self._clock = clock
        self._rng = SystemRandom() if rng is None else rng
        self._stop = Event()
        self._thread = Thread(target=self._run, name="wattshift-post", daemon=True)
        self.trouble = ""
        """Why nothing can be sent, in words; empty if it can."""
        self.turned_s = time.monotonic()
        """When it went round last, on the monotonic clock [s]."""

    @property
    def is_alive(self) -> bool:
        """Whether it goes round."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more after the message that is on its way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def waiting(self) -> list[Pending]:
        """What was not delivered yet. Any thread may ask.

        Raises:
            StoreError: if the journal cannot be read.
        """
        if not self._path.exists():
            return []
        with AlertJournal(self._path) as journal:
            return journal.outbox()

    def turn(self) -> None:
        """Send what is due once."""
        try:
            if self._path.exists():
                with AlertJournal(self._path) as journal:
                    deliver(journal, self._channels, clock=self._clock, rng=self._rng)
        except Locked:  # `alerts check --send` does it at this moment
            return
        except WattshiftError as error:
            if error.message != self.trouble:
                _log.error("no message can be sent: %s", error.message)
            self.trouble = error.message
        else:
            self.trouble = ""
        self.turned_s = time.monotonic()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(_ROUND_S)
