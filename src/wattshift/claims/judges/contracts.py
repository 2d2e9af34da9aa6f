"""Judges AI contracts of miners, and what AI pays per MWh."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wattshift.claims.claim import Claim, Figure, Finding, Verdict
from wattshift.claims.evidence import Contract, Evidence
from wattshift.claims.judges.common import (
    cannot,
    exact_figure,
    figure_in_words,
    finding,
    quantity_in_words,
)
from wattshift.claims.tolerance import Slack, band_of, compare_exact
from wattshift.claims.unit import Unit

__all__ = ["CUSTOMERS", "ai_per_mwh", "contract", "sellers_of"]

_SLACK = Slack(margin_frac=0.03)
_YEAR_S = 31_557_600
_MIN_USD = 1e8
CUSTOMERS = (
    "Microsoft", "Google", "Amazon", "AWS", "Meta", "Oracle", "OpenAI", "Anthropic", "NVIDIA", "CoreWeave",
    "Fluidstack", "AMD", "xAI",
)  # fmt: skip
_ALIASES = {"AWS": "Amazon Web Services", "Amazon": "Amazon Web Services", "Nvidia": "NVIDIA"}
_WITH = re.compile(rf"\b(?:with|to|from|by|for)\s(?:\w+\s)?(?P<name>{'|'.join(CUSTOMERS)})\b", re.IGNORECASE)
_MW = {"critical_it": "critical IT", "gross": "gross"}
_TOTAL = re.compile(r"\b(?:total|combined|altogether|in all|cumulative|across)\b", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:total|combined|altogether|cumulative|contracts|deals|leases|agreements)\b", re.IGNORECASE
)
_EXTENDED = re.compile(r"\boptions?\b|extension|extended|renew|up to|potential", re.IGNORECASE)
_OPTIONS = re.compile(
    r"\b(?:with|includ\w+|if)\s(?:[\w-]+\s){0,4}?(?:options?|extensions?|renewals?)\b", re.IGNORECASE
)
_OPTIONAL = "value with all options"
_COST = re.compile(
    r"capex|cost|spend|invest|rais|debt|notes|bond|financ|loan|purchas|buy|acqui|backstop|guarant|warrant"
    r"|equity|stake",
    re.IGNORECASE,
)


def contract(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "IREN signed a 9.7 billion USD, five-year contract with Microsoft for 200 MW"."""
    quantity = claim.quantity
    understood = f"AI contract: {quantity_in_words(quantity)}"
    known = evidence.contracts(min(claim.told.end_at, evidence.known_to_at))
    text = _segment(claim.sentence, claim.quantity.start, known)
    sellers = sellers_of(text, known)
    if not sellers:
        return cannot(claim, understood, "no bundled contract of that company was announced by then")
    customers = _customers(text)
    rows = [each for each in sellers if any(_is_customer(each, name) for name in customers)]
    figures = _figures(quantity.unit, rows or sellers)
    if _SEVERAL.search(text):
        figures += _totals(quantity.unit, rows or sellers)
    if not figures or (quantity.unit is Unit.USD and quantity.amount < _MIN_USD):
        return cannot(claim, understood, "the bundled contracts do not hold this part of it", figures)
    figures.sort(key=lambda figure: abs(figure.amount - quantity.amount))
    verdict = compare_exact(quantity, figures[0], _SLACK)
    if found := _with_options(claim, verdict, understood, figures, rows or sellers):
        return found
    leads = quantity.unit is Unit.USD or claim.other(Unit.USD) is None
    if verdict is Verdict.HOLDS and leads and not rows and (stranger := _WITH.search(text)):
        names = ", ".join(sorted({each.customer for each in sellers}))
        words = (
            f"{figure_in_words(figures[0])}; but the customer is {names}: {stranger['name']} is none of them"
        )
        return finding(claim, Verdict.CONTRADICTED, understood, figures[:1], words)
    if verdict is Verdict.CONTRADICTED and not _is_certain(text, rows):
        return cannot(
            claim,
            understood,
            f"it may mean another part or sum; nearest: {figure_in_words(figures[0])}",
            figures[:1],
        )
    return finding(claim, verdict, understood, figures[:3], figure_in_words(figures[0]))


def _with_options(
    claim: Claim, verdict: Verdict, understood: str, figures: Sequence[Figure], rows: Sequence[Contract]
) -> Finding | None:
    """What options make of a verdict: a value with options that names none, and a wrong one that does."""
    if verdict is Verdict.HOLDS:
        if figures[0].estimator != _OPTIONAL or _EXTENDED.search(claim.sentence):
            return None
        words = f"{figure_in_words(figures[0])}; the base term alone is worth less, and no options are named"
        return finding(claim, Verdict.DEPENDS, understood, figures[:3], words)
    behind = claim.sentence[claim.quantity.start : claim.quantity.end + 40]
    if claim.quantity.unit is not Unit.USD or len(rows) != 1 or not _OPTIONS.search(behind):
        return None
    optional = [each for each in figures if each.estimator == _OPTIONAL]
    if not optional:
        return None
    return finding(claim, Verdict.CONTRADICTED, understood, optional, figure_in_words(optional[0]))


def sellers_of(text: str, known: Sequence[Contract]) -> list[Contract]:
    """The contracts of the sellers that a text names."""
    return [each for each in known if _names(text, each)]


