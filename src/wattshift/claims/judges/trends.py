"""Judges the course of the network's hashrate: peaks, records, "for the first time since".

A crossing or a minimum that lies within 2 % of another one is decided by luck: whether it counts depends on
the estimator. Deeper ones contradict, unless another averaging window tells the story that the text tells.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from wattshift.claims.claim import Claim, Figure, Finding, Verdict
from wattshift.claims.evidence import Evidence, HashrateCurve
from wattshift.claims.judges.common import (
    Span,
    at_day,
    cannot,
    explained,
    finding,
    is_past,
    not_a_level,
    quantity_in_words,
    span_of,
    when_of,
)
from wattshift.claims.judges.hashrate import LEVEL_SLACK, curve_figure, window_name, window_of
from wattshift.claims.quantity import Amount, Hedge
from wattshift.claims.tolerance import Slack, compare_change, compare_stated
from wattshift.claims.unit import Unit
from wattshift.claims.when import Role, When
from wattshift.clock import format_instant, from_unix, to_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.hashrate import WEEK_S
from wattshift.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = ["below_peak", "extreme", "record"]

_NEAR_FRAC = 0.02
_RECENT_DAYS = 10
_SAME_DIP_DAYS = 4
_SETTLED_DAYS = 8
_PEAK_SLACK = Slack(least=Amount(0.01))
_ACROSS = "across since"
_LOW = re.compile(r"lowest|weakest|smallest|\blows?\b|below|under|beneath|sub-", re.IGNORECASE)
_ALL_TIME = re.compile(r"all-time|record|\bATH\b|ever", re.IGNORECASE)


def below_peak(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "down 15 % from its October peak"."""
    quantity, latest = claim.quantity, min(claim.told.end_at, evidence.known_to_at)
    understood = f"network hashrate {quantity_in_words(quantity)} below its peak"
    if why := not_a_level(claim, is_change=True):
        return cannot(claim, understood, why)
    named = when_of(claim, Role.AT)
    windows = (
        [window_of(claim)]
        if claim.window_days
        else [WEEK_S, 3 * SECONDS_PER_DAY, SECONDS_PER_DAY, 30 * SECONDS_PER_DAY]
    )
    figures = []
    for window_s in windows:
        search = _peak_span(claim, evidence, named, latest, window_s)
        figures.append(_drop_figure(claim, evidence, search, latest, window_s))
    verdict, decisive = compare_change(quantity, 1, figures, _PEAK_SLACK)
    note = "; at constant hashrate a weekly mean lies about 7 % below its own 90-day maximum"
    return finding(claim, verdict, understood, figures, explained(verdict, decisive, figures) + note)


def _peak_span(
    claim: Claim, evidence: Evidence, named: When | None, latest: datetime, window_s: int
) -> tuple[datetime, datetime]:
    first = evidence.known_from_at + timedelta(seconds=window_s, days=1)
    if named is not None and not named.is_day and named.end_at < latest + timedelta(days=31):
        return max(named.start_at, first), min(named.end_at, latest)
    if _ALL_TIME.search(claim.clause):
        return first, latest
    return max(first, latest - timedelta(days=365)), latest


def _drop_figure(
    claim: Claim, evidence: Evidence, search: tuple[datetime, datetime], latest: datetime, window_s: int
) -> Figure:
    """How far the present lies below the peak, at the hour of the text's day that is nearest to the claim."""
    past = evidence.hashrate_curve(*search, window_s=window_s, step_s=SECONDS_PER_HOUR)
    top = int(past.mean_ehs.argmax())
    start_at = min(claim.told.start_at, latest)
    now = evidence.hashrate_curve(start_at, latest, window_s=window_s, step_s=SECONDS_PER_HOUR)
    drops = 1 - now.mean_ehs / past.mean_ehs[top]
    at = from_unix(int(now.at_s[int(np.abs(drops - claim.quantity.amount).argmin())]))
    peak_at = from_unix(int(past.at_s[top]))
    if at - peak_at < timedelta(seconds=window_s):
        drop_frac = Amount(max(0.0, float(drops.min())))
        low, high = Amount(0.0), drop_frac
    else:
        found = evidence.hashrate_change(peak_at, at, window_s=window_s)
        drop_frac, low, high = Amount(-found.change_frac), Amount(-found.high_frac), Amount(-found.low_frac)
    return Figure(
        estimator=f"below the highest {window_name(window_s)} ({past.mean_ehs[top]:,.0f} EH/s on "
        f"{peak_at:%Y-%m-%d}):",
        amount=drop_frac,
        low=low,
        high=high,
        unit=Unit.PERCENT,
        at=at_day(at),
    )


