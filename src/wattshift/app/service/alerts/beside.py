"""Alerts beside a follower that serves nothing: the same room and the same post, turned by a thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Self

from wattshift.app.alerting.checking import journal_path
from wattshift.app.alerting.postman import open_channels
from wattshift.app.service.alerts.post import PostRoom
from wattshift.app.service.alerts.room import AlertPlace, AlertRoom
from wattshift.app.service.feeds.live import StoreFeed
from wattshift.app.service.feeds.place import Place
from wattshift.clock import Clock
from wattshift.config.alerts import load_alerts
from wattshift.errors import WattshiftError
from wattshift.store.home import Home

__all__ = ["AlertWatch"]

_LOOK_S = 1.0
_ALERTS_S = 15.0
_log = logging.getLogger("wattshift.alerts")


class AlertWatch:
    """Looks at a store while somebody fills it; a context manager.

    Args:
        rules: the rules file.
        home: the store; its folder is made if need be.
        clock: the machine's own clock.
        ended: called if the watch ends by a defect: nobody may believe that it goes on.

    Raises:
        ConfigError: if the rules make no sense, or a channel lacks its secret.
        Unwritable: if the folder cannot be made.
    """

    def __init__(self, rules: Path, home: Home, clock: Clock, ended: Callable[[], None]) -> None:
        file = load_alerts(rules)
        home.make_folder()
        journal = journal_path(home)
        place = Place(folder=home.folder, ledger_url=home.ledger_url)
        self._feed = StoreFeed(home, place.archive, clock)
        self._room = AlertRoom(AlertPlace(file=file, journal=journal, home=home, clock=clock))
        self._post = PostRoom(journal, open_channels(file, clock=clock), clock)
        self._ended = ended
        self._stop = Event()
        self._generation: int | None = None
        self._due_s = 0.0
        self._trouble = ""
        self._thread = Thread(target=self._run, name="wattshift-alerts", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._post.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10.0)
        self._post.stop()

    def turn(self) -> None:
        """Look once: at each news, and now and then for what is due by time."""
        try:
            moment = self._feed.moment()
        except WattshiftError as error:
            if error.message != self._trouble:
                _log.error("no alert can be evaluated: %s", error.message)
            self._trouble = error.message
            return
        self._trouble = ""
        now_s = time.monotonic()
        if moment.generation != self._generation or now_s >= self._due_s:
            self._room.look(moment)
            self._generation, self._due_s = moment.generation, now_s + _ALERTS_S

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self.turn()
                self._stop.wait(_LOOK_S)
        except BaseException:  # noqa: BLE001  # the follower ends, and whoever supervises starts it anew
            _log.critical("the watch over alerts has failed", exc_info=True)
            self._ended()
