"""Judges hashprice and the bitcoin price."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from wattshift.claims.claim import Claim, Figure, Finding, Told, Verdict
from wattshift.claims.evidence import Evidence
from wattshift.claims.judges.common import (
    Span,
    at_day,
    cannot,
    explained,
    figure_in_words,
    finding,
    instants,
    is_origin,
    is_past,
    is_premise,
    is_present,
    judged_level,
    not_a_level,
    period_of,
    quantity_in_words,
    signed_in_words,
    slipped,
    span_of,
    when_of,
)
from wattshift.claims.quantity import Amount, Hedge
from wattshift.claims.tolerance import (
    Slack,
    band_of,
    compare,
    compare_change,
    compare_stated,
    compare_threshold,
)
from wattshift.claims.unit import Unit
from wattshift.claims.when import Role, When
from wattshift.errors import WattshiftError

__all__ = ["change", "extreme", "level", "mean", "price"]

_SLACK = Slack(margin_frac=0.02)
_CHANGE_SLACK = Slack(least=Amount(0.01))
_PRICE_SLACK = Slack(margin_frac=0.03)
_NEAR_FRAC = 0.02
_WIDE_FRAC = 0.05
_MAX_DAYS = 400
_LOW = re.compile(r"lowest|weakest|\blows?\b", re.IGNORECASE)
_EVER = re.compile(r"record|all-time|ever", re.IGNORECASE)
_DAY = timedelta(days=1)


def _figure(evidence: Evidence, at: datetime, name: str = "hashprice") -> Figure:
    found = evidence.hashprice(at)
    return Figure(
        estimator=name,
        amount=Amount(found.usd_per_ph_day),
        low=Amount(found.low_usd_per_ph_day),
        high=Amount(found.high_usd_per_ph_day),
        unit=Unit.HASHPRICE,
        at=at_day(at),
    )


def _is_open(evidence: Evidence, at: datetime) -> bool:
    """Whether fees had to be carried so far that hashprice is known only as a range."""
    found = evidence.hashprice(at)
    span_ratio = (found.subsidy_btc + found.fees.high_btc) / (found.subsidy_btc + found.fees.low_btc)
    return span_ratio - 1 > _WIDE_FRAC


_NO_FEES = "no fees are bundled near that time, so hashprice is known only as a range"


def level(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "hashprice stands at 41.22 USD per PH/s and day"."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    understood = f"hashprice {quantity_in_words(quantity)}, {span.words}"
    if why := not_a_level(claim):
        return cannot(claim, understood, why)
    if is_origin(claim) and not span.is_dated:
        return cannot(claim, understood, "the text does not say when hashprice stood at this earlier level")
    figures = _figures(evidence, span, claim.told)
    figures.sort(key=lambda figure: abs(figure.amount - quantity.amount))
    if span.is_day:
        # The text may be of any hour, so the day's widest interval counts.
        low, high = min(each.low for each in figures), max(each.high for each in figures)
        figures[0] = replace(figures[0], low=low, high=high)
    if _is_open(evidence, span.end_at):
        return _by_range(claim, understood, figures[0])
    is_threshold = quantity.hedge in {Hedge.ABOVE, Hedge.BELOW}
    heard = figures[:1] if is_threshold and span.is_day else figures
    verdict, decisive = judged_level(quantity, heard, _SLACK, span)
    if verdict is Verdict.CONTRADICTED:
        if is_premise(claim):
            return cannot(claim, understood, "it is a premise, not a statement", figures[:1])
        if slipped(quantity, figures, (1e3, 1e-3)):
            verdict = Verdict.MISSTATED_UNIT
        elif not span.is_dated and not is_present(claim) and (then := _stood_there(claim, evidence, span)):
            return cannot(
                claim, understood, f"no date is given: hashprice last stood there on {then}", figures[:1]
            )
    return finding(claim, verdict, understood, figures[:3], explained(verdict, decisive, figures))


def _figures(evidence: Evidence, span: Span, told: Told) -> list[Figure]:
    if span.is_day:
        found = [_figure(evidence, at) for at in instants(span, step=timedelta(hours=6))]
        closes = span.end_at.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        if span.is_dated and closes <= min(evidence.known_to_at, told.end_at + timedelta(seconds=1)):
            found.append(_figure(evidence, closes, "hashprice with the day's own close"))
        return found
    days = min(_MAX_DAYS, int((span.end_at - span.start_at) / _DAY))
    step = max(1, days // 31)
    return [_figure(evidence, span.start_at + _DAY * day) for day in range(step, days + 1, step)]


def _by_range(claim: Claim, understood: str, figure: Figure) -> Finding:
    """Without fees the subsidy alone still bounds hashprice from below."""
    band = band_of(claim.quantity)
    is_stated = claim.quantity.hedge is not Hedge.ABOVE and not is_premise(claim)
    if band.high < figure.low * (1 - _SLACK.margin_frac) and is_stated:
        words = f"{_NO_FEES}; but it was at least {figure.low:.2f}: {figure_in_words(figure)}"
        return finding(claim, Verdict.CONTRADICTED, understood, [figure], words)
    return cannot(claim, understood, f"{_NO_FEES}: {figure_in_words(figure)}", [figure])


def _stood_there(claim: Claim, evidence: Evidence, span: Span) -> str | None:
    band = band_of(claim.quantity)
    for back in range(0, 360, 6):
        at = span.start_at - _DAY * back
        try:
            figure = _figure(evidence, at)
        except WattshiftError:
            return None
        if band.meets(figure.low * 0.97, figure.high * 1.03):
            return f"{at:%Y-%m-%d}"
    return None


def mean(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "hashprice averaged 39.82 USD in November"."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    over = when_of(claim, Role.OVER, Role.SINCE)
    start_at, words = (
        (over.start_at, over.words) if over and not span.is_dated else (span.start_at, span.words)
    )
    days = round((span.end_at - start_at) / _DAY)
    understood = f"mean hashprice {quantity_in_words(quantity)}, {words}"
    if not 1 < days <= _MAX_DAYS:
        return cannot(claim, understood, "no period of 2 to 400 days is named for the mean")
    last_minute = _DAY - timedelta(minutes=1)
    found = [_figure(evidence, min(start_at + _DAY * day + last_minute, span.end_at)) for day in range(days)]
    if _is_open(evidence, start_at) or _is_open(evidence, span.end_at):
        return cannot(claim, understood, _NO_FEES)
    amount = sum(figure.amount for figure in found) / days
    figure = Figure(
        estimator=f"mean of {days} day ends",
        amount=Amount(amount),
        low=Amount(amount * 0.985),
        high=Amount(amount * 1.015),
        unit=Unit.HASHPRICE,
        at=words,
    )
    verdict, decisive = compare_stated(quantity, [figure], _SLACK)
    note = f"{explained(verdict, decisive, [figure])}; other price venues and closing times move it by 1.5 %"
    return finding(claim, verdict, understood, [figure], note)


def change(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "hashprice rose 7.7 % over the past month"."""
    quantity = claim.quantity
    understood = f"hashprice {signed_in_words(claim)}"
    if why := not_a_level(claim, is_change=True):
        return cannot(claim, understood, why)
    period = period_of(claim)
    if period is None:
        return cannot(claim, understood, "no period is named over which hashprice should have changed")
    latest = min(claim.told.end_at, evidence.known_to_at)
    starts = [period.start_at] if period.role is Role.OVER else [period.start_at, min(period.end_at, latest)]
    figures = [_change_figure(evidence, start_at, latest) for start_at in starts]
    if any(_is_open(evidence, at) for at in (*starts, latest)):
        return cannot(claim, understood, _NO_FEES)
    known = sorted(figures, key=lambda each: abs(abs(each.amount) - quantity.amount))
    verdict, decisive = compare_change(quantity, claim.direction, known, _CHANGE_SLACK)
    if verdict is Verdict.CONTRADICTED and not period.is_day and period.role is Role.SINCE:
        return cannot(
            claim, understood, f"from which day it counts is not clear: {figure_in_words(known[0])}", known
        )
    return finding(
        claim, verdict, f"{understood}, {period.words}", known, explained(verdict, decisive, known)
    )


