"""Nobody has found a block: how long that is no news, and when it is.

Blocks come as a Poisson process. One in e^9 intervals (65 in ten years) lasts longer than 90 minutes, one in
e^12 (3 in ten years) longer than 120.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["CRITICAL_S", "WARNING_S", "Silence", "silence"]

WARNING_S = 5_400.0
CRITICAL_S = 7_200.0


class Silence(StrEnum):
    """What an interval without a block is."""

    NONE = "none"
    WARNING = "warning"
    CRITICAL = "critical"


def silence(quiet_s: float) -> Silence:
    """How much notice an interval without a new block deserves.

    Args:
        quiet_s: time since any source proved a new block [s].
    """
    if quiet_s <= WARNING_S:
        return Silence.NONE
    return Silence.WARNING if quiet_s <= CRITICAL_S else Silence.CRITICAL
