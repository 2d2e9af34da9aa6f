"""Judges what a MWh earns and what machines cost and pay back."""

from __future__ import annotations

import re

from wattshift.claims.claim import Claim, Finding, Verdict
from wattshift.claims.evidence import Evidence, MachineOffer
from wattshift.claims.judges.common import (
    cannot,
    exact_figure,
    explained,
    figure_in_words,
    finding,
    quantity_in_words,
    span_of,
)
from wattshift.claims.quantity import Quantity
from wattshift.claims.tolerance import Slack, compare_exact, compare_stated
from wattshift.claims.unit import Unit
from wattshift.units import j_per_th_to_mwh_per_ph_day, usd_per_ph_day_to_usd_per_mwh
from wattshift.value.mining import machine_cost_usd_per_mw, payback

__all__ = ["machine_per_mw", "machine_price", "mining_per_mwh", "payback_time", "specification"]

_SLACK = Slack(margin_frac=0.03)
_BEST_J_PER_TH, _WORST_J_PER_TH = 9.0, 40.0
_OFFER_DAYS = 60
_BREAK_EVEN = re.compile(r"break[\s-]?even", re.IGNORECASE)
_USED = re.compile(r"network|fleet|average", re.IGNORECASE)


def _hashprice_usd_per_ph_day(claim: Claim, evidence: Evidence) -> tuple[float, str]:
    """The hashprice that the sentence gives, else the one of its time."""
    given = claim.other(Unit.HASHPRICE)
    if given is not None:
        return given.amount, "as the text gives it"
    span = span_of(claim, evidence)
    found = evidence.hashprice(span.end_at)
    return found.usd_per_ph_day, f"of {span.end_at:%Y-%m-%d}"


