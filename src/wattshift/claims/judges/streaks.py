"""Judges counts, runs and extremes of difficulty adjustments: exact, because retargets are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wattshift.claims.claim import Claim, Finding, Verdict
from wattshift.claims.evidence import Evidence
from wattshift.claims.judges.common import cannot, exact_figure, finding, when_of
from wattshift.claims.judges.difficulty import adjustment_at
from wattshift.claims.quantity import Hedge, Quantity
from wattshift.claims.unit import Unit
from wattshift.claims.when import Role
from wattshift.measures.difficulty import Adjustment, Projection

__all__ = ["count", "extreme", "run"]

_NUMBERS = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_OF_LAST = re.compile(
    r"(?:of|over|in) (?:the |its )?(?:last|past|previous|most recent) (?P<total>\d{1,3}|[a-z]+)",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"\b(?:break|broke|end|snap|halt|interrupt|stop|revers|follow|after)\w*"
    r"\s(?:(?:a|an|the|its|run|streak|string|series|stretch|of)\s){0,4}$",
    re.IGNORECASE,
)
"""Words after which a run is one that the named adjustment ended."""

_LEVEL = re.compile(r"\b(?:lowest|highest)\b", re.IGNORECASE)


def _fits(adjustment: Adjustment, direction: int) -> bool:
    return adjustment.change_frac * direction > 0


def _of_count(wanted: Quantity, counted: int) -> Verdict:
    """A count is exact; "at least" and "more than" are not told apart."""
    fits = {Hedge.ABOVE: counted >= wanted.low, Hedge.BELOW: counted <= wanted.low}
    return Verdict.HOLDS if fits.get(wanted.hedge, counted == wanted.low) else Verdict.CONTRADICTED


def _listed(adjustments: Sequence[Adjustment]) -> str:
    return ", ".join(f"{each.at:%Y-%m-%d} {each.change_frac * 100:+.2f} %" for each in adjustments[-12:])


def count(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "has dropped four times since mid-November" and "seven of the last eight were negative"."""
    wanted = int(claim.quantity.low)
    what = {-1: "decreases", 1: "increases"}.get(claim.direction)
    if what is None:
        return cannot(claim, f"{wanted} adjustments", "it is not said whether they were up or down")
    adjustments = evidence.adjustments(min(claim.told.end_at, evidence.known_to_at))
    total = _OF_LAST.search(claim.sentence)
    since = when_of(claim, Role.SINCE, Role.OVER, Role.AT)
    if total and _number(total["total"]):
        stretches = [adjustments[-_number(total["total"]) :]]
        period = total[0]
    elif since is not None:
        until = since.end_at if since.role is Role.AT else claim.told.end_at
        starts = {since.start_at, since.end_at} if since.role is Role.SINCE else {since.start_at}
        stretches = [[each for each in adjustments if start <= each.at < until] for start in sorted(starts)]
        period = f"{since.role.value} {since.words}" if since.role is Role.SINCE else since.words
    else:
        return cannot(claim, f"{wanted} {what} of difficulty", "no period is named in which to count")
    if claim.is_future:
        projected = _projected(evidence.projections(min(claim.told.end_at, evidence.known_to_at))[0])
        stretches = [[*stretch[bool(total) :], projected] for stretch in stretches]
        period += ", the projected one included"
    counts = [sum(_fits(each, claim.direction) for each in stretch) for stretch in stretches]
    best = min(range(len(counts)), key=lambda place: abs(counts[place] - wanted))
    verdict = _of_count(claim.quantity, counts[best])
    figure = exact_figure("counted", counts[best], Unit.TIMES, at=period)
    words = f"{counts[best]} {what} among {len(stretches[best])} adjustments: {_listed(stretches[best])}"
    return finding(claim, verdict, f"difficulty: {wanted} {what} {period}", [figure], words)


def _projected(projection: Projection) -> Adjustment:
    return Adjustment(
        height=projection.height,
        at=projection.expected_at,
        change_frac=projection.change_frac,
        z=projection.z,
        difficulty=0.0,
    )


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS.get(word.lower(), 0)


