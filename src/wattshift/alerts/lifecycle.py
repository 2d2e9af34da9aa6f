"""The life of one alert: begins, is told again, ends; is acknowledged or silenced; has no data.

A pure state machine. Onset and recovery alternate. What happens while an alert is silenced is kept and
marked as muted; the end of the silence is told with how the alert stands then. Having no data neither
begins nor ends an alert. One that begins again and again stays open until it has been clear for long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from wattshift.alerts.finding import Finding, Status
from wattshift.alerts.rule import Heartbeat, Rule, Severity
from wattshift.errors import InputError

__all__ = [
    "FLAPPING_ONSETS",
    "FLAPPING_WINDOW_S",
    "AlertState",
    "Change",
    "Event",
    "Phase",
    "Silence",
    "acknowledge",
    "advance",
    "silence",
    "unsilence",
]

FLAPPING_ONSETS = 3
"""So many onsets within the window are flapping."""
FLAPPING_WINDOW_S = 21_600.0
"""Six hours [s]; a flapping alert ends only after it was clear for as long."""

_MOST_TEXT = 500


class Phase(StrEnum):
    """Where an alert stands."""

    CLEAR = "clear"
    PENDING = "pending"
    """Its condition holds, but not for long enough."""
    FIRING = "firing"
    NO_DATA = "no data"


class Change(StrEnum):
    """What happened to an alert."""

    ONSET = "onset"
    UPDATE = "update"
    RECOVERY = "recovery"
    NO_DATA = "no data"
    DATA_BACK = "data back"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    SILENCE_ENDED = "silence ended"
    WITHDRAWN = "withdrawn"
    """Its rule is gone while it was open."""
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nothing of an alert is told.

    Args:
        until_at: until this instant.
        by: who wants it so.
        reason: why.
    """

    until_at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """What is remembered of an alert.

    Args:
        seen_at: when it was last looked at.
        onset_at: when it began; None while it is not open.
        pending_at: since when its condition holds, before it begins.
        clearing_at: since when its condition has ended, while it is open.
        blind_at: since when there is no data.
        is_blind: whether that was told.
        told_at: when something of it was last told.
        acknowledged_by: who knows of it; None for nobody.
        silence: whether nothing is told.
        onsets_at: its last onsets within the window of flapping.
        finding: the last one that had data.
    """

    seen_at: datetime | None = None
    onset_at: datetime | None = None
    pending_at: datetime | None = None
    clearing_at: datetime | None = None
    blind_at: datetime | None = None
    is_blind: bool = False
    told_at: datetime | None = None
    acknowledged_by: str | None = None
    silence: Silence | None = None
    onsets_at: tuple[datetime, ...] = ()
    finding: Finding | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has begun and not ended."""
        return self.onset_at is not None

    @property
    def is_flapping(self) -> bool:
        """Whether it begins again and again."""
        return len(self.onsets_at) >= FLAPPING_ONSETS

    @property
    def phase(self) -> Phase:
        """Where it stands; an open one without data is in phase `no data` and still open."""
        if self.is_blind:
            return Phase.NO_DATA
        if self.is_open:
            return Phase.FIRING
        return Phase.CLEAR if self.pending_at is None else Phase.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an alert.

    Args:
        change: what.
        rule: name of its rule.
        key: the same for all events from an onset to its recovery: what receivers deduplicate by.
        at: when.
        since_at: since when the alert is open, or there is no data.
        severity: of the rule.
        group: of the rule.
        finding: the evidence; None where nothing is known.
        why: why it matters for the site.
        note: who acknowledged or silenced it, and the reason.
        is_muted: it happened in silence: kept, and not told.
        is_flapping: the alert begins again and again, and now stays open for longer.
    """

    change: Change
    rule: str
    key: str
    at: datetime
    since_at: datetime
    severity: Severity
    group: str
    finding: Finding | None
    why: str
    note: str = ""
    is_muted: bool = False
    is_flapping: bool = False


def advance(
    rule: Rule, state: AlertState, finding: Finding, now: datetime
) -> tuple[AlertState, tuple[Event, ...]]:
    """Let an alert live on with a finding.

    Args:
        rule: its rule.
        state: what is remembered.
        finding: what the rule says now.
        now: the present; where the clock ran backwards, no time has passed.
    """
    now = now if state.seen_at is None else max(now, state.seen_at)
    state = replace(state, seen_at=now)
    if isinstance(rule, Heartbeat):
        return _beat(rule, state, finding, now)
    state, events = _end_silence(rule, state, now)
    step = _without_data if finding.status is Status.NO_DATA else _with_data
    state, more = step(rule, state, finding, now)
    return state, (*events, *more)


def acknowledge(rule: Rule, state: AlertState, *, by: str, now: datetime) -> tuple[AlertState, Event]:
    """Somebody knows of an open alert: it is not told again until it ends.

    Raises:
        InputError: if it is not open.
    """
    if not state.is_open:
        raise InputError("this alert is not open", rule=rule.name, hint="there is nothing to acknowledge")
    _require_text("by", by)
    state = replace(state, acknowledged_by=by)
    return state, _event(rule, state, Change.ACKNOWLEDGED, now, note=f"by {by}")


