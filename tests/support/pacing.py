"""Time that passes only when somebody sleeps: a day of waiting in milliseconds."""

from __future__ import annotations

from datetime import datetime, timedelta

from support.headers import seeded
from wattshift.sources.http.pace import Pace


class VirtualTime:
    """A clock, a monotonic clock and a sleep that agree with each other."""

    def __init__(self, start_at: datetime) -> None:
        self.start_at = start_at
        self.elapsed_s = 1_000.0
        self.slept_s: list[float] = []

    def now(self) -> datetime:
        return self.start_at + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        return self.elapsed_s

    def sleep(self, pause_s: float) -> None:
        assert pause_s >= 0.0
        self.slept_s.append(pause_s)
        self.elapsed_s += pause_s

    def pace(self, seed: int = 1) -> Pace:
        """A pace of its own in this time."""
        return Pace(monotonic=self.monotonic, sleep=self.sleep, rng=seeded(seed))
