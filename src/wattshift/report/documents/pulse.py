"""The document that tells whether what is shown is still the present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["PulseDocument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseDocument:
    """How the service beats. An edition stays as it is until there is news; this tells how old it has become.

    Args:
        number: of the newest edition; 0 before the first.
        as_of: its instant of knowledge; None before the first.
        lag_s: how far the newest block lies behind the present; 0 in a replay [s].
        turn_age_s: time since the loop looked last whether there is news [s].
        has_ended: whether nothing comes any more: a replay that is through.
        is_stale: whether the figures should not be taken for the present.
        in_words: why; empty if they may.
    """

    number: int
    as_of: datetime | None
    lag_s: float
    turn_age_s: float
    has_ended: bool
    is_stale: bool
    in_words: str
