"""Judges causes: what blocks can say of them, and what they cannot."""

from __future__ import annotations

import re
from datetime import timedelta

from wattshift.claims.claim import Claim, Finding, Subject, Verdict
from wattshift.claims.evidence import Evidence
from wattshift.claims.judges.common import cannot, finding, period_of
from wattshift.errors import WattshiftError
from wattshift.measures.hashrate import WEEK_S

__all__ = ["asic_ai", "cause"]

_AI = re.compile(r"\bAI\b|\bHPC\b|artificial intelligence", re.IGNORECASE)
_WEATHER = re.compile(r"storm|winter|cold|heat|weather|curtail|grid|ERCOT", re.IGNORECASE)
_BAN = re.compile(r"\bban|crackdown|china|chinese|regulat|polic", re.IGNORECASE)
_PRICE = re.compile(r"\bprices?\b|halving|profitab|unprofitable|margin|revenue", re.IGNORECASE)
_NEGATED = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|won't|will not|don't|do not|does not|doesn't|never|not"
    r"|unable|useless|unsuitable|no way|nor|impossible|incapable)\b"
    r"|\brather than\b|\binstead of\b|\bmyth\b",
    re.IGNORECASE,
)
_SITE = re.compile(
    r"\b(?:data ?cent(?:er|re)s?|sites?|facilit\w+|halls?|campus\w*|buildings?|capacity|infrastructure"
    r"|contracts?|land|space|shells?|GPUs?|operations?)\b",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?:because(?: of)?|due to|owing to|driven by|caused by|thanks to|as a result of"
    r"|attribut\w+ to)\s(.{1,80})",
    re.IGNORECASE,
)
_TINY_FRAC = 0.01
_MINERS = frozenset({Subject.MINING, Subject.MACHINE})
_LIMITS = {
    "AI": (
        _AI,
        (
            "a lasting move to AI would show as hashrate that does not come back; a few weeks cannot tell it"
            " from luck, weather or price"
        ),
    ),
    "weather or curtailment": (
        _WEATHER,
        (
            "curtailment shows as a fast fall in pools with exposed sites, at high power prices, that comes"
            " back in weeks"
        ),
    ),
    "a ban": (_BAN, "an exit by law shows as a deep fall across pools that returns over months"),
    "price": (
        _PRICE,
        "an exit by price shows as a slow fall while hashprice lies below the break-even of old machines",
    ),
}
"""The words that name a cause, and the trace that it would leave."""


def cause(claim: Claim, evidence: Evidence) -> Finding:
    """Say what can and cannot be said of "because miners moved to AI"."""
    named = _named(claim)
    what = "miners leave" if claim.subject in _MINERS else f"{claim.subject.value} moved"
    understood = f"{what} because of {named or 'something the text names'}"
    limits = _LIMITS[named][1] if named else "blocks hold no reasons"
    told = "blocks say how much and when, not why"
    if claim.subject is Subject.HASHPRICE and (found := _hashprice_cause(claim, evidence, understood)):
        return found
    if claim.subject is not Subject.HASHPRICE:
        told += f"; {_move(claim, evidence)}"
    return cannot(claim, understood, f"{told}; {limits}")


def _named(claim: Claim) -> str | None:
    """The cause that the words behind "because" name, else the sentence's."""
    after = _AFTER.search(claim.sentence)
    for words in ([after[1]] if after else []) + [claim.sentence]:
        found = {name: match for name, (pattern, _) in _LIMITS.items() if (match := pattern.search(words))}
        if found:
            return min(found, key=lambda name: found[name].start())
    return None


def _hashprice_cause(claim: Claim, evidence: Evidence, understood: str) -> Finding | None:
    """A hashprice move splits exactly into difficulty, fees, subsidy and price, so its cause can be named."""
    period = period_of(claim)
    reason = _AFTER.search(claim.sentence)
    if period is None or reason is None:
        return None
    latest = min(claim.told.end_at, evidence.known_to_at)
    parts = evidence.hashprice_parts(period.start_at, latest)
    by_name = {"difficulty": parts.difficulty_frac, "price": parts.price_frac, "fee": parts.fees_frac}
    named = [name for name in by_name if name in reason[1].lower()]
    if len(named) != 1:
        return None
    share_frac, total_frac = by_name[named[0]], parts.change_frac
    told = f"hashprice moved {total_frac * 100:+.1f} % since {period.start_at:%Y-%m-%d}: " + ", ".join(
        f"{name} {part * 100:+.1f}" for name, part in by_name.items()
    )
    if share_frac * total_frac > 0 and abs(share_frac) >= abs(total_frac) / 2:
        return finding(claim, Verdict.HOLDS, understood, (), told)
    if share_frac * total_frac < 0 and abs(share_frac) > _TINY_FRAC:
        return finding(claim, Verdict.CONTRADICTED, understood, (), told)
    return cannot(claim, understood, f"it is a part, not the whole: {told}")


def _move(claim: Claim, evidence: Evidence) -> str:
    """How hashrate moved over the period, and whether luck alone could do that."""
    period = period_of(claim)
    end_at = min(claim.told.end_at, evidence.known_to_at)
    start_at = end_at - timedelta(days=30) if period is None else period.start_at
    try:
        found = evidence.hashrate_change(min(start_at, end_at - timedelta(days=8)), end_at, window_s=WEEK_S)
    except WattshiftError as error:
        return f"the move itself is not known ({error.message})"
    try:
        weighed = f"; `wattshift why` weighs: {evidence.causes_in_words(found.before.end_at, end_at)}"
    except WattshiftError as error:
        weighed = f"; `wattshift why` cannot weigh it: {error.message}"
    return (
        f"the 7-day mean moved {found.change_frac * 100:+.1f} % since {found.before.end_at:%Y-%m-%d}"
        f" (95 % interval {found.low_frac * 100:+.1f} to {found.high_frac * 100:+.1f} %), which luck alone "
        f"does"
        f" {found.luck_prob * 100:.2g} % of the time{weighed}"
    )


def asic_ai(claim: Claim, evidence: Evidence) -> Finding:
    """A SHA-256 machine computes one function: it can run no AI work; power, land and cooling can move."""
    del evidence
    understood = "SHA-256 mining machines run AI work"
    fact = (
        "a SHA-256 ASIC computes double SHA-256 and nothing else; what converts is power, land, cooling "
        "and fibre, after capex"
    )
    if _NEGATED.search(claim.clause):
        return finding(claim, Verdict.HOLDS, f"not: {understood}", (), fact)
    if _SITE.search(claim.clause):
        return cannot(claim, understood, f"it may speak of sites rather than machines: {fact}")
    return finding(claim, Verdict.CONTRADICTED, understood, (), fact)