def run(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "the fourth consecutive decrease"."""
    wanted = int(claim.quantity.low)
    what = {-1: "decreases", 1: "increases"}.get(claim.direction)
    if what is None:
        return cannot(claim, f"{wanted} adjustments in a row", "it is not said whether they were up or down")
    latest = min(claim.told.end_at, evidence.known_to_at)
    adjustments = list(evidence.adjustments(latest))
    named = adjustment_at(claim, adjustments)
    if named is not None:
        adjustments = adjustments[: adjustments.index(named) + 1]
    if adjustments and _ENDED.search(claim.sentence[: claim.quantity.start]):
        adjustments.pop()
    length = 0
    for each in reversed(adjustments):
        if not _fits(each, claim.direction):
            break
        length += 1
    understood = f"difficulty: {wanted} {what} in a row"
    listed = _listed(adjustments[-max(length + 1, 2) :])
    if claim.is_future and named is None:
        projected = evidence.projections(latest)[0].change_frac
        length = length + 1 if projected * claim.direction > 0 else 0
        listed += f", next {projected * 100:+.2f} % projected"
    verdict = _of_count(claim.quantity, length)
    figure = exact_figure("in a row", length, Unit.ORDINAL, at=f"to {adjustments[-1].at:%Y-%m-%d}")
    return finding(claim, verdict, understood, [figure], f"{length} in a row: {listed}")


def extreme(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "the largest drop since July 2021" and "the lowest difficulty since"."""
    since = when_of(claim, Role.SINCE)
    if since is None:
        return cannot(claim, "extreme of difficulty", "it is not said since when")
    latest = min(claim.told.end_at, evidence.known_to_at)
    adjustments = evidence.adjustments(latest)
    if not adjustments or since.end_at < adjustments[0].at:
        return cannot(
            claim,
            f"extreme of difficulty since {since.words}",
            "adjustments before 2020 are not bundled here",
        )
    is_level = _LEVEL.search(claim.clause) is not None
    named = adjustment_at(claim, adjustments) or _by_size(claim, adjustments) or adjustments[-1]
    size, words = _size(named, is_level=is_level), f"{named.at:%Y-%m-%d} {named.change_frac * 100:+.2f} %"
    if claim.is_future and not is_level and _by_size(claim, adjustments) is None:
        projection = evidence.projections(latest)[0]
        size, words = projection.change_frac, f"projected {projection.change_frac * 100:+.2f} %"
        between = [each for each in adjustments if each.at >= since.end_at]
    else:
        between = [each for each in adjustments if since.end_at <= each.at < named.at]
    direction = claim.direction or (-1 if size < 0 else 1)
    if is_level:
        direction = -1 if re.search(r"\blowest\b", claim.clause, re.IGNORECASE) else 1
    understood = f"{'level' if is_level else 'adjustment'} of difficulty, extreme since {since.words}"
    if not is_level and size * direction <= 0:
        return finding(
            claim, Verdict.CONTRADICTED, understood, (), f"the adjustment went the other way: {words}"
        )
    worse = [each for each in between if _size(each, is_level=is_level) * direction > size * direction]
    verdict = Verdict.CONTRADICTED if worse else Verdict.HOLDS
    told = (
        f"larger in between: {_listed(worse)}" if worse else f"none of {len(between)} in between was larger"
    )
    return finding(claim, verdict, understood, (), f"{words}; {told}")


def _size(adjustment: Adjustment, *, is_level: bool) -> float:
    return adjustment.difficulty if is_level else adjustment.change_frac


def _by_size(claim: Claim, adjustments: Sequence[Adjustment]) -> Adjustment | None:
    """The recent adjustment whose percentage the sentence names."""
    named = [float(each.low) for each in claim.others if each.unit is Unit.PERCENT]
    for each in reversed(adjustments[-6:]):
        if any(abs(abs(each.change_frac) - size_frac) < 0.0006 for size_frac in named):
            return each
    return None
