"""Worker processes for one sort of work: so many at once, so many that wait, so long each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Lock
from typing import Any, TypeVar

from wattshift.app.engine.leash import Leash
from wattshift.app.service.answering.workroom import View, opened
from wattshift.errors import Busy

__all__ = ["Pool", "PoolLimits"]

_Result = TypeVar("_Result")

_OPENING_S = 120.0
"""A worker that has not read the history by then never will [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """What work may use.

    Args:
        workers: processes.
        waiting: how many calls may wait for one.
        wall_s: time of one call, the reading of the history not included [s].
        max_bytes: address space of one process.
        niceness: how far the processes stand back behind the one that serves, when all want the processor.
    """

    workers: int = 1
    waiting: int = 64
    wall_s: float = 2.0
    max_bytes: int = 4 << 30
    niceness: int = 5


class Pool:
    """Worker processes, started when they are first needed. Any thread may call.

    Args:
        limits: what work may use.
    """

    def __init__(self, limits: PoolLimits) -> None:
        self._limits = limits
        self._leashes = tuple(Leash(niceness=limits.niceness) for _ in range(limits.workers))
        self._free = list(self._leashes)
        self._queue: deque[object] = deque()
        self._changed = Condition()
        self._views: dict[Leash, tuple[int | None, View]] = {}
        self._present = 0
        self._lock = Lock()

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the workers that there are now."""
        return tuple(pid for leash in self._leashes if (pid := leash.process_id) is not None)

    def call(
        self, function: Callable[[Any], _Result], item: object, view: View, *, is_first: bool = False
    ) -> _Result:
        """Call a function of a module in a worker that has a world open.

        Args:
            function: the function.
            item: what it is given.
            view: the world.
            is_first: whether it goes before all who wait.

        Raises:
            Busy: if too many wait already; `retry_s` in its context says when to come back.
            Overrun: if it took too long.
            LimitReached: if memory ran out.
            Exception: what the function raised.
        """
        self._enter()
        try:
            leash = self._taken(is_first=is_first)
            try:
                self._open(leash, view)
                return leash.call(
                    function, item, wall_s=self._limits.wall_s, max_bytes=self._limits.max_bytes
                )
            finally:
                self._give_back(leash)
        finally:
            self._leave()

    def prepare(self, view: View) -> None:
        """Have all workers that are free open a world, so that the next call is quick.

        Raises:
            WattshiftError: if it cannot be opened.
        """
        with self._changed:
            taken, self._free = self._free, []
        try:
            for leash in taken:
                self._open(leash, view)
        finally:
            self._give_back(*taken)

    def close(self) -> None:
        """End the workers, whatever they do."""
        for leash in self._leashes:
            leash.close()

    def _taken(self, *, is_first: bool) -> Leash:
        """A worker, in the order of who came."""
        me = object()
        with self._changed:
            if is_first:
                self._queue.appendleft(me)
            else:
                self._queue.append(me)
            self._changed.wait_for(lambda: self._free and self._queue[0] is me)
            self._queue.popleft()
            self._changed.notify_all()
            return self._free.pop()

    def _give_back(self, *leashes: Leash) -> None:
        with self._changed:
            self._free += leashes
            self._changed.notify_all()

    def _enter(self) -> None:
        with self._lock:
            if self._present >= self._limits.workers + self._limits.waiting:
                raise Busy(
                    "more is asked at once than can be answered",
                    retry_s=max(1, round(self._limits.wall_s)),
                    hint="ask again a little later, or ask for less",
                )
            self._present += 1

    def _leave(self) -> None:
        with self._lock:
            self._present -= 1

    def _open(self, leash: Leash, view: View) -> None:
        """Have the world open before the clock of the call starts."""
        if self._views.get(leash) == (leash.process_id, view) and leash.process_id is not None:
            return
        leash.call(opened, view, wall_s=_OPENING_S)
        self._views[leash] = (leash.process_id, view)