def mining_per_mwh(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "mining earns 57 to 129 USD per MWh at 29.2 to 12.9 J/TH"; per MW it is a misstated unit."""
    quantity = claim.quantity
    understood = f"mining revenue {quantity_in_words(quantity)}"
    hashprice, basis = _hashprice_usd_per_ph_day(claim, evidence)
    efficiency = claim.other(Unit.EFFICIENCY)
    implied = [
        hashprice / j_per_th_to_mwh_per_ph_day(1.0) / float(end) for end in (quantity.high, quantity.low)
    ]
    given = f"at hashprice {hashprice:.2f} USD/PH/day ({basis})"
    told = f"{given} it means machines of {implied[0]:.1f} to {implied[1]:.1f} J/TH"
    if not quantity.is_range:
        told = f"{given} it means machines of {implied[0]:.1f} J/TH"
    plausible = implied[0] >= _BEST_J_PER_TH and implied[1] <= _WORST_J_PER_TH
    if quantity.unit is Unit.USD_PER_MW:
        if not plausible:
            return cannot(claim, understood, f"per MW of what, and for how long, is not said; {told}")
        words = f"a megawatt is power, not energy: read as USD per MWh, {told}"
        return finding(claim, Verdict.MISSTATED_UNIT, understood, (), words)
    if efficiency is None:
        verdict = Verdict.DEPENDS if plausible else Verdict.CANNOT_CHECK
        return finding(
            claim, verdict, understood, (), f"no machine is named, and what a MWh earns depends on it: {told}"
        )
    return _at_efficiency(claim, understood, hashprice, efficiency, given)


def _at_efficiency(
    claim: Claim, understood: str, hashprice_usd_per_ph_day: float, efficiency: Quantity, given: str
) -> Finding:
    quantity = claim.quantity
    ends = {float(efficiency.high), float(efficiency.low)}
    earned = [
        usd_per_ph_day_to_usd_per_mwh(hashprice_usd_per_ph_day, end) for end in sorted(ends, reverse=True)
    ]
    figures = [
        exact_figure(
            "hashprice / (0.024 x efficiency):", amount, Unit.USD_PER_MWH, at=f"{end:g} J/TH, {given}"
        )
        for amount, end in zip(earned, sorted(ends, reverse=True), strict=True)
    ]
    if quantity.is_range and len(figures) == 2:
        step = 1 + _SLACK.margin_frac
        fits = [
            float(end) / step <= figure.amount <= float(end) * step
            for end, figure in zip((quantity.low, quantity.high), figures, strict=True)
        ]
        verdict = Verdict.HOLDS if all(fits) else Verdict.CONTRADICTED
        return finding(
            claim, verdict, understood, figures, "; ".join(figure_in_words(each) for each in figures)
        )
    verdict, decisive = compare_stated(quantity, figures, _SLACK)
    return finding(claim, verdict, understood, figures, explained(verdict, decisive, figures))


def machine_price(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "new machines cost 4 USD per TH": only against a price published near that time."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    understood = f"machine price {quantity_in_words(quantity)}, {span.words}"
    offers = [
        each
        for each in evidence.machine_offers(span.end_at)
        if abs((span.end_at.date() - each.published_on).days) <= _OFFER_DAYS
    ]
    efficiency = claim.other(Unit.EFFICIENCY)
    if not offers:
        newest = evidence.machine_offers(span.end_at)
        last = f"; the last one known then is of {newest[-1].published_on}" if newest else ""
        return cannot(claim, understood, f"no machine price is bundled within {_OFFER_DAYS} days of it{last}")
    if efficiency is not None:
        offers = [each for each in offers if _holds(each, efficiency.amount)] or offers
    figures = [
        exact_figure(
            f"published price, {each.tier}:",
            each.price_usd_per_th,
            Unit.USD_PER_TH,
            at=str(each.published_on),
        )
        for each in offers
    ]
    figures.sort(key=lambda figure: abs(figure.amount - quantity.amount))
    verdict, decisive = compare_stated(quantity, figures[:1], _SLACK)
    words = explained(verdict, decisive, figures)
    if verdict is Verdict.CONTRADICTED and efficiency is None:
        return cannot(
            claim, understood, f"which machines is not said, and no published tier agrees: {words}", figures
        )
    return finding(claim, verdict, understood, figures, words)


def _holds(offer: MachineOffer, efficiency_j_per_th: float) -> bool:
    return offer.low_j_per_th <= efficiency_j_per_th <= offer.high_j_per_th


def machine_per_mw(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "4 USD per TH at 19 J/TH is 210,000 USD per MW"."""
    del evidence
    price, efficiency = claim.other(Unit.USD_PER_TH), claim.other(Unit.EFFICIENCY)
    understood = f"machines cost {quantity_in_words(claim.quantity)}"
    if price is None or efficiency is None:
        return cannot(
            claim, understood, "a price per MW follows from a price per TH and an efficiency; one is missing"
        )
    cost = machine_cost_usd_per_mw(price.amount, efficiency.amount)
    figure = exact_figure(
        "price / efficiency:",
        cost,
        Unit.USD_PER_MW,
        at=f"{price.amount:g} USD/TH, {efficiency.amount:g} J/TH",
    )
    verdict = compare_exact(claim.quantity, figure, Slack(margin_frac=0.01))
    return finding(claim, verdict, understood, [figure], figure_in_words(figure))


def payback_time(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "pays back in 184 days at 40 USD per MWh" from the inputs that the sentence gives."""
    price, efficiency = claim.other(Unit.USD_PER_TH), claim.other(Unit.EFFICIENCY)
    power = claim.other(Unit.USD_PER_MWH)
    understood = f"payback in {quantity_in_words(claim.quantity)}"
    missing = [
        name
        for name, each in (("price per TH", price), ("efficiency", efficiency), ("power price", power))
        if each is None
    ]
    if price is None or efficiency is None or power is None:
        return cannot(
            claim,
            understood,
            f"a payback needs the machine's {', '.join(missing)}, which the sentence does not give",
        )
    hashprice, basis = _hashprice_usd_per_ph_day(claim, evidence)
    found = payback(
        price.amount,
        hashprice_usd_per_ph_day=hashprice,
        power_usd_per_mwh=power.amount,
        efficiency_j_per_th=efficiency.amount,
    )
    given = f"at hashprice {hashprice:.2f} USD/PH/day ({basis}) {found.reason}"
    if found.days is None:
        return finding(claim, Verdict.CONTRADICTED, understood, (), given)
    figure = exact_figure("payback", found.days * 86_400, Unit.TIME, at=given)
    verdict = compare_exact(claim.quantity, figure, Slack(margin_frac=0.05))
    return finding(claim, verdict, understood, [figure], figure_in_words(figure))


def specification(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "the Antminer S21 delivers 200 TH/s at 17.5 J/TH" against the catalogue."""
    quantity = claim.quantity
    understood = f"machine {quantity_in_words(quantity)}"
    if _USED.search(claim.clause):
        return cannot(claim, understood, "this is not one machine's rating")
    words = re.sub(r"[^a-z0-9+]+", " ", claim.sentence.lower())
    named = [
        each
        for each in evidence.machines()
        if re.search(rf"(?<![a-z0-9+]){re.escape(_short(each.model))}(?![a-z0-9+])", words)
    ]
    if not named:
        return cannot(claim, understood, "no model of the catalogue is named")
    longest = max(len(_short(each.model)) for each in named)
    named = [each for each in named if len(_short(each.model)) == longest]
    figures = []
    for each in named:
        amount = each.efficiency_j_per_th if quantity.unit is Unit.EFFICIENCY else each.hashrate_ths / 1e6
        figures.append(
            exact_figure(f"{each.model} is rated", amount, quantity.unit, at=f"released {each.release_year}")
        )
    verdict, decisive = compare_stated(quantity, figures, Slack(margin_frac=0.02))
    if verdict is Verdict.CONTRADICTED and 0.7 < quantity.amount / figures[0].amount < 1.4:
        return cannot(
            claim,
            understood,
            f"models are sold in several bins: {_rating(figures[0].estimator, figures[0].amount, quantity)}",
            figures,
        )
    return finding(
        claim, verdict, understood, figures, _rating(decisive.estimator, decisive.amount, quantity)
    )


def _short(model: str) -> str:
    """A model without its maker's series, in plain letters: "s21 xp hyd"."""
    words = re.sub(r"[^a-z0-9+]+", " ", model.lower()).split()
    series = {"antminer", "whatsminer", "avalon", "avalonminer", "sealminer", "ebit"}
    return " ".join(word for word in words if word not in series) or model.lower()


def _rating(name: str, amount: float, quantity: Quantity) -> str:
    if quantity.unit is Unit.EFFICIENCY:
        return f"{name} {amount:g} J/TH"
    return f"{name} {amount * 1e6:g} TH/s"
