"""How fast a host may be asked: one pace for the whole process, so that nobody asks behind another's back."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from threading import Lock

from wattshift.errors import Unavailable

__all__ = ["MAX_HOLD_S", "SHARED_PACE", "Pace"]

MAX_HOLD_S = 3_600.0
"""Longest time for which a host can make us wait [s]: nobody silences a source for ever."""
_FIRST_HOLD_S = 5.0
_MAX_GUESSED_HOLD_S = 120.0
_BACKOFF_S = 0.5
_MAX_BACKOFF_S = 30.0
_NEVER_S = float("-inf")


class Pace:
    """Turns at hosts: a least interval between two requests, and pauses that a host asked for.

    Args:
        monotonic: a clock that only runs forward [s].
        sleep: lets that clock run.
        rng: draws the jitter, so that many followers do not return all at once.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: Random | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._rng = rng or Random()  # noqa: S311  # jitter is no secret
        self._lock = Lock()
        self._asked_s: dict[str, float] = {}
        self._held_s: dict[str, float] = {}
        self._refusals: dict[str, int] = {}

    def now_s(self) -> float:
        """The monotonic time [s]."""
        return self._monotonic()

    def take_turn(self, host: str, *, source: str, interval_s: float, patience_s: float) -> None:
        """Wait until the host may be asked again, and take that turn.

        Args:
            host: the host, with its port where that is not the usual one.
            source: who asks, for the error.
            interval_s: least time since anybody's last turn at this host [s].
            patience_s: longest wait [s].

        Raises:
            Unavailable: if the turn comes too late; nothing has been waited for then.
        """
        patient_until_s = self.now_s() + patience_s
        while True:
            with self._lock:
                now_s = self.now_s()
                turn_s = max(self._asked_s.get(host, _NEVER_S) + interval_s, self._held_s.get(host, _NEVER_S))
                if turn_s <= now_s:
                    self._asked_s[host] = now_s
                    return
            if turn_s > patient_until_s:
                raise Unavailable(
                    "the host is not to be asked yet",
                    source=source,
                    host=host,
                    retry_in_s=round(turn_s - now_s, 3),
                    hint="wait; where it asked for the pause, ask it less often or use another source",
                )
            self._sleep(turn_s - now_s)

    def refused(self, host: str, retry_after_s: float | None) -> float:
        """Note that the host asks for a pause, and return how long it is left alone [s].

        Args:
            host: as for `take_turn`.
            retry_after_s: what it asked for; None where it did not say: then ever longer, up to two
                minutes [s].
        """
        with self._lock:
            refusals = self._refusals[host] = self._refusals.get(host, 0) + 1
            if retry_after_s is None:
                guess_s = _FIRST_HOLD_S * 2.0 ** min(refusals - 1, 20) * self._rng.uniform(1.0, 1.5)
                retry_after_s = min(guess_s, _MAX_GUESSED_HOLD_S)
            hold_s = min(max(retry_after_s, 0.0), MAX_HOLD_S)
            self._held_s[host] = max(self._held_s.get(host, _NEVER_S), self.now_s() + hold_s)
        return hold_s

    def answered(self, host: str) -> None:
        """Note that the host answered."""
        with self._lock:
            self._refusals.pop(host, None)

    def back_off(self, attempt: int, *, patience_s: float) -> bool:
        """Wait after a failed attempt, the first being 1: exponential, with full jitter and a cap.

        Returns:
            False, at once, where the wait would last longer than `patience_s` [s].
        """
        pause_s = self._rng.uniform(0.0, min(_MAX_BACKOFF_S, _BACKOFF_S * 2.0 ** min(attempt - 1, 20)))
        if pause_s >= patience_s:
            return False
        self._sleep(pause_s)
        return True


SHARED_PACE = Pace()
"""The pace of this process."""
