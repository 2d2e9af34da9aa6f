"""What concerns no single source: silence of the network, the machine's clock, a process that stood still."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from math import inf

from wattshift.app.follow.desk import Now
from wattshift.app.follow.notices import Notice, Notices
from wattshift.app.follow.silence import Silence, silence
from wattshift.app.follow.wallclock import ClockFinding
from wattshift.chain.header import BlockHash

__all__ = ["Alarms"]


class Alarms:
    """Remembers since when things are as they are, and tells when they change.

    Args:
        notices: where they are told.
    """

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._tip: BlockHash | None = None
        self._tip_s = inf
        self._jumped = False
        self.tip_new_at: datetime | None = None
        """When the tip became the tip; None if it was before the start."""
        self.silence = Silence.NONE
        self.clock: ClockFinding | None = None

    def quiet_s(self, now: Now) -> float:
        """Time since a block was proved for the last time [s]."""
        return max(0.0, now.mono_s - self._tip_s)

    def see_tip(self, tip: BlockHash, block_at: datetime, now: Now) -> None:
        """Look at the tip; one that was there at the start counts from its own time."""
        if tip == self._tip:
            return
        if self._tip is None:
            self._tip_s = now.mono_s - max(0.0, (now.at - block_at).total_seconds())
        else:
            self._tip_s, self.tip_new_at = now.mono_s, now.at
        self._tip = tip

    def listen(self, now: Now, *, is_level: bool) -> None:
        """Tell if nobody has found a block for long.

        Args:
            now: the present.
            is_level: whether all is here that some source has to tell; otherwise silence is our own fault.
        """
        found = silence(self.quiet_s(now)) if is_level else Silence.NONE
        if found is self.silence:
            return
        before, self.silence = self.silence, found
        if not is_level:
            return
        minutes = round(self.quiet_s(now) / 60)
        words = {
            Silence.NONE: "blocks are found again",
            Silence.WARNING: f"no block anywhere for {minutes} min: one in 8,000 intervals lasts so long",
            Silence.CRITICAL: f"no block anywhere for {minutes} min: one in 160,000 intervals lasts so long;"
            " check that this machine is not cut off",
        }
        levels = {
            Silence.NONE: logging.INFO,
            Silence.WARNING: logging.WARNING,
            Silence.CRITICAL: logging.CRITICAL,
        }
        self._tell(words[found], "silence", {"from": before.value, "to": found.value}, now, levels[found])

    def see_clocks(self, finding: ClockFinding, now: Now) -> None:
        """Tell if the machine's clock has jumped or is right again, and if the process stood still."""
        self.clock = finding
        if finding.pause_s is not None:
            words = f"this process stood still for {finding.pause_s:.0f} s; it goes on where it was"
            self._tell(words, "pause", {"pause_s": round(finding.pause_s)}, now, logging.WARNING)
        has_jumped = finding.jump_s is not None and not finding.is_followed
        if finding.jump_s is not None and (finding.is_followed or not self._jumped):
            done = "the sources agree with it" if finding.is_followed else "nothing else agrees with it"
            words = f"the machine's clock is {finding.jump_s:+.0f} s off its course; {done}"
            self._tell(words, "clock", {"jump_s": round(finding.jump_s)}, now, logging.WARNING)
        elif self._jumped and not has_jumped:
            self._tell("the machine's clock is right again", "clock", {"jump_s": 0}, now, logging.INFO)
        self._jumped = has_jumped

    def _tell(self, words: str, kind: str, facts: Mapping[str, object], now: Now, level: int) -> None:
        self._notices.tell(
            Notice(words=words, kind=kind, topic=kind, facts=facts, at=now.at, level=level, burst=2),
            now_s=now.mono_s,
        )
