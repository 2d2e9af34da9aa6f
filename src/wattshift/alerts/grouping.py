"""What is told together: alerts of one group, at most once in an interval. Nothing is lost by that.

The first event after a quiet time is told at once; what follows waits for the end of the interval. Of very
many that wait, the first and the last of each alert are told and the rest is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from wattshift.alerts.lifecycle import Change, Event
from wattshift.errors import InputError

__all__ = ["Digest", "GroupState", "gather"]

_QUIET = frozenset({Change.ACKNOWLEDGED, Change.SILENCED})


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """What is remembered of a group.

    Args:
        told_at: when something of it was last told.
        held: what waits to be told.
        n_left_out: how many more happened meanwhile.
    """

    told_at: datetime | None = None
    held: tuple[Event, ...] = ()
    n_left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Events that are told together.

    Args:
        key: the same whenever this very digest is sent: receivers drop it when they know it.
        group: their group.
        at: when it was put together.
        events: the events, in order.
        n_left_out: how many more there were.
        is_heartbeat: whether it only says that the watch is alive.
    """

    key: str
    group: str
    at: datetime
    events: tuple[Event, ...] = field(repr=False)
    n_left_out: int = 0
    is_heartbeat: bool = False


def gather(
    groups: Mapping[str, GroupState], events: Iterable[Event], now: datetime, *, interval_s: float
) -> tuple[dict[str, GroupState], tuple[Digest, ...]]:
    """Put together what is to be told now.

    Args:
        groups: what is remembered of each group.
        events: what has just happened.
        now: the present.
        interval_s: at most one digest of a group in this time [s].

    Raises:
        InputError: if the interval is negative.
    """
    if not interval_s >= 0:
        raise InputError("an interval is not negative", interval_s=interval_s, hint="write 300.0")
    after = dict(groups)
    digests: list[Digest] = []
    for event in events:
        if event.change is Change.HEARTBEAT:
            digests.append(_digest(event.group, (event,), 0, now, is_heartbeat=True))
        elif not event.is_muted and event.change not in _QUIET:
            after[event.group] = _held(after.get(event.group, GroupState()), event)
    for name, group in after.items():
        is_due = group.told_at is None or (now - group.told_at).total_seconds() >= interval_s
        if group.held and is_due:
            digests.append(_digest(name, group.held, group.n_left_out, now))
            after[name] = GroupState(told_at=now)
    return after, tuple(digests)


def _held(group: GroupState, event: Event) -> GroupState:
    """With one more event; of one alert at most two wait."""
    same = [index for index, each in enumerate(group.held) if each.rule == event.rule]
    if len(same) < 2:
        return replace(group, held=(*group.held, event))
    held = tuple(each for index, each in enumerate(group.held) if index != same[-1])
    return replace(group, held=(*held, event), n_left_out=group.n_left_out + 1)


def _digest(
    group: str, events: tuple[Event, ...], n_left_out: int, now: datetime, *, is_heartbeat: bool = False
) -> Digest:
    parts = (f"{event.key}|{event.change.value}|{event.at.isoformat()}" for event in events)
    key = sha256("\n".join((group, now.isoformat(), *parts)).encode()).hexdigest()[:32]
    return Digest(
        key=key, group=group, at=now, events=events, n_left_out=n_left_out, is_heartbeat=is_heartbeat
    )
