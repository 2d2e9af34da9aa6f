"""A load on the grid for the terminal: worlds, response to hashprice, room, and the curve."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.console import Group, RenderableType
from rich.table import Table

from wattshift.clock import format_instant
from wattshift.report.documents.grideffect import EffectRange, GridEffectDocument, LoadAsked
from wattshift.report.figures import interval, number
from wattshift.report.gridwords import load_in_words
from wattshift.report.terminal.layout import headline, origins_view, page, prose, row, table
from wattshift.report.words import percent
from wattshift.simulate.grid.effect import PriceEffect
from wattshift.simulate.grid.goodness import HeldOut

__all__ = ["grid_effect_view"]

_Figure = Callable[[PriceEffect], float]


def grid_effect_view(document: GridEffectDocument) -> Group:
    """`wattshift grid-effect`."""
    stretch = f"{format_instant(document.start_at)} to {format_instant(document.end_at)}"
    return page(
        "Effect on the grid",
        format_instant(document.as_of),
        prose(document.in_words, style="bold"),
        prose(_strike(document.load), style="dim"),
        *_part(f"ERCOT with {load_in_words(document.load)}, {stretch}", _worlds(document)),
        *_part("What the load sees", _load(document)),
        *_hashprices(document),
        *_part("Room for a load that gives way", *_room(document)),
        *_part("The curve of supply", _supply(document), *_held_out(document.held_out)),
        *_part("What the model does not see", *(prose(f"- {limit}") for limit in document.limits)),
        *_part("Where the figures come from", origins_view(document.origins)),
    )


def _part(title: str, *parts: RenderableType) -> tuple[RenderableType, ...]:
    return (prose(""), headline(title), *parts)


def _strike(load: LoadAsked) -> str:
    lowest, highest = load.low_strike_usd_per_mwh, load.high_strike_usd_per_mwh
    if lowest is None or highest is None:
        return f"Strike: {load.strike_basis}."
    return f"Strike {interval(lowest, highest)} USD/MWh: {load.strike_basis}."


def _ranged(effects: EffectRange, figure: _Figure, digits: int, *, signed: bool) -> str:
    value, low, high = (figure(each) for each in (effects.fitted, effects.low, effects.high))
    told = number(value, digits, signed=signed)
    ends = [number(end, digits, signed=signed) for end in (low, high)]
    return told if ends[0] == ends[1] == told else f"{told} ({ends[0]} to {ends[1]})"


def _worlds(document: GridEffectDocument) -> Table:
    made = table(
        "world", ">mean price", ">consumers pay, USD/MWh", ">dearest hundredth", ">bill, million USD/year"
    )
    for world in document.worlds:
        is_change = world.world is not document.worlds[0].world
        shown = world.change if is_change else world.level
        row(
            made,
            world.world.value,
            _ranged(shown, lambda each: each.mean_usd_per_mwh, 2, signed=is_change),
            _ranged(shown, lambda each: each.consumer_usd_per_mwh, 2, signed=is_change),
            _ranged(shown, lambda each: each.peak_usd_per_mwh, 0, signed=is_change),
            _ranged(shown, lambda each: each.bill_usd_m_per_year, 0, signed=is_change),
        )
    if document.flexibility is not None:
        row(
            made,
            "flexible - inflexible",
            _ranged(document.flexibility, lambda each: each.mean_usd_per_mwh, 2, signed=True),
            _ranged(document.flexibility, lambda each: each.consumer_usd_per_mwh, 2, signed=True),
            _ranged(document.flexibility, lambda each: each.peak_usd_per_mwh, 0, signed=True),
            _ranged(document.flexibility, lambda each: each.bill_usd_m_per_year, 0, signed=True),
        )
    return made


def _load(document: GridEffectDocument) -> Table:
    made = table("world", ">draws, MW", ">off, hours/year", ">pays, USD/MWh", ">lacking at the cap, MWh/year")
    for world in document.worlds[1:]:
        row(
            made,
            world.world.value,
            _ranged(world.level, lambda each: each.drawn_mw, 0, signed=False),
            _ranged(world.level, lambda each: each.off_hours, 0, signed=False),
            _ranged(world.level, lambda each: each.paid_usd_per_mwh, 2, signed=False),
            _ranged(world.level, lambda each: each.unserved_mwh, 0, signed=False),
        )
    return made


def _hashprices(document: GridEffectDocument) -> Iterable[RenderableType]:
    if not document.hashprices:
        return ()
    made = table(
        ">USD/PH/day", ">strike, USD/MWh", ">off, hours/year", ">consumers pay", ">dearest hundredth"
    )
    for each in document.hashprices:
        row(
            made,
            number(each.hashprice_usd_per_ph_day),
            number(each.strike_usd_per_mwh),
            _ranged(each.change, lambda effect: effect.off_hours, 0, signed=False),
            _ranged(each.change, lambda effect: effect.consumer_usd_per_mwh, 2, signed=True),
            _ranged(each.change, lambda effect: effect.peak_usd_per_mwh, 0, signed=True),
        )
    return _part("The strike follows the hashprice, and the response follows the strike", made)


def _room(document: GridEffectDocument) -> Iterable[RenderableType]:
    if not document.headroom:
        yield prose("No whole year of load is known.")
        return
    made = table(">energy given up", ">largest load, MW", ">single years", ">hours/year", ">mean cut in them")
    for each in document.headroom:
        row(
            made,
            percent(each.curtailed_frac, digits=2, signed=False),
            number(each.load_mw),
            interval(each.low_mw, each.high_mw),
            number(each.hours),
            percent(each.mean_cut_frac, digits=0, signed=False),
        )
    yield made
    if not document.freed:
        return
    freed = table(">off, hours/year", ">frees for others, MW", ">single years")
    for one in document.freed:
        row(freed, str(one.hours), number(one.freed_mw), interval(one.low_mw, one.high_mw))
    yield freed


def _supply(document: GridEffectDocument) -> Table:
    made = table(">from, USD/MWh", ">to", ">supply between, MW", ">95 % interval", ">hours/year above")
    for each in document.supply:
        row(
            made,
            number(each.price_usd_per_mwh),
            number(each.next_usd_per_mwh),
            number(each.supply_mw),
            interval(each.low_mw, each.high_mw),
            number(each.exceeded_hours),
        )
    return made


def _held_out(found: HeldOut | None) -> Iterable[RenderableType]:
    if found is None:
        yield prose("Less than three years were known: no year could be held out.", style="dim")
        return
    slope = f"{number(found.slope_ratio, 2)} ({interval(found.low_ratio, found.high_ratio, 2)})"
    yield prose(
        "Out of sample, fitted to the years before and tried in the last one: a megawatt of load moved the"
        f" price along the curve by {slope} MW{_dear(found)}; mean price"
        f" {number(found.expected_usd_per_mwh, 1)} expected, {number(found.found_usd_per_mwh, 1)} found."
    )
    made = table(">USD/MWh", ">hours/year above: found", ">expected")
    for each in found.durations:
        row(made, number(each.price_usd_per_mwh), number(each.found_hours), number(each.expected_hours))
    yield made


def _dear(found: HeldOut) -> str:
    """How far the stretch of the curve can be trusted on which the effect on a peak rests."""
    if found.dear_ratio is None or found.dear_low_ratio is None or found.dear_high_ratio is None:
        return ""
    ends = interval(found.dear_low_ratio, found.dear_high_ratio, 2)
    return (
        f", and in the hours above {number(found.dear_usd_per_mwh)} USD/MWh by {number(found.dear_ratio, 2)}"
        f" ({ends}) MW: below one, the effect on the dearest hours is overstated"
    )