def _segment(text: str, at: int, known: Sequence[Contract]) -> str:
    """The part of a sentence that speaks of the seller nearest before a place."""
    starts = sorted({found.start() for each in known for found in _seller(each).finditer(text)})
    first = max((start for start in starts if start <= at), default=0)
    after = [start for start in starts if start > at]
    return text[first : after[0] if after and first else len(text)]


def _is_certain(text: str, rows: Sequence[Contract]) -> bool:
    """Whether the sentence names one bundled contract plainly enough to contradict it."""
    doubtful = any(pattern.search(text) for pattern in (_TOTAL, _EXTENDED, _COST))
    return len(rows) == 1 and rows[0].basis == "single" and not doubtful


def _names(text: str, row: Contract) -> bool:
    return _seller(row).search(text) is not None


def _seller(row: Contract) -> re.Pattern[str]:
    """The seller by its name, its short name or its ticker."""
    name = re.sub(r"\s*\(.*\)$", "", row.provider)
    short = re.sub(r"\s(?:Mining|Platforms|Digital)$", "", name)
    return re.compile(rf"\b(?:(?i:{re.escape(name)}|{re.escape(short)})|{re.escape(row.ticker)})\b")


def _customers(text: str) -> list[str]:
    found = [name for name in CUSTOMERS if re.search(rf"\b{name}\b", text, re.IGNORECASE)]
    return [_ALIASES.get(name, name) for name in found]


def _is_customer(row: Contract, name: str) -> bool:
    return name.lower() in row.customer.lower()


def _figures(unit: Unit, rows: Sequence[Contract]) -> list[Figure]:
    figures = []
    for row in rows:
        when = "undated" if row.announced is None else str(row.announced)
        at = f"{row.provider} with {row.customer}, announced {when}, {row.basis}"
        if unit is Unit.USD:
            figures.append(exact_figure("contract value", row.value_usd_bn * 1e9, unit, at=at))
            if row.value_with_options_usd_bn:
                figures.append(exact_figure(_OPTIONAL, row.value_with_options_usd_bn * 1e9, unit, at=at))
            if row.noi_usd_m_per_year:
                figures.append(
                    exact_figure("operating income a year", row.noi_usd_m_per_year * 1e6, unit, at=at)
                )
        elif unit is Unit.TIME:
            figures.append(exact_figure("base term", row.term_years * _YEAR_S, unit, at=at))
        else:
            powers = (("critical IT power", row.critical_it_mw), ("gross power", row.gross_mw))
            figures += [exact_figure(name, mw, unit, at=at) for name, mw in powers if mw]
    return figures


def _totals(unit: Unit, rows: Sequence[Contract]) -> list[Figure]:
    """What a company's contracts add up to: the newest cumulative figure, else single ones and increments.

    A cumulative figure already holds what was announced before it, so the two are never added.
    """
    if any(row.basis == "cumulative" for row in rows) or len({row.provider for row in rows}) != 1:
        return []
    totals = []
    for kept in ([row for row in rows if row.announced is not None], list(rows)):
        at = f"{rows[0].provider}, {len(kept)} contracts known then"
        if unit is Unit.USD:
            totals.append(
                exact_figure("sum of values", sum(row.value_usd_bn for row in kept) * 1e9, unit, at=at)
            )
        elif unit is Unit.POWER and all(row.critical_it_mw for row in kept):
            power_mw = sum(row.critical_it_mw or 0.0 for row in kept)
            totals.append(exact_figure("sum of critical IT power", power_mw, unit, at=at))
    return totals


def ai_per_mwh(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "AI hosting earns 217 USD per MWh" against public contracts; two businesses, never one number."""
    quantity = claim.quantity
    understood = f"AI revenue {quantity_in_words(quantity)}"
    known = evidence.contracts(min(claim.told.end_at, evidence.known_to_at))
    rows = [each for each in known if _names(claim.sentence, each)]
    if quantity.unit is Unit.USD_PER_MW:
        return cannot(
            claim,
            understood,
            "per MW of what (build cost, yearly rent) is not said; energy is counted in MWh",
        )
    figures = [_per_mwh(each, quantity.unit) for each in rows or known]
    if not figures:
        return cannot(claim, understood, "no AI contract is bundled that was announced by then")
    if rows:
        figures.sort(key=lambda figure: abs(figure.amount - quantity.amount))
        verdict = compare_exact(quantity, figures[0], _SLACK)
        if verdict is Verdict.CONTRADICTED and len(rows) > 1:
            return cannot(
                claim,
                understood,
                f"which contract is not clear; nearest: {figure_in_words(figures[0])}",
                figures[:1],
            )
        return finding(claim, verdict, understood, figures[:3], figure_in_words(figures[0]))
    amounts = sorted(figure.amount for figure in figures)
    spread = (
        f"bundled contracts run from {amounts[0]:,.0f} to {amounts[-1]:,.0f} {quantity.unit.label}: "
        f"leases at the lower end (the tenant brings GPUs and power), GPU cloud at the upper"
    )
    inside = band_of(quantity).meets(amounts[0], amounts[-1])
    verdict = Verdict.DEPENDS if inside else Verdict.CANNOT_CHECK
    return finding(claim, verdict, understood, (), f"no contract is named; {spread}")


def _per_mwh(row: Contract, unit: Unit) -> Figure:
    factor = 1.0 if unit is Unit.USD_PER_MWH else 8_760.0
    at = f"{row.provider} with {row.customer}, per MW of {_MW[row.mw_basis]} power"
    return exact_figure(
        f"{row.contract_type}, value at full load:", row.gross_usd_per_mwh * factor, unit, at=at
    )
