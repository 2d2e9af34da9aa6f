"""A load on the grid in words: the verdict, and what the model does not see."""

from __future__ import annotations

from wattshift.report.documents.grideffect import EffectRange, LoadAsked, LoadKind, WorldName, WorldRow
from wattshift.report.figures import number

__all__ = ["GRID_LIMITS", "grid_in_words", "load_in_words"]

GRID_LIMITS = (
    "Energy only: no network, no start-up of plants, no reserves, no storage.",
    "A historical relation: causal only if load, given hour, season, growth and fuel, knows no wind.",
    "The intervals are of sampling alone; how far the curve itself can be off, the year held out shows.",
    "One curve holds for all hours: supply that was built or closed within them is averaged.",
    "Price of the Houston hub, load of the whole system; consumers are taken to pay the real-time price.",
    "Beyond the last price seen often enough the curve keeps its rise; an hour at the cap stays there.",
    "Loads that already respond are part of the history.",
)

_NAMES = {LoadKind.MINING: "mining", LoadKind.AI: "AI compute", LoadKind.INFLEXIBLE: "load"}


def load_in_words(load: LoadAsked) -> str:
    """The load: "2,000 MW of mining"."""
    return f"{number(load.power_mw)} MW of {_NAMES[load.kind]}"


def grid_in_words(load: LoadAsked, worlds: tuple[WorldRow, ...], flexibility: EffectRange | None) -> str:
    """What the load does to the price that consumers pay, and what its flexibility is worth to them."""
    rows = {row.world: row for row in worlds}
    firm = rows[WorldName.INFLEXIBLE]
    told = f"{load_in_words(load)} that never stops changes the price consumers pay by {_price(firm.change)}"
    if flexibility is None:
        return f"{told}, and the price in the dearest hundredth of the hours by {_peak(firm.change)}."
    flexible = rows[WorldName.FLEXIBLE]
    return (
        f"{told}; with {100 * load.curtailable_frac:.0f} % of it stopping above its strike"
        f" ({number(load.strike_usd_per_mwh or 0.0)} USD/MWh on average) by {_price(flexible.change)}."
        f" In the dearest hundredth of the hours that is {_peak(firm.change)} and {_peak(flexible.change)}."
    )


def _price(change: EffectRange) -> str:
    return _ranged(
        change.fitted.consumer_usd_per_mwh,
        change.low.consumer_usd_per_mwh,
        change.high.consumer_usd_per_mwh,
        2,
    )


def _peak(change: EffectRange) -> str:
    return _ranged(
        change.fitted.peak_usd_per_mwh, change.low.peak_usd_per_mwh, change.high.peak_usd_per_mwh, 0
    )


def _ranged(value: float, low: float, high: float, digits: int) -> str:
    ends = f"{number(low, digits, signed=True)} to {number(high, digits, signed=True)}"
    return f"{number(value, digits, signed=True)} ({ends}) USD/MWh"
