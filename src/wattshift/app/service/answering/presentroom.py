"""What a worker does for the loop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.app.service.answering.workroom import View, shown
from wattshift.app.service.now import present
from wattshift.report.documents.now import NowDocument

__all__ = ["PresentTask", "presented"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentTask:
    """A moment whose present is to be computed."""

    view: View
    at: datetime
    is_replay: bool
    lag_s: float


def presented(task: PresentTask) -> NowDocument:
    """The present at that moment; errors as in `present`."""
    world = shown(task.view)
    return present(world.archive, world.site, at=task.at, is_replay=task.is_replay, lag_s=task.lag_s)
