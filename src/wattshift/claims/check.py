"""Checks a text: reads its claims, asks for evidence, and gives each a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from wattshift.claims.claim import Claim, Finding, Kind, Told, Verdict
from wattshift.claims.dates import day_span, first_date
from wattshift.claims.evidence import Evidence
from wattshift.claims.judges import (
    backing,
    blocks,
    causes,
    contracts,
    difficulty,
    economics,
    hashprice,
    hashrate,
    protocol,
    security,
    streaks,
    trends,
)
from wattshift.claims.judges.common import is_origin, is_present
from wattshift.claims.mood import asserted, not_asserted
from wattshift.claims.reading import Unmatched, read_claims
from wattshift.claims.text import SourceText, read_text
from wattshift.clock import format_instant, parse_instant
from wattshift.errors import InputError, WattshiftError

__all__ = ["JUDGES", "Checked", "Judge", "check", "told_at"]

Judge = Callable[[Claim, Evidence], Finding]

JUDGES: Mapping[Kind, Judge] = MappingProxyType(
    {
        Kind.HASHRATE_LEVEL: hashrate.level,
        Kind.HASHRATE_CHANGE: hashrate.change,
        Kind.HASHRATE_FROM_PEAK: trends.below_peak,
        Kind.HASHRATE_EXTREME: trends.extreme,
        Kind.HASHRATE_RECORD: trends.record,
        Kind.OWN_HASHRATE: hashrate.own,
        Kind.DIFFICULTY_CHANGE: difficulty.past_change,
        Kind.DIFFICULTY_NEXT: difficulty.next_change,
        Kind.DIFFICULTY_WAIT: difficulty.wait,
        Kind.DIFFICULTY_LEVEL: difficulty.level,
        Kind.DIFFICULTY_RECORD: difficulty.record,
        Kind.DIFFICULTY_COUNT: streaks.count,
        Kind.DIFFICULTY_RUN: streaks.run,
        Kind.DIFFICULTY_EXTREME: streaks.extreme,
        Kind.BLOCK_INTERVAL: blocks.interval,
        Kind.HASHPRICE_LEVEL: hashprice.level,
        Kind.HASHPRICE_MEAN: hashprice.mean,
        Kind.HASHPRICE_CHANGE: hashprice.change,
        Kind.HASHPRICE_EXTREME: hashprice.extreme,
        Kind.PRICE_LEVEL: hashprice.price,
        Kind.MINING_PER_MWH: economics.mining_per_mwh,
        Kind.AI_PER_MWH: contracts.ai_per_mwh,
        Kind.MACHINE_PRICE: economics.machine_price,
        Kind.MACHINE_PER_MW: economics.machine_per_mw,
        Kind.MACHINE_SPEC: economics.specification,
        Kind.PAYBACK: economics.payback_time,
        Kind.CONTRACT: contracts.contract,
        Kind.CREDIT_SUPPORT: backing.credit_support,
        Kind.NETWORK_POWER: security.network_power,
        Kind.DOUBLE_SPEND: security.double_spend,
        Kind.ATTACK_COST: security.attack_cost,
        Kind.CAUSE: causes.cause,
        Kind.ASIC_AI: causes.asic_ai,
        Kind.SUBSIDY: protocol.subsidy,
        Kind.PROTOCOL: protocol.constant,
    }
)
"""The judge of each kind of claim."""

_TIMELESS = frozenset(
    {
        Kind.DOUBLE_SPEND,
        Kind.MACHINE_PER_MW,
        Kind.MACHINE_SPEC,
        Kind.PAYBACK,
        Kind.CONTRACT,
        Kind.CREDIT_SUPPORT,
        Kind.ASIC_AI,
        Kind.PROTOCOL,
    }
)
_HEAD = 1_500
_BEHIND = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A text and what became of its claims.

    Args:
        text: the text.
        told: when it was written.
        findings: in the order of the text.
        unmatched: numbers that belong to no claim.
        is_cut: whether the text, its numbers or its claims exceeded a limit.
    """

    text: SourceText
    told: Told
    findings: tuple[Finding, ...]
    unmatched: tuple[Unmatched, ...]
    is_cut: bool


