"""The picture of the hashrate: what all blocks say of it, its detected changes, retargets and halvings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from wattshift.measures.difficulty import Adjustment
from wattshift.provenance import Origin
from wattshift.report.documents.changes import ChangeFound
from wattshift.report.figures import day, interval, number, short_day
from wattshift.report.plots import style
from wattshift.report.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Fall", "HashratePicture", "draw_hashrate"]

_MOST_NAMED = 12
_MOST_RETARGETS = 30
_NAME_WIDTH_FRAC = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """The largest fall of the median.

    Args:
        from_at: the height before it.
        to_at: its bottom.
        size_frac: how far, positive.
    """

    from_at: datetime
    to_at: datetime
    size_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HashratePicture:
    """What the picture shows.

    Args:
        as_of: nothing later is used.
        belief: at, median_ehs, low_ehs, high_ehs (95 %), inner_low_ehs, inner_high_ehs (50 %), of the
            posterior given all blocks known at `as_of`.
        weekly: at, mean_ehs of the seven days before.
        changes: detected changes, oldest first.
        retargets: oldest first.
        halvings_at: instants of their blocks.
        fall: the largest fall; None where the median never fell.
        is_log: logarithmic hashrate axis.
        origins: where it comes from.
    """

    as_of: datetime
    belief: pl.DataFrame
    weekly: pl.DataFrame
    changes: tuple[ChangeFound, ...]
    retargets: tuple[Adjustment, ...]
    halvings_at: tuple[datetime, ...]
    fall: Fall | None
    is_log: bool
    origins: tuple[Origin, ...]


def draw_hashrate(picture: HashratePicture, figure: Figure) -> None:
    """Draw the posterior with what happened.

    Args:
        picture: from `wattshift.app.plotting`.
        figure: an empty one.
    """
    axes = figure.subplots(gridspec_kw={"left": 0.065, "right": 0.9, "top": 0.82, "bottom": 0.14})
    if picture.is_log:
        axes.set_yscale("log")
    _curves(axes, picture)
    _room(axes, picture)
    _changes(axes, picture)
    _calendar(axes, picture)
    style.time_axis(axes)
    style.calm(axes, "EH/s, logarithmic" if picture.is_log else "EH/s")
    last = picture.belief.row(-1, named=True)
    style.heading(
        figure,
        f"Bitcoin's hashrate: {number(last['median_ehs'])} EH/s"
        f" ({interval(last['low_ehs'], last['high_ehs'])}) on {day(last['at'])}",
        _subtitle(picture),
    )
    arrows = "\N{BLACK UP-POINTING TRIANGLE}\N{BLACK DOWN-POINTING TRIANGLE}"
    key = [
        ("\N{BOX DRAWINGS HEAVY HORIZONTAL} median, with 50 % and 95 % intervals", style.BLUE),
        ("\N{BOX DRAWINGS LIGHT HORIZONTAL} mean of 7 days", style.MUTED),
        (f"{arrows} change detected (one false alarm a year): when it began", style.VERMILION),
    ]
    few = len(picture.retargets) <= _MOST_RETARGETS
    key.append((f"ticks at the foot: retargets{', %' if few else ''}", style.MUTED))
    style.key_row(figure, key)
    style.foot(
        figure,
        picture.as_of,
        picture.origins,
        note="State-space posterior given all blocks up to then; sizes of detected changes exaggerate.",
    )


def _subtitle(picture: HashratePicture) -> str:
    first, last = picture.belief.row(0, named=True), picture.belief.row(-1, named=True)
    told = f"{percent(last['median_ehs'] / first['median_ehs'] - 1)} since {day(first['at'])}"
    if picture.fall is None:
        return told
    fall = picture.fall
    return (
        f"{told}; largest fall: {percent(fall.size_frac, signed=False)}"
        f" from {day(fall.from_at)} to {day(fall.to_at)}"
    )


def _curves(axes: Axes, picture: HashratePicture) -> None:
    belief, weekly = picture.belief, picture.weekly
    at = belief["at"].to_list()
    for low, high, alpha in (("low_ehs", "high_ehs", 0.16), ("inner_low_ehs", "inner_high_ehs", 0.30)):
        axes.fill_between(
            at, belief[low].to_numpy(), belief[high].to_numpy(), color=style.BLUE, alpha=alpha, lw=0
        )
    axes.plot(weekly["at"].to_list(), weekly["mean_ehs"].to_numpy(), color=style.MUTED, lw=0.9)
    (line,) = axes.plot(at, belief["median_ehs"].to_numpy(), color=style.BLUE, lw=1.8)
    style.dot_on(axes, line)
    last = belief.row(-1, named=True)
    axes.annotate(
        f"{number(last['median_ehs'])} EH/s",
        xy=(at[-1], last["median_ehs"]),
        xytext=(8, 0),
        textcoords="offset points",
        color=style.BLUE,
        fontweight="bold",
        va="center",
        annotation_clip=False,
    )


def _room(axes: Axes, picture: HashratePicture) -> None:
    """Limits with room for the dates at the top and the retargets at the bottom."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    at, belief = picture.belief["at"].to_list(), picture.belief
    axes.set_xlim(at[0], at[-1])
    low, high = float(belief["low_ehs"].to_numpy().min()), float(belief["high_ehs"].to_numpy().max())
    if picture.is_log:
        axes.set_ylim(low / (high / low) ** 0.22, high * (high / low) ** 0.12)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.minorticks_off()
    else:
        axes.set_ylim(low - 0.22 * (high - low), high + 0.12 * (high - low))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def _changes(axes: Axes, picture: HashratePicture) -> None:
    named = _named(picture)
    for change in picture.changes:
        begun = style.on_axis(change.begun_at)
        is_drop = change.size_frac < 0
        edge, sign = _clear_of_curves(picture, change.begun_at, is_drop=is_drop), -1 if is_drop else 1
        colour = style.VERMILION if is_drop else style.GREEN
        axes.annotate(
            f"{percent(change.size_frac, digits=0)}\n{short_day(change.begun_at)}" if change in named else "",
            xy=(begun, edge),
            xytext=(0, sign * 14),
            textcoords="offset points",
            ha="center",
            va="top" if is_drop else "bottom",
            fontsize=7.5,
            color=colour,
            linespacing=1.2,
            path_effects=style.halo(),
        )
        axes.plot([begun], [edge], "v" if is_drop else "^", color=colour, ms=5, zorder=4)


