"""Judges double spends, the price of an attack, and the power of the network."""

from __future__ import annotations

import re

from wattshift.claims.claim import Claim, Figure, Finding, Verdict
from wattshift.claims.evidence import Evidence
from wattshift.claims.judges.common import (
    Span,
    cannot,
    exact_figure,
    explained,
    figure_in_words,
    finding,
    quantity_in_words,
    span_of,
)
from wattshift.claims.quantity import Amount, Hedge, Quantity
from wattshift.claims.tolerance import Slack, band_of, compare_exact, compare_stated
from wattshift.claims.unit import Unit
from wattshift.measures.hashrate import WEEK_S
from wattshift.measures.security.attack import network_power_mw
from wattshift.measures.security.doublespend import double_spend_prob, nakamoto_double_spend_prob

__all__ = ["attack_cost", "double_spend", "network_power"]

_SHARE_BEHIND = re.compile(r"^\s?(?:share\s)?(?:of|share|hash)", re.IGNORECASE)
_SHARE_BEFORE = re.compile(
    r"(?:attacker|miner|pool|adversary|someone|entity)\s(?:\w+\s){0,3}(?:with|controls|controlling"
    r"|holding|owning|has|of)\s(?:\w+\s){0,2}$|\bshare (?:of|is)\s$",
    re.IGNORECASE,
)
_BEST_J_PER_TH, _WORST_J_PER_TH = 12.0, 50.0
_FAR = 1.5
_HOURS_PER_YEAR = 8_760


