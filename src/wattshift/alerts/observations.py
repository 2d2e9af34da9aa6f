"""What rules look at: all that is known at one instant, each piece with its own age. None is no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from wattshift.measures.level.statespace import LevelState

__all__ = [
    "DropFound",
    "DropSeen",
    "HashpriceSeen",
    "LedgerSeen",
    "LevelSeen",
    "Observations",
    "PlanSeen",
    "PowerSeen",
    "ReorgSeen",
    "RetargetSeen",
    "SourcesSeen",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSeen:
    """What is believed of the hashrate.

    Args:
        at: when the last block became known.
        state: the posterior.
    """

    at: datetime
    state: LevelState


@dataclass(frozen=True, slots=True, kw_only=True)
class DropFound:
    """The last change that the detector raised.

    Args:
        begun_at: where it most likely began.
        raised_at: when it was raised.
        size_frac: its size, which exaggerates; below 0 for a drop.
        is_drop: whether it is one.
    """

    begun_at: datetime
    raised_at: datetime
    size_frac: float
    is_drop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DropSeen:
    """What the detector with one false-alarm rate says.

    Args:
        at: when the last block became known.
        last: what it raised last; None if it raised nothing yet.
    """

    at: datetime
    last: DropFound | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetargetSeen:
    """The next adjustment as a distribution.

    Args:
        at: when the last block became known.
        height: the block that brings it.
        change_frac: shape (draws,), draws of new difficulty / old - 1.
    """

    at: datetime
    height: int
    change_frac: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashpriceSeen:
    """Hashprice with its interval.

    Args:
        at: of the price that it rests on.
        usd_per_ph_day: hashprice [USD/PH/day].
        low_usd_per_ph_day: lower end [USD/PH/day].
        high_usd_per_ph_day: upper end [USD/PH/day].
        level: confidence level of the interval.
    """

    at: datetime
    usd_per_ph_day: float
    low_usd_per_ph_day: float
    high_usd_per_ph_day: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSeen:
    """The last price of power that was settled: of the interval that ended at `at` [USD/MWh]."""

    at: datetime
    price_usd_per_mwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSeen:
    """How the newest plan differs from the one before it.

    Args:
        at: when it was made.
        start_at: the interval that differs most.
        use: which use of power.
        moved_mw: by so much, in either direction [MW].
    """

    at: datetime
    start_at: datetime
    use: str
    moved_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorgSeen:
    """What is known of reorganisations.

    Args:
        at: when somebody last looked.
        deepest_blocks: blocks that the deepest of the last weeks replaced; 0 if there was none.
        replaced_at: when; None if there was none.
    """

    at: datetime
    deepest_blocks: int
    replaced_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesSeen:
    """When each source last gave a sound answer.

    Args:
        at: when somebody last looked.
        answered_at: by name; None for a source that never answered.
    """

    at: datetime
    answered_at: Mapping[str, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSeen:
    """Whether the ledger is sound.

    Args:
        at: when somebody last looked.
        trouble: what is wrong; empty if nothing is.
    """

    at: datetime
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """All that is known at one instant.

    Args:
        at: the instant.
        level: the hashrate.
        drops: what the detectors say, by their mean number of blocks between false alarms.
        retarget: the next adjustment.
        hashprice: hashprice.
        power: the last price of each series.
        plan: the newest plan against the one before.
        reorg: reorganisations.
        sources: the sources.
        ledger: the ledger.
    """

    at: datetime
    level: LevelSeen | None = None
    drops: Mapping[int, DropSeen] = field(default_factory=dict)
    retarget: RetargetSeen | None = None
    hashprice: HashpriceSeen | None = None
    power: Mapping[str, PowerSeen] = field(default_factory=dict)
    plan: PlanSeen | None = None
    reorg: ReorgSeen | None = None
    sources: SourcesSeen | None = None
    ledger: LedgerSeen | None = None
