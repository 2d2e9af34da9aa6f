"""A proved plan as it is kept for the time when no new one can be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.provenance import Origin

__all__ = ["BackedPower", "PartPower", "SavedPlanDocument", "StepPower"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPower:
    """One number for each interval of a part.

    Args:
        name: the part.
        power_mw: its power [MW].
    """

    name: str
    power_mw: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPower:
    """A load's power, step by step.

    Args:
        name: the load.
        step_mw: for each step its power in each interval [MW].
    """

    name: str
    step_mw: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedPower:
    """What backs a grid product.

    Args:
        reserve: the product.
        backer: the load or battery behind it.
        power_mw: what it promises in each interval [MW].
    """

    reserve: str
    backer: str
    power_mw: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlanDocument:
    """`wattshift plan --save`: powers and energies, with what they rest on.

    Args:
        sha256: hash of all the rest, as hex digits; empty until it is sealed.
        site: name of the site.
        made_at: what was known then went into it.
        expires_at: no interval that starts then or later may be taken from it.
        problem_sha256: hash of every number that it was planned with, as hex digits.
        inputs: where they came from, and how old they were.
        profit_usd: what it was to earn [USD].
        start_at: starts of the intervals.
        hours: their lengths [h].
        bought_mw: bought beyond the block [MW].
        block_mw: used of the block [MW].
        fed_in_mw: fed into the grid [MW].
        loads: the loads.
        jobs: work that may wait.
        charging: what batteries take.
        discharging: what they give.
        generators: what generators make.
        reserves: what is promised to the grid.
    """

    sha256: str
    site: str
    made_at: datetime
    expires_at: datetime
    problem_sha256: str
    inputs: tuple[Origin, ...]
    profit_usd: float
    start_at: tuple[datetime, ...]
    hours: tuple[float, ...]
    bought_mw: tuple[float, ...]
    block_mw: tuple[float, ...]
    fed_in_mw: tuple[float, ...]
    loads: tuple[StepPower, ...]
    jobs: tuple[PartPower, ...]
    charging: tuple[PartPower, ...]
    discharging: tuple[PartPower, ...]
    generators: tuple[PartPower, ...]
    reserves: tuple[BackedPower, ...]
