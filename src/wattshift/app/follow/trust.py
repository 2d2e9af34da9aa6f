"""What is thought of one source: a small machine of states, moved by what the source does.

Silence and nonsense make a source wait; only what it can be proved wrong by puts it into quarantine, without
end if it serves another network. Being behind is told by comparison with what is proved, never by what
anybody claims.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from math import inf
from random import Random

from wattshift.chain.faults import Fault
from wattshift.errors import ChainError, Malformed, SourceError

__all__ = ["Comparison", "Standing", "Trust", "answered", "compared", "failed", "offended"]

_BACKOFF_S = 2.0
_MAX_BACKOFF_S = 300.0
_QUARANTINE_S = 600.0
_MAX_QUARANTINE_S = 86_400.0
_FORGIVEN_S = 259_200.0
"""An offence that lies so far back no longer makes the next quarantine longer [s]."""
_NONSENSE_LIMIT = 5
"""So many meaningless answers in a row are no accident."""
_BEHIND_BLOCKS = 2
_PATIENCE_S = 300.0
"""A source that is that many blocks behind for so long is stale."""


class Standing(StrEnum):
    """Where a source stands."""

    WAITING = "waiting"
    """It has proved nothing yet."""
    FRESH = "fresh"
    STALE = "stale"
    """It lags behind what another source proved."""
    MINORITY = "minority"
    """It follows a valid branch with less work."""
    UNREACHABLE = "unreachable"
    STUCK = "stuck"
    """It answers, but its numbers have stopped moving; only who tells nothing but numbers can be that."""
    QUARANTINED = "quarantined"
    """It was proved wrong; it is not asked until the quarantine is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What is thought of a source.

    Args:
        standing: where it stands.
        why: the reason, for people.
        since_at: since when; None before anything happened.
        next_s: it is not asked before this instant of the monotonic clock [s]; infinite: never again by this
            process.
        failures: failures in a row.
        nonsense: meaningless answers in a row.
        offences: how often it was proved wrong, as far as it is not forgiven.
        offended_s: when that was last, on the monotonic clock [s]; None if it never was.
        behind_since_s: since when it has been behind, on the monotonic clock; None while it is not.
    """

    standing: Standing = Standing.WAITING
    why: str = ""
    since_at: datetime | None = None
    next_s: float = 0.0
    failures: int = 0
    nonsense: int = 0
    offences: int = 0
    offended_s: float | None = None
    behind_since_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A source's proved tip beside the best one.

    Args:
        behind: blocks from the last block that both share to the best tip.
        fork_height: height of that block where the source's tip is on another branch, else None.
    """

    behind: int
    fork_height: int | None


def answered(trust: Trust, now_at: datetime) -> Trust:
    """It gave a sound answer."""
    sound = replace(trust, failures=0, nonsense=0, next_s=0.0)
    if trust.standing in {Standing.FRESH, Standing.STALE, Standing.MINORITY}:
        return sound
    return _moved(sound, Standing.FRESH, "", now_at)


def failed(trust: Trust, error: SourceError, *, now_at: datetime, now_s: float, rng: Random) -> Trust:
    """It did not answer, refused, or answered nonsense.

    One failure of a source that was there is weather; the second in a row is news.
    """
    failures = trust.failures + 1
    nonsense = trust.nonsense + 1 if isinstance(error, Malformed) else 0
    longest_s = min(_MAX_BACKOFF_S, _BACKOFF_S * 2.0 ** min(failures - 1, 20))
    waiting = replace(
        trust, failures=failures, nonsense=nonsense, next_s=now_s + longest_s * rng.uniform(0.5, 1.0)
    )
    if nonsense >= _NONSENSE_LIMIT or error.context.get("fault") is Fault.WRONG_NETWORK:
        return offended(waiting, error, now_at=now_at, now_s=now_s)
    if failures < 2 and trust.standing is not Standing.WAITING:
        return waiting
    return _moved(waiting, Standing.UNREACHABLE, error.message, now_at)


def offended(trust: Trust, error: ChainError | SourceError, *, now_at: datetime, now_s: float) -> Trust:
    """It was proved wrong: quarantine, longer each time, and without end if it follows another chain."""
    is_final = error.context.get("fault") in {Fault.CHECKPOINT_MISMATCH, Fault.WRONG_NETWORK}
    is_forgiven = trust.offended_s is None or now_s - trust.offended_s > _FORGIVEN_S
    before = 0 if is_forgiven else trust.offences
    term_s = min(_MAX_QUARANTINE_S, _QUARANTINE_S * 2.0 ** min(before, 20))
    guilty = replace(
        trust,
        offences=before + 1,
        offended_s=now_s,
        failures=0,
        nonsense=0,
        behind_since_s=None,
        next_s=inf if is_final else now_s + term_s,
    )
    return _moved(guilty, Standing.QUARANTINED, _charge(error), now_at)


def compared(trust: Trust, comparison: Comparison, *, now_at: datetime, now_s: float) -> Trust:
    """Judge a source that answers by how far its proved tip lies behind the best one."""
    if trust.standing not in {Standing.FRESH, Standing.STALE, Standing.MINORITY}:
        return replace(trust, behind_since_s=None)
    if comparison.behind < _BEHIND_BLOCKS:
        level = replace(trust, behind_since_s=None)
        return level if trust.standing is Standing.FRESH else _moved(level, Standing.FRESH, "", now_at)
    since_s = now_s if trust.behind_since_s is None else trust.behind_since_s
    lagging = replace(trust, behind_since_s=since_s)
    if now_s - since_s < _PATIENCE_S:
        return lagging
    if comparison.fork_height is None:
        return _moved(lagging, Standing.STALE, f"{comparison.behind} blocks behind the best chain", now_at)
    first = comparison.fork_height + 1
    return _moved(lagging, Standing.MINORITY, f"on a minority branch since {first}", now_at)


def _moved(trust: Trust, standing: Standing, why: str, now_at: datetime) -> Trust:
    """The same source elsewhere; the instant stays if it only is there for another reason."""
    since_at = trust.since_at if trust.standing is standing else now_at
    return replace(trust, standing=standing, why=why, since_at=since_at)


def _charge(error: ChainError | SourceError) -> str:
    """The reason of a quarantine, with the height and what was found and expected."""
    told = (f"{key} {error.context[key]}" for key in ("height", "found", "expected") if key in error.context)
    return ", ".join([error.message, *told])