def _change_figure(evidence: Evidence, before_at: datetime, after_at: datetime) -> Figure:
    before, after = _figure(evidence, before_at), _figure(evidence, after_at)
    return Figure(
        estimator="hashprice moved by",
        amount=Amount(after.amount / before.amount - 1),
        low=Amount(after.low / before.high - 1),
        high=Amount(after.high / before.low - 1),
        unit=Unit.PERCENT,
        at=f"{at_day(before_at)} to {at_day(after_at)}",
    )


def extreme(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "hashprice is at its lowest since April"."""
    span, since = span_of(claim, evidence), when_of(claim, Role.SINCE)
    is_low = _LOW.search(claim.clause) is not None
    what = f"{'lowest' if is_low else 'highest'} hashprice"
    if since is None:
        reason = (
            "fees are not bundled for every year, so no record of hashprice can be proved"
            if _EVER.search(claim.clause)
            else "it is not said since when"
        )
        return cannot(claim, what, reason)
    understood = f"{what} since {since.words}, {span.words}"
    return _extreme_since(claim, evidence, understood, span, since)


def _extreme_since(claim: Claim, evidence: Evidence, understood: str, span: Span, since: When) -> Finding:
    sign = 1.0 if _LOW.search(claim.clause) else -1.0
    present = [_figure(evidence, span.end_at - _DAY * back) for back in range(3)]
    now = min(present, key=lambda each: sign * each.amount)
    days = int((span.end_at - since.end_at) / _DAY) - 7
    if days < 1:
        return cannot(claim, understood, "'since' lies too near to compare")
    if _is_open(evidence, span.end_at):
        return cannot(claim, understood, _NO_FEES, [now])
    instants_at = [since.end_at + _DAY * day for day in range(1, days + 1, max(1, days // 200))]
    closed = [_figure(evidence, at) for at in instants_at if not _is_open(evidence, at)]
    # Where fees are not known the far end of the range may still lie beyond the present.
    doubtful = [_figure(evidence, at) for at in instants_at if _is_open(evidence, at)]
    unsure = any(sign * (each.low if sign > 0 else each.high) < sign * now.amount for each in doubtful)
    worst = min(closed, key=lambda each: sign * each.amount, default=now)
    words = f"now {figure_in_words(now)}; the extreme in between {figure_in_words(worst)}"
    depth = sign * (now.amount - worst.amount) / now.amount
    if depth > _NEAR_FRAC:
        if is_past(claim):
            return cannot(claim, understood, f"no date is given for it; {words}", [now])
        return finding(claim, Verdict.CONTRADICTED, understood, [now, worst], words)
    if unsure:
        return cannot(claim, understood, _NO_FEES, [now])
    verdict = Verdict.HOLDS if depth <= 0 else Verdict.WITHIN_NOISE
    return finding(claim, verdict, understood, [now, worst], words)


def price(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "bitcoin traded at 93,000 USD"."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    understood = f"bitcoin price {quantity_in_words(quantity)}, {span.words}"
    if quantity.amount < 100:
        return cannot(claim, understood, "no bitcoin price of these years is near it")
    if why := not_a_level(claim):
        return cannot(claim, understood, why)
    near = claim.sentence[max(0, quantity.start - 40) : quantity.end + 30]
    if _EVER.search(near):
        return cannot(claim, understood, "highs and lows within a day are not bundled")
    if not span.is_day or (is_origin(claim) and not span.is_dated):
        return cannot(claim, understood, "only daily prices are bundled, and the text names no day for it")
    found = evidence.price(
        span.start_at.date(), known_at=max(span.end_at, min(claim.told.end_at, evidence.known_to_at))
    )
    figure = Figure(
        estimator=found.detail,
        amount=Amount(found.close_usd_per_btc),
        low=Amount(found.low_usd_per_btc),
        high=Amount(found.high_usd_per_btc),
        unit=Unit.USD,
        at=f"{span.start_at:%Y-%m-%d}",
        spread="range",
    )
    if quantity.hedge in {Hedge.ABOVE, Hedge.BELOW}:
        is_below = quantity.hedge is Hedge.BELOW
        verdict, decisive = compare_threshold(
            quantity.amount, [figure], is_below=is_below, slack=_PRICE_SLACK
        )
    else:
        verdict, decisive = compare(band_of(quantity, max_frac=0.01), [figure], _PRICE_SLACK)
    if verdict is Verdict.CONTRADICTED and not span.is_dated and not is_present(claim):
        return cannot(claim, understood, f"no date is given: {figure_in_words(figure)}", [figure])
    return finding(claim, verdict, understood, [figure], explained(verdict, decisive, [figure]))
