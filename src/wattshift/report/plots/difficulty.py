"""The picture of difficulty: past adjustments against luck, and how the coming one came into view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from wattshift.measures.difficulty import NOISE_FLOOR_FRAC, Adjustment, PeriodProgress
from wattshift.provenance import Origin
from wattshift.report.figures import number, short_day
from wattshift.report.plots import style
from wattshift.report.words import WITHIN_LUCK_Z, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["DifficultyPicture", "draw_difficulty"]

_LUCK_FRAC = WITHIN_LUCK_Z * NOISE_FLOOR_FRAC
_BAND = f"grey band: luck at constant hashrate, \N{PLUS-MINUS SIGN}{WITHIN_LUCK_Z} standard deviations"
_MOST_NAMED = 40
_FAN = (
    ("low_95_frac", "high_95_frac", 0.14),
    ("low_80_frac", "high_80_frac", 0.18),
    ("low_50_frac", "high_50_frac", 0.24),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DifficultyPicture:
    """What the picture shows.

    Args:
        as_of: nothing later is used.
        adjustments: past ones, oldest first.
        progress: where the present period stands.
        courses: what was projected at depths of the present period, and last at `as_of`: depth, mempool_frac,
            mean_frac, and the ends low_50_frac, high_50_frac, low_80_frac, high_80_frac, low_95_frac,
            high_95_frac of central intervals of the state-space projection.
        seed: of its draws.
        origins: where it comes from.
    """

    as_of: datetime
    adjustments: tuple[Adjustment, ...]
    progress: PeriodProgress
    courses: pl.DataFrame
    seed: int
    origins: tuple[Origin, ...]


def draw_difficulty(picture: DifficultyPicture, figure: Figure) -> None:
    """Draw the adjustments and the projection's course.

    Args:
        picture: from `wattshift.app.plotting`.
        figure: an empty one.
    """
    bars, fan = figure.subplots(
        1,
        2,
        gridspec_kw={
            "left": 0.065,
            "right": 0.925,
            "top": 0.79,
            "bottom": 0.145,
            "width_ratios": (1.75, 1),
            "wspace": 0.15,
        },
    )
    _bars(bars, picture)
    _fan(fan, picture)
    now, progress = picture.courses.row(-1, named=True), picture.progress
    style.heading(
        figure,
        f"Next difficulty adjustment: {percent(now['mean_frac'])} ({_certainty(now)})",
        f"{number(progress.blocks_since_first)} of 2,015 intervals of period {progress.period} are known;"
        f" {_beyond(picture)} of the last {len(picture.adjustments)} adjustments lie beyond what luck alone"
        " does in 19 of 20 periods",
    )
    style.key_row(
        figure,
        [
            ("\N{BLACK SQUARE} beyond luck", style.BLUE),
            ("\N{BLACK SQUARE} within luck", style.SKY),
            (_BAND, style.MUTED),
            (
                "\N{BOX DRAWINGS HEAVY HORIZONTAL} state-space projection with 50, 80, 95 % intervals",
                style.BLUE,
            ),
            ("\N{BOX DRAWINGS HEAVY HORIZONTAL} mempool's rule", style.VERMILION),
        ],
    )
    note = f"Draws with seed {picture.seed}."
    style.foot(figure, picture.as_of, picture.origins, note=note)


def _certainty(now: dict[str, float]) -> str:
    low, high = now["low_95_frac"], now["high_95_frac"]
    return "locked in" if low == high else f"{percent(low)} to {percent(high)}"


def _beyond(picture: DifficultyPicture) -> int:
    return sum(abs(each.change_frac) > _LUCK_FRAC for each in picture.adjustments)


def _bars(axes: Axes, picture: DifficultyPicture) -> None:
    past = picture.adjustments
    axes.axhspan(-_LUCK_FRAC, _LUCK_FRAC, color=style.PALE, lw=0, zorder=0)
    changes = [each.change_frac for each in past]
    colours = [style.BLUE if abs(change) > _LUCK_FRAC else style.SKY for change in changes]
    axes.bar(range(len(past)), changes, width=0.72, color=colours, zorder=2)
    axes.axhline(0, color=style.MUTED, lw=0.8, zorder=3)
    now = picture.courses.row(-1, named=True)
    place = len(past)
    for low, high, alpha in _FAN:
        axes.bar(
            [place],
            [now[high] - now[low]],
            bottom=[now[low]],
            width=0.72,
            color=style.BLUE,
            alpha=alpha,
            lw=0,
        )
    axes.plot([place - 0.36, place + 0.36], [now["mean_frac"]] * 2, color=style.BLUE, lw=2)
    axes.text(
        place,
        max(now["high_95_frac"], 0) + 0.006,
        "next",
        ha="center",
        fontsize=8.5,
        fontweight="bold",
        color=style.BLUE,
    )
    if len(past) < _MOST_NAMED:
        _name_bars(axes, past)
    step = max(1, len(past) // 8)
    ticks = list(range(len(past) - 1, -1, -step))
    axes.set_xticks(ticks, [f"{short_day(past[k].at)}\n{past[k].at:%Y}" for k in ticks])
    axes.set_xlim(-0.7, place + 0.7)
    style.as_percent(axes.yaxis, signed=True)
    style.calm(axes, "change of difficulty")
    style.caption(axes, "adjustments")


def _name_bars(axes: Axes, past: tuple[Adjustment, ...]) -> None:
    """The size of every bar beyond luck."""
    for place, each in enumerate(past):
        if abs(each.change_frac) > _LUCK_FRAC:
            axes.annotate(
                number(100 * each.change_frac, 1, signed=True),
                xy=(place, each.change_frac),
                xytext=(0, 3 if each.change_frac > 0 else -3),
                textcoords="offset points",
                ha="center",
                va="bottom" if each.change_frac > 0 else "top",
                fontsize=7.5,
                color=style.MUTED,
            )


def _fan(axes: Axes, picture: DifficultyPicture) -> None:
    courses = picture.courses
    depth = courses["depth"].to_numpy()
    for low, high, alpha in _FAN:
        axes.fill_between(
            depth, courses[low].to_numpy(), courses[high].to_numpy(), color=style.BLUE, alpha=alpha, lw=0
        )
    axes.axhline(0, color=style.MUTED, lw=0.8)
    axes.plot(depth, courses["mempool_frac"].to_numpy(), color=style.VERMILION, lw=1.4)
    (ours,) = axes.plot(depth, courses["mean_frac"].to_numpy(), color=style.BLUE, lw=2)
    style.dot_on(axes, ours)
    shown = courses.drop("depth").to_numpy()
    bottom, top = float(shown.min()), float(shown.max())
    axes.set_ylim(bottom - 0.08 * (top - bottom), top + 0.08 * (top - bottom))
    axes.set_xlim(0, 2016)
    axes.set_xticks([0, 504, 1008, 1512, 2016])
    axes.axvline(depth[-1], color=style.MUTED, lw=0.8, ls=(0, (2, 2)))
    axes.text(
        depth[-1] + 25,
        axes.get_ylim()[0],
        f"{short_day(picture.as_of)}: block {number(picture.progress.tip_height)}\n"
        f"retarget at {number(picture.progress.retarget_height)}",
        fontsize=8,
        color=style.MUTED,
        va="bottom",
        ha="left" if depth[-1] < 1200 else "right",
    )
    axes.set_xlabel("blocks after the period's first one", fontsize=8.5)
    style.as_percent(axes.yaxis, signed=True)
    style.calm(axes, "projected change")
    style.caption(axes, f"this period, {picture.progress.period}")
