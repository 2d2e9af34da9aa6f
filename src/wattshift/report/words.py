"""Figures in words: whether a move is news or luck, and how old an input is."""

from __future__ import annotations

from collections.abc import Sequence

from wattshift.measures.attribution import HashpriceAttribution
from wattshift.measures.difficulty import Adjustment, Projection
from wattshift.measures.hashrate import HashrateChange, HashratePeak
from wattshift.report.documents.site import AccountRow
from wattshift.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = [
    "MINUS",
    "NOT_LUCK_Z",
    "accounts_in_words",
    "adjustment_verdict",
    "age_in_words",
    "attribution_in_words",
    "change_in_words",
    "duration_in_words",
    "luck_in_words",
    "peak_in_words",
    "percent",
    "projection_in_words",
    "ranking_in_words",
]

MINUS = "\N{MINUS SIGN}"
_NOT_LUCK_PROB = 0.01
_PERHAPS_LUCK_PROB = 0.05
NOT_LUCK_Z = 2.58
"""Beyond this many standard deviations luck alone explains one adjustment in a hundred."""


def percent(value_frac: float, *, digits: int = 1, signed: bool = True) -> str:
    """A fraction as a percentage with a real minus sign: -0.0437 is "-4.4 %"."""
    text = f"{value_frac * 100:+.{digits}f} %" if signed else f"{value_frac * 100:.{digits}f} %"
    return text.replace("-", MINUS)


def luck_in_words(luck_prob: float) -> str:
    """How likely luck alone is, as a verdict."""
    if luck_prob < _NOT_LUCK_PROB:
        return "more than luck"
    if luck_prob < _PERHAPS_LUCK_PROB:
        return "hardly luck"
    return "within luck"


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


def peak_in_words(peak: HashratePeak) -> str:
    """One sentence on the distance from a peak, with its bias."""
    days = round(peak.span_s / SECONDS_PER_DAY)
    return (
        f"{percent(peak.drop_frac, signed=False)} below the highest"
        f" {duration_in_words(peak.window_s)} mean of {days} days ({peak.mean_ehs:,.0f} EH/s on"
        f" {peak.at:%Y-%m-%d});"
        " at constant hashrate it stands about 7 % below its own 90-day maximum"
    )


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
    return "more than luck" if abs(adjustment.z) > NOT_LUCK_Z else "within luck"


def duration_in_words(length_s: float) -> str:
    """A length of time in its largest sensible unit."""
    if length_s < 2 * SECONDS_PER_HOUR:
        return f"{length_s / 60:.0f} min"
    if length_s < 2 * SECONDS_PER_DAY:
        return f"{length_s / SECONDS_PER_HOUR:.0f} h"
    return f"{length_s / SECONDS_PER_DAY:.0f} days"


def age_in_words(age_s: float | None) -> str:
    """How old an input is."""
    return "undated" if age_s is None else f"{duration_in_words(max(0.0, age_s))} old"


def ranking_in_words(names: Sequence[str], delivered_usd_per_mwh: float) -> str:
    """Which uses pay more than power costs, from a ranking by margin that contains the grid."""
    grid = names.index("grid")
    power = f"power at {delivered_usd_per_mwh:.1f} USD/MWh delivered"
    if grid == 0:
        return f"no use pays for {power}: leave it to the grid"
    worth = ", then ".join(names[:grid])
    rest = f"; not worth it: {', '.join(names[grid + 1 :])}" if names[grid + 1 :] else ""
    return f"{power} is worth taking for {worth}{rest}"


def accounts_in_words(accounts: Sequence[AccountRow]) -> str:
    """What the plan, the first account, gains over the rules of thumb that follow it."""
    best, *others = accounts
    gains = [f"{_gain_in_words(-other.versus_plan_usd)} {other.rule}" for other in others]
    return f"the plan earns {best.profit_usd:,.0f} USD" + (f": {', '.join(gains)}" if gains else "")


def _gain_in_words(gain_usd: float) -> str:
    if abs(gain_usd) < 0.5:
        return "as much as"
    return f"{abs(gain_usd):,.0f} USD {'more' if gain_usd > 0 else 'less'} than"
