"""Stress and its causes in words."""

from __future__ import annotations

from collections.abc import Sequence

from wattshift.measures.concentration import Concentration
from wattshift.measures.pools import HiddenBound, PoolMovement
from wattshift.measures.stress.costcurve import NetworkPower, UnderWater
from wattshift.measures.stress.signals import Episode
from wattshift.measures.why.causes import Cause
from wattshift.measures.why.move import Level, Move
from wattshift.report.documents.stress import CauseRow, SignalRow
from wattshift.report.words import counted, odds, percent

__all__ = ["move_in_words", "pools_in_words", "signal_in_words", "stress_in_words", "why_in_words"]

_NEWS_PROB = 0.05
_MOST_NEWS = 6

_CAUSE_WORDS = {
    Cause.LUCK: "luck and ordinary drift",
    Cause.CURTAILMENT: "curtailment (storm or dear power)",
    Cause.PRICE_EXIT: "machines switched off because they lost money",
    Cause.BAN: "a ban: exit and slow return",
    Cause.CONVERSION: "a lasting conversion to another use",
    Cause.GROWTH: "new machines, or a return from an earlier fall",
}


def _days(level: Level) -> str:
    return f"{level.start_at:%Y-%m-%d %H:%M} to {level.end_at:%Y-%m-%d %H:%M} UTC"


def move_in_words(move: Move) -> str:
    """One sentence on the stretch that stands out most."""
    direction = "below" if move.change_frac < 0 else "above"
    chance = percent(move.luck_prob, digits=0 if move.luck_prob >= 0.01 else 2, signed=False)
    return (
        f"{percent(abs(move.change_frac), digits=0, signed=False)} {direction} what the four weeks before let"
        f" expect, at {move.extreme.mean_ehs:,.0f} EH/s from {_days(move.extreme)}; luck and calm drift alone"
        f" do that {'less than 0.01 %' if move.luck_prob < 1e-4 else chance} of the time"
    )


def why_in_words(move: Move, causes: Sequence[CauseRow], reasons: Sequence[str]) -> str:
    """The verdict: what moved, why, how sure, what speaks against it."""
    first, second = causes[0], causes[1]
    text = f"{move_in_words(move)}. Most likely {_CAUSE_WORDS[first.cause]}: {odds(first.prob)}"
    if first.speaks_for:
        text += f", for which {_listed(first.speaks_for)} {_verb(first.speaks_for)}"
    if first.speaks_against:
        text += f", and against which {_listed(first.speaks_against)} {_verb(first.speaks_against)}"
    text += f". Next {_CAUSE_WORDS[second.cause]}: {odds(second.prob)}."
    return f"{text} The evidence is thin: {'; '.join(reasons)}." if reasons else text


def _chance(prob: float) -> str:
    return percent(prob, digits=0, signed=False)


def _verb(names: Sequence[str]) -> str:
    return "speaks" if len(names) == 1 else "speak"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def pools_in_words(
    held: Concentration, hidden: HiddenBound, moved: Sequence[PoolMovement], mix_luck_prob: float | None
) -> str:
    """The verdict on pools."""
    chance = max(entry.prob for entry in held.nakamoto_chances)
    text = (
        f"{counted(held.nakamoto, 'pool')} {'holds' if held.nakamoto == 1 else 'hold'} more than half of the"
        f" hashrate ({odds(chance)} sure);"
        f" HHI {held.hhi_ratio:.3f} ({held.low_ratio:.3f} to {held.high_ratio:.3f})."
        f" At most {hidden.hidden_high_ehs:,.1f} of {hidden.total_ehs:,.0f} EH/s come from miners without a"
        " label; the total counts them all the same."
    )
    if mix_luck_prob is None:
        return text
    # One of many pools moves far by luck: the largest change is judged against their number.
    news = [move for move in moved if move.luck_prob * len(moved) < _NEWS_PROB]
    if not news:
        return f"{text} No pool's share moved more than luck allows."
    told = ", ".join(
        f"{move.name} {percent(move.before_frac, signed=False)} to {percent(move.after_frac, signed=False)}"
        for move in news[:_MOST_NEWS]
    )
    rest = len(news) - _MOST_NEWS
    return f"{text} More than luck: {told}{f' and {rest} smaller' if rest > 0 else ''}."


def signal_in_words(last: Episode | None, *, on: bool) -> str:
    """What a signal says today."""
    if last is None:
        return "never on in the history known"
    if on:
        return f"on since {last.first:%Y-%m-%d}, {counted(last.days, 'day')}"
    if last.first == last.last:
        return f"off; last on {last.first:%Y-%m-%d}, for one day"
    return f"off; last on {last.first:%Y-%m-%d} to {last.last:%Y-%m-%d}, {counted(last.days, 'day')}"


def stress_in_words(water: UnderWater, power: NetworkPower, signals: Sequence[SignalRow]) -> str:
    """The verdict on stress."""
    on = [signal.name for signal in signals if signal.on]
    told = f"signals on: {', '.join(on)}" if on else "no signal is on"
    return (
        f"{_chance(water.share_frac)} of the hashrate ({_chance(water.low_frac)} to"
        f" {_chance(water.high_frac)}) loses money on its power at {water.hashprice_usd_per_ph_day:.1f}"
        f" USD/PH/day; the network draws {power.mean_gw:.1f} GW ({power.low_gw:.1f} to {power.high_gw:.1f});"
        f" {told}."
    )
