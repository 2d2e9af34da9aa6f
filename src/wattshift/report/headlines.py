"""The sentences and rows of the brief: what to know first, and what changed in a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wattshift.clock import format_instant
from wattshift.report.documents.brief import ChangeRow
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.documents.site import Decision
from wattshift.report.words import (
    WITHIN_LUCK,
    adjustment_verdict,
    age_in_words,
    attribution_in_words,
    counted,
    luck_in_words,
    odds,
    percent,
)

__all__ = [
    "decisions_in_words",
    "difficulty_change_row",
    "difficulty_headline",
    "hashprice_change_row",
    "hashprice_headline",
    "hashrate_change_row",
    "hashrate_headline",
    "power_change_row",
    "price_change_row",
]

_ON_MW = 1e-6
_SURE_PROB = 0.95


def decisions_in_words(decisions: Sequence[Decision], *, as_of: datetime, lag_s: float | None) -> str:
    """What to run now, in one sentence; of a store that has fallen behind, with the instant and its age."""
    on = [f"{use.name} at {use.load_mw:.1f} MW" for use in decisions if use.load_mw > _ON_MW]
    off = [use.name for use in decisions if use.load_mw <= _ON_MW]
    running = f"run {', '.join(on)}" if on else "run nothing"
    when = "now" if lag_s is None else f"as of {format_instant(as_of)}, {age_in_words(lag_s)}"
    return f"{when}: {running}" + (f"; leave off {', '.join(off)}" if off else "")


def hashrate_headline(document: HashrateDocument) -> str:
    """The hashrate and whether its move is news."""
    change = document.change
    return (
        f"hashrate {document.mean_ehs:,.0f} EH/s ({document.low_ehs:,.0f} to {document.high_ehs:,.0f}):"
        f" {percent(change.change_frac)} on the week before, {_verdict(document)}"
    )


def _verdict(document: HashrateDocument) -> str:
    """Luck's verdict on the window, and the model's where it already sees more in the last days."""
    verdict, posterior = luck_in_words(document.change.luck_prob), document.posterior
    if posterior is None:
        return verdict
    rose_prob = 1 - posterior.fell_prob
    if max(posterior.fell_prob, rose_prob) < _SURE_PROB:
        return f"{verdict}; it has fallen since with probability {odds(posterior.fell_prob)}"
    move = "fallen" if posterior.fell_prob > rose_prob else "risen"
    known = f"it has {move} since with probability {odds(max(posterior.fell_prob, rose_prob))}"
    if verdict == WITHIN_LUCK:
        return f"which alone is within luck, but its last days say more: {known}"
    return f"{verdict}: {known}"


def difficulty_headline(document: DifficultyDocument) -> str:
    """The next adjustment."""
    coming = document.calibrated
    interval = (
        f" ({percent(coming.low_frac)} to {percent(coming.high_frac)})"
        if coming.low_frac is not None and coming.high_frac is not None
        else ""
    )
    when = coming.expected_at
    return (
        f"next difficulty adjustment {percent(coming.change_frac)}{interval} around {when.day}"
        f" {when:%B %H:%M} UTC, in {counted(document.progress.blocks_remaining, 'block')}"
    )


def hashprice_headline(document: HashpriceDocument) -> str:
    """The hashprice and what moved it."""
    return (
        f"hashprice {document.usd_per_ph_day:.2f} USD/PH/day"
        f" ({document.low_usd_per_ph_day:.1f} to {document.high_usd_per_ph_day:.1f});"
        f" in a week {attribution_in_words(document.attribution)}"
    )


def hashrate_change_row(document: HashrateDocument) -> ChangeRow:
    """The hashrate of two weeks side by side."""
    change = document.change
    return ChangeRow(
        what="hashrate, 7-day window [EH/s]",
        before=f"{change.before.mean_ehs:,.0f}",
        after=f"{change.after.mean_ehs:,.0f}",
        change=f"{percent(change.change_frac)} ({percent(change.low_frac)} to {percent(change.high_frac)})",
        verdict=luck_in_words(change.luck_prob),
    )


def difficulty_change_row(document: DifficultyDocument, hashprice: HashpriceDocument) -> ChangeRow:
    """The difficulty a week ago and now; an adjustment in between is judged by its z."""
    before, after = hashprice.since.difficulty, hashprice.detail.difficulty
    unchanged = before == after
    return ChangeRow(
        what="difficulty [10^12]",
        before=f"{before / 1e12:,.2f}",
        after=f"{after / 1e12:,.2f}",
        change=percent(after / before - 1, digits=2),
        verdict="no adjustment" if unchanged else adjustment_verdict(document.adjustments[-1]),
    )


def hashprice_change_row(document: HashpriceDocument) -> ChangeRow:
    """The hashprice a week ago and now."""
    return ChangeRow(
        what="hashprice [USD/PH/day]",
        before=f"{document.since.usd_per_ph_day:.2f}",
        after=f"{document.usd_per_ph_day:.2f}",
        change=percent(document.attribution.change_frac),
        verdict=attribution_in_words(document.attribution).partition(": ")[2],
    )


def price_change_row(document: HashpriceDocument) -> ChangeRow:
    """The bitcoin price a week ago and now, in units of its own volatility."""
    before, after = document.since.price, document.detail.price
    change_frac = after.price_usd_per_btc / before.price_usd_per_btc - 1
    usual_frac = before.daily_sd_frac * 7**0.5
    verdict = "a usual week" if abs(change_frac) < 2 * usual_frac else "an unusual week"
    return ChangeRow(
        what="bitcoin, daily close [USD]",
        before=f"{before.price_usd_per_btc:,.0f}",
        after=f"{after.price_usd_per_btc:,.0f}",
        change=percent(change_frac),
        verdict=f"{verdict} (one standard deviation is {percent(usual_frac, signed=False)})",
    )


def power_change_row(
    before_usd_per_mwh: float, after_usd_per_mwh: float, *, highest_usd_per_mwh: float
) -> ChangeRow:
    """The mean power price of two weeks side by side."""
    return ChangeRow(
        what="power, 7-day mean of spot [USD/MWh]",
        before=f"{before_usd_per_mwh:,.1f}",
        after=f"{after_usd_per_mwh:,.1f}",
        change=f"{after_usd_per_mwh - before_usd_per_mwh:+,.1f}".replace("-", "\N{MINUS SIGN}"),
        verdict=f"highest interval {highest_usd_per_mwh:,.0f}",
    )