def _clear_of_curves(picture: HashratePicture, at: datetime, *, is_drop: bool) -> float:
    """A height near an instant that lies below, or above, both the band and the weekly mean [EH/s]."""
    reach = (picture.belief["at"][-1] - picture.belief["at"][0]) * _NAME_WIDTH_FRAC / 2
    band, weekly = (
        curve.filter((pl.col("at") - at).abs() <= reach) for curve in (picture.belief, picture.weekly)
    )
    column, pick = ("low_ehs", min) if is_drop else ("high_ehs", max)
    return float(pick([*band[column].to_list(), *weekly["mean_ehs"].to_list()]))


def _named(picture: HashratePicture) -> list[ChangeFound]:
    """The largest changes whose names do not collide."""
    apart = (picture.belief["at"][-1] - picture.belief["at"][0]) * _NAME_WIDTH_FRAC
    named: list[ChangeFound] = []
    for change in sorted(picture.changes, key=lambda each: -abs(each.size_frac)):
        alike = (other for other in named if (other.size_frac < 0) == (change.size_frac < 0))
        if len(named) < _MOST_NAMED and all(abs(change.begun_at - other.begun_at) > apart for other in alike):
            named.append(change)
    return named


def _calendar(axes: Axes, picture: HashratePicture) -> None:
    """Retargets along the foot and halvings from top to bottom."""
    at_foot = axes.get_xaxis_transform()
    many = len(picture.retargets) > _MOST_RETARGETS
    for retarget in picture.retargets:
        place = style.on_axis(retarget.at)
        axes.plot(
            [place, place],
            [0, 0.012 if many else 0.02],
            transform=at_foot,
            color=style.MUTED,
            lw=0.8,
        )
        if not many:
            axes.text(
                place,
                0.026,
                number(100 * retarget.change_frac, 1, signed=True),
                transform=at_foot,
                fontsize=7,
                color=style.MUTED,
                ha="center",
            )
    for halving in picture.halvings_at:
        place = style.on_axis(halving)
        axes.axvline(place, color=style.INK, lw=0.8, ls=(0, (4, 3)))
        axes.text(
            place,
            0.985,
            f" halving, {day(halving)}",
            transform=at_foot,
            fontsize=8,
            color=style.INK,
            va="top",
        )
