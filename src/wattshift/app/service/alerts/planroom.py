"""What a worker does for the watch over plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wattshift.app.alerting.outlook import coming_plan
from wattshift.app.service.answering.workroom import View, shown

__all__ = ["OutlookTask", "outlook"]

_PLANNING_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookTask:
    """An instant whose coming day is to be planned."""

    view: View
    at: datetime


def outlook(task: OutlookTask) -> Mapping[tuple[datetime, str], float]:
    """The plan of the coming day; errors as in `coming_plan`."""
    world = shown(task.view)
    return coming_plan(world.archive.as_of(task.at), world.site, wall_s=_PLANNING_S)