def record(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "a record of 1,157 EH/s" and "hit a record high"."""
    if claim.stated is None:
        return _new_record(claim, evidence)
    latest = min(claim.told.end_at, evidence.known_to_at)
    # "15 % below the 1,157 EH/s peak" says where the present is, not where the peak was.
    is_about = claim.quantity.hedge is Hedge.ABOUT
    quantity = claim.quantity if is_about else replace(claim.quantity, hedge=Hedge.EXACT)
    understood = f"peak of network hashrate {quantity_in_words(quantity)}"
    named = when_of(claim, Role.AT)
    windows = [claim.window_days] if claim.window_days else [7, 1, 3, 30]
    figures = []
    for days in windows:
        window_s = days * SECONDS_PER_DAY
        search = _peak_span(claim, evidence, named, latest, window_s)
        past = evidence.hashrate_curve(*search, window_s=window_s, step_s=SECONDS_PER_HOUR)
        top = from_unix(int(past.at_s[int(past.mean_ehs.argmax())]))
        figures.append(curve_figure(evidence.hashrate(top, window_s=window_s), window_s))
    verdict, decisive = compare_stated(quantity, figures, LEVEL_SLACK)
    return finding(claim, verdict, understood, figures, "highest " + explained(verdict, decisive, figures))


def _new_record(claim: Claim, evidence: Evidence) -> Finding:
    span = span_of(claim, evidence)
    if _LOW.search(claim.clause) and not re.search(r"high|peak", claim.clause, re.IGNORECASE):
        return cannot(claim, "record low of network hashrate", "hashrate before 2020 is not bundled")
    first = evidence.known_from_at + timedelta(days=31)
    gaps: dict[int, float] = {}
    for days in [claim.window_days] if claim.window_days else [7, 1, 3, 30]:
        curve = evidence.hashrate_curve(
            first, span.end_at, window_s=days * SECONDS_PER_DAY, step_s=SECONDS_PER_HOUR
        )
        recent = curve.at_s >= to_unix(span.start_at) - _RECENT_DAYS * SECONDS_PER_DAY
        if recent.all() or not recent.any():
            return cannot(claim, "new record of network hashrate", "too little history before it is known")
        gaps[days] = float(curve.mean_ehs[~recent].max() / curve.mean_ehs[recent].max() - 1)
    return _by_gaps(claim, f"new record of network hashrate, {span.words}", gaps, "its earlier maximum lies")


def _by_gaps(claim: Claim, understood: str, gaps: dict[int, float], words: str) -> Finding:
    """Judge by how far an earlier extreme exceeds the present one, in each averaging window."""
    first = next(iter(gaps))
    told = ", ".join(f"{days}-day mean {gap * 100:+.1f} %" for days, gap in gaps.items())
    explanation = f"{words} beyond the present one by: {told} (negative: the present one is the extreme)"
    if gaps[first] <= 0:
        verdict = Verdict.HOLDS
    elif gaps[first] <= _NEAR_FRAC or any(gap <= 0 for gap in gaps.values()):
        verdict = Verdict.DEPENDS
    elif is_past(claim):
        return cannot(claim, understood, f"no date is given for it; {explanation}")
    else:
        verdict = Verdict.CONTRADICTED
    return finding(claim, verdict, understood, (), explanation)


def extreme(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "lowest since December" and "below 1 ZH/s for the first time since mid-September"."""
    since, span = when_of(claim, Role.SINCE), span_of(claim, evidence)
    is_low = _LOW.search(claim.clause) is not None or (
        claim.stated is not None and claim.stated.hedge is Hedge.BELOW
    )
    what = f"{'lowest' if is_low else 'highest'} network hashrate"
    if claim.stated is not None:
        what = f"network hashrate {quantity_in_words(claim.stated)} for the first time"
    if since is None and not is_low and claim.stated is not None:
        since = _ever(evidence)
    if since is None:
        return cannot(claim, what, "it is not said since when")
    understood = f"{what} {'' if since.words == 'ever' else 'since '}{since.words}, {span.words}"
    first = evidence.known_from_at + timedelta(days=31)
    if since.end_at < first:
        return cannot(
            claim, understood, f"block times are bundled only from {format_instant(evidence.known_from_at)}"
        )
    windows = [claim.window_days] if claim.window_days else [7, 3, 14, 30]
    if claim.stated is not None and not claim.window_days:
        windows.append(1)  # Sites that announce a crossing often plot single days.
    curves = {
        days: evidence.hashrate_curve(
            max(first, since.start_at - timedelta(days=60)),
            span.end_at,
            window_s=days * SECONDS_PER_DAY,
            step_s=SECONDS_PER_HOUR,
        )
        for days in windows
    }
    sign = 1.0 if is_low else -1.0
    if claim.stated is None:
        gaps = {days: _deeper(curve, since, span, sign) for days, curve in curves.items()}
        return _by_gaps(claim, understood, gaps, "between then and now the extreme lies")
    return _crossing(claim, understood, curves, since, sign)


def _ever(evidence: Evidence) -> When:
    """Since the history begins: hashrate was lower before it, so a first time above a level shows in it."""
    first = evidence.known_from_at + timedelta(days=32)
    return When(start_at=first, end_at=first, role=Role.SINCE, words="ever", start=0, end=0)


def _deeper(curve: HashrateCurve, since: When, span: Span, sign: float) -> float:
    """How far a value since then lies beyond the present extreme, as a fraction of it."""
    values = sign * curve.mean_ehs
    now = values[curve.at_s >= to_unix(span.start_at) - 3 * SECONDS_PER_DAY].min()
    settled = to_unix(span.start_at) - _SETTLED_DAYS * SECONDS_PER_DAY
    between = values[(curve.at_s > to_unix(since.end_at)) & (curve.at_s < settled)]
    if not len(between):
        raise OutOfSpan(
            "'since' lies too near to compare", since=since.words, hint="a week at least must lie between"
        )
    return float((now - between.min()) / abs(now))


def _crossing(
    claim: Claim, understood: str, curves: dict[int, HashrateCurve], since: When, sign: float
) -> Finding:
    threshold = claim.quantity.amount
    stories = {days: _story(curve, since, sign, threshold) for days, curve in curves.items()}
    first = next(iter(stories))
    told = "; ".join(f"{days}-day mean: {words}" for days, (_, words) in stories.items())
    verdicts = {days: verdict for days, (verdict, _) in stories.items()}
    across = [days for days, (_, words) in stories.items() if words.startswith(_ACROSS)]
    if verdicts[first] is Verdict.HOLDS:
        verdict = Verdict.HOLDS
    elif Verdict.HOLDS in verdicts.values() or verdicts[first] is Verdict.DEPENDS:
        verdict = Verdict.DEPENDS
    elif first not in across and across and min(across) < first:
        # A shorter mean crossed before, this one not yet: one in between crosses now.
        verdict = Verdict.DEPENDS
    else:
        verdict = Verdict.CONTRADICTED
    return finding(claim, verdict, understood, (), told)


def _story(curve: HashrateCurve, since: When, sign: float, threshold: float) -> tuple[Verdict, str]:
    """Whether one averaging window crossed lately and not in between, in words."""
    values, limit = sign * curve.mean_ehs, sign * threshold
    over = np.flatnonzero(values < limit)
    now_s = int(curve.at_s[-1])
    if not len(over) or curve.at_s[over[-1]] < now_s - _RECENT_DAYS * SECONDS_PER_DAY:
        best = values[curve.at_s >= now_s - _RECENT_DAYS * SECONDS_PER_DAY].min()
        near = float((best - limit) / abs(limit)) <= _NEAR_FRAC
        words = f"not across lately, nearest {abs(best):,.0f} EH/s"
        return (Verdict.DEPENDS if near else Verdict.CONTRADICTED), words
    steps = np.diff(curve.at_s[over]) > _SAME_DIP_DAYS * SECONDS_PER_DAY
    dip = over[int(np.flatnonzero(steps)[-1]) + 1] if steps.any() else over[0]
    earlier = over[over < dip]
    started = from_unix(int(curve.at_s[dip]))
    crossed = f"{_ACROSS} {started:%Y-%m-%d}"
    between = earlier[curve.at_s[earlier] > to_unix(since.end_at)]
    if curve.at_s[dip] <= to_unix(since.end_at):
        return Verdict.CONTRADICTED, f"{crossed}, so not for the first time"
    if not len(between):
        before = (
            f", before that on {from_unix(int(curve.at_s[earlier[-1]])):%Y-%m-%d}" if len(earlier) else ""
        )
        return Verdict.HOLDS, f"{crossed}{before}"
    worst = between[int(values[between].argmin())]
    depth = float((limit - values[worst]) / abs(limit))
    last = from_unix(int(curve.at_s[between[-1]]))
    words = f"{crossed}, but also until {last:%Y-%m-%d} (down to {abs(values[worst]):,.1f} EH/s)"
    if sign < 0:
        words = words.replace("down to", "up to")
    return (Verdict.DEPENDS if depth <= _NEAR_FRAC else Verdict.CONTRADICTED), words
