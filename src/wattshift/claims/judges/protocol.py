"""Judges constants of the protocol and the block subsidy of a date."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from wattshift.chain.params import MAINNET
from wattshift.chain.rules import total_supply_sat
from wattshift.claims.claim import Claim, Finding, Verdict
from wattshift.claims.evidence import Evidence
from wattshift.claims.judges.common import (
    cannot,
    exact_figure,
    figure_in_words,
    finding,
    is_origin,
    quantity_in_words,
    span_of,
)
from wattshift.claims.quantity import Hedge
from wattshift.claims.tolerance import Slack, band_of, compare_exact
from wattshift.claims.unit import Unit
from wattshift.units import BLOCK_SPACING_S, sat_to_btc

__all__ = ["constant", "subsidy"]

_HALVING = re.compile(r"halv", re.IGNORECASE)
_ADJUST = re.compile(r"adjust|difficulty|retarget", re.IGNORECASE)
_HALVING_BLOCKS = 210_000
_BEFORE = re.compile(r"\b(?:before|until|previous\w*|prior|was|were|used to|next|will|2028)\b", re.IGNORECASE)
_PER_DAY = re.compile(r"per day|a day|daily|each day", re.IGNORECASE)


def constant(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "adjusts every 2,016 blocks", "about every two weeks", "a block every 10 minutes"."""
    del evidence
    quantity = claim.quantity
    understood = f"protocol: every {quantity_in_words(quantity)}"
    if quantity.unit in {Unit.BTC, Unit.PLAIN}:
        supply_btc = sat_to_btc(total_supply_sat())
        figure = exact_figure("all coins there will ever be:", supply_btc, Unit.BTC, at="by the rules")
    elif quantity.unit is Unit.BLOCKS:
        is_halving = _HALVING.search(claim.clause) is not None
        amount = _HALVING_BLOCKS if is_halving else MAINNET.retarget_interval
        name = "the subsidy halves every" if is_halving else "difficulty adjusts every"
        figure = exact_figure(name, amount, Unit.BLOCKS, at="by the rules")
    elif _ADJUST.search(claim.clause):
        figure = exact_figure(
            "a period is meant to last", MAINNET.target_timespan_s, Unit.TIME, at="by the rules"
        )
    else:
        figure = exact_figure("a block is meant to come every", BLOCK_SPACING_S, Unit.TIME, at="by the rules")
    is_round = quantity.unit is not Unit.BLOCKS or quantity.low % 100 == 0
    verdict = compare_exact(quantity, figure, Slack(margin_frac=0.02 if is_round else 0.0))
    if verdict is Verdict.CONTRADICTED and quantity.unit is Unit.TIME:
        return cannot(claim, understood, f"it may not mean the rule: {figure_in_words(figure)}", [figure])
    return finding(claim, verdict, understood, [figure], figure_in_words(figure))


def subsidy(claim: Claim, evidence: Evidence) -> Finding:
    """Judge "the subsidy is 3.125 BTC" and "450 BTC are mined per day"."""
    quantity, span = claim.quantity, span_of(claim, evidence)
    understood = f"block subsidy {quantity_in_words(quantity)}, {span.words}"
    latest = min(claim.told.end_at, evidence.known_to_at)
    # Half the world writes another date than UTC's.
    found = evidence.hashprice(
        min(span.end_at + timedelta(hours=12), latest) if span.is_dated else span.end_at
    )
    per_day = 86_400 / BLOCK_SPACING_S
    is_daily = quantity.amount > 60 or _PER_DAY.search(claim.clause) is not None
    amount = found.subsidy_btc * (per_day if is_daily else 1)
    figure = exact_figure(
        "subsidy a day" if is_daily else "subsidy a block", amount, Unit.BTC, at=f"{span.end_at:%Y-%m-%d}"
    )
    # "Fees exceeded the 6.25 BTC subsidy": the hedge is about the fees.
    plain = replace(quantity, hedge=Hedge.EXACT) if quantity.hedge is not Hedge.ABOUT else quantity
    verdict = compare_exact(plain, figure, Slack(margin_frac=0.03 if is_daily else 0.0))
    eras = [0.5**halvings * 50 * (per_day if is_daily else 1) for halvings in range(6)]
    is_other_era = any(band_of(quantity).holds(each) for each in eras)
    if verdict is Verdict.CONTRADICTED and (
        not is_other_era or is_origin(claim) or _BEFORE.search(claim.clause)
    ):
        return cannot(
            claim, understood, f"it may mean another sum or another era: {figure_in_words(figure)}", [figure]
        )
    return finding(claim, verdict, understood, [figure], figure_in_words(figure))
