"""Judges levels and changes of the network's hashrate."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import numpy as np

from wattshift.claims.claim import Claim, Figure, Finding, Verdict
from wattshift.claims.evidence import Evidence
from wattshift.claims.judges.common import (
    Span,
    at_day,
    cannot,
    explained,
    figure_in_words,
    finding,
    is_origin,
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
from wattshift.claims.quantity import Amount, Band, Hedge
from wattshift.claims.subjects import has_owner
from wattshift.claims.tolerance import Slack, band_of, compare_change
from wattshift.claims.unit import Unit
from wattshift.claims.when import Role, When
from wattshift.clock import from_unix
from wattshift.measures.hashrate import WEEK_S, HashrateEstimate
from wattshift.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = ["LEVEL_SLACK", "change", "curve_figure", "level", "own", "window_name", "window_of"]

LEVEL_SLACK = Slack(margin_frac=0.02)
"""A level is contradicted only when it lies 2 % outside every figure."""

_CHANGE_SLACK = Slack(least=Amount(0.01))
"""A change: one percentage point."""

_SLIPS = (1e3, 1e-3, 1e6, 1e-6)
_NETWORK = re.compile(
    r"network|global|worldwide|total|overall|\b(?:bitcoin|BTC)(?:'s)?\s(?:[\w-]+\s){0,4}?hash", re.IGNORECASE
)
_PART = re.compile(
    r"\b(?:knock\w*|t(?:ake|aking|ook|aken)|wip\w+|curtail\w*|unplug\w*|shut\w*|turn\w* o(?:ff|n)|switch\w*"
    r"|idl\w+|power\w* (?:down|off|up)|remov\w+|add(?:s|ed|ing)?|deploy\w*|br(?:ing|ings|inging|ought)"
    r"|los[est]\w*|gain\w*|offline|online|worth of|capacity|accounts? for|represent\w*)\b",
    re.IGNORECASE,
)
_OF_ALL = re.compile(
    r"\sof\s(?:(?:the|all|its|total|global|network|bitcoin)(?:'s)?\s){0,4}hash", re.IGNORECASE
)
_MEAN = re.compile(r"averag|\bmean\b", re.IGNORECASE)
_PLAUSIBLE = Band(low=Amount(40.0), high=Amount(3_000.0))
_OWN_FRAC = 0.25
_YEAR = timedelta(days=365)
_ARRIVED = re.compile(
    r"\b(?:to|at|near|reach\w+|hit) (?:about |around |roughly |nearly |just )?~?$", re.IGNORECASE
)


def window_of(claim: Claim) -> int:
    """The averaging window that a claim names, else a week [s]."""
    return WEEK_S if claim.window_days is None else claim.window_days * SECONDS_PER_DAY


def window_name(window_s: int) -> str:
    """An averaging window in words."""
    return f"{window_s // SECONDS_PER_DAY}-day mean"


def curve_figure(estimate: HashrateEstimate, window_s: int) -> Figure:
    """An estimate as a figure."""
    return Figure(
        estimator=window_name(window_s),
        amount=Amount(estimate.mean_ehs),
        low=Amount(estimate.low_ehs),
        high=Amount(estimate.high_ehs),
        unit=Unit.HASHRATE,
        at=at_day(estimate.end_at),
    )


def level(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "hashrate is 992 EH/s", "fell below 1 ZH/s", "was 1.1 ZH/s in October"."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    understood = f"network hashrate {quantity_in_words(quantity)}, {span.words}"
    if not _PLAUSIBLE.holds(quantity.amount) and not _NETWORK.search(claim.sentence):
        return cannot(claim, understood, "it is not said whose hashrate this is, and no network's is near it")
    if why := not_a_level(claim):
        return cannot(claim, understood, why)
    if is_origin(claim) and not span.is_dated:
        return cannot(claim, understood, "the text does not say when hashrate stood at this earlier level")
    figures = _figures_at(claim, evidence, span)
    is_mean = claim.window_days is None and not span.is_day and _MEAN.search(claim.clause) is not None
    heard = figures[:1] if is_mean else figures
    verdict, decisive = judged_level(quantity, heard, LEVEL_SLACK, span)
    if verdict is Verdict.CONTRADICTED:
        if why := _another(claim, figures[0].amount):
            return cannot(claim, understood, why, figures)
        if factor := slipped(quantity, figures[:1], _SLIPS):
            return finding(
                claim,
                Verdict.MISSTATED_UNIT,
                understood,
                figures,
                f"the number fits once its unit is moved by a factor of {factor:g}: "
                f"{figure_in_words(figures[0])}",
            )
        if not span.is_dated and not is_present(claim) and (then := _stood_there(claim, evidence, span)):
            return cannot(
                claim, understood, f"no date is given: hashrate last stood there on {then}", figures
            )
    return finding(claim, verdict, understood, figures, explained(verdict, decisive, figures))


def _another(claim: Claim, network_ehs: float) -> str | None:
    """What else a number may be that is not the network's hashrate; None if nothing says so."""
    if claim.quantity.amount < _OWN_FRAC * network_ehs and not _NETWORK.search(claim.clause):
        return "the clause does not say that it means the whole network"
    if has_owner(claim.clause):
        return "it may be the hashrate of somebody whom the clause names, not the network's"
    if _PART.search(claim.clause) or _OF_ALL.match(claim.sentence, claim.quantity.end):
        return "it may be a part of the network's hashrate that came or went"
    if is_premise(claim):
        return "it is a premise, not a statement"
    return None


