"""Judges difficulty: its level, past adjustments, and the next one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from wattshift.claims.claim import Claim, Figure, Finding, Verdict
from wattshift.claims.evidence import Evidence, Retarget
from wattshift.claims.judges.common import (
    agrees,
    at_day,
    cannot,
    exact_figure,
    explained,
    figure_in_words,
    finding,
    instants,
    is_origin,
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
from wattshift.claims.quantity import Amount, Band, Hedge
from wattshift.claims.tolerance import Slack, band_of, compare_change, compare_exact
from wattshift.claims.unit import Unit
from wattshift.claims.when import Role, When
from wattshift.measures.difficulty import Adjustment, Projection

__all__ = ["adjustment_at", "level", "next_change", "past_change", "record", "wait"]

_LAST = re.compile(r"\b(?:last|latest|most recent|just)\b", re.IGNORECASE)
_PREVIOUS = re.compile(r"\b(?:previous|prior|preceding)\b", re.IGNORECASE)
_CHANGE_SLACK = Slack(least=Amount(0.001))
_NEXT_SLACK = Slack(least=Amount(0.005))
_LEVEL_SLACK = Slack(margin_frac=0.002)
_SUM = re.compile(
    r"\b(?:total|combined|cumulative\w*|altogether|in all|(?:over|across) the (?:last|past"
    r"|previous) (?:\w+ )?adjust)",
    re.IGNORECASE,
)
_RECENT = timedelta(days=130)
_EARLY = timedelta(days=2)
_GRID = timedelta(minutes=10)
_MODEL_GRID = timedelta(hours=6)
_FINE_GRID = timedelta(minutes=1)


def adjustment_at(claim: Claim, adjustments: Sequence[Adjustment]) -> Adjustment | None:
    """The adjustment that a claim names: by height, by date, or as the last one."""
    height = claim.other(Unit.HEIGHT)
    if height is not None:
        return next((each for each in adjustments if each.height == int(height.low)), None)
    named = when_of(claim, Role.AT)
    if named is not None:
        near = [
            each
            for each in adjustments
            if named.start_at - timedelta(days=1) <= each.at < named.end_at + timedelta(days=1)
        ]
        if len(near) > 1:
            near = [each for each in near if named.start_at <= each.at < named.end_at]
        return near[0] if len(near) == 1 else None
    if _PREVIOUS.search(claim.clause) and claim.stated is not None and len(adjustments) > 1:
        # Whether "previous" counts from the last adjustment or from the next one is left open.
        size_frac = claim.quantity.amount
        return min(adjustments[-2:], key=lambda each: abs(abs(each.change_frac) - size_frac))
    return adjustments[-1] if _LAST.search(claim.clause) and adjustments else None


def past_change(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "difficulty dropped 3.28 % on January 22"."""
    latest = min(claim.told.end_at, evidence.known_to_at)
    understood = f"difficulty {signed_in_words(claim)}"
    if _SUM.search(claim.clause):
        return cannot(claim, understood, "it sums several adjustments that the text does not name")
    if period_of(claim) is not None and when_of(claim, Role.AT) is None:
        return _change_since(claim, evidence, understood)
    adjustments = evidence.adjustments(latest)
    named = adjustment_at(claim, adjustments)
    if named is None:
        return _among_recent(claim, understood, [each for each in adjustments if each.at >= latest - _RECENT])
    figure = _figure(named)
    verdict = _of_fact(claim, figure, _CHANGE_SLACK)
    words = f"{figure_in_words(figure)}, height {named.height}, z {named.z:+.1f}"
    return finding(claim, verdict, f"{understood} on {named.at:%Y-%m-%d}", [figure], words)


def _signed_band(claim: Claim, actual_frac: float) -> Band:
    """The printed band with the sign that the words give it; without words, the figure's own sign."""
    sign = claim.direction or (-1 if actual_frac < 0 else 1)
    return band_of(claim.quantity, sign=sign)


def _of_fact(claim: Claim, figure: Figure, slack: Slack) -> Verdict:
    """Judge a change that is known exactly."""
    verdict, _ = compare_change(claim.quantity, claim.direction, [figure], slack)
    return Verdict.HOLDS if verdict is Verdict.WITHIN_NOISE else verdict


def _figure(adjustment: Adjustment) -> Figure:
    return exact_figure("the adjustment was", adjustment.change_frac, Unit.PERCENT, at=at_day(adjustment.at))


