"""The time of day, held steady by the monotonic clock: a wall clock that jumps is believed only with reason.

Scheduling never looks at the wall clock. What is stamped with an instant does, and so a jump is noticed, and
followed only if servers that were asked agree with it, or, where too few are heard, if the newest block does,
or a proved header that this clock makes wait: a machine that slept wakes with a clock that did not go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

__all__ = ["JUMP_S", "ClockFinding", "SteadyClock"]

JUMP_S = 60.0
"""More than that between two clocks is a jump, and no drift [s]."""

_PAUSE_S = 60.0
"""The loop turns every few seconds; more than that in between means that the process stood still [s]."""

_OLDEST_TIP_S = 86_400.0
_QUORUM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFinding:
    """What a look at the clocks showed.

    Args:
        jump_s: by how much the wall clock is off the steady one [s]; None while they agree.
        pause_s: how long the process stood still [s]; None if it did not.
        is_followed: whether the steady clock went along with the jump.
    """

    jump_s: float | None
    pause_s: float | None
    is_followed: bool


class SteadyClock:
    """Tells the time of day; a `Clock`.

    Args:
        wall: the machine's clock.
        mono_s: its monotonic clock [s].
    """

    def __init__(self, wall: Callable[[], datetime], mono_s: Callable[[], float]) -> None:
        self._wall = wall
        self._mono_s = mono_s
        self._base_at = wall()
        self._base_s = mono_s()
        self._looked_s = self._base_s
        self._offsets_s: dict[str, float] = {}

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        return (self._base_at + timedelta(seconds=self._mono_s() - self._base_s)).astimezone(UTC)

    def hear(self, server: str, its_at: datetime) -> None:
        """Take note of what a server said that the time is, just now."""
        self._offsets_s[server] = (its_at - self.now()).total_seconds()

    @property
    def offset_s(self) -> float | None:
        """How far the servers' time is ahead of this clock, in the median [s]; None if too few are heard."""
        return median(self._offsets_s.values()) if len(self._offsets_s) >= _QUORUM else None

    @property
    def offsets_s(self) -> Mapping[str, float]:
        """By server, how far its time is ahead of this clock [s]."""
        return self._offsets_s

    def look(
        self, tip_at: datetime, median_past_at: datetime, due_at: datetime | None = None
    ) -> ClockFinding:
        """Compare the clocks, and go along with the wall clock unless it jumped without reason.

        Args:
            tip_at: the newest block's own time.
            median_past_at: the median time past of that block, which the present must exceed.
            due_at: when the first header that has proved its work, but waits for its time, may join; None if
                none does.
        """
        mono_s, wall_at, steady_at = self._mono_s(), self._wall(), self.now()
        stood_s, self._looked_s = mono_s - self._looked_s, mono_s
        pause_s = stood_s if stood_s > _PAUSE_S else None
        jump_s = (wall_at - steady_at).total_seconds()
        if abs(jump_s) <= JUMP_S:
            self._base_at, self._base_s = wall_at, mono_s
            return ClockFinding(jump_s=None, pause_s=pause_s, is_followed=True)
        if due_at is not None and steady_at < due_at <= wall_at:
            is_right = True  # work is harder to forge than a date
        elif len(self._offsets_s) >= _QUORUM:
            # The machine's own clock is a witness, too: half of the servers beside it are a majority.
            agreeing = sum(abs(ahead_s - jump_s) <= JUMP_S for ahead_s in self._offsets_s.values())
            is_right = 2 * agreeing >= len(self._offsets_s)
        else:
            is_right = median_past_at < wall_at < tip_at + timedelta(seconds=_OLDEST_TIP_S)
        if is_right:
            self._base_at, self._base_s = wall_at, mono_s
            self._offsets_s = {name: ahead_s - jump_s for name, ahead_s in self._offsets_s.items()}
        return ClockFinding(jump_s=jump_s, pause_s=pause_s, is_followed=is_right)
