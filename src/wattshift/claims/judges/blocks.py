"""Judges how fast blocks came."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from wattshift.claims.claim import Claim, Figure, Finding, Verdict
from wattshift.claims.evidence import Evidence, MeanInterval
from wattshift.claims.judges.common import (
    Span,
    cannot,
    explained,
    finding,
    is_origin,
    quantity_in_words,
    slipped,
    span_of,
    when_of,
)
from wattshift.claims.quantity import Amount
from wattshift.claims.tolerance import Slack, compare_stated
from wattshift.claims.unit import Unit
from wattshift.claims.when import Role

__all__ = ["interval"]

_SLACK = Slack(margin_frac=0.02)
_PRIOR = re.compile(r"\b(?:prior|previous|preceding|last) (?:difficulty )?(?:epoch|period)\b", re.IGNORECASE)
_MAX_S = 7_200.0
_MIN_S = 60.0


def interval(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "blocks now take 10 minutes 21 seconds on average"."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    understood = f"mean block interval {quantity_in_words(quantity)}, {span.words}"
    period = when_of(claim, Role.OVER, Role.SINCE)
    if is_origin(claim) and not span.is_dated:
        return cannot(claim, understood, "the text does not say when blocks came at that pace")
    if period is not None and not span.is_dated:
        figures = [_figure(evidence.mean_interval(period.start_at, span.end_at), period.words)]
    elif _PRIOR.search(claim.clause):
        last, this = evidence.adjustments(span.end_at)[-2:]
        figures = [_figure(evidence.mean_interval(last.at, this.at), "the difficulty period before")]
    elif span.is_dated and not span.is_day:
        figures = [_figure(evidence.mean_interval(span.start_at, span.end_at), span.words)]
        figures += _weeks(evidence, span)
    else:
        figures = _figures_lately(evidence, span.end_at)
    if not _MIN_S <= quantity.amount <= _MAX_S:
        if slipped(quantity, figures, (60.0, 1 / 60)):
            return finding(
                claim,
                Verdict.MISSTATED_UNIT,
                understood,
                figures,
                explained(Verdict.HOLDS, figures[0], figures),
            )
        return cannot(
            claim, understood, "no mean block interval is that long or short; it may mean something else"
        )
    verdict, decisive = compare_stated(quantity, figures, _SLACK)
    return finding(claim, verdict, understood, figures, explained(verdict, decisive, figures))


def _weeks(evidence: Evidence, span: Span) -> list[Figure]:
    """The fastest and the slowest week inside a span whose ends are as vague as "late January"."""
    days = int((span.end_at - span.start_at) / timedelta(days=1))
    starts = [span.start_at + timedelta(days=day) for day in range(0, days - 6, max(1, days // 31))]
    weeks = [evidence.mean_interval(start_at, start_at + timedelta(days=7)) for start_at in starts]
    named = ((min, "fastest week"), (max, "slowest week"))
    return [_figure(pick(weeks, key=lambda each: each.mean_s), name) for pick, name in named if weeks]


def _figures_lately(evidence: Evidence, at: datetime) -> list[Figure]:
    """This difficulty period so far, the last week, the last day."""
    started_at = evidence.adjustments(at)[-1].at
    stretches = [(at - timedelta(days=7), "last 7 days"), (at - timedelta(days=1), "last 24 hours")]
    if at - started_at > timedelta(days=1):
        stretches.insert(0, (started_at, "this difficulty period"))
    return [_figure(evidence.mean_interval(start_at, at), name) for start_at, name in stretches]


def _figure(found: MeanInterval, name: str) -> Figure:
    return Figure(
        estimator=f"mean of {found.blocks} intervals, {name}:",
        amount=Amount(found.mean_s),
        low=Amount(found.low_s),
        high=Amount(found.high_s),
        unit=Unit.TIME,
        at=f"{found.start_at:%Y-%m-%d} to {found.end_at:%Y-%m-%d}",
    )
