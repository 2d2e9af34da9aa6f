"""Lines of a simulation's tables, alike on the terminal and on the page: security, waits, differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wattshift.report.documents.simulation import (
    Band,
    DepartureRow,
    DifferenceRow,
    SafetyRow,
    SimulationDocument,
    WaitTimeRow,
)
from wattshift.report.figures import day, number
from wattshift.report.simulationwords import LOOKS, shown
from wattshift.report.words import percent

__all__ = [
    "Line",
    "departure_heads",
    "departure_lines",
    "difference_lines",
    "safety_lines",
    "tile_lines",
    "wait_lines",
]

_LEAST_GW = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a table.

    Args:
        title: what it is about.
        cells: what stands beside it.
    """

    title: str
    cells: tuple[str, ...]


def safety_lines(document: SimulationDocument, rows: Sequence[SafetyRow]) -> tuple[Line, ...]:
    """Security on some days, a line a figure."""
    count = document.confirmations
    told: tuple[tuple[str, Callable[[SafetyRow], str]], ...] = (
        ("attacker's share, %", lambda row: _in(row.attacker_frac, _percents)),
        (f"he reverts {count} blocks, %", lambda row: _in(row.double_spend_prob, _small)),
        (f"if the {count} came in 1 h", lambda row: _small(row.timed_prob)),
        ("share standing still, %", lambda row: _in(row.standing_frac, _percents)),
        (f"it reverts {count} blocks, %", lambda row: _in(row.standing_prob, _small)),
        ("to buy 51 %, bn USD", lambda row: _in(row.machines_usd, _billions)),
        ("idle stock rented first", lambda row: _in(row.stock_usd, _billions)),
        ("rent of 1 h, million USD", lambda row: _in(row.rent_usd, _millions)),
        ("energy of 1 h, m. USD", lambda row: _in(row.energy_usd, _millions)),
    )
    return tuple(Line(title=title, cells=tuple(cell(row) for row in rows)) for title, cell in told)


def _in(band: Band | None, told: Callable[[float], str]) -> str:
    """Median and band in a unit that the line names."""
    if band is None:
        return "no price known"
    low, median, high = (told(each) for each in (band.low, band.median, band.high))
    return median if low == high else f"{median} ({low} to {high})"


def _percents(value_frac: float) -> str:
    return number(100 * value_frac, 1)


def _small(value_prob: float) -> str:
    return f"{100 * value_prob:.2g}"


def _billions(value_usd: float) -> str:
    return number(value_usd / 1e9, 1)


def _millions(value_usd: float) -> str:
    return number(value_usd / 1e6, 2)


def wait_lines(rows: Sequence[WaitTimeRow]) -> tuple[Line, ...]:
    """Interval, fee rate, confirmations, median, nine in ten, and the chance of more than 90 minutes."""
    return tuple(
        Line(
            title=f"{row.case}, {day(row.at)}",
            cells=(
                shown("interval_s", row.interval_s.median),
                "next block" if row.fee_sat_per_vb is None else f"{row.fee_sat_per_vb:g} sat/vB",
                str(row.confirmations),
                _minutes(row.median_s),
                _minutes(row.ninth_tenth_s),
                percent(row.slow_prob.median, signed=False),
            ),
        )
        for row in rows
    )


def _minutes(band: Band | None) -> str:
    return "may be over a week" if band is None else _in(band, lambda wait_s: number(wait_s / 60))


def difference_lines(rows: Sequence[DifferenceRow]) -> tuple[Line, ...]:
    """Difference of the means, its interval, that of single paths, and how often it is a fall."""
    return tuple(
        Line(
            title=f"{row.title}, {LOOKS[row.name].unit}",
            cells=(
                shown(row.name, row.mean, signed=True),
                _range(row.name, row.mean_low, row.mean_high),
                _range(row.name, row.band.low, row.band.high),
                percent(row.less_prob, digits=0, signed=False),
            ),
        )
        for row in rows
        if not row.band.low == row.band.high == row.mean
    )


def departure_heads(document: SimulationDocument) -> tuple[str, ...]:
    """What the cells of `departure_lines` are."""
    middle = document.power_usd_per_mwh[len(document.power_usd_per_mwh) // 2]
    return (">GW", f">power below {number(middle)} USD/MWh", ">dearer power", ">without a site")


def departure_lines(document: SimulationDocument) -> tuple[Line, ...]:
    """Who does not hash any more at the end: in all, on cheaper and on dearer power, and without a site."""
    return tuple(_departure_line(row) for row in document.departures if row.total_gw > _LEAST_GW)


def _departure_line(row: DepartureRow) -> Line:
    middle = len(row.by_power_gw) // 2
    cheap, dear = sum(row.by_power_gw[:middle]), sum(row.by_power_gw[middle:])
    cells = (row.total_gw, cheap, dear, max(0.0, row.total_gw - cheap - dear))
    return Line(title=row.cause, cells=tuple(number(power, 2) for power in cells))


def _range(name: str, low: float, high: float) -> str:
    return f"{shown(name, low, signed=True)} to {shown(name, high, signed=True)}"


def tile_lines(document: SimulationDocument) -> tuple[Line, ...]:
    """What stands at the top of a page: title, value, unit, and what nine in ten lie within."""
    figures = {row.name: row.band for row in document.figures}
    names = (
        "last_hashrate_ehs",
        "least_hashrate_ehs",
        "longest_interval_s",
        "largest_fall_frac",
        "last_hashprice_usd_per_ph_day",
    )
    return tuple(
        Line(
            title=LOOKS[name].title,
            cells=(
                shown(name, figures[name].median),
                LOOKS[name].unit,
                f"{shown(name, figures[name].low)} to {shown(name, figures[name].high)}",
            ),
        )
        for name in names
    )