def double_spend(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "10 % of the hashrate double-spends 6 confirmations with 0.06 % probability"."""
    del evidence
    percents = [each for each in (claim.quantity, *claim.others) if each.unit is Unit.PERCENT]
    share = next((each for each in percents if _is_share(claim.sentence, each)), None)
    chance = next((each for each in percents if each is not share), None)
    waits = [each for each in claim.others if each.unit in {Unit.CONFIRMATIONS, Unit.BLOCKS}]
    if share is None or chance is None or not waits:
        return cannot(
            claim,
            f"double spend: {quantity_in_words(claim.quantity)}",
            "a probability follows from the attacker's share and the confirmations; the sentence does not "
            "give both",
        )
    attacker_frac, confirmations = share.amount, int(waits[0].low)
    given = f"share {attacker_frac * 100:g} %, {confirmations} confirmations"
    understood = f"double spend succeeds with probability {quantity_in_words(chance)}; {given}"
    exact = double_spend_prob(attacker_frac, confirmations)
    nakamoto = nakamoto_double_spend_prob(attacker_frac, confirmations)
    figures = [
        exact_figure("exact (Rosenfeld 2012)", exact, Unit.PERCENT, at=given),
        exact_figure("Nakamoto's approximation (2008)", nakamoto, Unit.PERCENT, at=given),
    ]
    verdict, decisive = _of_probability(chance, figures)
    words = f"{figure_in_words(figures[0])}; Nakamoto's approximation gives {nakamoto * 100:.4g} %"
    if verdict is Verdict.DEPENDS:
        words += f"; the text agrees with {decisive.estimator}"
    return finding(claim, verdict, understood, figures, words)


def _of_probability(chance: Quantity, figures: list[Figure]) -> tuple[Verdict, Figure]:
    """Small probabilities span decades, so only rounding and one percent of the figure are tolerated."""
    if chance.hedge in {Hedge.ABOVE, Hedge.BELOW}:
        return compare_stated(chance, figures, Slack(margin_frac=0.01))
    band = band_of(chance, max_frac=0.5)
    for verdict, figure in zip((Verdict.HOLDS, Verdict.DEPENDS), figures, strict=True):
        if band.meets(figure.amount * 0.99, figure.amount * 1.01):
            return verdict, figure
    return Verdict.CONTRADICTED, figures[0]


def _is_share(text: str, quantity: Quantity) -> bool:
    behind, before = (
        text[quantity.end : quantity.end + 24],
        text[max(0, quantity.start - 48) : quantity.start],
    )
    return bool(
        _SHARE_BEHIND.match(behind)
        and re.match(
            r".{0,20}(?:hash|network|power|mining|share)",
            behind + text[quantity.end + 24 : quantity.end + 40],
            re.IGNORECASE,
        )
    ) or bool(_SHARE_BEFORE.search(before))


def attack_cost(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "a 51 % attack needs 4 billion USD of machines at 4 USD per TH"."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    understood = f"a 51 % attack costs {quantity_in_words(quantity)}"
    machine, given = claim.other(Unit.USD_PER_TH), claim.other(Unit.HASHRATE)
    if machine is None:
        return cannot(
            claim,
            understood,
            "buying, renting or only powering the machines cost very different sums; the sentence gives "
            "no price per TH",
        )
    if given is not None:
        ehs = low = high = float(given.amount)
        source = "hashrate as the text gives it"
    else:
        found = evidence.hashrate(span.end_at, window_s=WEEK_S)
        ehs, low, high, source = found.mean_ehs, found.low_ehs, found.high_ehs, f"7-day mean, {span.words}"
    usd_per_ehs = machine.amount * 1e6
    figures = [
        Figure(
            estimator=f"machines for {words}:",
            amount=Amount(share_ratio * ehs * usd_per_ehs),
            low=Amount(share_ratio * low * usd_per_ehs),
            high=Amount(share_ratio * high * usd_per_ehs),
            unit=Unit.USD,
            at=f"{machine.amount:g} USD/TH, {source}",
        )
        for words, share_ratio in (
            ("as much hashrate as all others have", 1.0),
            ("51 % of the present hashrate", 0.51),
        )
    ]
    verdict, decisive = compare_stated(quantity, figures, Slack(margin_frac=0.05))
    return finding(claim, verdict, understood, figures, explained(verdict, decisive, figures))


def network_power(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "the network draws 18.9 GW" and "138 TWh a year": it rests on the fleet's efficiency."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    understood = f"network power {quantity_in_words(quantity)}, {span.words}"
    ehs, source = _hashrate_of(claim, evidence, span)
    hours = _HOURS_PER_YEAR if quantity.unit is Unit.ENERGY else 1
    efficiency = claim.other(Unit.EFFICIENCY)
    if efficiency is not None:
        amount = network_power_mw(ehs, efficiency.amount) * hours
        figure = exact_figure(
            "hashrate x efficiency:", amount, quantity.unit, at=f"{efficiency.amount:g} J/TH, {source}"
        )
        verdict = compare_exact(quantity, figure, Slack(margin_frac=0.02))
        return finding(claim, verdict, understood, [figure], figure_in_words(figure))
    found = evidence.network_power(span.end_at)
    figure = Figure(
        estimator="hashrate x a model of the fleet:",
        amount=Amount(found.mean_mw * hours),
        low=Amount(found.low_mw * hours),
        high=Amount(found.high_mw * hours),
        unit=quantity.unit,
        at=found.basis,
    )
    implied = quantity.amount / (ehs * hours)
    told = f"{figure_in_words(figure)}; the text means a fleet of {implied:.1f} J/TH"
    if quantity.hedge in {Hedge.ABOVE, Hedge.BELOW}:
        verdict, _ = compare_stated(quantity, [figure])
        verdict = Verdict.CANNOT_CHECK if verdict is Verdict.CONTRADICTED else verdict
        return finding(claim, verdict, understood, [figure], told)
    band = band_of(quantity)
    if band.meets(figure.low, figure.high):
        holds = band.holds(figure.amount)
        return finding(claim, Verdict.HOLDS if holds else Verdict.WITHIN_NOISE, understood, [figure], told)
    if _BEST_J_PER_TH <= implied <= _WORST_J_PER_TH:
        return finding(
            claim, Verdict.DEPENDS, understood, [figure], f"{told}, which another fleet could have"
        )
    if _BEST_J_PER_TH / _FAR < implied < _WORST_J_PER_TH * _FAR:
        return cannot(claim, understood, f"{told}, hardly a fleet but not beyond doubt", [figure])
    return finding(claim, Verdict.CONTRADICTED, understood, [figure], f"{told}, which no fleet has")


def _hashrate_of(claim: Claim, evidence: Evidence, span: Span) -> tuple[float, str]:
    given = claim.other(Unit.HASHRATE)
    if given is not None:
        return given.amount, "as the text gives it"
    return evidence.hashrate(span.end_at, window_s=WEEK_S).mean_ehs, f"7-day mean, {span.end_at:%Y-%m-%d}"
