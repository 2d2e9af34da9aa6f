"""A simulated network for the terminal: the verdict, some days, retargets, waits, security, who left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table

from wattshift.clock import format_instant
from wattshift.report.documents.simulation import (
    Comparison,
    DifferenceRow,
    Effect,
    SimulationDocument,
    WaitTimeRow,
)
from wattshift.report.figures import day, number, sentence
from wattshift.report.securitywords import machine_in_words
from wattshift.report.simulationlines import (
    departure_heads,
    departure_lines,
    difference_lines,
    safety_lines,
    wait_lines,
)
from wattshift.report.simulationwords import LOOKS, band_in_words
from wattshift.report.terminal.layout import headline, origins_view, page, prose, row, table
from wattshift.report.words import percent

__all__ = ["simulation_view"]

_MOST_COLUMNS, _MOST_RETARGETS, _MOST_MONTHS = 4, 8, 12
_SHOWN = (
    "hashrate_ehs",
    "difficulty",
    "interval_s",
    "hashprice_usd_per_ph_day",
    "mining_value_usd_per_mwh",
    "under_water_frac",
    "power_gw",
    "off_gw",
    "converted_gw",
    "standing_ehs",
    "price_usd_per_btc",
    "fees_btc",
    "budget_usd_m_per_year",
)
_LEAST_GW = 0.005


def simulation_view(document: SimulationDocument) -> Group:
    """`wattshift simulate`."""
    columns = _columns(document)
    return page(
        f"Simulation: {document.scenario}",
        format_instant(document.as_of),
        *_told(document),
        *_part("Median of the paths, and what nine in ten lie within", _states(document, columns)),
        *_part("Coming retargets", *_retargets(document)),
        *_part(
            "What leaving changes for those who stay: this less the same luck with nobody leaving",
            _differences(document.exit_effect.differences),
        ),
        *_pulled(document.ai_effect),
        *_compared(document.comparison),
        *_part("Hashprice by month: USD per PH/s and day", *_forward(document)),
        *_part("How long confirmations take", _waits(document.waits)),
        *_part("Security", _safety(document, columns), prose(_safety_told(document), style="dim")),
        *_part("Who does not hash any more at the end, mean over the paths", *_departures(document)),
        *_part("Where the figures come from", origins_view(document.origins)),
    )


def _part(title: str, *parts: RenderableType) -> tuple[RenderableType, ...]:
    return (prose(""), headline(title), *parts)


def _told(document: SimulationDocument) -> Iterable[RenderableType]:
    if document.note:
        yield prose(document.note)
    for place, line in enumerate(document.in_words):
        yield prose(f"{sentence(line)}.", style="" if place else "bold")
    for line in document.events:
        yield prose(f"Event: {line}.", style="dim")
    yield prose(
        f"{document.paths:,} paths until {day(document.until_at)}, seed {document.seed}. Price:"
        f" {document.price}. A scenario is no forecast: it says what follows if its assumptions hold.",
        style="dim",
    )


def _columns(document: SimulationDocument) -> tuple[int, ...]:
    """The marks that a terminal has room for: first, slowest, last, and whichever is furthest from these."""
    marks = range(len(document.marks_at))
    interval = next(row for row in document.states if row.name == "interval_s")
    slowest = max(marks, key=lambda place: interval.bands[place].median)
    kept = {0, slowest, marks[-1]}
    while len(kept) < min(_MOST_COLUMNS, len(marks)):
        kept.add(max(marks, key=lambda place: _gap_s(document, place, kept)))
    return tuple(sorted(kept))


def _gap_s(document: SimulationDocument, place: int, kept: Iterable[int]) -> float:
    """How far a mark is from the nearest of others."""
    at = document.marks_at
    return min(abs((at[place] - at[each]).total_seconds()) for each in kept)


def _days(document: SimulationDocument, columns: Sequence[int]) -> tuple[str, ...]:
    return tuple(f">{day(document.marks_at[place])}" for place in columns)


def _states(document: SimulationDocument, columns: Sequence[int]) -> Table:
    made = table("", *_days(document, columns))
    found = {each.name: each for each in document.states}
    for name in _SHOWN:
        bands = found[name].bands
        if any(band.high > _LEAST_GW or not name.endswith("_gw") for band in bands):
            look = LOOKS[name]
            row(made, f"{look.title}, {look.unit}", *(band_in_words(name, bands[place]) for place in columns))
    return made


def _retargets(document: SimulationDocument) -> Iterable[RenderableType]:
    made = table("block", ">about", ">days", ">change of difficulty", ">9 in 10", ">since the start")
    for each in document.retargets[:_MOST_RETARGETS]:
        change, ratio = each.change_frac, each.difficulty_ratio
        row(
            made,
            number(each.height),
            day(_after(document, each.after_days.median)),
            f"{number(each.after_days.low)} to {number(each.after_days.high)}",
            percent(change.median),
            f"{percent(change.low)} to {percent(change.high)}",
            percent(ratio.median - 1),
        )
    yield made
    left = len(document.retargets) - _MOST_RETARGETS
    if left > 0:
        yield prose(f"and {left} more: --json has all", style="dim")


def _after(document: SimulationDocument, days: float) -> datetime:
    return document.as_of + timedelta(days=days)


def _pulled(effect: Effect | None) -> Iterable[RenderableType]:
    if effect is not None:
        title = "The pull of AI: with it less without, path by path with the same luck"
        yield from _part(title, _differences(effect.differences))


def _differences(rows: Sequence[DifferenceRow]) -> Table:
    made = table("", ">difference of the means", ">its 95 % interval", ">9 paths in 10", ">less in")
    for line in difference_lines(rows):
        row(made, line.title, *line.cells)
    return made


def _compared(comparison: Comparison | None) -> Iterable[RenderableType]:
    if comparison is None:
        return
    title = f"{comparison.scenario} instead: that less this, path by path with the same luck"
    yield from _part(title, _differences(comparison.differences))
    if comparison.note:
        yield prose(comparison.note, style="dim")


def _forward(document: SimulationDocument) -> Iterable[RenderableType]:
    made = table("month", ">mean", ">median", ">9 in 10", ">USD per MWh mined")
    for each in document.forward[:_MOST_MONTHS]:
        band = each.hashprice_usd_per_ph_day
        row(
            made,
            each.month,
            number(each.mean_usd_per_ph_day, 1),
            number(band.median, 1),
            f"{number(band.low, 1)} to {number(band.high, 1)}",
            band_in_words("mining_value_usd_per_mwh", each.mining_usd_per_mwh),
        )
    yield made
    left = len(document.forward) - _MOST_MONTHS
    if left > 0:
        yield prose(f"and {left} more: --json has all", style="dim")


def _waits(waits: Sequence[WaitTimeRow]) -> Table:
    made = table(
        "day", ">interval, min", "fee rate", ">confirmations", ">median, min", ">9 of 10, min", ">over 90 min"
    )
    for line in wait_lines(waits):
        row(made, line.title, *line.cells)
    return made


def _safety(document: SimulationDocument, columns: Sequence[int]) -> Table:
    made = table("", *_days(document, columns))
    for line in safety_lines(document, [document.safety[place] for place in columns]):
        row(made, line.title, *line.cells)
    return made


def _safety_told(document: SimulationDocument) -> str:
    return (
        f"The attacker holds {percent(document.attacker_frac, signed=False)} of the hashrate at the start and"
        f" keeps it. Bands of what stands still hold at least eight paths in ten. Cost:"
        f" {machine_in_words(document.machine)}; nowhere is so much for rent."
    )


def _departures(document: SimulationDocument) -> Iterable[RenderableType]:
    gone = departure_lines(document)
    if not gone:
        yield prose("Nobody.")
        return
    made = table("cause", *departure_heads(document))
    for line in gone:
        row(made, line.title, *line.cells)
    yield made