def _among_recent(claim: Claim, understood: str, recent: Sequence[Adjustment]) -> Finding:
    fitting = [each for each in recent if _signed_band(claim, each.change_frac).holds(each.change_frac)]
    if fitting and (float(claim.quantity.step) < 0.01 or len(fitting) == 1):
        figure = _figure(fitting[-1])
        return finding(
            claim,
            Verdict.HOLDS,
            understood,
            [figure],
            f"{figure_in_words(figure)}, height {fitting[-1].height}",
        )
    figures = [_figure(each) for each in recent[-1:]]
    return cannot(
        claim, understood, "the text does not say which adjustment it means, and no recent one fits", figures
    )


def _change_since(claim: Claim, evidence: Evidence, understood: str) -> Finding:
    """Judge a change of difficulty since a date: exact, between two adjustments."""
    since = period_of(claim)
    latest = min(claim.told.end_at, evidence.known_to_at)
    if since is None:
        return cannot(claim, understood, "it is not said since when")
    now = evidence.difficulty(latest)
    starts = [since.start_at] if since.role is Role.OVER else [since.start_at, min(since.end_at, latest)]
    figures = [
        exact_figure(
            "difficulty moved by", now / evidence.difficulty(at) - 1, Unit.PERCENT, at=f"since {at_day(at)}"
        )
        for at in starts
    ]
    figures.sort(key=lambda figure: abs(abs(figure.amount) - claim.quantity.amount))
    verdict = _of_fact(claim, figures[0], Slack(least=Amount(0.005)))
    if verdict is Verdict.CONTRADICTED and len(set(starts)) > 1:
        return cannot(
            claim, understood, f"from where it counts is not clear: {figure_in_words(figures[0])}", figures
        )
    period = since.words if since.role is Role.OVER else f"since {since.words}"
    return finding(claim, verdict, f"{understood}, {period}", figures, figure_in_words(figures[0]))


