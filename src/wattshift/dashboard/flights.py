"""Work that is under way: who asks for the same thing waits for the same thing, and not for ever."""

from __future__ import annotations

from asyncio import shield, wait_for, wrap_future
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

from wattshift.errors import Busy

__all__ = ["Flights"]

_T = TypeVar("_T")


class Flights:
    """Work in a few threads. Whoever loses patience is told to come back; the work goes on.

    Args:
        threads: how many things are done at once.
        waiting: how many more may wait.
    """

    def __init__(self, *, threads: int = 8, waiting: int = 64) -> None:
        self._most = threads + waiting
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="wattshift-asks")
        self._flying: dict[Hashable, Future[Any]] = {}
        self._lock = Lock()

    async def result(
        self, key: Hashable, work: Callable[[], _T], *, patience_s: float | None = None, retry_s: int = 1
    ) -> _T:
        """What the work comes to.

        Args:
            key: what the work is; the same work is done once for all who wait for it.
            work: the work.
            patience_s: how long to wait [s]; None for as long as it takes.
            retry_s: after how long to come back [s].

        Raises:
            Busy: if it takes longer than that, or too much is under way already.
            Exception: whatever the work raises.
        """
        future: Future[_T] = self._future(key, work)
        try:
            return await wait_for(shield(wrap_future(future)), patience_s)
        except TimeoutError:
            raise Busy(
                "this is being computed", retry_s=retry_s, hint="it comes by itself in a moment"
            ) from None

    def _future(self, key: Hashable, work: Callable[[], _T]) -> Future[Any]:
        with self._lock:
            found = self._flying.get(key)
            if found is not None:
                return found
            if len(self._flying) >= self._most:
                raise Busy("more is asked than can be answered at once", retry_s=2, hint="come back soon")
            future = self._flying[key] = self._threads.submit(work)
        future.add_done_callback(lambda _: self._land(key))
        return future

    def _land(self, key: Hashable) -> None:
        with self._lock:
            del self._flying[key]
