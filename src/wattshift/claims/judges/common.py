"""What judges share: the instants that a claim speaks of, unit slips, and how a finding is worded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import SupportsFloat

from wattshift.claims.claim import Claim, Figure, Finding, Verdict
from wattshift.claims.evidence import Evidence
from wattshift.claims.quantity import Amount, Band, Hedge, Quantity
from wattshift.claims.tolerance import Slack, band_of, compare_stated
from wattshift.claims.unit import Unit
from wattshift.claims.when import Role, When
from wattshift.clock import format_instant

__all__ = [
    "Span",
    "agrees",
    "at_day",
    "cannot",
    "exact_figure",
    "explained",
    "figure_in_words",
    "finding",
    "instants",
    "is_origin",
    "is_past",
    "is_premise",
    "is_present",
    "judged_level",
    "not_a_level",
    "number_in_words",
    "period_of",
    "quantity_in_words",
    "signed_in_words",
    "slipped",
    "span_of",
    "when_of",
]

_ORIGIN = re.compile(
    r"\b(?:(?:from|compared (?:with|to)|versus|vs\.?|against"
    r"|(?<!more )(?<!less )(?<!fewer )(?<!greater )than)\s(?:(?!to\b)[\w'-]+\s){0,6}~?"
    r"|(?:previously|earlier|once|formerly|prior)\s(?:(?:a|an|the|at|about|around|roughly|nearly"
    r"|over)\s){0,3}~?)$",
    re.IGNORECASE,
)
_PRESENT = re.compile(
    r"\b(?:is|are|stands?|sits?|now|currently|today|remains?|hovers?|hovering|standing|sitting|latest"
    r"|at present|this week|trades?|trading)\b",
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(
    r"\b(?:largest|biggest|steepest|sharpest|deepest|lowest|highest|worst|first time|weakest)\b",
    re.IGNORECASE,
)
_ONCE = re.compile(
    r"\b(?:hit|hitting|touched|reached|set|marked|had|was|were|bottomed|peaked|topped)\b", re.IGNORECASE
)
_DIFFERENCE = re.compile(
    r"\b(?:by|grew|grown|rose|risen|fell|fallen|dropped|added|adding|gained|lost|shed|increased|decreased"
    r"|declined"
    r"|removed|up|down)\s(?:about |around |roughly |nearly |over |more than |some |another |~)?[-+$]{0,2}$",
    re.IGNORECASE,
)
_FORECAST = re.compile(
    r"\b(?:will|would|could|(?-i:may|might)|expect\w*|predict\w*|anticipat\w*|projects|projected to|sees"
    r"|forecast\w*|poised|next (?:week"
    r"|month|quarter|year)|by the end of|target\w*|aims?)\b",
    re.IGNORECASE,
)
_PREMISE = re.compile(
    r"\b(?:at|with|assum\w+|given|for|under)\s(?:an?\s|the\s)?(?:\w+\s){0,2}?hash[\s-]?(?:rate|price|power)"
    r"(?:\s(?:of|at|around|near|about))*\s$",
    re.IGNORECASE,
)
_LASTING = re.compile(
    r"\b(?:ha(?:s|ve|d) (?:\w+ )?been|(?:ha(?:s|ve|d) )?(?:stayed|remained|held|kept))\b",
    re.IGNORECASE,
)
_DAY = timedelta(days=1)
_COUNTS = frozenset({Unit.HEIGHT, Unit.BLOCKS, Unit.TIMES, Unit.ORDINAL, Unit.CONFIRMATIONS})
_SCALES = {
    Unit.HASHRATE: ((1.0, "EH/s"), (1e-3, "PH/s"), (1e-6, "TH/s")),
    Unit.POWER: ((1e3, "GW"),),
    Unit.ENERGY: ((1e6, "TWh"),),
    Unit.PLAIN: ((1e12, "trillion"), (1e9, "billion")),
    Unit.USD: ((1e9, "billion USD"), (1e6, "million USD")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The stretch of time that a claim speaks of.

    Args:
        start_at: its start.
        end_at: its end; nothing later is used.
        words: it, in words.
        is_dated: whether the text names it; else it is the text's own date.
    """

    start_at: datetime
    end_at: datetime
    words: str
    is_dated: bool

    @property
    def is_day(self) -> bool:
        """Whether single figures can stand for it."""
        return self.end_at - self.start_at <= _DAY


def when_of(claim: Claim, *roles: Role) -> When | None:
    """The nearest date of a claim that has one of the roles."""
    return next((when for when in claim.whens if when.role in roles), None)


