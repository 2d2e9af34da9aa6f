"""Simulations in words: how each quantity is shown, events and price processes, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from wattshift.report.documents.simulation import (
    Band,
    Course,
    DepartureRow,
    DifferenceRow,
    FigureRow,
)
from wattshift.report.figures import number
from wattshift.simulate.events import Event, Outage, PriceShock
from wattshift.simulate.price import BootstrapPrice, GeometricPrice, HestonPrice, JumpPrice, PriceProcess
from wattshift.simulate.result import Quantity

__all__ = [
    "LOOKS",
    "Look",
    "band_in_words",
    "capped_in_words",
    "differences_in_words",
    "event_in_words",
    "exit_in_words",
    "price_in_words",
    "pull_in_words",
    "shown",
    "simulation_in_words",
]

_NONE_GW = 0.05
_YEAR_DAYS = 365.25
_TOLD = ("last_hashrate_ehs", "mean_hashprice_usd_per_ph_day", "longest_interval_s", "largest_fall_frac")
"""Figures by which a sentence tells two scenarios apart."""

_PULLED = (
    "last_converted_gw",
    "last_power_gw",
    "last_hashrate_ehs",
    "last_hashprice_usd_per_ph_day",
    "mean_margin_usd_per_mwh",
    "longest_interval_s",
)
"""Figures by which a sentence tells what AI changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a quantity is shown to people.

    Args:
        title: what it is.
        unit: the unit in which it is shown.
        scale_ratio: by which its own unit is multiplied for that.
        digits: decimal places.
    """

    title: str
    unit: str
    scale_ratio: float = 1.0
    digits: int = 0


LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "hashrate_ehs": Look(title="hashrate", unit="EH/s"),
        "difficulty": Look(title="difficulty", unit="T", scale_ratio=1e-12, digits=1),
        "interval_s": Look(title="block interval", unit="min", scale_ratio=1 / 60, digits=2),
        "hashprice_usd_per_ph_day": Look(title="hashprice", unit="USD/PH/day", digits=1),
        "mining_value_usd_per_mwh": Look(title="a MWh mines", unit="USD/MWh", digits=1),
        "under_water_frac": Look(title="under water", unit="%", scale_ratio=100.0, digits=1),
        "power_gw": Look(title="network power", unit="GW", digits=1),
        "off_gw": Look(title="switched off", unit="GW", digits=1),
        "curtailed_gw": Look(title="out by events", unit="GW", digits=1),
        "converted_gw": Look(title="converted to AI", unit="GW", digits=1),
        "new_gw": Look(title="new machines", unit="GW", digits=1),
        "idle_ehs": Look(title="idle stock", unit="EH/s"),
        "standing_ehs": Look(title="standing still", unit="EH/s"),
        "price_usd_per_btc": Look(title="bitcoin", unit="thousand USD", scale_ratio=1e-3, digits=1),
        "fees_btc": Look(title="fees of a block", unit="BTC", digits=2),
        "budget_usd_m_per_year": Look(
            title="security budget", unit="bn USD/year", scale_ratio=1e-3, digits=1
        ),
        "last_hashrate_ehs": Look(title="hashrate at the end", unit="EH/s"),
        "least_hashrate_ehs": Look(title="hashrate, lowest day", unit="EH/s"),
        "last_hashprice_usd_per_ph_day": Look(title="hashprice at the end", unit="USD/PH/day", digits=1),
        "mean_hashprice_usd_per_ph_day": Look(title="mean hashprice", unit="USD/PH/day", digits=2),
        "longest_interval_s": Look(
            title="block interval, slowest day", unit="min", scale_ratio=1 / 60, digits=2
        ),
        "last_converted_gw": Look(title="converted to AI at the end", unit="GW", digits=2),
        "largest_fall_frac": Look(title="largest fall of difficulty", unit="%", scale_ratio=100.0, digits=1),
        "mean_budget_usd_m_per_year": Look(
            title="mean security budget", unit="bn USD/year", scale_ratio=1e-3, digits=2
        ),
        "last_power_gw": Look(title="network power at the end", unit="GW", digits=2),
        "mean_margin_usd_per_mwh": Look(title="mean margin of who mines", unit="USD/MWh", digits=1),
        "last_vacant_gw": Look(title="vacant site power at the end", unit="GW", digits=2),
        "last_built_gw": Look(title="site power built", unit="GW", digits=2),
    }
)
"""By the name of a quantity or figure, which ends in its own unit."""


def shown(name: str, value: float, *, signed: bool = False) -> str:
    """A figure of a quantity in the unit in which it is shown, which is not written."""
    look = LOOKS[name]
    return number(value * look.scale_ratio, look.digits, signed=signed)


def band_in_words(name: str, band: Band, *, signed: bool = False) -> str:
    """Median and band: "979 (890 to 1,107)"."""
    low, median, high = (shown(name, each, signed=signed) for each in (band.low, band.median, band.high))
    return median if low == high else f"{median} ({low} to {high})"


def _range(ends: tuple[float, float], *, scale_ratio: float = 1.0, signed: bool = False) -> str:
    low, high = (number(end * scale_ratio, signed=signed) for end in ends)
    return low if low == high else f"{low} to {high}"


def event_in_words(event: Event) -> str:
    """One line on what strikes from outside."""
    when = f"from day {_range(event.start_days)} on"
    if isinstance(event, Outage):
        whom = "the network" if event.region is None else event.region
        back = _range(event.back_frac, scale_ratio=100)
        return (
            f"{event.name}: {_range(event.share_frac, scale_ratio=100)} % of {whom} stops {when}, within"
            f" {_range(event.ramp_days)} days; {back} % of it is back"
            f" {_range(event.length_days)} days later, over {_range(event.back_over_days)} days"
        )
    if isinstance(event, PriceShock):
        change = _range(event.change_frac, scale_ratio=100, signed=True)
        return f"{event.name}: the price moves by {change} % {when}, over {_range(event.over_days)} days"
    return (
        f"{event.name}: {_range(event.hashrate_ehs)} EH/s of {event.efficiency_j_per_th:g} J/TH arrive"
        f" {when}, over {_range(event.over_days)} days, on power of {event.power_usd_per_mwh:g} USD/MWh"
    )


def price_in_words(price: PriceProcess) -> str:
    """The process of the price, in words."""
    if isinstance(price, BootstrapPrice):
        yearly_frac = float(np.std(price.log_returns)) * math.sqrt(_YEAR_DAYS)
        told = (
            f"{len(price.log_returns):,} real daily returns in blocks of {price.block_days:g} days, scaled to"
            f" {100 * yearly_frac:.0f} % a year"
        )
    elif isinstance(price, GeometricPrice):
        told = f"geometric Brownian motion, volatility {100 * price.annual_volatility_frac:.0f} % a year"
    elif isinstance(price, JumpPrice):
        told = (
            f"jump diffusion, volatility {100 * price.annual_volatility_frac:.0f} % a year and"
            f" {price.jumps_per_year_count:g} jumps"
        )
    elif isinstance(price, HestonPrice):
        told = f"stochastic volatility around {100 * price.mean_volatility_frac:.0f} % a year"
    else:
        return "a given path"
    drift = price.annual_drift_frac
    return f"{told}, {f'mean {100 * drift:+.0f} % a year' if drift else 'without drift'}"


def simulation_in_words(
    courses: Sequence[Course],
    figures: Sequence[FigureRow],
    departures: Sequence[DepartureRow],
    *,
    days: int,
) -> tuple[str, ...]:
    """The verdict, most important first."""
    found = {course.name: course for course in courses}
    rows = {row.name: row.band for row in figures}
    rate, price = found["hashrate_ehs"], found["hashprice_usd_per_ph_day"]
    water = found["under_water_frac"]
    worst = max(range(len(water.median)), key=lambda place: water.median[place])
    least, fall, slow = (
        band_in_words(name, rows[name])
        for name in ("least_hashrate_ehs", "largest_fall_frac", "longest_interval_s")
    )
    under = " % (up to ".join(shown("under_water_frac", each[worst]) for each in (water.median, water.high))
    rate_told = f"{number(rate.median[0])} to {_last('hashrate_ehs', rate)} EH/s"
    price_told = f"{number(price.median[0], 1)} to {_last('hashprice_usd_per_ph_day', price)} USD/PH/day"
    return (
        f"in {days:,} days the hashrate goes from {rate_told}; at its least it is {least} EH/s",
        f"difficulty falls by {fall} % at once at most; on the slowest day a block takes {slow} minutes",
        f"hashprice goes from {price_told}; at most {under} %) of the hashrate is under water",
        _left(departures),
    )


def _last(name: str, course: Course) -> str:
    return band_in_words(
        name, Band(unit="", low=course.low[-1], median=course.median[-1], high=course.high[-1])
    )


def _left(departures: Sequence[DepartureRow]) -> str:
    gone = sorted((row for row in departures if row.total_gw >= _NONE_GW), key=lambda row: -row.total_gw)
    if not gone:
        return "at the end nobody has left"
    causes = ", ".join(f"{row.cause} {number(row.total_gw, 1)} GW" for row in gone)
    return f"machines that do not hash any more at the end, on average: {causes}"


def differences_in_words(other: str, rows: Sequence[DifferenceRow]) -> str:
    """By what two scenarios differ, in a sentence."""
    told = [
        f"{row.title} {shown(row.name, row.mean, signed=True)} {LOOKS[row.name].unit}"
        for row in rows
        if row.name in _TOLD and (row.mean_low > 0 or row.mean_high < 0)
    ]
    if not told:
        return f"with {other} instead, no figure moves by more than the luck of the paths drawn"
    return f"with {other} instead, on average: {', '.join(told)}"


def exit_in_words(rows: Sequence[DifferenceRow]) -> str:
    """What leaving changes for those who stay, in a sentence: the feedback of the network."""
    found = {row.name: row for row in rows}
    rate, price = found["last_hashrate_ehs"], found["last_hashprice_usd_per_ph_day"]
    if rate.band.low == rate.band.high == price.band.low == price.band.high == 0:
        return "nobody leaves, so nothing changes for those who stay"
    low, high = (shown(price.name, each, signed=True) for each in (price.band.low, price.band.high))
    return (
        f"against the same luck if nobody left, the hashrate at the end differs by {_moved(rate)} on average,"
        f" and what those who stay earn by {_moved(price)} ({low} to {high} in nine paths of ten)"
    )


def _moved(row: DifferenceRow) -> str:
    return f"{shown(row.name, row.mean, signed=True)} {LOOKS[row.name].unit}"


def capped_in_words(capped: Sequence[Quantity]) -> tuple[str, ...]:
    """Where the figures end; nothing where all paths stay within."""
    if not capped:
        return ()
    titles = ", ".join(LOOKS[quantity.value].title for quantity in capped)
    told = f"more than one path in a hundred goes beyond what is counted of: {titles}"
    return (f"{told}; there means and upper ends of bands are too low",)


def pull_in_words(rows: Sequence[DifferenceRow]) -> str:
    """What AI changes, in a sentence: means, and what nine paths in ten lie within."""
    found = {row.name: row for row in rows}
    told = []
    for row in (found[name] for name in _PULLED):
        low, high = (shown(row.name, each, signed=True) for each in (row.band.low, row.band.high))
        mean, look = shown(row.name, row.mean, signed=True), LOOKS[row.name]
        told.append(f"{look.title} {mean} ({low} to {high}) {look.unit}")
    return f"the pull of AI, against the same luck without it: {'; '.join(told)}"
