"""The follower without threads, sockets or clocks of its own: which questions are due, and what follows.

Whoever runs it asks the questions (`tasks`), lets the answers settle, and gives it a `turn` now and then.
Time is what the given clocks say, so ten years pass in a test within seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from random import Random
from typing import Any

from wattshift.app.follow.alarms import Alarms
from wattshift.app.follow.desk import Desk, Now, Pursuit
from wattshift.app.follow.facts import FactPursuit, known_facts
from wattshift.app.follow.frames import FramePursuit
from wattshift.app.follow.headers import ChainKeeper, HeaderPursuit, Places, chain_notices
from wattshift.app.follow.keeping import SeriesKeeper
from wattshift.app.follow.notices import Journal, Notices
from wattshift.app.follow.quotes import CandleBook, CandlePursuit, QuoteBook, QuotePursuit
from wattshift.app.follow.stuck import StuckFeeds
from wattshift.app.follow.tasks import Settle, Task
from wattshift.app.follow.trust import Standing
from wattshift.app.follow.wallclock import SteadyClock
from wattshift.clock import Window, from_unix
from wattshift.config.follow import PollPace
from wattshift.sources.registry import Connected, TellsTime
from wattshift.store.series import SeriesStore

__all__ = ["Follower", "World"]

_RETRY_EARLY_S = 60.0
_FACT_DAYS = timedelta(days=3)
_SYNCING_BLOCKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a follower needs of the world.

    Args:
        keeper: validates and keeps headers.
        journal: keeps notices.
        series: keeps tables.
        clock: tells the time of day.
        mono_s: the monotonic clock [s].
        rng: for the jitter of waits.
    """

    keeper: ChainKeeper
    journal: Journal
    series: SeriesStore
    clock: SteadyClock
    mono_s: Callable[[], float]
    rng: Random