def next_change(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "expected to fall 4.34 % in about 3 days" by mempool.space's rule, then by a pooled estimate."""
    latest = min(claim.told.end_at, evidence.known_to_at)
    start_at = min(claim.told.start_at, latest)
    named = when_of(claim, Role.AT)
    if named is not None and named.end_at <= claim.told.start_at:
        return past_change(claim, evidence)
    understood = f"next adjustment: difficulty {signed_in_words(claim)}"

    def miss(at: datetime) -> float:
        change_frac = evidence.projections(at)[0].change_frac
        return abs(change_frac - _signed(claim, change_frac))

    at = min(_moments(start_at, latest, _GRID), key=miss)
    at = min(_moments(max(start_at, at - _GRID), min(latest, at + _GRID), _FINE_GRID), key=miss)
    projections = evidence.projections(at)
    retarget = evidence.retarget(at - (at - start_at) % _MODEL_GRID)
    mempool, pooled = (_projected(each) for each in projections)
    ours = Figure(
        estimator="state-space model",
        amount=Amount(retarget.mean_frac),
        low=Amount(retarget.low_frac),
        high=Amount(retarget.high_frac),
        unit=Unit.PERCENT,
        at=at_day(at - (at - start_at) % _MODEL_GRID),
    )
    band = _signed_band(claim, projections[0].change_frac)
    if band.holds(mempool.amount):
        verdict, decisive, figures = Verdict.HOLDS, mempool, [mempool, ours, pooled]
    else:
        figures = [ours, mempool, pooled]
        verdict, decisive = compare_change(claim.quantity, claim.direction, figures, _NEXT_SLACK)
    late = _date_misses(claim, retarget)
    if late and verdict is not Verdict.CONTRADICTED:
        return finding(claim, Verdict.CONTRADICTED, understood, figures, late)
    words = f"{explained(verdict, decisive, figures)}; {figure_in_words(figures[1])}"
    return finding(claim, verdict, understood, figures, f"{words}; due {at_day(retarget.expected_at)}")


def _moments(start_at: datetime, end_at: datetime, step: timedelta) -> list[datetime]:
    """Instants of the stretch in which the text was written, a day of ten minutes at most."""
    count = min(144, int((end_at - start_at) / step))
    return [*(start_at + step * place for place in range(count)), end_at]


def _signed(claim: Claim, actual_frac: float) -> float:
    sign = claim.direction or (-1 if actual_frac < 0 else 1)
    return sign * claim.quantity.amount


def _projected(projection: Projection) -> Figure:
    change = Amount(projection.change_frac)
    low = change if projection.low_frac is None else Amount(projection.low_frac)
    high = change if projection.high_frac is None else Amount(projection.high_frac)
    return Figure(
        estimator=projection.rule.value,
        amount=change,
        low=low,
        high=high,
        unit=Unit.PERCENT,
        at=at_day(projection.as_of),
    )


def _date_misses(claim: Claim, retarget: Retarget) -> str | None:
    """What is wrong with the date that the text gives for the retarget, if anything."""
    named = next((each for each in claim.whens if _is_ahead(claim, each)), None)
    if named is None:
        return None
    early, late = retarget.earliest_at - _EARLY / 2, retarget.latest_at + _EARLY / 2
    slack = _EARLY if named.role is Role.AHEAD else timedelta(0)
    if named.end_at + slack < early or named.start_at - slack > late:
        return f"the retarget is due between {at_day(early)} and {at_day(late)}, not {named.words}"
    return None


def _is_ahead(claim: Claim, when: When) -> bool:
    return when.role is Role.AHEAD or (when.role is Role.AT and when.start_at > claim.told.start_at)


def wait(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "the next adjustment is due in about 3 days"."""
    retarget = evidence.retarget(min(claim.told.end_at, evidence.known_to_at))
    understood = f"next difficulty adjustment {claim.whens[0].words}"
    if not any(_is_ahead(claim, each) for each in claim.whens):
        return cannot(claim, understood, "no date in the future is named")
    wrong = _date_misses(claim, retarget)
    due = (
        f"due {at_day(retarget.expected_at)}, between {at_day(retarget.earliest_at)} and "
        f"{at_day(retarget.latest_at)}"
    )
    return finding(claim, Verdict.CONTRADICTED if wrong else Verdict.HOLDS, understood, (), wrong or due)


def level(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "difficulty stands at 146.47 trillion"."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    understood = f"difficulty {quantity_in_words(quantity)}, {span.words}"
    if why := not_a_level(claim):
        return cannot(claim, understood, why)
    if is_origin(claim) and not span.is_dated:
        return cannot(claim, understood, "the text does not say when difficulty stood at this earlier level")
    step = timedelta(hours=6) if span.is_day else timedelta(days=3)
    moments = instants(span, step=step)[-400:]
    if span.is_dated and span.is_day:
        # Half the world writes another date than UTC's.
        latest = min(claim.told.end_at, evidence.known_to_at)
        moments += [span.start_at - timedelta(hours=12), min(span.end_at + timedelta(hours=12), latest)]
    figures = [
        exact_figure("difficulty was", evidence.difficulty(at), Unit.PLAIN, at=at_day(at)) for at in moments
    ]
    figures.sort(key=lambda figure: abs(figure.amount - quantity.amount))
    is_threshold = quantity.hedge in {Hedge.ABOVE, Hedge.BELOW}
    verdict, _ = judged_level(quantity, figures if is_threshold else figures[:1], _LEVEL_SLACK, span)
    if verdict is Verdict.WITHIN_NOISE:
        verdict = Verdict.HOLDS
    if verdict is Verdict.CONTRADICTED and slipped(quantity, figures[:1], (1e3, 1e-3)):
        verdict = Verdict.MISSTATED_UNIT
    if verdict is Verdict.CONTRADICTED and not span.is_dated and not is_present(claim):
        past = [each for each in evidence.adjustments(span.end_at) if agrees(quantity, each.difficulty)]
        if past:
            return cannot(
                claim,
                understood,
                f"no date is given: difficulty stood there from {past[-1].at:%Y-%m-%d}",
                figures[:1],
            )
    return finding(claim, verdict, understood, figures[:1], figure_in_words(figures[0]))


def record(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "a record 155.97 trillion": it must have been the highest when it came."""
    latest = min(claim.told.end_at, evidence.known_to_at)
    quantity = replace(claim.quantity, hedge=Hedge.EXACT)
    understood = f"record of difficulty {quantity_in_words(quantity)}"
    if why := not_a_level(claim):
        return cannot(claim, understood, why)
    records: list[Adjustment] = []
    for each in evidence.adjustments(latest):
        if not records or each.difficulty > records[-1].difficulty:
            records.append(each)
    if not records:
        return cannot(claim, understood, "adjustments before 2020 are not bundled here")
    nearest = min(records, key=lambda each: abs(each.difficulty - quantity.amount))
    figure = exact_figure("a record was", nearest.difficulty, Unit.PLAIN, at=at_day(nearest.at))
    verdict = compare_exact(quantity, figure, _LEVEL_SLACK)
    if verdict is Verdict.HOLDS and nearest is not records[-1] and is_present(claim):
        return cannot(claim, understood, f"it was surpassed since: {figure_in_words(figure)}", [figure])
    return finding(claim, verdict, understood, [figure], figure_in_words(figure))
