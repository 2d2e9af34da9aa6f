"""The network in figures: one row per fact, the same on the page and in the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.measures.difficulty import Projection
from wattshift.report import words
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.documents.posterior import PosteriorDocument
from wattshift.report.figures import instant, interval, number, uncertainty

__all__ = ["Fact", "network_facts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One figure in words.

    Args:
        what: what it is.
        unit: its unit; empty where the value states it.
        value: the figure.
        interval: its 95 % interval; empty where there is none.
        says: what that means.
    """

    what: str
    unit: str
    value: str
    interval: str
    says: str


def network_facts(document: BriefDocument) -> tuple[Fact, ...]:
    """Hashrate, difficulty, hashprice, and what the hashprice is made of."""
    return (
        *_hashrate_facts(document.hashrate),
        *_difficulty_facts(document.difficulty),
        *_hashprice_facts(document.hashprice),
    )


def _hashrate_facts(document: HashrateDocument) -> tuple[Fact, ...]:
    change, peak = document.change, document.peak
    ends = " to ".join(words.percent(end) for end in (change.low_frac, change.high_frac))
    facts = [
        Fact(
            what="hashrate",
            unit="EH/s",
            value=number(document.mean_ehs),
            interval=interval(document.low_ehs, document.high_ehs),
            says=f"{words.percent(change.change_frac)} ({ends}) on the week before:"
            f" {words.luck_in_words(change.luck_prob)}",
        )
    ]
    if document.posterior is not None:
        facts.append(_posterior_fact(document.posterior))
    if peak is not None:
        facts.append(
            Fact(
                what="its peak",
                unit="EH/s",
                value=number(peak.mean_ehs),
                interval="",
                says=words.peak_in_words(peak, document.posterior),
            )
        )
    facts.append(
        Fact(
            what="Bitcoin Core's",
            unit="EH/s",
            value=number(document.core_ehs),
            interval="",
            says="getnetworkhashps: the last 120 blocks, biased by +0.8 %",
        )
    )
    return tuple(facts)


def _posterior_fact(posterior: PosteriorDocument) -> Fact:
    return Fact(
        what="hashrate now",
        unit="EH/s",
        value=number(posterior.median_ehs),
        interval=interval(posterior.low_ehs, posterior.high_ehs),
        says=f"state-space model of this instant; {words.lowest_in_words(posterior)}",
    )


def _difficulty_facts(document: DifficultyDocument) -> tuple[Fact, ...]:
    progress = document.progress
    return (
        Fact(
            what="difficulty",
            unit="10^12",
            value=number(progress.difficulty / 1e12, 2),
            interval="",
            says=f"{words.counted(progress.blocks_remaining, 'block')} to the retarget at"
            f" {progress.retarget_height}",
        ),
        _projection_fact("next adjustment", document.calibrated),
        _projection_fact("by mempool.space", document.mempool),
    )


def _projection_fact(what: str, projection: Projection) -> Fact:
    ends = [words.percent(end) for end in (projection.low_frac, projection.high_frac) if end is not None]
    return Fact(
        what=what,
        unit="",
        value=words.percent(projection.change_frac),
        interval=" to ".join(ends),
        says=f"around {instant(projection.expected_at)}: {projection.rule.value}",
    )


def _hashprice_facts(document: HashpriceDocument) -> tuple[Fact, ...]:
    price, fees = document.detail.price, document.detail.fees
    return (
        Fact(
            what="hashprice",
            unit="USD/PH/day",
            value=number(document.usd_per_ph_day, 2),
            interval=interval(document.low_usd_per_ph_day, document.high_usd_per_ph_day, 1),
            says=f"in a week {words.attribution_in_words(document.attribution)}",
        ),
        Fact(
            what="bitcoin",
            unit="USD",
            value=number(price.price_usd_per_btc),
            interval=uncertainty(price.low_usd_per_btc, price.high_usd_per_btc),
            says=f"last daily close known, {instant(price.close_at)}",
        ),
        Fact(
            what="fees per block",
            unit="BTC",
            value=number(fees.mean_btc, 4),
            interval=uncertainty(fees.low_btc, fees.high_btc, 4),
            says=fees.basis.value,
        ),
    )
