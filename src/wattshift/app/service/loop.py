"""The loop: moments in, editions out. One thread turns it; what is wrong with a moment is told, not fatal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from wattshift.app.power import last_price
from wattshift.app.service.edition import Board, edition_of
from wattshift.app.service.feed import Feed, Moment
from wattshift.app.service.now import present
from wattshift.assets.site import Site
from wattshift.clock import format_instant
from wattshift.errors import OutOfSpan, WattshiftError

__all__ = ["Loop", "News"]

_WAIT_S = 0.5
_log = logging.getLogger("wattshift.serve")


@dataclass(frozen=True, slots=True)
class News:
    """What an edition rests on; another one is due as soon as any of it differs.

    Args:
        generation: of the history.
        tip_height: the last block known.
        priced_at: start of the last power price settled; None where none is known.
    """

    generation: int
    tip_height: int
    priced_at: datetime | None


class Loop:
    """Turns moments into editions.

    Args:
        feed: tells the moments.
        site: the site that is spoken of.
        board: where editions hang.
        then: is told of every moment, with its news; for alerts and the like.
    """

    def __init__(
        self, feed: Feed, site: Site, board: Board, *, then: Callable[[Moment, News], None] = lambda *_: None
    ) -> None:
        self._feed = feed
        self._site = site
        self._board = board
        self._then = then
        self._news: News | None = None
        self._number = 0
        self._stop = Event()
        self.turned_s = time.monotonic()
        """When it turned last, on the monotonic clock: what the watchdog looks at [s]."""
        self.trouble = ""
        """What went wrong with the last moment, in words; empty if nothing did."""
        self.moment: Moment | None = None
        """The moment it looked at last; None before the first."""

    def run(self) -> None:
        """Turn until told to stop.

        Raises:
            StoreError: if the store is damaged; whoever supervises starts anew.
        """
        try:
            while not self._stop.is_set():
                self.turn()
                self._feed.wait(_WAIT_S)
        finally:
            self._feed.close()

    def stop(self) -> None:
        """End soon."""
        self._stop.set()
        self._feed.close()

    def turn(self) -> None:
        """Look once; publish if there is news."""
        moment = self._feed.moment()
        self._hear_of_end(moment)
        self.moment = moment
        news = self._look(moment)
        if news is not None and news != self._news:
            self._publish(moment, news)
        if news is not None:
            self._then(moment, news)
        self.turned_s = time.monotonic()

    def _hear_of_end(self, moment: Moment) -> None:
        if moment.has_ended and not (self.moment is not None and self.moment.has_ended):
            _log.info("the replay has come to the end of the history: %s", format_instant(moment.at))

    def _look(self, moment: Moment) -> News | None:
        try:
            snapshot = moment.archive.as_of(moment.at)
        except OutOfSpan as error:
            self._tell(error)
            return None
        try:
            priced_at: datetime | None = last_price(snapshot, self._site)["start"][0]
        except WattshiftError:
            priced_at = None
        return News(moment.generation, snapshot.blocks.tip_height, priced_at)

    def _publish(self, moment: Moment, news: News) -> None:
        try:
            now = present(
                moment.archive, self._site, at=moment.at, is_replay=moment.is_replay, lag_s=moment.lag_s
            )
        except WattshiftError as error:
            self._tell(error)
            return
        self._number += 1
        self._board.publish(edition_of(now, number=self._number, generation=moment.generation))
        self._news = news
        self.trouble = ""

    def _tell(self, error: WattshiftError) -> None:
        """Once on failure; the next edition is the sign of recovery."""
        if error.message != self.trouble:
            _log.warning("no new edition: %s", error.message)
        self.trouble = error.message