def check(content: bytes | str, evidence: Evidence, *, as_of: datetime | None = None) -> Checked:
    """Find every statement of a text and judge it by what was known when it was written.

    Args:
        content: plain text, Markdown or HTML.
        evidence: who answers the judges' questions.
        as_of: when it was written; midnight means the whole UTC day. By default the date in its head, else
            the newest instant known.
    """
    text = read_text(content)
    told = told_at(text, as_of=as_of, newest_at=evidence.known_to_at)
    reading = read_claims(text, told)
    return Checked(
        text=text,
        told=told,
        findings=tuple(_judged(claim, evidence) for claim in reading.claims),
        unmatched=reading.unmatched,
        is_cut=text.is_cut or reading.is_cut,
    )


def told_at(text: SourceText, *, as_of: datetime | None, newest_at: datetime) -> Told:
    """When a text was written: as told, else by its metadata, else by a date in its head, else now.

    Raises:
        InputError: if `as_of` has no time zone.
    """
    if as_of is not None:
        if as_of.tzinfo is None:
            raise InputError(
                "the date of a text needs a time zone", as_of=as_of, hint="give it one, such as UTC"
            )
        is_day = as_of.hour == as_of.minute == as_of.second == 0
        end_at = as_of + timedelta(days=1, seconds=-1) if is_day else as_of
        return Told(start_at=as_of, end_at=end_at, source="as given")
    found, source = None, "a date in its head"
    if text.published is not None:
        try:
            found, source = parse_instant(text.published).date(), "the page's own metadata"
        except InputError:
            found = None
    found = found or first_date(text.plain[:_HEAD], latest_at=newest_at)
    if found is not None:
        start_at, end_at = day_span(found)
        return Told(start_at=start_at, end_at=end_at - timedelta(seconds=1), source=source)
    return Told(
        start_at=newest_at,
        end_at=newest_at,
        source="the newest instant known: the text has no date",
        is_assumed=True,
    )


def _without_guess(found: Finding) -> Finding:
    """In a text without a date only what is dated, timeless or in the present tense can be contradicted."""
    claim = found.claim
    if found.verdict is not Verdict.CONTRADICTED or claim.kind in _TIMELESS:
        return found
    if claim.whens and all(when.has_year for when in claim.whens):
        return found
    if not claim.whens and is_present(claim):
        return found
    return replace(
        found,
        verdict=Verdict.CANNOT_CHECK,
        explanation=f"the text has no date (give it with --as-of); as of now: {found.explanation}",
    )


def _without_origin(found: Finding) -> Finding:
    """Where a change started ("from 155 T to 146 T") is contradicted only by a date right behind it."""
    claim = found.claim
    if found.verdict is not Verdict.CONTRADICTED or claim.stated is None or not is_origin(claim):
        return found
    if any(0 <= when.start - claim.stated.end <= _BEHIND for when in claim.whens):
        return found
    return replace(
        found,
        verdict=Verdict.CANNOT_CHECK,
        explanation=f"the text does not say when it stood at this earlier level; {found.explanation}",
    )


def _judged(claim: Claim, evidence: Evidence) -> Finding:
    try:
        if why := not_asserted(claim):
            return Finding(
                claim=claim, verdict=Verdict.CANNOT_CHECK, understood=_understood(claim), explanation=why
            )
        found = _without_origin(JUDGES[claim.kind](asserted(claim), evidence))
        return _without_guess(found) if claim.told.is_assumed else found
    except WattshiftError as error:
        why = error.message
        if claim.told.start_at > evidence.known_to_at:
            why = f"the chain is bundled only up to {format_instant(evidence.known_to_at)}"
        return Finding(
            claim=claim, verdict=Verdict.CANNOT_CHECK, understood=_understood(claim), explanation=why
        )


def _understood(claim: Claim) -> str:
    stated = claim.stated
    if stated is None:
        return claim.kind.value
    return f"{claim.kind.value}: {claim.sentence[stated.start : stated.end]}"
