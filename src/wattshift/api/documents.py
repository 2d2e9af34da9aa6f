"""Documents that only the API has: lists of jobs and of what happened to alerts."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.app.service.jobs.jobs import Job
from wattshift.report.documents.alerts import AlertEventRow

__all__ = ["EventsDocument", "JobsDocument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsDocument:
    """Jobs of one kind.

    Args:
        jobs: the newest first.
    """

    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsDocument:
    """A page of what happened to alerts.

    Args:
        events: the newest first.
        before: what to ask for as `before` to get the next page; None on the last one.
    """

    events: tuple[AlertEventRow, ...]
    before: int | None
