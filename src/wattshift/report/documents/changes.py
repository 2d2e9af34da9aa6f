"""The document about detected changes of the hashrate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.provenance import Origin

__all__ = ["ChangeFound", "ChangesDocument", "DelayBound"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFound:
    """One change that the sequential detector raised.

    Args:
        begun_at: where it most likely began.
        raised_at: when the alarm could be raised.
        delay_blocks: blocks from the one to the other.
        size_frac: hashrate since then / between the alarm before and then - 1, as it stood at this alarm;
            being conditional on an alarm it exaggerates.
        size_since_frac: the same with every block known now, up to where the next change began.
    """

    begun_at: datetime
    raised_at: datetime
    delay_blocks: int
    size_frac: float
    size_since_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayBound:
    """How soon a drop can be found at best.

    Args:
        size_frac: the drop.
        bound_blocks: log(blocks between false alarms) / Kullback-Leibler divergence (Lorden 1971) [blocks].
        bound_days: the same at one block in ten minutes before the drop [days].
    """

    size_frac: float
    bound_blocks: float
    bound_days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesDocument:
    """`wattshift changes`.

    Args:
        as_of: the instant.
        start_at: start of the stretch of time.
        end_at: its end.
        false_alarms_per_year_count: false alarms a year that the detector raises at constant hashrate.
        changes: what it raised, oldest first.
        bounds: how soon drops of 5, 10, 20 and 30 % can be found at best.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    start_at: datetime
    end_at: datetime
    false_alarms_per_year_count: float
    changes: tuple[ChangeFound, ...]
    bounds: tuple[DelayBound, ...]
    in_words: str
    origins: tuple[Origin, ...]
