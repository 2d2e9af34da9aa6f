"""Judges who backs an AI contract and with how much: "Google backstops 1.4 billion USD of the lease"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wattshift.claims.claim import Claim, Figure, Finding, Verdict
from wattshift.claims.evidence import Contract, Evidence
from wattshift.claims.judges.common import cannot, exact_figure, figure_in_words, finding, quantity_in_words
from wattshift.claims.judges.contracts import CUSTOMERS, sellers_of
from wattshift.claims.tolerance import Slack, compare_exact
from wattshift.claims.unit import Unit

__all__ = ["credit_support"]

_SLACK = Slack(margin_frac=0.03)
_BACKS = r"(?:backstop|guarant)\w*"
_BACKER = re.compile(
    rf"\b(?P<before>{'|'.join(CUSTOMERS)})\b(?:'s)?\s(?:[\w-]+\s){{0,4}}?{_BACKS}"
    rf"|\b(?:{_BACKS}|(?:support|enhancement))\s(?:[$\w.,-]+\s){{0,8}}?(?:by|from)\s(?P<after>{'|'.join(CUSTOMERS)})\b",
    re.IGNORECASE,
)
_SUM = re.compile(r"\$(?P<bn>\d+(?:\.\d+)?)bn")


def credit_support(claim: Claim, evidence: Evidence) -> Finding:
    """Judge who backs a contract, and the sum where the text gives one."""
    found = _BACKER.search(claim.sentence)
    backer = found["before"] or found["after"] if found else None
    sum_words = "" if claim.stated is None else f"{quantity_in_words(claim.stated)} of "
    understood = f"{backer or 'somebody'} backs {sum_words}an AI contract"
    known = evidence.contracts(min(claim.told.end_at, evidence.known_to_at))
    rows = [each for each in sellers_of(claim.sentence, known) if each.credit_support]
    if backer is None or not rows:
        return cannot(claim, understood, "no backing of that contract is bundled that was announced by then")
    backers = sorted({(each.credit_support or "").split()[0] for each in rows})
    told = "; ".join(f"{each.provider} with {each.customer}: {each.credit_support}" for each in rows)
    if backer.lower() not in {each.lower() for each in backers}:
        return finding(claim, Verdict.CONTRADICTED, understood, (), told)
    if claim.stated is None:
        return finding(claim, Verdict.HOLDS, understood, (), told)
    figures = _sums(rows)
    if not figures:
        return cannot(claim, understood, f"the sum is not bundled: {told}")
    figures.sort(key=lambda figure: abs(figure.amount - claim.quantity.amount))
    verdict = compare_exact(claim.quantity, figures[0], _SLACK)
    if verdict is Verdict.CONTRADICTED and len(rows) > 1:
        return cannot(claim, understood, f"it may mean another of its contracts: {told}", figures[:1])
    return finding(claim, verdict, understood, figures[:1], figure_in_words(figures[0]))


def _sums(rows: Sequence[Contract]) -> list[Figure]:
    """What is backed in each contract, and what was backed in all up to each of them."""
    figures, total_usd = [], 0.0
    for count, row in enumerate(rows, 1):
        found = _SUM.search(row.credit_support or "")
        if found is None:
            continue
        usd = float(found["bn"]) * 1e9
        total_usd += usd
        at = f"{row.provider} with {row.customer}"
        figures.append(exact_figure("backed", usd, Unit.USD, at=at))
        if count > 1:
            figures.append(exact_figure(f"backed in {count} contracts", total_usd, Unit.USD, at=row.provider))
    return figures
