"""The documents about the follower: what it says of itself and of its sources, and the doctor's findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = [
    "CheckRow",
    "DoctorDocument",
    "FollowState",
    "FollowerRow",
    "QuoteRow",
    "SourceRow",
    "SourcesDocument",
    "TipRow",
    "Verdict",
]


class FollowState(StrEnum):
    """How the follower is."""

    SYNCING = "syncing"
    """It catches up with the best chain that its sources can prove."""
    FOLLOWING = "following"
    DEGRADED = "degraded"
    """No source of headers can be relied on: the tip stays where it was last proved."""
    BLOCKED = "blocked"
    """What comes in cannot be kept; it tries again until it can."""
    STOPPED = "stopped"
    """It ended in good order."""
    LOST = "lost"
    """It has not been heard of for a while: it died, or stands still."""
    NONE = "none"
    """There never was one here."""


class Verdict(StrEnum):
    """What the doctor thinks."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerRow:
    """The process that follows.

    Args:
        pid: its number.
        version: its version of wattshift.
        started_at: when it started.
        heartbeat_at: when it was last heard of.
        metrics: where its metrics are; None if it serves none.
    """

    pid: int
    version: str
    started_at: datetime
    heartbeat_at: datetime
    metrics: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TipRow:
    """The end of the best chain.

    Args:
        height: its height.
        block_hash: its hash, as displayed.
        block_at: the time in its header, as its miner claims it.
        work_hashes: cumulative work of its chain, as a decimal text: it has more digits than JSON keeps.
        new_at: when it became the tip here; None if it was before the follower started.
    """

    height: int
    block_hash: str
    block_at: datetime
    work_hashes: str
    new_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRow:
    """The last price of a bitcoin on which several upstreams agreed.

    Args:
        price_usd_per_btc: the price [USD/BTC].
        low_usd_per_btc: the lowest of those that agreed [USD/BTC].
        high_usd_per_btc: the highest [USD/BTC].
        n_upstreams: how many agreed.
        known_at: when they did.
    """

    price_usd_per_btc: float
    low_usd_per_btc: float
    high_usd_per_btc: float
    n_upstreams: int
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One source.

    Args:
        name: how it is called.
        kind: what sort of source it is.
        upstream: who stands behind it.
        provides: what it is asked for.
        state: where it stands.
        why: the reason.
        since_at: since when it stands there; None if it has not been asked.
        answered_at: its last sound answer; None if there was none.
        age_s: time since then [s].
        retry_at: when it is asked again after trouble; None where it is not waiting, or for good.
        tip_height: height of its last block that proved itself; None where it serves no headers.
        requests: questions so far.
        failures: how many of them failed.
    """

    name: str
    kind: str
    upstream: str
    provides: tuple[str, ...]
    state: str
    why: str
    since_at: datetime | None
    answered_at: datetime | None
    age_s: float | None
    retry_at: datetime | None
    tip_height: int | None
    requests: int
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesDocument:
    """`wattshift sources`, and what the follower writes at every heartbeat.

    Args:
        as_of: the instant.
        network: which network is followed.
        state: how the follower is.
        told: the reason, and what else there is to know.
        follower: the process; None if there never was one, or nobody followed for this document.
        tip: the end of the best chain; None if nothing is kept yet.
        quote: the last price agreed on; None if there is none.
        sources: the sources.
    """

    as_of: datetime
    network: str
    state: FollowState
    told: tuple[str, ...]
    follower: FollowerRow | None
    tip: TipRow | None
    quote: QuoteRow | None
    sources: tuple[SourceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One thing that the doctor looked at.

    Args:
        name: what it is.
        verdict: what the doctor thinks of it.
        finding: what was found.
        cure: what to do; empty where nothing is to be done.
    """

    name: str
    verdict: Verdict
    finding: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorDocument:
    """`wattshift doctor`.

    Args:
        as_of: the instant.
        verdict: the worst of all checks.
        checks: what was looked at.
    """

    as_of: datetime
    verdict: Verdict
    checks: tuple[CheckRow, ...]
