"""What rules see of the chain at any instant of a history, with nothing from later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

import numpy as np

from wattshift.alerts.observations import DropFound, DropSeen, LevelSeen, RetargetSeen
from wattshift.alerts.rule import HashrateDrop, Rule
from wattshift.clock import from_unix, to_unix
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.difficulty import period_progress
from wattshift.measures.level.detection import Alarm, scan
from wattshift.measures.level.projection import project
from wattshift.measures.level.statespace import FilteredLevel, state_at

__all__ = ["DRAWS", "ChainEye"]

DRAWS = 1_024
"""Courses drawn: a probability near 0.9 is then good to one percentage point."""

_SEED = 0


class ChainEye:
    """Looks at a chain at instants of one's choice.

    Each alarm of the detectors used only the blocks up to it, so they are found once for the whole chain.

    Args:
        history: the chain.
        level: the filter over the same blocks.
        rules: what will be asked.
        draws: courses drawn for the next adjustment.
    """

    def __init__(
        self, history: BlockHistory, level: FilteredLevel, rules: Iterable[Rule], *, draws: int = DRAWS
    ) -> None:
        self.history = history
        self.level = level
        self._draws = draws
        self._between = {rule.blocks_between for rule in rules if isinstance(rule, HashrateDrop)}

    @cached_property
    def _alarms(self) -> dict[int, tuple[Alarm, ...]]:
        whole = self.history.whole
        waits = np.diff(whole.running_max_s) / whole.work_hashes[1:]
        return {blocks: scan(waits, blocks_between=blocks) for blocks in self._between}

    def seen_at(self, at: datetime) -> datetime:
        """When the last block known at an instant became known."""
        return from_unix(int(self.history.whole.running_max_s[self._tip(at)]))

    def see_level(self, at: datetime) -> LevelSeen:
        """The posterior of the hashrate.

        Raises:
            OutOfSpan: if too few blocks were known.
        """
        state = state_at(self.level, self._tip(at), to_unix(at))
        return LevelSeen(at=self.seen_at(at), state=state)

    def see_drops(self, at: datetime) -> dict[int, DropSeen]:
        """What each detector raised last."""
        tip, seen_at = self._tip(at), self.seen_at(at)
        found = {}
        for blocks, alarms in self._alarms.items():
            last = next((alarm for alarm in reversed(alarms) if alarm.index + 1 <= tip), None)
            found[blocks] = DropSeen(at=seen_at, last=None if last is None else self._found(last))
        return found

    def see_retarget(self, at: datetime) -> RetargetSeen:
        """The next adjustment.

        Raises:
            OutOfSpan: if the chain, or the period's first block, is not known.
        """
        known = self.history.known_at(at)
        progress = period_progress(known)
        draws = project(
            self.see_level(at).state,
            blocks_since_first=progress.blocks_since_first,
            elapsed_s=_elapsed_s(known, progress.first_height, progress.elapsed_s),
            work_hashes=float(known.work_hashes[-1]),
            rng=np.random.default_rng((_SEED, progress.tip_height)),
            draws=self._draws,
        ).change_frac[0]
        return RetargetSeen(at=self.seen_at(at), height=progress.retarget_height, change_frac=draws)

    def _tip(self, at: datetime) -> int:
        running = self.history.whole.running_max_s
        return int(np.searchsorted(running, int(to_unix(at)), side="right")) - 1

    def _found(self, alarm: Alarm) -> DropFound:
        times_s = self.history.whole.running_max_s
        return DropFound(
            begun_at=from_unix(int(times_s[alarm.change_index])),
            raised_at=from_unix(int(times_s[alarm.index + 1])),
            size_frac=alarm.size_frac,
            is_drop=alarm.is_drop,
        )


def _elapsed_s(known: KnownBlocks, first_height: int, elapsed_s: float) -> float:
    """Once the period's last block is known, what the rule uses: the times in the headers."""
    if known.tip_height - first_height < known.network.retarget_interval - 1:
        return elapsed_s
    return float(known.time_s(known.tip_height) - known.time_s(first_height))
