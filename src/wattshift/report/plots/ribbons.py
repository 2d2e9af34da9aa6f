"""The picture of three popular stress signals: hash ribbons, difficulty ribbon, Puell multiple."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from wattshift.measures.stress.signals import DIFFICULTY_RIBBON_DAYS, FAST_DAYS, SLOW_DAYS, Episode
from wattshift.provenance import Origin
from wattshift.report.figures import number
from wattshift.report.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["RibbonsPicture", "draw_ribbons"]

_TERA = 1e12
_PUELL_LOW_RATIO = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RibbonsPicture:
    """What the picture shows.

    Args:
        as_of: nothing later is used.
        hashes: day, mean_ehs, fast_ehs, slow_ehs, on.
        capitulations: runs of days on which the fast mean lay below the slow one.
        difficulty: day, and a column of mean difficulty for each length of `DIFFICULTY_RIBBON_DAYS`.
        inversions: runs of days on which the difficulty ribbon was inverted.
        puell: day, puell_ratio.
        origins: where it comes from.
    """

    as_of: datetime
    hashes: pl.DataFrame
    capitulations: tuple[Episode, ...]
    difficulty: pl.DataFrame
    inversions: tuple[Episode, ...]
    puell: pl.DataFrame
    origins: tuple[Origin, ...]


def draw_ribbons(picture: RibbonsPicture, figure: Figure) -> None:
    """Draw the three signals below each other.

    Args:
        picture: from `wattshift.app.plotting`.
        figure: an empty one.
    """
    hashes, ribbon, puell = figure.subplots(
        3,
        1,
        sharex=True,
        gridspec_kw={
            "left": 0.065,
            "right": 0.925,
            "top": 0.82,
            "bottom": 0.13,
            "height_ratios": (1.7, 1.1, 0.8),
            "hspace": 0.25,
        },
    )
    days = picture.hashes["day"].to_list()
    hashes.set_xlim(days[0], days[-1])
    _hashes(hashes, picture)
    _difficulty(ribbon, picture)
    _puell(puell, picture)
    runs = picture.capitulations
    total = sum(run.days for run in runs)
    now = "including the last" if runs and runs[-1].ongoing else "not the last"
    style.heading(
        figure,
        f"Hash ribbons signalled capitulation on {number(total)} of {number(len(days))} days, {now}",
        "Shaded: the 30-day mean of hashrate lies below the 60-day one, or the fastest mean of difficulty"
        " below the slowest. Luck alone does this too.",
    )
    style.foot(
        figure,
        picture.as_of,
        picture.origins,
        note="Signals after C. Edwards (hash ribbons), W. Woo (difficulty ribbon), D. Puell.",
    )


def _shade(axes: Axes, runs: tuple[Episode, ...], colour: str) -> None:
    for run in runs:
        axes.axvspan(style.on_axis(run.first), style.on_axis(run.last) + 1, color=colour, alpha=0.18, lw=0)


def _hashes(axes: Axes, picture: RibbonsPicture) -> None:
    from matplotlib.ticker import FuncFormatter

    frame = picture.hashes
    days = frame["day"].to_list()
    _shade(axes, picture.capitulations, style.VERMILION)
    axes.plot(days, frame["mean_ehs"].to_numpy(), color=style.SKY, lw=0.5, alpha=0.7)
    lines = [
        axes.plot(days, frame[column].to_numpy(), color=colour, lw=1.8, label=label)[0]
        for column, colour, label in (
            ("slow_ehs", style.INK, f"{SLOW_DAYS} days"),
            ("fast_ehs", style.BLUE, f"{FAST_DAYS} days"),
        )
    ]
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    style.calm(axes, "EH/s")
    style.caption(axes, "hash ribbons: means of daily hashrate")
    style.direct_labels(axes, lines)


def _difficulty(axes: Axes, picture: RibbonsPicture) -> None:
    from matplotlib.ticker import FuncFormatter

    frame = picture.difficulty
    days = frame["day"].to_list()
    _shade(axes, picture.inversions, style.VERMILION)
    lines = []
    for rank, length in enumerate(reversed(DIFFICULTY_RIBBON_DAYS)):
        share = rank / (len(DIFFICULTY_RIBBON_DAYS) - 1)
        (line,) = axes.plot(
            days,
            frame[str(length)].to_numpy(),
            color=style.GREEN,
            alpha=0.25 + 0.75 * share,
            lw=0.9,
            label=f"{length} days",
        )
        if length in {DIFFICULTY_RIBBON_DAYS[0], DIFFICULTY_RIBBON_DAYS[-1]}:
            lines.append(line)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value / _TERA)))
    style.calm(axes, "trillions")
    style.caption(axes, "difficulty ribbon, 9- to 200-day means")
    style.direct_labels(axes, lines)


def _puell(axes: Axes, picture: RibbonsPicture) -> None:
    frame = picture.puell
    days, ratio = frame["day"].to_list(), frame["puell_ratio"].to_numpy()
    low = (ratio < _PUELL_LOW_RATIO).tolist()
    axes.fill_between(days, ratio, _PUELL_LOW_RATIO, where=low, color=style.VERMILION, alpha=0.3, lw=0)
    (line,) = axes.plot(days, ratio, color=style.PURPLE, lw=1.3, label=number(ratio[-1], 2))
    axes.axhline(_PUELL_LOW_RATIO, color=style.MUTED, lw=0.8, ls=(0, (3, 3)))
    axes.set_ylim(bottom=0)
    style.time_axis(axes)
    style.calm(axes, "ratio")
    style.caption(axes, "Puell multiple: issuance in USD / its 365-day mean, dashed 0.5")
    style.direct_labels(axes, [line], bold=line)
