"""How a plan differs from the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from wattshift.alerts.observations import PlanSeen
from wattshift.errors import InputError

__all__ = ["plan_seen"]


def plan_seen(
    before_mw: Mapping[tuple[datetime, str], float],
    after_mw: Mapping[tuple[datetime, str], float],
    *,
    at: datetime,
) -> PlanSeen:
    """The use and interval whose power differs most, among those that both plans know.

    Args:
        before_mw: the plan before, by start of interval and use [MW].
        after_mw: the new plan [MW].
        at: when the new one was made.

    Raises:
        InputError: if the plans share no interval.
    """
    moved_mw = {key: abs(power_mw - before_mw[key]) for key, power_mw in after_mw.items() if key in before_mw}
    if not moved_mw:
        raise InputError(
            "the plans share no interval", hint="compare a plan with the one made just before it"
        )
    start_at, use = max(sorted(moved_mw), key=lambda key: moved_mw[key])
    return PlanSeen(at=at, start_at=start_at, use=use, moved_mw=moved_mw[start_at, use])
