"""Where the API waits for what takes time: threads, not too many, and a refusal where too many wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import anyio
from anyio.to_thread import run_sync

from wattshift.errors import Busy

__all__ = ["Lanes", "Threads"]

_P = ParamSpec("_P")
_Found = TypeVar("_Found")


class Threads:
    """Runs what blocks outside of the event loop.

    Args:
        at_once: calls at once.
        waiting: calls that may wait for one of them to end.
    """

    def __init__(self, *, at_once: int = 32, waiting: int = 64) -> None:
        self._limiter = anyio.CapacityLimiter(at_once)
        self._most_waiting = waiting

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return self._limiter.statistics().tasks_waiting

    async def call(self, function: Callable[_P, _Found], *args: _P.args, **kwargs: _P.kwargs) -> _Found:
        """Call a function, and wait for it.

        Raises:
            Busy: if too many wait already, and whatever the function raises.
        """
        if self.waiting >= self._most_waiting:
            raise Busy("too many ask at once", retry_s=2, hint="ask again in a moment")
        return await run_sync(lambda: function(*args, **kwargs), limiter=self._limiter)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Two ways to wait, so that who asks for much holds up nobody who asks for little.

    Args:
        usual: for what is quick, and for what everybody asks: of such answers few are computed.
        special: for what one client alone wants, and may have to wait for.
    """

    usual: Threads = field(default_factory=lambda: Threads(waiting=256))
    special: Threads = field(default_factory=Threads)
