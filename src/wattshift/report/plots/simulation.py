"""The picture of a simulated network: fans of hashrate, block interval and hashprice, and the retargets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from wattshift.report.documents.simulation import Course, SimulationDocument
from wattshift.report.figures import name, number
from wattshift.report.plots import style
from wattshift.report.simulationwords import LOOKS, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_simulation"]

_FANS = ("hashrate_ehs", "interval_s", "hashprice_usd_per_ph_day")
_MOST_RETARGETS = 16


def draw_simulation(document: SimulationDocument, figure: Figure) -> None:
    """Draw three fans and the retargets.

    Args:
        document: from `wattshift.app.simulating.run`.
        figure: an empty one.
    """
    panels = figure.subplots(
        2,
        2,
        gridspec_kw={
            "left": 0.06,
            "right": 0.94,
            "top": 0.83,
            "bottom": 0.155,
            "wspace": 0.2,
            "hspace": 0.32,
        },
    ).ravel()
    for axes, which in zip((panels[0], panels[1], panels[3]), _FANS, strict=True):
        _fan(axes, document, which)
    _retargets(panels[2], document)
    figures = {row.name: row.band for row in document.figures}
    least, slowest = (shown(key, figures[key].median) for key in ("least_hashrate_ehs", "longest_interval_s"))
    style.heading(
        figure,
        f"{name(document.scenario, length=28)}: down to {least} EH/s, a block in {slowest} min at worst",
        f"{name(document.note, length=110)} {number(document.paths)} paths; dark: half, pale: nine in ten",
    )
    style.foot(
        figure,
        document.as_of,
        document.origins,
        note=f"A scenario, no forecast. Price: {document.price}.",
    )


def _fan(axes: Axes, document: SimulationDocument, which: str) -> None:
    from matplotlib.ticker import FuncFormatter

    look = LOOKS[which]
    places = [style.on_axis(at) for at in document.at]
    course = _course(document.courses, which)
    _bands(axes, places, course, style.BLUE)
    if document.comparison is not None:
        other = _course(document.comparison.courses, which)
        factor = look.scale_ratio
        axes.plot(places, factor * np.array(other.median), color=style.VERMILION, lw=1.6)
        for edge in (other.low, other.high):
            axes.plot(places, factor * np.array(edge), color=style.VERMILION, lw=0.8, ls=(0, (4, 3)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    style.time_axis(axes)
    style.calm(axes, look.unit)
    style.caption(axes, _caption(document, look.title, course))


def _course(courses: tuple[Course, ...], which: str) -> Course:
    return next(each for each in courses if each.name == which)


def _bands(axes: Axes, places: list[float], course: Course, colour: str) -> None:
    factor = LOOKS[course.name].scale_ratio
    low, lower, median, upper, high = (
        factor * np.array(column)
        for column in (course.low, course.lower, course.median, course.upper, course.high)
    )
    axes.fill_between(places, low, high, color=colour, alpha=0.14, lw=0)
    axes.fill_between(places, lower, upper, color=colour, alpha=0.28, lw=0)
    axes.plot(places, median, color=colour, lw=1.8)


def _caption(document: SimulationDocument, title: str, course: Course) -> str:
    if document.comparison is not None:
        return f"{title}; red: {document.comparison.scenario}"
    return f"{title}, {shown(course.name, course.median[-1])} at the end"


def _retargets(axes: Axes, document: SimulationDocument) -> None:
    coming = document.retargets[:_MOST_RETARGETS]
    places = [style.on_axis(document.as_of + timedelta(days=row.after_days.median)) for row in coming]
    axes.vlines(
        places,
        [row.change_frac.low for row in coming],
        [row.change_frac.high for row in coming],
        color=style.BLUE,
        alpha=0.35,
        lw=5,
    )
    axes.plot(places, [row.change_frac.median for row in coming], "o", ms=4, color=style.BLUE)
    axes.axhline(0, color=style.MUTED, lw=0.8)
    style.as_percent(axes.yaxis, ticks=6, signed=True)
    style.time_axis(axes)
    style.calm(axes, "change of difficulty")
    style.caption(axes, f"coming retargets, the first {len(coming)}")