def period_of(claim: Claim) -> When | None:
    """The period of a change: "since July", "over the past month"; not that of a superlative."""
    return None if _SUPERLATIVE.search(claim.clause) else when_of(claim, Role.OVER, Role.SINCE)


def span_of(claim: Claim, evidence: Evidence) -> Span:
    """The stretch of time that a claim speaks of: the date it names, else when the text was written.

    The end is cut to when the text was written and to what the data know.
    """
    named = when_of(claim, Role.AT)
    since = when_of(claim, Role.SINCE, Role.OVER)
    if named is None and since is not None and is_origin(claim):
        named = since if since.role is Role.SINCE else _start_day(since)
    latest = min(claim.told.end_at, evidence.known_to_at)
    if named is None and since is not None and _is_lasting(claim):
        start_at = since.end_at if since.role is Role.SINCE else since.start_at
        return Span(
            start_at=start_at, end_at=max(start_at, latest), words=_day_words(start_at, latest), is_dated=True
        )
    if named is None:
        start_at = claim.told.start_at
        return Span(
            start_at=min(start_at, latest) if start_at <= evidence.known_to_at else start_at,
            end_at=max(start_at, latest),
            words=_day_words(start_at, claim.told.end_at),
            is_dated=False,
        )
    end_at = named.end_at - timedelta(seconds=1) if named.end_at - named.start_at >= _DAY else named.end_at
    return Span(
        start_at=named.start_at,
        end_at=max(named.start_at, min(end_at, latest)),
        words=_day_words(named.start_at, end_at),
        is_dated=True,
    )


def _is_lasting(claim: Claim) -> bool:
    """Whether a threshold is said to have held all the time: "has been above 140 T since October"."""
    is_threshold = claim.stated is not None and claim.stated.hedge in {Hedge.ABOVE, Hedge.BELOW}
    return is_threshold and _LASTING.search(claim.clause) is not None


def _start_day(when: When) -> When:
    return When(
        start_at=when.start_at - _DAY / 2,
        end_at=when.start_at + _DAY / 2,
        role=Role.AT,
        words=when.words,
        start=when.start,
        end=when.end,
    )


def _day_words(start_at: datetime, end_at: datetime) -> str:
    if end_at - start_at <= timedelta(seconds=1):
        return format_instant(start_at)
    first, last = f"{start_at:%Y-%m-%d}", f"{end_at:%Y-%m-%d}"
    return first if first == last else f"{first} to {last}"


def instants(span: Span, *, step: timedelta) -> list[datetime]:
    """Instants of a span, both ends included."""
    count = int((span.end_at - span.start_at) / step)
    found = [span.start_at + step * place for place in range(count + 1)]
    return found if found[-1] == span.end_at else [*found, span.end_at]


def is_origin(claim: Claim) -> bool:
    """Whether the number is where a change started ("from 37.15 to 40"), hence not the present one."""
    if claim.stated is None:
        return False
    return _ORIGIN.search(claim.sentence[max(0, claim.stated.start - 40) : claim.stated.start]) is not None


def is_present(claim: Claim) -> bool:
    """Whether the clause speaks of the present."""
    return _PRESENT.search(claim.clause) is not None


def is_past(claim: Claim) -> bool:
    """Whether an undated statement may speak of some day before the text: "hit", "had touched"."""
    dated = when_of(claim, Role.AT) is not None
    return not dated and not is_present(claim) and _ONCE.search(claim.clause) is not None


def is_premise(claim: Claim) -> bool:
    """Whether the number is given as a premise: "at a hashprice of 60 USD a machine earns ..."."""
    if claim.stated is None:
        return False
    return _PREMISE.search(claim.sentence[: claim.stated.start]) is not None


def not_a_level(claim: Claim, *, is_change: bool = False) -> str | None:
    """Why a number is no level of the present or past: a difference, or a forecast; a change may differ."""
    if (
        not is_change
        and claim.stated is not None
        and _DIFFERENCE.search(claim.sentence[: claim.stated.start])
    ):
        return "it is a difference between two levels that the text does not date"
    if _FORECAST.search(claim.clause):
        return "it speaks of the future, which no data hold"
    return None


def agrees(quantity: Quantity, amount: SupportsFloat) -> bool:
    """Whether an exact amount is what a number says, as it is hedged."""
    if quantity.hedge is Hedge.ABOVE:
        return float(amount) > quantity.amount
    if quantity.hedge is Hedge.BELOW:
        return float(amount) < quantity.amount
    return band_of(quantity).holds(amount)


