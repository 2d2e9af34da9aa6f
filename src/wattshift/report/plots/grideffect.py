"""The picture of a load on the grid: the curve of supply it climbs, and the dearest hours of each world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wattshift.report.documents.grideffect import GridEffectDocument, WorldName
from wattshift.report.figures import day, number
from wattshift.report.gridwords import load_in_words
from wattshift.report.plots import style
from wattshift.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = ["GridPicture", "draw_grid"]

_COLOURS = {
    WorldName.NONE: style.INK,
    WorldName.INFLEXIBLE: style.VERMILION,
    WorldName.FLEXIBLE: style.BLUE,
    WorldName.INFLEXIBLE_ENTRY: style.ORANGE,
    WorldName.FLEXIBLE_ENTRY: style.GREEN,
}
_SHOWN_HOURS = 1_000.0
_SHOWN_USD_PER_MWH = (10.0, 5_000.0)
_MARGIN = 1.15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridPicture:
    """What the picture shows.

    Args:
        document: the figures.
        price_usd_per_mwh: shape (k,), prices [USD/MWh].
        reach_mw: shape (k,), supply up to each, counted from the median price of the hours [MW].
        low_mw: shape (k,), lower end of its 95 % interval [MW].
        high_mw: shape (k,), upper end [MW].
        durations_usd_per_mwh: for each world shape (hours,), prices from the dearest on [USD/MWh].
    """

    document: GridEffectDocument
    price_usd_per_mwh: NDArray[np.float64]
    reach_mw: NDArray[np.float64]
    low_mw: NDArray[np.float64]
    high_mw: NDArray[np.float64]
    durations_usd_per_mwh: Mapping[WorldName, NDArray[np.float64]]


def draw_grid(picture: GridPicture, figure: Figure) -> None:
    """Draw the curve and the worlds.

    Args:
        picture: from `wattshift.app.gridplots`.
        figure: an empty one.
    """
    supply, durations = figure.subplots(
        1, 2, gridspec_kw={"left": 0.065, "right": 0.965, "top": 0.82, "bottom": 0.17, "wspace": 0.2}
    )
    document = picture.document
    _supply(supply, picture)
    _durations(durations, picture)
    change = document.worlds[1].change.fitted.consumer_usd_per_mwh
    told = f"{load_in_words(document.load)}: {number(change, 1, signed=True)} USD/MWh for consumers"
    if document.flexibility is not None:
        flexible = document.worlds[2].change.fitted.consumer_usd_per_mwh
        told += f", {number(flexible, 1, signed=True)} if it stops at its strike"
    style.heading(
        figure,
        told,
        f"ERCOT, {day(document.start_at)} to {day(document.end_at)}. Left: supply from the median price on,"
        " and its 95 % interval. Right: the dearest hours of each world",
    )
    style.key_row(figure, [(world.value, _COLOURS[world]) for world in picture.durations_usd_per_mwh])
    style.foot(
        figure, document.as_of, document.origins, note="A historical relation: see the limits of the model."
    )


def _supply(axes: Axes, picture: GridPicture) -> None:
    price, load = picture.price_usd_per_mwh, picture.document.load
    axes.fill_betweenx(price, picture.low_mw / 1e3, picture.high_mw / 1e3, color=style.SKY, alpha=0.3, lw=0)
    axes.plot(picture.reach_mw / 1e3, price, color=style.INK, lw=2.0)
    _price_axis(axes)
    if load.low_strike_usd_per_mwh is not None and load.high_strike_usd_per_mwh is not None:
        axes.axhspan(
            load.low_strike_usd_per_mwh, load.high_strike_usd_per_mwh, color=style.BLUE, alpha=0.12, lw=0
        )
        axes.axhline(load.strike_usd_per_mwh or 0.0, color=style.BLUE, lw=1.2)
    start = float(np.interp(100.0, price, picture.reach_mw)) / 1e3
    end = start + load.power_mw / 1e3
    axes.plot([start, end], [100.0, 100.0], color=style.VERMILION, lw=5.0, solid_capstyle="butt")
    axes.annotate(
        load_in_words(load),
        xy=(end, 100.0),
        xytext=(6, -12),
        textcoords="offset points",
        color=style.VERMILION,
        fontweight="bold",
        path_effects=style.halo(),
    )
    axes.set_xlim(*(np.interp(_SHOWN_USD_PER_MWH, price, picture.reach_mw) / 1e3 * _MARGIN).tolist())
    axes.set_ylim(*_SHOWN_USD_PER_MWH)
    axes.set_xlabel("GW from the median price on")
    style.caption(axes, "curve of supply, and the strike")


def _durations(axes: Axes, picture: GridPicture) -> None:
    for world, prices in picture.durations_usd_per_mwh.items():
        hours = (np.arange(len(prices)) + 0.5) / len(prices) * HOURS_PER_YEAR
        shown = (hours <= _SHOWN_HOURS) & (prices > 0.0)
        axes.plot(
            hours[shown], prices[shown], color=_COLOURS[world], lw=3.2 if world is WorldName.NONE else 1.6
        )
    _price_axis(axes)
    axes.set_xscale("log")
    _plain(axes.xaxis)
    axes.set_xlabel("hours a year at or above (logarithmic)")
    style.caption(axes, "price duration curve")


def _price_axis(axes: Axes) -> None:
    axes.set_yscale("log")
    _plain(axes.yaxis)
    style.calm(axes, "USD/MWh (logarithmic)")


def _plain(axis: Axis) -> None:
    """Whole powers of ten only, written out."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
