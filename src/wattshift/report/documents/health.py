"""The document about a service's own health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["HealthCheck", "HealthDocument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """One thing that was looked at.

    Args:
        name: what it is.
        is_well: whether it is as it should be.
        is_needed: whether the service is not well without it.
        words: what was found.
        age_s: how long ago that was seen; None for now [s].
    """

    name: str
    is_well: bool
    is_needed: bool
    words: str
    age_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthDocument:
    """How a service is.

    Args:
        as_of: when it was looked at, by the machine's clock.
        is_well: whether all that is needed is well.
        version: of wattshift.
        started_at: when the service began.
        checks: what was looked at.
    """

    as_of: datetime
    is_well: bool
    version: str
    started_at: datetime
    checks: tuple[HealthCheck, ...]
