"""The picture of the hashprice: its course with intervals, and what moved it month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from wattshift.measures.attribution import HashpriceAttribution
from wattshift.measures.hashprice import Hashprice
from wattshift.provenance import Origin
from wattshift.report.figures import day, interval, number
from wattshift.report.plots import style
from wattshift.report.words import attribution_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["HashpricePicture", "MonthMove", "draw_hashprice"]

_PARTS = (
    ("price", style.BLUE),
    ("difficulty", style.ORANGE),
    ("fees", style.GREEN),
    ("subsidy", style.PURPLE),
)
_MOST_NAMED = 26
_ROOM_RATIO = 1.35
_NOTE = "Hashprice by Luxor's definition at each day's end, with the last daily close known."


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthMove:
    """How the hashprice moved within a calendar month, or within the part of it that is shown.

    Args:
        start_at: where it starts.
        end_at: where it ends.
        attribution: what moved it.
    """

    start_at: datetime
    end_at: datetime
    attribution: HashpriceAttribution


@dataclass(frozen=True, slots=True, kw_only=True)
class HashpricePicture:
    """What the picture shows.

    Args:
        as_of: nothing later is used.
        series: at, usd_per_ph_day, low_usd_per_ph_day, high_usd_per_ph_day, is_carried (the fees of the
            last 144 blocks were not known).
        months: oldest first.
        now: the last hashprice shown.
        whole: what moved it from the first to the last instant.
        origins: where it comes from.
    """

    as_of: datetime
    series: pl.DataFrame
    months: tuple[MonthMove, ...]
    now: Hashprice
    whole: HashpriceAttribution
    origins: tuple[Origin, ...]


def draw_hashprice(picture: HashpricePicture, figure: Figure) -> None:
    """Draw the course and the months.

    Args:
        picture: from `wattshift.app.plotting`.
        figure: an empty one.
    """
    course, months = figure.subplots(
        2,
        1,
        sharex=True,
        gridspec_kw={
            "left": 0.065,
            "right": 0.925,
            "top": 0.79,
            "bottom": 0.135,
            "height_ratios": (1.45, 1),
            "hspace": 0.2,
        },
    )
    _course(course, picture)
    _months(months, picture)
    now = picture.now
    style.heading(
        figure,
        f"Hashprice: {number(now.usd_per_ph_day, 2)} USD/PH/day"
        f" ({interval(now.low_usd_per_ph_day, now.high_usd_per_ph_day, 1)}) on {day(now.as_of)}",
        f"Since {day(picture.series['at'][0])}: {attribution_in_words(picture.whole)}",
    )
    style.key_row(
        figure,
        [
            ("\N{BOX DRAWINGS HEAVY HORIZONTAL} hashprice with 95 % interval", style.BLUE),
            ("grey: interval while fees are carried from older blocks", style.MUTED),
            ("below, what moved it:", style.MUTED),
            *((f"\N{BLACK SQUARE} {name}", colour) for name, colour in _PARTS),
            ("\N{BLACK DIAMOND} sum", style.INK),
        ],
    )
    style.foot(figure, picture.as_of, picture.origins, note=_NOTE)


def _course(axes: Axes, picture: HashpricePicture) -> None:
    series = picture.series
    at = series["at"].to_list()
    carried = series["is_carried"].to_numpy()
    low, high = (series[f"{end}_usd_per_ph_day"].to_numpy() for end in ("low", "high"))
    # Each band reaches one day into the other, so that they meet.
    measured = ~carried | np.roll(~carried, 1)
    for where, colour in ((carried, style.MUTED), (measured, style.BLUE)):
        axes.fill_between(at, low, high, where=where.tolist(), color=colour, alpha=0.25, lw=0)
    (line,) = axes.plot(at, series["usd_per_ph_day"].to_numpy(), color=style.BLUE, lw=1.8)
    style.dot_on(axes, line)
    axes.set_xlim(at[0], at[-1])
    axes.annotate(
        number(series["usd_per_ph_day"][-1], 1),
        xy=(at[-1], series["usd_per_ph_day"][-1]),
        xytext=(8, 0),
        textcoords="offset points",
        color=style.BLUE,
        fontweight="bold",
        va="center",
        annotation_clip=False,
    )
    style.calm(axes, "USD/PH/day")
    _limits(axes, picture)


def _limits(axes: Axes, picture: HashpricePicture) -> None:
    """Cut off carried intervals that would flatten everything else, and say so."""
    series = picture.series
    low, high = (series[f"{end}_usd_per_ph_day"].to_numpy() for end in ("low", "high"))
    sure = high[~series["is_carried"].to_numpy()]
    top = max(_ROOM_RATIO * float(series["usd_per_ph_day"].to_numpy().max()), float(sure.max(initial=0)))
    bottom = 0.9 * float(low.min())
    if high.max() <= top:
        axes.set_ylim(bottom, 1.05 * float(high.max()))
        return
    axes.set_ylim(bottom, top)
    style.caption(axes, f"cut off: carried intervals reach {number(high.max())}", style.MUTED)


def _months(axes: Axes, picture: HashpricePicture) -> None:
    months = picture.months
    starts, ends = (
        np.array([style.on_axis(at) for at in each])
        for each in ([month.start_at for month in months], [month.end_at for month in months])
    )
    middles = (starts + ends) / 2
    above, below = np.zeros(len(months)), np.zeros(len(months))
    for name, colour in _PARTS:
        parts = np.array([getattr(month.attribution, f"{name}_frac") for month in months])
        axes.bar(
            middles,
            parts,
            width=0.72 * (ends - starts),
            bottom=np.where(parts > 0, above, below),
            color=colour,
        )
        above, below = above + np.maximum(parts, 0), below + np.minimum(parts, 0)
    sums = [month.attribution.change_frac for month in months]
    axes.plot(middles, sums, "D", color=style.INK, ms=4, mec=style.PAPER, mew=0.6)
    axes.axhline(0, color=style.MUTED, lw=0.8)
    low, high = float(below.min()), float(above.max())
    axes.set_ylim(low - 0.05 * (high - low), high + 0.2 * (high - low))
    if len(months) <= _MOST_NAMED:
        for middle, top, change in zip(middles.tolist(), above.tolist(), sums, strict=True):
            axes.annotate(
                number(100 * change, 1, signed=True),
                xy=(middle, top),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
                fontsize=7.5,
                color=style.MUTED,
            )
    style.time_axis(axes)
    style.as_percent(axes.yaxis, signed=True)
    style.calm(axes, "change within the month")
