"""The follower in words: the document behind its status file, its metrics and `wattshift sources`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import isfinite

from wattshift.app.follow.desk import Desk, Now
from wattshift.app.follow.follower import Follower
from wattshift.app.follow.silence import Silence
from wattshift.app.follow.trust import Standing
from wattshift.app.follow.wallclock import JUMP_S
from wattshift.chain.header import hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.clock import from_unix
from wattshift.measures.quotes import Agreement
from wattshift.report.documents.following import (
    FollowerRow,
    FollowState,
    QuoteRow,
    SourceRow,
    SourcesDocument,
    TipRow,
)
from wattshift.sources.registry import Connected

__all__ = ["describe", "tip_row"]


def describe(
    follower: Follower,
    row: FollowerRow | None,
    *,
    state: FollowState | None = None,
    told: tuple[str, ...] = (),
) -> SourcesDocument:
    """How the follower is at this instant.

    Args:
        follower: the follower.
        row: its process.
        state: what is known better than from its sources, such as that it has stopped.
        told: what else there is to tell.
    """
    now = follower.now
    return SourcesDocument(
        as_of=now.at,
        network=follower.chain.network.name,
        state=_state(follower) if state is None else state,
        told=(*told, *_told(follower, now)),
        follower=row,
        tip=tip_row(follower.chain, new_at=follower.alarms.tip_new_at),
        quote=_quote_row(follower),
        sources=tuple(
            _source_row(each, follower.desks[each.spec.name], follower, now) for each in follower.sources
        ),
    )


def tip_row(chain: HeaderChain, *, new_at: datetime | None) -> TipRow:
    """The end of a best chain.

    Args:
        chain: the chain.
        new_at: when its end became that.
    """
    tip = chain.tip
    return TipRow(
        height=tip.height,
        block_hash=hash_to_hex(tip.hash),
        block_at=from_unix(chain.header_at(tip.height).time_s),
        work_hashes=str(tip.work_hashes),
        new_at=new_at,
    )


def _state(follower: Follower) -> FollowState:
    if follower.is_syncing:
        return FollowState.SYNCING
    return FollowState.FOLLOWING if follower.is_current else FollowState.DEGRADED


def _told(follower: Follower, now: Now) -> Iterator[str]:
    if follower.is_syncing:
        yield f"{follower.left_blocks:,} blocks are missing up to the highest tip claimed"
    elif not follower.is_current:
        yield "no source of headers can be relied on: the tip stays where it was last proved"
    if follower.alarms.silence is not Silence.NONE:
        yield f"no block anywhere for {follower.alarms.quiet_s(now) / 60:.0f} min"
    finding, offset_s = follower.alarms.clock, follower.clock.offset_s
    if finding is not None and finding.jump_s is not None and not finding.is_followed:
        yield f"the machine's clock has jumped by {finding.jump_s:+.0f} s and is not believed"
    elif offset_s is not None and abs(offset_s) > JUMP_S:
        yield f"the sources' clocks are {offset_s:+.0f} s from this machine's: set it by NTP"
    newest = follower.quotes.newest
    if newest is not None and newest.agreement is not Agreement.FULL:
        yield f"no price is accepted: {newest.reason}"
    if follower.chain.waiting_count:
        yield f"{follower.chain.waiting_count} headers wait for their parent or their time"


def _quote_row(follower: Follower) -> QuoteRow | None:
    accepted = follower.quotes.accepted
    if accepted is None or accepted.price_usd_per_btc is None:
        return None
    return QuoteRow(
        price_usd_per_btc=accepted.price_usd_per_btc,
        low_usd_per_btc=accepted.low_usd_per_btc or accepted.price_usd_per_btc,
        high_usd_per_btc=accepted.high_usd_per_btc or accepted.price_usd_per_btc,
        n_upstreams=accepted.n_upstreams,
        known_at=accepted.as_of,
    )


def _source_row(each: Connected, desk: Desk, follower: Follower, now: Now) -> SourceRow:
    pursuit = follower.headers.get(each.spec.name)
    proved = None if pursuit is None else pursuit.dialogue.proved
    wait_s = desk.trust.next_s - now.mono_s
    stuck = tuple(follower.stuck.of(each.spec.name))
    is_only_stuck = stuck and each.headers is None and desk.trust.standing is Standing.FRESH
    return SourceRow(
        name=each.spec.name,
        kind=each.spec.kind,
        upstream=each.source.upstream,
        provides=each.provides,
        state=(Standing.STUCK if is_only_stuck else desk.trust.standing).value,
        why="; ".join(filter(None, (desk.why, *stuck))),
        since_at=desk.trust.since_at,
        answered_at=desk.answered_at,
        age_s=None if desk.answered_at is None else max(0.0, (now.at - desk.answered_at).total_seconds()),
        retry_at=now.at + timedelta(seconds=wait_s) if isfinite(wait_s) and wait_s > 0 else None,
        tip_height=None if proved is None else proved.height,
        requests=desk.requests,
        failures=desk.failures,
    )
