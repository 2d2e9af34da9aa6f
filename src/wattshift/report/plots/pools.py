"""The picture of the pools: shares over time, today's with their intervals, and the concentration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from wattshift.measures.concentration import Concentration
from wattshift.measures.pools import UNKNOWN, PoolMix
from wattshift.provenance import Origin
from wattshift.report.figures import name, number, short_day
from wattshift.report.plots import style
from wattshift.report.words import duration_in_words, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["OTHERS", "PoolsPicture", "draw_pools"]

OTHERS = "other pools"

_COLOURS = (
    style.BLUE,
    style.ORANGE,
    style.GREEN,
    style.VERMILION,
    style.SKY,
    style.PURPLE,
    "#7a6a00",
    "#4b5f9e",
)
_GREYS = {OTHERS: "#b6bfc8", UNKNOWN: "#dfe3e8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolsPicture:
    """What the picture shows.

    Args:
        as_of: nothing later is used.
        window_s: length of each window [s].
        shares: at (its end), and a column of shares for each of the largest pools, then `OTHERS`, `UNKNOWN`.
        concentration: at, hhi_ratio, low_ratio, high_ratio.
        mix: the pools of the last window.
        names: what the pools call themselves, by label.
        held: their concentration.
        seed: of its simulation.
        origins: where it comes from.
    """

    as_of: datetime
    window_s: float
    shares: pl.DataFrame
    concentration: pl.DataFrame
    mix: PoolMix
    names: Mapping[str, str]
    held: Concentration
    seed: int
    origins: tuple[Origin, ...]


def draw_pools(picture: PoolsPicture, figure: Figure) -> None:
    """Draw shares, intervals and concentration.

    Args:
        picture: from `wattshift.app.plotting`.
        figure: an empty one.
    """
    grid = figure.add_gridspec(
        2,
        2,
        left=0.065,
        right=0.965,
        top=0.82,
        bottom=0.13,
        width_ratios=(2.1, 1),
        height_ratios=(2.2, 1),
        wspace=0.42,
        hspace=0.24,
    )
    areas = figure.add_subplot(grid[0, 0])
    held = figure.add_subplot(grid[1, 0], sharex=areas)
    today = figure.add_subplot(grid[:, 1])
    colours = _colours(picture)
    _areas(areas, picture, colours)
    _concentration(held, picture)
    _today(today, picture, colours)
    span = duration_in_words(picture.window_s)
    largest = next(share for share in picture.mix.pools if share.name != UNKNOWN)
    share = percent(largest.share_frac, digits=0, signed=False)
    style.heading(
        figure,
        f"{_called(picture, largest.name)} finds {share} of the blocks; {_majority(picture.held.nakamoto)}",
        f"Shares of the blocks of {span} each; right: the last {span}, with 95 % intervals"
        f" ({number(picture.mix.total.blocks)} blocks)",
    )
    note = f"Windows of {span}; interval of the index by simulation, seed {picture.seed}."
    style.foot(figure, picture.as_of, picture.origins, note=note)


def _majority(pools: int) -> str:
    return "alone more than half" if pools == 1 else f"{pools} pools hold more than half"


def _called(picture: PoolsPicture, label: str) -> str:
    return name(picture.names.get(label, label), length=20)


def _colours(picture: PoolsPicture) -> dict[str, str]:
    named = [column for column in picture.shares.columns if column != "at" and column not in _GREYS]
    return {**dict(zip(named, _COLOURS, strict=False)), **_GREYS}


def _areas(axes: Axes, picture: PoolsPicture, colours: dict[str, str]) -> None:
    at = picture.shares["at"].to_list()
    columns = [column for column in picture.shares.columns if column != "at"]
    stack = picture.shares.select(columns).to_numpy().T
    axes.stackplot(
        at, stack, colors=[colours[column] for column in columns], edgecolor=style.PAPER, linewidth=0.5
    )
    axes.set_xlim(at[0], at[-1])
    axes.set_ylim(0, 1)
    tops = np.cumsum(stack[:, -1])
    heights_px = [float(axes.transData.transform((0, y))[1]) for y in tops - stack[:, -1] / 2]
    for column, height_px in zip(columns, style.spread_px(heights_px), strict=True):
        axes.annotate(
            _called(picture, column),
            xy=(1, float(axes.transAxes.inverted().transform((0, height_px))[1])),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            color=style.MUTED if column in _GREYS else colours[column],
            fontsize=8.5,
            va="center",
            annotation_clip=False,
        )
    axes.tick_params(labelbottom=False)
    style.as_percent(axes.yaxis)
    style.calm(axes, "share of blocks")


def _concentration(axes: Axes, picture: PoolsPicture) -> None:
    frame = picture.concentration
    at = frame["at"].to_list()
    axes.fill_between(
        at, frame["low_ratio"].to_numpy(), frame["high_ratio"].to_numpy(), color=style.INK, alpha=0.14, lw=0
    )
    held = picture.held
    (line,) = axes.plot(
        at, frame["hhi_ratio"].to_numpy(), color=style.INK, lw=1.6, label=number(held.hhi_ratio, 3)
    )
    style.dot_on(axes, line)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter("{x:.2f}")
    style.time_axis(axes)
    style.calm(axes, "Herfindahl-Hirschman index, with 95 % interval: 1 is one pool")
    style.direct_labels(axes, [line], bold=line)


def _today(axes: Axes, picture: PoolsPicture, colours: dict[str, str]) -> None:
    rows = [share for share in picture.mix.pools if share.name in colours and share.name not in _GREYS]
    rows += [share for share in picture.mix.pools if share.name == UNKNOWN]
    for place, share in enumerate(rows):
        colour = style.MUTED if share.name in _GREYS else colours[share.name]
        axes.plot([share.low_frac, share.high_frac], [place, place], color=colour, lw=2.2)
        axes.plot([share.share_frac], [place], "o", color=colour, ms=6, clip_on=False)
        axes.annotate(
            percent(share.share_frac, signed=False),
            xy=(share.high_frac, place),
            xytext=(6, 0),
            textcoords="offset points",
            fontsize=8.5,
            color=style.INK,
            va="center",
        )
    axes.set_yticks(range(len(rows)), [_called(picture, share.name) for share in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.25 * max(share.high_frac for share in rows))
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    style.as_percent(axes.xaxis, ticks=5)
    total = picture.mix.total
    style.caption(axes, f"{short_day(total.start_at)} to {short_day(total.end_at)}")