class Follower:
    """Follows some sources.

    Args:
        sources: the sources.
        pace: how often they are asked.
        world: everything else.
    """

    def __init__(self, sources: Sequence[Connected], pace: PollPace, world: World) -> None:
        self.sources = tuple(sources)
        self.chain = world.keeper.chain
        self.clock = world.clock
        self.notices = Notices(world.journal)
        self.alarms = Alarms(self.notices)
        self.stuck = StuckFeeds(self.notices)
        self._world = world
        self._pace = pace
        self._rows = SeriesKeeper(world.series)
        n_quotes = sum(each.quotes is not None for each in sources)
        self.quotes = QuoteBook(self._rows, n_quotes, world.clock.now(), self.stuck)
        self._closes = CandleBook(self._rows, sum(each.candles is not None for each in sources))
        self.headers: dict[str, HeaderPursuit] = {}
        self._places = Places(self.chain)
        self._heard: dict[str, datetime] = {}
        self._retry_s = -inf
        self.desks = {each.spec.name: self._desk(each) for each in sources}
        self._see_tip()

    @property
    def now(self) -> Now:
        """The present."""
        return Now(at=self.clock.now(), mono_s=self._world.mono_s())

    @property
    def due_s(self) -> float:
        """When the next question is due on the monotonic clock [s]."""
        return min((desk.due_s for desk in self.desks.values() if not desk.is_busy), default=inf)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to ask and nothing to wait for just now."""
        if any(self.desks[name].is_shaken for name in self.headers):
            return False
        return self.due_s > self._world.mono_s() and not any(desk.is_busy for desk in self.desks.values())

    @property
    def left_blocks(self) -> int:
        """Blocks up to the highest tip that is claimed by a source which answers and was not proved wrong."""
        return max(
            (
                pursuit.dialogue.left
                for name, pursuit in self.headers.items()
                if self.desks[name].trust.standing not in {Standing.QUARANTINED, Standing.UNREACHABLE}
            ),
            default=0,
        )

    @property
    def is_syncing(self) -> bool:
        """Whether more than a few blocks are missing up to a tip that is claimed."""
        return self.left_blocks > _SYNCING_BLOCKS

    @property
    def is_current(self) -> bool:
        """Whether some source of headers can be relied on, and has proved its tip lately."""
        now = self.now
        return any(
            self.desks[name].trust.standing is Standing.FRESH and pursuit.has_proved_lately(now)
            for name, pursuit in self.headers.items()
        )

    @property
    def is_level(self) -> bool:
        """Whether all is here that some reliable source has to tell."""
        return any(
            self.desks[name].trust.standing is Standing.FRESH
            and pursuit.dialogue.proved is not None
            and not pursuit.dialogue.left
            for name, pursuit in self.headers.items()
        )

    def tasks(self) -> list[Task[Any]]:
        """The questions whose time has come, at most one for each source."""
        return [task for desk in self.desks.values() if (task := desk.next_task()) is not None]

    def announce(self, name: str) -> Settle:
        """What is to be done when a source announces a new tip."""
        return self.headers[name].poke

    def turn(self) -> None:
        """Look around: at the clocks, at headers whose time has come, at who is behind, at books to close.

        Raises:
            StoreError: if something cannot be kept.
        """
        self._look_at_clocks()
        now = self.now
        if now.mono_s >= self._retry_s:
            self._retry_s = now.mono_s + _RETRY_EARLY_S
            if self.chain.waiting_count:
                extension = self._world.keeper.take(b"", now=now.at, origin=None)
                for notice in chain_notices(extension, "headers that had waited", now.at):
                    self.notices.tell(notice, now_s=now.mono_s)
        self._see_tip()
        self._compare()
        if not self.chain.network.no_retargeting:  # there blocks come when somebody wants one
            self.alarms.listen(now, is_level=self.is_level)
        self.quotes.close_round(now)
        self._closes.close_round(now)
        self.notices.flush(now_s=now.mono_s)

    def finish(self) -> None:
        """End the rounds that wait for more answers, and let go of the sources, which must be idle."""
        now = self.now
        self.quotes.close_round(now, at_once=True)
        self._closes.close_round(now, at_once=True)
        for each in self.sources:
            each.close()

    def _desk(self, each: Connected) -> Desk:
        name, every_s = each.spec.name, each.spec.every_s
        pursuits: list[Pursuit] = []
        if each.headers is not None:
            self.headers[name] = HeaderPursuit(
                each.headers,
                self._world.keeper,
                every_s=every_s or self._pace.tips_s,
                notices=self.notices,
            )
            pursuits.append(self.headers[name])
        if each.quotes is not None:
            pursuits.append(QuotePursuit(each.quotes, self.quotes, every_s=every_s or self._pace.quotes_s))
        if each.frames is not None:
            pace_s = every_s or self._pace.frames_s
            pursuits.append(
                FramePursuit(each.frames, self._rows, every_s=pace_s, now=lambda: self.now, stuck=self.stuck)
            )
        if each.facts is not None:
            pursuits.append(self._fact_pursuit(each))
        if each.candles is not None:
            pursuits.append(
                CandlePursuit(each.candles, self._closes, every_s=self._pace.candles_s, now=lambda: self.now)
            )
        return Desk(name, pursuits, self.notices, lambda: self.now, self._world.rng)

    def _fact_pursuit(self, each: Connected) -> FactPursuit:
        assert each.facts is not None  # noqa: S101  # the caller has looked
        now_at = self.clock.now()
        lately = Window(start_at=now_at - _FACT_DAYS, end_at=now_at + _FACT_DAYS)
        known = known_facts(self._rows, each.spec.name, lately)
        return FactPursuit(each.facts, self.chain, self._rows, known=known)

    def _look_at_clocks(self) -> None:
        for each in self.sources:
            its_at = each.source.server_date_at if isinstance(each.source, TellsTime) else None
            if its_at is not None and its_at != self._heard.get(each.spec.name):  # it has just come
                self._heard[each.spec.name] = its_at
                self.clock.hear(each.spec.name, its_at)
        tip = self.chain.tip
        due_s = self.chain.due_s
        finding = self.clock.look(
            tip_at=from_unix(self.chain.header_at(tip.height).time_s),
            median_past_at=from_unix(self.chain.median_time_past_s(tip.hash)),
            due_at=None if due_s is None else from_unix(due_s),
        )
        self.alarms.see_clocks(finding, self.now)

    def _see_tip(self) -> None:
        tip = self.chain.tip
        self.alarms.see_tip(tip.hash, from_unix(self.chain.header_at(tip.height).time_s), self.now)

    def _compare(self) -> None:
        for name, pursuit in self.headers.items():
            comparison = self._places.of(name, pursuit.dialogue)
            if comparison is not None:
                self.desks[name].compare(comparison)
