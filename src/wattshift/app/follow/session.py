"""From the lease to the last thread: everything that a follower holds while it follows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import Empty
from random import SystemRandom

from wattshift.app.follow.follower import Follower, World
from wattshift.app.follow.wallclock import SteadyClock
from wattshift.app.follow.workers import Watcher, Workers
from wattshift.app.importing.files import start_of
from wattshift.config.follow import FollowSettings
from wattshift.sources.registry import Connected, connect
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import Home
from wattshift.store.opening import open_ledger
from wattshift.store.series import SeriesStore

__all__ = ["Session", "opened"]


@dataclass(frozen=True, slots=True)
class Session:
    """A follower, and the threads that ask for it."""

    follower: Follower
    workers: Workers

    def turn(self, wait_s: float) -> None:
        """Ask what is due, wait for an answer, let all that came settle, and look around.

        Args:
            wait_s: how long to wait for an answer [s].

        Raises:
            StoreError: if something cannot be kept.
        """
        for task in self.follower.tasks():
            self.workers.submit(task)
        wait_s = max(0.0, min(wait_s, self.follower.due_s - time.monotonic()))
        try:
            self.workers.inbox.get(timeout=wait_s)()
            while True:
                self.workers.inbox.get_nowait()()
        except Empty:
            pass
        self.follower.turn()


@contextmanager
def opened(settings: FollowSettings, home: Home, clock: SteadyClock) -> Iterator[Session]:
    """Take the lease, take up the chain where the ledger ends, and start the threads.

    Args:
        settings: what the follower is told.
        home: where everything is kept.
        clock: tells the time of day.

    Raises:
        ConfigError: if a source is wrong.
        Locked: at once, if another process leads the ledger; it names the process and since when.
        StoreError: if the store is damaged, of another network, or cannot be written.
    """
    with ExitStack() as stack:
        home.make_folder()
        ledger = stack.enter_context(open_ledger(home.ledger_place, write=True))
        start = start_of(home, network_name=settings.network, from_genesis=settings.from_genesis)
        sources = [connect(each, start.network, clock) for each in settings.specs]
        keeper = ChainStore.open(ledger, start.network, start=start, now=clock.now())
        world = World(
            keeper=keeper,
            journal=ledger,
            series=SeriesStore(home.series),
            clock=clock,
            mono_s=time.monotonic,
            rng=SystemRandom(),
        )
        follower = Follower(sources, settings.pace, world)
        workers = Workers()
        stack.callback(workers.stop)
        for each in sources:
            _start_watching(each, follower, workers, stack)
        yield Session(follower, workers)


def _start_watching(each: Connected, follower: Follower, workers: Workers, stack: ExitStack) -> None:
    if each.watch is not None:
        watcher = Watcher(each.spec.name, each.watch, follower.announce(each.spec.name), workers.inbox)
        stack.callback(watcher.stop)
        watcher.start()
