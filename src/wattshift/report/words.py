"""Figures in words: whether a move is news or luck, and how old an input is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from wattshift.clock import format_instant
from wattshift.measures.attribution import HashpriceAttribution
from wattshift.measures.difficulty import Adjustment, Projection
from wattshift.measures.hashrate import HashrateChange, HashratePeak
from wattshift.report.documents.posterior import OutlookDocument, PosteriorDocument
from wattshift.report.documents.site import AccountRow
from wattshift.report.figures import number
from wattshift.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = [
    "MINUS",
    "WITHIN_LUCK",
    "WITHIN_LUCK_Z",
    "accounts_in_words",
    "adjustment_verdict",
    "age_in_words",
    "attribution_in_words",
    "block_in_words",
    "change_in_words",
    "counted",
    "duration_in_words",
    "hashprice_floor",
    "lag_in_words",
    "left_out_in_words",
    "lowest_in_words",
    "luck_in_words",
    "odds",
    "outlook_in_words",
    "peak_in_words",
    "percent",
    "posterior_in_words",
    "projection_in_words",
    "ranking_in_words",
]

MINUS = "\N{MINUS SIGN}"
WITHIN_LUCK = "within luck"
_NOT_LUCK_PROB = 0.01
_PERHAPS_LUCK_PROB = 0.05
WITHIN_LUCK_Z = 1.96
"""Up to this many standard deviations luck alone moves an adjustment as far at least 5 % of the time."""


def percent(value_frac: float, *, digits: int = 1, signed: bool = True) -> str:
    """A fraction as a percentage with a real minus sign: -0.0437 is "-4.4 %"."""
    return f"{number(100 * value_frac, digits, signed=signed)} %"


def odds(value_prob: float) -> str:
    """A probability from a few hundred draws: whole percent, and never a certainty."""
    if value_prob < 0.005:
        return "under 1 %"
    if value_prob > 0.995:
        return "over 99 %"
    return percent(value_prob, digits=0, signed=False)


def counted(count: int, noun: str) -> str:
    """A count with its noun: "1 block", "1,483 blocks"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def luck_in_words(luck_prob: float) -> str:
    """How likely luck alone is, as a verdict."""
    if luck_prob < _NOT_LUCK_PROB:
        return "more than luck"
    if luck_prob < _PERHAPS_LUCK_PROB:
        return "hardly luck"
    return WITHIN_LUCK


def change_in_words(change: HashrateChange) -> str:
    """One sentence on a change of hashrate."""
    direction = "down" if change.change_frac < 0 else "up"
    size = percent(abs(change.change_frac), signed=False)
    span = f"{percent(change.low_frac)} to {percent(change.high_frac)}"
    chance = percent(change.luck_prob, digits=0 if change.luck_prob >= 0.01 else 2, signed=False)
    return (
        f"{direction} {size} ({span}), {luck_in_words(change.luck_prob)}: unchanged hashrate moves"
        f" the estimate this far {chance} of the time"
    )


def peak_in_words(peak: HashratePeak, posterior: PosteriorDocument | None) -> str:
    """The distance from a peak, and how much of it a maximum of lucky weeks explains."""
    window = duration_in_words(peak.window_s)
    told = (
        f"highest mean of {window} in the last {duration_in_words(peak.span_s)}, on {peak.at:%Y-%m-%d}: now"
        f" {percent(peak.drop_frac, signed=False)} below it"
    )
    if posterior is None or posterior.luck_drop_frac is None or posterior.luck_prob is None:
        return told
    ends = " to ".join(
        percent(end, signed=False) for end in (posterior.drop_low_frac, posterior.drop_high_frac)
    )
    return (
        f"{told}, of which luck alone brings {percent(posterior.luck_drop_frac, signed=False)} on average;"
        f" the hashrate itself is {percent(posterior.drop_frac, signed=False)} ({ends}) below its best week"
    )


def posterior_in_words(posterior: PosteriorDocument) -> tuple[str, ...]:
    """What the state-space model answers, one sentence a question."""
    told = []
    if posterior.below_prob is not None:
        told.append(
            f"probability that the hashrate is below {posterior.below_ehs:,g} EH/s at this instant:"
            f" {odds(posterior.below_prob)}"
        )
    depth = f"by more than {percent(posterior.fall_frac, signed=False)} " if posterior.fall_frac else ""
    told.append(
        f"the hashrate has fallen {depth}since {posterior.since_at:%Y-%m-%d %H:%M} UTC with probability"
        f" {odds(posterior.fell_prob)}; {lowest_in_words(posterior)}"
    )
    return tuple(told)


def outlook_in_words(outlook: OutlookDocument) -> tuple[str, ...]:
    """When the retarget comes, and the adjustments after it."""
    coming = outlook.next
    if coming.is_locked_in:
        return ("the change is locked in: the period's last block is known",)
    wait = f"between {outlook.earliest_at:%Y-%m-%d %H:%M} and {outlook.latest_at:%Y-%m-%d %H:%M} UTC"
    later = ", ".join(
        f"{percent(forecast.mean_frac)} ({percent(forecast.low_frac)} to {percent(forecast.high_frac)})"
        for forecast in outlook.following
    )
    return (
        f"the retarget block comes {wait} (95 %); difficulty rises with probability {odds(coming.rise_prob)}",
        f"after it, if hashrate then stays where it is: {later}",
    )