def _figures_at(claim: Claim, evidence: Evidence, span: Span) -> list[Figure]:
    if not span.is_day:
        return _figures_over(evidence, span)
    window_s = window_of(claim)
    first = _nearest(claim, evidence, span, window_s)
    if claim.window_days is not None:
        return [first]
    figures = [first, _nearest(claim, evidence, span, SECONDS_PER_DAY)]
    for other_s in (3, 30):
        estimate = evidence.hashrate(span.end_at, window_s=other_s * SECONDS_PER_DAY)
        figures.append(curve_figure(estimate, other_s * SECONDS_PER_DAY))
    core_ehs = Amount(evidence.core_hashrate_ehs(span.end_at))
    figures.append(
        Figure(
            estimator="Core's getnetworkhashps over 120 blocks",
            amount=core_ehs,
            low=core_ehs,
            high=core_ehs,
            unit=Unit.HASHRATE,
            at=at_day(span.end_at),
        )
    )
    return figures


def _nearest(claim: Claim, evidence: Evidence, span: Span, window_s: int) -> Figure:
    """The estimate at the hour of the span that is nearest to what is claimed."""
    curve = evidence.hashrate_curve(span.start_at, span.end_at, window_s=window_s, step_s=SECONDS_PER_HOUR)
    place = int(np.abs(curve.mean_ehs - claim.quantity.amount).argmin())
    at = from_unix(int(curve.at_s[place]))
    return curve_figure(evidence.hashrate(at, window_s=window_s), window_s)


def _figures_over(evidence: Evidence, span: Span) -> list[Figure]:
    """The mean of a longer span, and the lowest and highest week inside it."""
    length_s = round((span.end_at - span.start_at).total_seconds())
    mean = evidence.hashrate(span.end_at, window_s=length_s)
    curve = evidence.hashrate_curve(span.start_at, span.end_at, window_s=WEEK_S, step_s=6 * SECONDS_PER_HOUR)
    ends = (int(curve.mean_ehs.argmin()), int(curve.mean_ehs.argmax()))
    figures = [
        Figure(
            estimator=f"mean of {span.words}",
            amount=Amount(mean.mean_ehs),
            low=Amount(mean.low_ehs),
            high=Amount(mean.high_ehs),
            unit=Unit.HASHRATE,
            at=span.words,
        )
    ]
    for place, name in zip(ends, ("lowest 7-day mean", "highest 7-day mean"), strict=True):
        amount = Amount(float(curve.mean_ehs[place]))
        at = at_day(from_unix(int(curve.at_s[place])))
        figures.append(
            Figure(estimator=name, amount=amount, low=amount, high=amount, unit=Unit.HASHRATE, at=at)
        )
    return figures