def silence(
    rule: Rule, state: AlertState, *, until_at: datetime, by: str, reason: str, now: datetime
) -> tuple[AlertState, Event]:
    """Tell nothing of an alert until an instant.

    Raises:
        InputError: if that instant is past, or there is no reason.
    """
    if until_at <= now:
        raise InputError("a silence must end in the future", until=until_at, hint="give a later instant")
    _require_text("by", by)
    _require_text("reason", reason)
    quiet = Silence(until_at=until_at, by=by, reason=reason)
    state = replace(state, silence=quiet)
    return state, _event(rule, state, Change.SILENCED, now, note=f"by {by}: {reason}")


def unsilence(rule: Rule, state: AlertState, *, now: datetime) -> tuple[AlertState, tuple[Event, ...]]:
    """End a silence at once; nothing happens where there is none."""
    if state.silence is None:
        return state, ()
    ended = replace(state, silence=replace(state.silence, until_at=now))
    return _end_silence(rule, ended, now)


def _require_text(key: str, text: str) -> None:
    if not text.strip() or not text.isprintable() or len(text) > _MOST_TEXT:
        raise InputError(
            f"{key} is no short text on one line", key=key, hint="say who, or why, in a few words"
        )


def _beat(
    rule: Heartbeat, state: AlertState, finding: Finding, now: datetime
) -> tuple[AlertState, tuple[Event, ...]]:
    if state.told_at is not None and (now - state.told_at).total_seconds() < rule.every_s:
        return state, ()
    state = replace(state, told_at=now, finding=finding)
    return state, (_event(rule, state, Change.HEARTBEAT, now),)


def _end_silence(rule: Rule, state: AlertState, now: datetime) -> tuple[AlertState, tuple[Event, ...]]:
    """A silence that is over is told, so that receivers know how the alert stands now."""
    if state.silence is None or now < state.silence.until_at:
        return state, ()
    state = replace(state, silence=None, told_at=now)
    note = "the alert is open" if state.is_open else "the alert is not open"
    return state, (_event(rule, state, Change.SILENCE_ENDED, now, note=note),)


def _without_data(
    rule: Rule, state: AlertState, finding: Finding, now: datetime
) -> tuple[AlertState, tuple[Event, ...]]:
    """Nothing is known: what was pending or clearing waits, and after a while the blindness is told."""
    state = replace(state, blind_at=state.blind_at or now, clearing_at=None)
    if state.is_blind or _lasted_s(state.blind_at, now) < rule.no_data_for_s:
        return state, ()
    state = replace(state, is_blind=True, told_at=now)
    event = _event(rule, state, Change.NO_DATA, now, finding=finding)
    return state, (replace(event, since_at=state.blind_at or now),)


def _with_data(
    rule: Rule, state: AlertState, finding: Finding, now: datetime
) -> tuple[AlertState, tuple[Event, ...]]:
    was_blind, blind_at = state.is_blind, state.blind_at
    state = replace(state, blind_at=None, is_blind=False, finding=finding)
    events: tuple[Event, ...] = ()
    if was_blind:
        state = replace(state, told_at=now)
        back = _event(rule, state, Change.DATA_BACK, now)
        events = (replace(back, since_at=blind_at or now),)
    step = _firing if finding.status is Status.FIRING else _clear
    state, more = step(rule, state, now)
    return state, (*events, *more)


def _firing(rule: Rule, state: AlertState, now: datetime) -> tuple[AlertState, tuple[Event, ...]]:
    state = replace(state, clearing_at=None)
    if state.is_open:
        due = _lasted_s(state.told_at, now) >= rule.repeat_s
        if state.acknowledged_by is not None or not due:
            return state, ()
        state = replace(state, told_at=now)
        return state, (_event(rule, state, Change.UPDATE, now),)
    state = replace(state, pending_at=state.pending_at or now)
    if _lasted_s(state.pending_at, now) < rule.for_s:
        return state, ()
    recent = timedelta(seconds=FLAPPING_WINDOW_S)
    onsets = (*(at for at in state.onsets_at if now - at < recent), now)
    state = replace(state, onset_at=now, pending_at=None, told_at=now, onsets_at=onsets[-FLAPPING_ONSETS:])
    return state, (_event(rule, state, Change.ONSET, now),)


def _clear(rule: Rule, state: AlertState, now: datetime) -> tuple[AlertState, tuple[Event, ...]]:
    state = replace(state, pending_at=None)
    if not state.is_open:
        return state, ()
    state = replace(state, clearing_at=state.clearing_at or now)
    least_s = max(rule.clear_for_s, FLAPPING_WINDOW_S) if state.is_flapping else rule.clear_for_s
    if _lasted_s(state.clearing_at, now) < least_s:
        return state, ()
    event = _event(rule, state, Change.RECOVERY, now)
    state = replace(state, onset_at=None, clearing_at=None, acknowledged_by=None, told_at=now)
    return replace(state, onsets_at=() if state.is_flapping else state.onsets_at), (event,)


def _lasted_s(since_at: datetime | None, now: datetime) -> float:
    return 0.0 if since_at is None else (now - since_at).total_seconds()


def _event(
    rule: Rule,
    state: AlertState,
    change: Change,
    now: datetime,
    *,
    finding: Finding | None = None,
    note: str = "",
) -> Event:
    since_at = state.onset_at or state.blind_at or now
    return Event(
        change=change,
        rule=rule.name,
        key=f"{rule.name}@{since_at.isoformat()}",
        at=now,
        since_at=since_at,
        severity=rule.severity,
        group=rule.group,
        finding=finding or state.finding,
        why=rule.why,
        note=note,
        is_muted=state.silence is not None,
        is_flapping=state.is_flapping,
    )
