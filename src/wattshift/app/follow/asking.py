"""The use-case behind `wattshift sources`: what the follower last said, or what the sources say now."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from wattshift.app.follow.probing import probe, probe_row
from wattshift.app.follow.status import read_status, seen_from
from wattshift.clock import Clock, format_instant
from wattshift.report.documents.following import FollowState, SourcesDocument
from wattshift.sources.registry import Connected
from wattshift.store.home import Home

__all__ = ["last_status", "probe_now"]

_QUIET_S = 15.0
"""A process that is not there and has been silent for so long is dead, and does not only rest [s]."""


def last_status(
    home: Home, *, now: datetime, is_alive: Callable[[int], bool] | None = None
) -> SourcesDocument:
    """What the follower last said of itself, with the ages of now.

    Args:
        home: where it keeps everything.
        now: the present.
        is_alive: whether a process of that number runs; asks the machine unless told.

    Raises:
        Corrupt: if the status makes no sense.
    """
    kept = read_status(home.status)
    if kept is None:
        return SourcesDocument(
            as_of=now,
            network="",
            state=FollowState.NONE,
            told=("no follower has ever run on this store: start one with `wattshift follow`",),
            follower=None,
            tip=None,
            quote=None,
            sources=(),
        )
    seen = seen_from(kept, now)
    process = seen.follower
    if process is None:
        return seen
    silent_s = (now - process.heartbeat_at).total_seconds()
    over = {FollowState.STOPPED, FollowState.LOST}
    if seen.state not in over and silent_s > _QUIET_S and not (is_alive or _is_alive)(process.pid):
        seen = replace(seen, state=FollowState.LOST)
    if seen.state in over:
        last = format_instant(process.heartbeat_at)
        told = f"no follower is running: last heartbeat {last}; what follows was true then"
        seen = replace(seen, told=(told, *kept.told))
    return seen


def probe_now(sources: Sequence[Connected], network: str, *, clock: Clock) -> SourcesDocument:
    """Ask each source now, beside any follower; nothing is kept.

    Args:
        sources: the sources.
        network: which network they should follow.
        clock: tells the present.
    """
    now = clock.now()
    rows = tuple(probe_row(found, now=now) for found in probe(sources, clock=clock))
    return SourcesDocument(
        as_of=now,
        network=network,
        state=FollowState.NONE,
        told=("asked just now; what they say is not proved",),
        follower=None,
        tip=None,
        quote=None,
        sources=rows,
    )


def _is_alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # there a signal 0 would end the process; the heartbeat decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