def _stood_there(claim: Claim, evidence: Evidence, span: Span) -> str | None:
    """When the weekly mean last agreed, within the year before."""
    start_at = max(span.start_at - _YEAR, evidence.known_from_at + timedelta(days=8))
    if start_at >= span.end_at:
        return None
    quantity = claim.quantity
    for window_s in (WEEK_S, SECONDS_PER_DAY):
        curve = evidence.hashrate_curve(start_at, span.end_at, window_s=window_s, step_s=6 * SECONDS_PER_HOUR)
        if quantity.hedge is Hedge.BELOW:
            fits = curve.mean_ehs < quantity.amount
        elif quantity.hedge is Hedge.ABOVE:
            fits = curve.mean_ehs > quantity.amount
        else:
            band = band_of(quantity)
            fits = (curve.mean_ehs >= band.low * 0.97) & (curve.mean_ehs <= band.high * 1.03)
        places = np.flatnonzero(fits)
        if len(places):
            return f"{from_unix(int(curve.at_s[places[-1]])):%Y-%m-%d} ({window_name(window_s)})"
    return None


def change(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "hashrate fell 4 % over the past month", "is up 20 % since July"."""
    quantity = claim.quantity
    understood = f"network hashrate {signed_in_words(claim)}"
    if why := not_a_level(claim, is_change=True):
        return cannot(claim, understood, why)
    period = period_of(claim) or when_of(claim, Role.AT)
    if period is None:
        return cannot(claim, understood, "no period is named over which hashrate should have changed")
    end_at = min(claim.told.end_at, evidence.known_to_at)
    starts, end_at = _ends_of(period.role, period.start_at, period.end_at, end_at)
    half_s = max(SECONDS_PER_DAY, int((end_at - starts[0]).total_seconds() / 2))
    window_s = window_of(claim) if claim.window_days else min(WEEK_S, half_s)
    figures = [_change_figure(evidence, start_at, end_at, window_s) for start_at in starts]
    figures.sort(key=lambda figure: abs(abs(figure.amount) - quantity.amount))
    if window_s == WEEK_S:
        figures.append(_change_figure(evidence, starts[0], end_at, 3 * SECONDS_PER_DAY))
    verdict, decisive = compare_change(quantity, claim.direction, figures, _CHANGE_SLACK)
    if verdict is Verdict.CONTRADICTED and _may_compare_levels(claim, period):
        return cannot(
            claim,
            understood,
            f"it may compare two levels that the text names: {figure_in_words(figures[0])}",
            figures,
        )
    if verdict is Verdict.CONTRADICTED and period.role is Role.AT:
        return cannot(
            claim,
            understood,
            f"it is not clear which two instants are compared: {figure_in_words(figures[0])}",
            figures,
        )
    return finding(
        claim, verdict, f"{understood}, {period.words}", figures, explained(verdict, decisive, figures)
    )


def _may_compare_levels(claim: Claim, period: When) -> bool:
    """Whether a change may be one between levels of the text: "to 1,000 EH/s, down 5 % in a week" is not."""
    levels = [each for each in claim.others if each.unit is Unit.HASHRATE]
    if period.role is not Role.OVER or len(levels) != 1:
        return bool(levels)
    return _ARRIVED.search(claim.sentence[: levels[0].start]) is None


def _ends_of(
    role: Role, start_at: datetime, end_at: datetime, latest_at: datetime
) -> tuple[list[datetime], datetime]:
    """The instants from which, and the one to which, a change counts."""
    if role is Role.AT:
        return [start_at], min(end_at, latest_at)
    if role is Role.OVER:
        return [start_at], min(end_at, latest_at)
    middle = start_at + (end_at - start_at) / 2
    return [middle, start_at, min(end_at, latest_at - timedelta(days=1))], latest_at


def _change_figure(evidence: Evidence, before_at: datetime, after_at: datetime, window_s: int) -> Figure:
    found = evidence.hashrate_change(before_at, after_at, window_s=window_s)
    return Figure(
        estimator=f"{window_name(window_s)}s",
        amount=Amount(found.change_frac),
        low=Amount(found.low_frac),
        high=Amount(found.high_frac),
        unit=Unit.PERCENT,
        at=f"{at_day(before_at)} to {at_day(after_at)}",
    )


def own(claim: Claim, evidence: Evidence) -> Finding:  # noqa: ARG001  # every judge has this signature
    """Blocks show the network's hashrate; a company's or pool's own is not in them."""
    return cannot(
        claim,
        f"hashrate of a company or pool: {quantity_in_words(claim.quantity)}",
        "blocks measure the network: a company's own hashrate or its share is not bundled",
    )
