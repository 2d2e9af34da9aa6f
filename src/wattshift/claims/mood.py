"""Whether a sentence asserts its number: what is denied or conditional is no statement of fact."""

from __future__ import annotations

import re
from dataclasses import replace

from wattshift.claims.claim import Claim, Kind
from wattshift.claims.quantity import Hedge
from wattshift.claims.sentences import clause_around
from wattshift.claims.when import Role

__all__ = ["asserted", "not_asserted"]

_NOT = re.compile(
    r"\b(?:not(?! (?:only|just|surpris\w+|because|due))|never|no longer|neither|without|nor|hardly"
    r"|fail(?:s|ed)? to|yet to|unlikely|far from|nowhere near|rather than|instead of|if ever)\b|n't\b",
    re.IGNORECASE,
)
_PLAIN_NOT = re.compile(r"\b(?:not|no longer)\b|n't\b", re.IGNORECASE)
_DENIED = re.compile(
    r"\b(?:which|that|this|it)(?:'s| is| was| are| were)?\s(?:\w+\s)?(?:wrong|false|incorrect|untrue|mistaken"
    r"|misleading|a myth|nonsense|not true|not the case|an error)\b"
    r"|\b(?:wrongly|falsely|incorrectly|mistakenly|erroneously|contrary to|debunk\w*|myth|deni(?:es|ed)"
    r"|refut\w+|misreport\w*)\b",
    re.IGNORECASE,
)
_IF = re.compile(
    r"\b(?:(?i:if(?! (?:confirmed|so|any|anything|ever)\b)"
    r"(?!(?: [\w'-]+){1,4} (?:holds?|continues?|persists?|stands?)\b)"
    r"|unless|assuming|suppos(?:e|ing)|provided that|were (?:\w+ ){1,3}to|in case|in the event)|Should)\b"
)
_MODAL = re.compile(r"\b(?:would|could|will|might|may)\b")
_LEVELS = frozenset(
    {Kind.HASHRATE_LEVEL, Kind.HASHPRICE_LEVEL, Kind.DIFFICULTY_LEVEL, Kind.PRICE_LEVEL, Kind.BLOCK_INTERVAL}
)
_OWN_JUDGEMENT = frozenset(
    {
        Kind.ASIC_AI, Kind.CAUSE, Kind.OWN_HASHRATE, Kind.DOUBLE_SPEND, Kind.ATTACK_COST, Kind.PAYBACK,
        Kind.MACHINE_PER_MW, Kind.MINING_PER_MWH, Kind.AI_PER_MWH, Kind.PROTOCOL,
    }
)  # fmt: skip
"""Kinds whose judges read the mood themselves, or whose numbers follow from others of the sentence."""


def asserted(claim: Claim) -> Claim:
    """The claim, or the opposite threshold where one is denied: "not below 35" is "above 35"."""
    stated = claim.stated
    if stated is None or claim.kind not in _LEVELS or not _is_turned(claim):
        return claim
    hedge = Hedge.ABOVE if stated.hedge is Hedge.BELOW else Hedge.BELOW
    return replace(claim, stated=replace(stated, hedge=hedge))


def not_asserted(claim: Claim) -> str | None:
    """Why a claim is not a statement of fact; None if it is one."""
    if claim.kind in _OWN_JUDGEMENT:
        return None
    if _DENIED.search(claim.sentence):
        return "the text says itself that this is wrong"
    if _NOT.search(_lead(claim)) and not (claim.kind in _LEVELS and _is_turned(claim)):
        return "the text denies it, and only what it asserts can be checked"
    if _is_conditional(claim):
        return "it is a condition or hangs on one, not a statement of fact"
    return None


def _is_turned(claim: Claim) -> bool:
    """Whether a plain "not" stands before a threshold for one moment; "never" speaks of a whole past."""
    stated = claim.stated
    if stated is None or stated.hedge not in {Hedge.ABOVE, Hedge.BELOW}:
        return False
    lead = _lead(claim)
    is_plain = len(_NOT.findall(lead)) == 1 and _PLAIN_NOT.search(lead) is not None
    return is_plain and all(when.role is Role.AT and when.is_day for when in claim.whens)


def _lead(claim: Claim) -> str:
    """The words of the clause before the number; the whole clause of a statement without one."""
    if claim.stated is None:
        return claim.clause
    first, _ = clause_around(claim.sentence, claim.stated.start, claim.stated.end)
    return claim.sentence[first : claim.stated.start]


def _is_conditional(claim: Claim) -> bool:
    found = _IF.search(claim.sentence)
    if found is None:
        return False
    at = claim.sentence.find(claim.clause) if claim.stated is None else claim.stated.start
    return found.start() <= at or _MODAL.search(claim.clause) is not None