def judged_level(
    quantity: Quantity, figures: Sequence[Figure], slack: Slack, span: Span
) -> tuple[Verdict, Figure]:
    """Judge a level; over a longer span a threshold holds only where it holds throughout."""
    verdict, decisive = compare_stated(quantity, figures, slack)
    if span.is_day or quantity.hedge not in {Hedge.ABOVE, Hedge.BELOW} or verdict is not Verdict.HOLDS:
        return verdict, decisive
    unlike = [each for each in figures if not agrees(quantity, each.amount)]
    return (Verdict.DEPENDS, unlike[0]) if unlike else (verdict, decisive)


def slipped(quantity: Quantity, figures: Iterable[Figure], factors_ratio: Sequence[float]) -> float | None:
    """The factor by which a unit was misstated, if one of the usual slips makes the number agree."""
    for factor in factors_ratio:
        band = band_of(quantity)
        moved = Band(low=Amount(band.low * factor), high=Amount(band.high * factor))
        if any(moved.meets(figure.low, figure.high) for figure in figures):
            return factor
    return None


def exact_figure(estimator: str, value: SupportsFloat, unit: Unit, *, at: str) -> Figure:
    """A figure without noise."""
    amount = Amount(float(value))
    return Figure(estimator=estimator, amount=amount, low=amount, high=amount, unit=unit, at=at)


def finding(
    claim: Claim, verdict: Verdict, understood: str, figures: Sequence[Figure], explanation: str
) -> Finding:
    """A finding, the deciding figure first."""
    return Finding(
        claim=claim,
        verdict=verdict,
        understood=understood,
        figures=tuple(figures),
        explanation=explanation,
    )


def cannot(claim: Claim, understood: str, why: str, figures: Sequence[Figure] = ()) -> Finding:
    """A finding that nothing here can check it."""
    return finding(claim, Verdict.CANNOT_CHECK, understood, figures, why)


def quantity_in_words(quantity: Quantity) -> str:
    """A quantity as understood: hedge, number or range, unit."""
    hedge = "" if quantity.hedge is Hedge.EXACT else f"{quantity.hedge.value} "
    low, high = (number_in_words(float(end), quantity.unit) for end in (quantity.low, quantity.high))
    number = f"{low} to {high}" if quantity.is_range else low
    return f"{hedge}{number}"


def signed_in_words(claim: Claim) -> str:
    """A change as understood: "fell by about 35 %"."""
    move = {-1: "fell by", 1: "rose by"}.get(claim.direction, "moved by")
    words = quantity_in_words(claim.quantity)
    return f"{move} {words.replace('above', 'more than').replace('below', 'less than')}"


def figure_in_words(figure: Figure) -> str:
    """A figure with its estimator, interval and instant."""
    interval = ""
    if figure.low != figure.high:
        low, high = (number_in_words(end, figure.unit) for end in (figure.low, figure.high))
        interval = f" ({figure.spread} {low} to {high})"
    return f"{figure.estimator} {number_in_words(figure.amount, figure.unit)}{interval}, {figure.at}"


def explained(verdict: Verdict, decisive: Figure, figures: Sequence[Figure]) -> str:
    """The sentence behind a comparison."""
    if verdict is Verdict.DEPENDS:
        return f"{figure_in_words(figures[0])}; but {figure_in_words(decisive)}"
    return figure_in_words(figures[0])


def number_in_words(value: SupportsFloat, unit: Unit) -> str:
    """An amount with its unit, as people write it."""
    amount = float(value)
    if unit is Unit.TIME:
        return _time_in_words(amount)
    if unit is Unit.PERCENT:
        return f"{amount * 100:.4g} %"
    if unit in _COUNTS:
        return f"{amount:,.0f} {unit.label}".strip()
    for factor, label in _SCALES.get(unit, ()):
        if amount >= factor:
            return f"{amount / factor:,.5g} {label}"
    digits = f"{amount:,.5g}" if amount < 1e5 else f"{amount:,.0f}"
    return f"{digits} {unit.label}".strip()


def _time_in_words(amount_s: float) -> str:
    for length_s, name in ((31_557_600, "years"), (86_400, "days"), (3_600, "hours"), (60, "min")):
        if amount_s >= (2 if name != "years" else 1) * length_s:
            return f"{amount_s / length_s:.4g} {name}"
    return f"{amount_s:.4g} s"


def at_day(at: datetime) -> str:
    """An instant in words, to the minute."""
    return format_instant(at.replace(second=0, microsecond=0))
