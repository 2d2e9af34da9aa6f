"""Asking each source one thing, now, to see whether it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from queue import Empty
from typing import Any

from wattshift.app.follow.tasks import Task
from wattshift.app.follow.trust import Standing
from wattshift.app.follow.workers import Workers
from wattshift.clock import Clock, Window
from wattshift.errors import NoData, SourceError
from wattshift.report.documents.following import SourceRow
from wattshift.sources.port import TipClaim, VenueQuote
from wattshift.sources.registry import Connected, TellsTime

__all__ = ["PROBE_S", "Probe", "probe", "probe_row"]

PROBE_S = 30.0
"""How long a source may take to answer [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What came of asking a source.

    Args:
        source: the source.
        finding: what it said, for people; empty if it did not answer.
        error: what came instead of an answer; None if it answered.
        tip: the tip that it claims; None if it serves no headers.
        ahead_s: how far its server's clock is ahead of ours [s]; None if it does not tell the time.
    """

    source: Connected
    finding: str
    error: SourceError | None
    tip: TipClaim | None
    ahead_s: float | None


def probe(sources: Sequence[Connected], *, clock: Clock, wait_s: float = PROBE_S) -> tuple[Probe, ...]:
    """Ask all sources at once, and let go of those that answer.

    Args:
        sources: the sources; none of them is asked by anybody else meanwhile.
        clock: tells the present.
        wait_s: how long to wait for the last of them [s].
    """
    found: dict[str, Probe] = {}
    workers = Workers()
    for each in sources:
        name = each.spec.name

        def done(answer: object, *, each: Connected = each) -> None:
            found[each.spec.name] = _answered(each, answer, clock.now())

        def failed(error: SourceError, *, each: Connected = each) -> None:
            found[each.spec.name] = _failed(each, error)

        workers.submit(Task(source=name, ask=_question(each, clock.now()), done=done, failed=failed))
    end_s = time.monotonic() + wait_s
    while len(found) < len(sources) and (left_s := end_s - time.monotonic()) > 0:
        try:
            workers.inbox.get(timeout=left_s)()
        except Empty:
            break
    workers.stop()
    for answer in found.values():  # the others are still busy
        answer.source.close()
    late = SourceError(f"it did not answer within {wait_s:.0f} s", hint="ask again, or leave it out")
    return tuple(found.get(each.spec.name) or _failed(each, late) for each in sources)


def probe_row(found: Probe, *, now: datetime) -> SourceRow:
    """The source as a row of `wattshift sources`."""
    is_there = found.error is None
    return SourceRow(
        name=found.source.spec.name,
        kind=found.source.spec.kind,
        upstream=found.source.source.upstream,
        provides=found.source.provides,
        state=(Standing.FRESH if is_there else Standing.UNREACHABLE).value,
        why=found.finding if found.error is None else found.error.message,
        since_at=now,
        answered_at=now if is_there else None,
        age_s=0.0 if is_there else None,
        retry_at=None,
        tip_height=None,  # a claim proves nothing
        requests=1,
        failures=0 if is_there else 1,
    )


def _question(each: Connected, now: datetime) -> Callable[[], Any]:
    if each.headers is not None:
        return partial(each.headers.tip, None)
    if each.quotes is not None:
        return partial(each.quotes.quote, None)
    if each.frames is not None:
        return partial(_rows_or_none, each, Window(start_at=now - timedelta(days=1), end_at=now))
    return lambda: None


def _rows_or_none(each: Connected, window: Window) -> object:
    assert each.frames is not None  # noqa: S101  # the caller has looked
    try:
        return each.frames.rows(window)
    except NoData:
        return None


def _answered(each: Connected, answer: object, now: datetime) -> Probe:
    its_at = each.source.server_date_at if isinstance(each.source, TellsTime) else None
    finding = "answers"
    if isinstance(answer, TipClaim):
        finding = f"claims the tip {answer.height:,}"
    elif isinstance(answer, VenueQuote):
        finding = f"says {answer.price_usd_per_btc:,.2f} USD/BTC"
    elif each.frames is not None:
        finding = "has rows of the last day" if answer is not None else "has no rows of the last day"
    return Probe(
        source=each,
        finding=finding,
        error=None,
        tip=answer if isinstance(answer, TipClaim) else None,
        ahead_s=None if its_at is None else (its_at - now).total_seconds(),
    )


def _failed(each: Connected, error: SourceError) -> Probe:
    return Probe(source=each, finding="", error=error, tip=None, ahead_s=None)
