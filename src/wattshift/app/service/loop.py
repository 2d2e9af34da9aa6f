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
from wattshift.app.service.feeds.feed import Feed, Moment
from wattshift.app.service.now import present
from wattshift.assets.site import Site
from wattshift.clock import format_instant
from wattshift.errors import Locked, OutOfSpan, Unwritable, WattshiftError
from wattshift.report.documents.now import NowDocument

__all__ = ["Loop", "News"]

_WAIT_S = 0.5
_AGAIN_S = 5.0
"""What could not be computed is tried again only so much later, if nothing else has changed [s]."""

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
        presented: computes the present at a moment; by default here and now. Errors as in `present`.
    """

    def __init__(
        self,
        feed: Feed,
        site: Site,
        board: Board,
        *,
        then: Callable[[Moment, News], None] = lambda *_: None,
        presented: Callable[[Moment], NowDocument] | None = None,
    ) -> None:
        self._feed = feed
        self._site = site
        self._board = board
        self._then = then
        self._presented = self._present if presented is None else presented
        self._news: News | None = None
        self._number = 0
        self._stop = Event()
        self.turned_s = time.monotonic()
        """When it turned last, on the monotonic clock: what the watchdog looks at [s]."""
        self.trouble = ""
        """What went wrong with the last moment, in words; empty if nothing did."""
        self.moment: Moment | None = None
        """The moment it looked at last; None before the first."""
        self.seen_s = self.turned_s
        """When it saw that moment, on the monotonic clock [s]."""
        self._failed: News | None = None
        self._again_s = 0.0

    def run(self) -> None:
        """Turn until told to stop.

        Raises:
            StoreError: if the store is damaged, or the follower has ended; whoever supervises starts anew.
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
        """Look once; publish if there is news. A store that cannot be read for a while is asked again."""
        try:
            moment = self._feed.moment()
        except (Locked, Unwritable) as error:
            self._tell(error)
            if self.moment is not None and self._news is not None:
                self._then(self.moment, self._news)  # alerts look at the store as well
        else:
            self._hear_of_end(moment)
            self.moment, self.seen_s = moment, time.monotonic()
            self._take(moment)
        self.turned_s = time.monotonic()

    def _take(self, moment: Moment) -> None:
        news = self._look(moment)
        if news is None:
            return
        if news == self._news:
            self.trouble = ""
        elif news != self._failed or time.monotonic() >= self._again_s:
            self._publish(moment, news)
        self._then(moment, news)

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
            now = self._presented(moment)
        except WattshiftError as error:
            self._tell(error)
            self._failed, self._again_s = news, time.monotonic() + _AGAIN_S
            return
        self._number += 1
        self._board.publish(edition_of(now, number=self._number, generation=moment.generation))
        self._news = news
        self.trouble = ""

    def _present(self, moment: Moment) -> NowDocument:
        return present(
            moment.archive, self._site, at=moment.at, is_replay=moment.is_replay, lag_s=moment.lag_s
        )

    def _tell(self, error: WattshiftError) -> None:
        """Once on failure; the next edition is the sign of recovery."""
        if error.message != self.trouble:
            _log.warning("no new edition: %s", error.message)
        self.trouble = error.message
