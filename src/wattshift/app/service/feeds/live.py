"""Moments of a store that grows: another process follows, or a thread of this one does."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from wattshift.app.follow.run import FollowRun
from wattshift.app.service.feeds.feed import Moment
from wattshift.app.service.feeds.storesign import StoreSign, StoreSigns
from wattshift.app.snapshot import Archive
from wattshift.clock import Clock
from wattshift.config.follow import FollowSettings
from wattshift.errors import Locked, StoreError, Unwritable
from wattshift.store.home import Home

__all__ = ["FollowFeed", "StoreFeed"]


class StoreFeed:
    """Reads a store that somebody else fills. It is read anew only when it shows that it knows more.

    Args:
        home: the store.
        opened: opens its history.
        clock: the machine's own clock.
    """

    def __init__(self, home: Home, opened: Callable[[], Archive], clock: Clock) -> None:
        self._signs = StoreSigns(home)
        self._opened = opened
        self._clock = clock
        self._sign: StoreSign | None = None
        self._archive: Archive | None = None
        self._generation = -1
        self._closed = Event()

    def moment(self) -> Moment:
        """The newest instant that is known.

        Raises:
            StoreError: if the store cannot be read.
        """
        sign = self._signs.look()
        if self._archive is None or sign != self._sign:
            # Seen first, read then: what comes in between is read once more.
            self._sign, self._archive = sign, self._opened()
            self._generation += 1
        at = self._archive.newest_at
        return Moment(
            at=at,
            archive=self._archive,
            generation=self._generation,
            is_replay=False,
            lag_s=max(0.0, (self._clock.now() - at).total_seconds()),
        )

    def wait(self, timeout_s: float) -> None:
        """Wait; whether there is anything new is seen when the moment is asked for."""
        self._closed.wait(timeout_s)

    def close(self) -> None:
        """Wait no more."""
        self._closed.set()


class FollowFeed(StoreFeed):
    """Follows sources in a thread of this process, and reads what that keeps.

    Args:
        settings: what the follower is told, its sources named.
        home: the store; its folder is made if need be.
        opened: opens its history.
        clock: the machine's own clock.

    Raises:
        Unwritable: if the folder cannot be made.
    """

    def __init__(
        self, settings: FollowSettings, home: Home, opened: Callable[[], Archive], clock: Clock
    ) -> None:
        home.make_folder()
        super().__init__(home, opened, clock)
        self._run = FollowRun(settings=settings, home=home)
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._follow, name="wattshift-follow", daemon=True)

    def moment(self) -> Moment:
        """The newest instant that is known.

        Raises:
            StoreError: if the store cannot be read, or the follower could not keep what it heard.
            ConfigError: if a source is wrong.
        """
        if not self._thread.ident and not self._closed.is_set():
            self._thread.start()
        if isinstance(self._failure, Locked | Unwritable):  # which the loop would wait to pass
            raise StoreError(f"the follower has ended: {self._failure.message}", hint=self._failure.hint)
        if self._failure is not None:
            raise self._failure
        return super().moment()

    def close(self) -> None:
        """End the follower in good order, and wait no more."""
        super().close()
        self._run.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=10.0)

    def _follow(self) -> None:
        try:
            self._run.run()
        except BaseException as error:  # noqa: BLE001  # the loop's thread raises it
            self._failure = error
        else:
            if not self._closed.is_set():
                self._failure = StoreError("the follower has ended", hint="look into its log")