def lowest_in_words(posterior: PosteriorDocument) -> str:
    """Since when the last week has not been as low."""
    if posterior.lowest_reaches_start:
        return "its last week is the lowest of the year before"
    return f"its last week is the lowest since {posterior.lowest_since_at:%Y-%m-%d}"


def attribution_in_words(attribution: HashpriceAttribution) -> str:
    """One sentence on what moved the hashprice."""
    parts = {
        "difficulty": attribution.difficulty_frac,
        "fees": attribution.fees_frac,
        "subsidy": attribution.subsidy_frac,
        "price": attribution.price_frac,
    }
    told = [
        f"{name} {percent(part)}"
        for name, part in sorted(parts.items(), key=lambda item: -abs(item[1]))
        if abs(part) >= 0.0005
    ]
    return f"{percent(attribution.change_frac)}: " + (", ".join(told) or "nothing moved")


def projection_in_words(projection: Projection) -> str:
    """One line on a projected adjustment."""
    text = percent(projection.change_frac, digits=2)
    if projection.low_frac is not None and projection.high_frac is not None:
        text += f" ({percent(projection.low_frac)} to {percent(projection.high_frac)})"
    return f"{text} around {projection.expected_at:%Y-%m-%d %H:%M} UTC"


def adjustment_verdict(adjustment: Adjustment) -> str:
    """Whether luck alone explains an adjustment."""
    return luck_in_words(math.erfc(abs(adjustment.z) / math.sqrt(2)))


def duration_in_words(length_s: float) -> str:
    """A length of time in its largest sensible unit."""
    if length_s < 2 * SECONDS_PER_HOUR and length_s != SECONDS_PER_HOUR:
        return f"{length_s / 60:.0f} min"
    if length_s < 2 * SECONDS_PER_DAY:
        return f"{length_s / SECONDS_PER_HOUR:.0f} h"
    return f"{length_s / SECONDS_PER_DAY:,.0f} days"


def age_in_words(age_s: float | None) -> str:
    """How old an input is."""
    return "undated" if age_s is None else f"{duration_in_words(max(0.0, age_s))} old"


def lag_in_words(newest_at: datetime, lag_s: float) -> str:
    """That a store has fallen behind, and what to do."""
    return (
        f"the store's newest block is {age_in_words(lag_s)}: figures are as of {format_instant(newest_at)};"
        " start `wattshift follow`"
    )


def ranking_in_words(names: Sequence[str], delivered_usd_per_mwh: float) -> str:
    """Which uses pay more than power costs, from a ranking by margin that contains the grid."""
    grid = names.index("grid")
    power = f"power at {number(delivered_usd_per_mwh, 1)} USD/MWh delivered"
    if grid == 0:
        return f"no use pays for {power}: leave it to the grid"
    worth = ", then ".join(names[:grid])
    rest = f"; not worth it: {', '.join(names[grid + 1 :])}" if names[grid + 1 :] else ""
    return f"{power} is worth taking for {worth}{rest}"


def hashprice_floor(usd_per_ph_day: float) -> str:
    """The hashprice below which a machine stops earning: never, where power costs nothing or less."""
    return number(usd_per_ph_day, 1) if usd_per_ph_day > 0 else "never"


def block_in_words(
    block_mw: float, use_usd_per_mwh: float, names: Sequence[str], *, resale: bool, above: Sequence[str]
) -> str:
    """What a MWh of a block that is paid for anyway costs to use, and which uses pay that.

    Args:
        block_mw: size of the block [MW].
        use_usd_per_mwh: what using a MWh of it costs [USD/MWh].
        names: the uses that pay this.
        resale: whether it can be sold back.
        above: the uses that pay the delivered price.
    """
    cost = "resale forgone, and charges" if resale else "charges alone: it cannot be sold back"
    told = f"within the block of {block_mw:g} MW a MWh costs {number(use_usd_per_mwh, 1)} USD to use ({cost})"
    if not names:
        return f"{told}: no use pays that"
    same = set(names) == set(above)
    return f"{told}: {'the same uses pay that' if same else 'worth taking for ' + ', then '.join(names)}"


def accounts_in_words(accounts: Sequence[AccountRow]) -> str:
    """What the plan, the first account, gains over the rules of thumb that follow it."""
    best, *others = accounts
    gains = [f"{_gain_in_words(-other.versus_plan_usd)} {other.rule}" for other in others]
    return f"the plan earns {best.profit_usd:,.0f} USD" + (f": {', '.join(gains)}" if gains else "")


def left_out_in_words(keys: Sequence[str]) -> str:
    """Which keys of a site file some figures know nothing of, and who does."""
    return f"left out of these figures: {', '.join(keys)}; wattshift plan has them"


def _gain_in_words(gain_usd: float) -> str:
    if abs(gain_usd) < 0.5:
        return "as much as"
    return f"{abs(gain_usd):,.0f} USD {'more' if gain_usd > 0 else 'less'} than"
