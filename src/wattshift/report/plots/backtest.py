"""The picture of a backtest: what was left to perfect foresight, over time and by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wattshift.report.documents.backtest import BacktestDocument, SpanKind, SpanResult, Way
from wattshift.report.figures import day, name
from wattshift.report.plots import style
from wattshift.report.terminal.backtest import way_of
from wattshift.report.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_backtest"]

_COLOURS = {
    Way.PLANNER: style.BLUE,
    Way.LAST_PRICE: style.GREEN,
    Way.FLEET_AVERAGE: style.VERMILION,
    Way.STRIKE: style.ORANGE,
    Way.ALWAYS_MINE: style.MUTED,
}
_LEAST_USD = 1e3
_LEAST_SHARE = 0.7
"""Below this a share is written at the edge, not drawn: always mining lies far below zero in a storm."""


def draw_backtest(document: BacktestDocument, figure: Figure) -> None:
    """Draw what each way fell behind perfect foresight, and the shares captured by year, month and event.

    Args:
        document: from `wattshift.app.backtest.run`.
        figure: an empty one.
    """
    left, right = figure.subplots(
        1,
        2,
        gridspec_kw={
            "left": 0.085,
            "right": 0.975,
            "top": 0.79,
            "bottom": 0.13,
            "wspace": 0.3,
            "width_ratios": [1.15, 1.0],
        },
    )
    _course(left, document)
    _shares(right, document)
    style.heading(figure, f"{name(document.site)}, replayed with only what was knowable", _subtitle(document))
    shown = [way for way in _COLOURS if way_of(document.whole, way) is not None]
    style.key_row(
        figure, [(f"\N{BOX DRAWINGS HEAVY HORIZONTAL} {way.value}", _COLOURS[way]) for way in shown]
    )
    style.foot(
        figure,
        document.as_of,
        document.origins,
        note=f"{day(document.start_at)} to {day(document.end_at)}; {document.proof}.",
    )


def _subtitle(document: BacktestDocument) -> str:
    planner = way_of(document.whole, Way.PLANNER)
    if planner is None or planner.captured_ratio is None:
        return document.in_words
    over = document.whole.over_fleet_ratio
    told = (
        f"the planner captured {percent(planner.captured_ratio, digits=2, signed=False)} of what perfect"
        " foresight gains over serving the halls alone"
    )
    return told if over is None else f"{told}, and {percent(over)} against the fleet's average on or off"


def _course(axes: Axes, document: BacktestDocument) -> None:
    course = document.course
    for way, behind in reversed(list(zip(course.ways, course.behind_usd, strict=True))):
        if way in _COLOURS:
            axes.plot(
                [style.on_axis(at) for at in course.at],
                [max(usd, _LEAST_USD) for usd in behind],
                color=_COLOURS[way],
                lw=2.4 if way is Way.PLANNER else 1.3,
                marker="o" if len(course.at) < 15 else None,
                ms=3,
            )
    _as_amounts(axes)
    style.time_axis(axes)
    style.calm(axes, "USD, cumulative, logarithmic")
    style.caption(axes, "behind perfect foresight")


def _as_amounts(axes: Axes) -> None:
    """A logarithmic axis in plain figures."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    axes.set_yscale("log")
    axes.set_ylim(bottom=_LEAST_USD)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda usd, _: f"{usd:,.0f}"))


def _shares(axes: Axes, document: BacktestDocument) -> None:
    spans = [span for span in document.spans if span.kind is not SpanKind.WHOLE][-24:]
    for place, span in enumerate(spans):
        for way in reversed(_COLOURS):
            result = way_of(span, way)
            if result is None or result.captured_ratio is None:
                continue
            if result.captured_ratio < _LEAST_SHARE:
                continue
            axes.plot(
                [result.captured_ratio],
                [place],
                "o",
                color=_COLOURS[way],
                ms=7 if way is Way.PLANNER else 4.5,
                mfc=_COLOURS[way] if way is Way.PLANNER else style.PAPER,
                mew=1.4,
            )
        _beyond(axes, place, span)
    axes.set_xlim(_LEAST_SHARE, 1.005)
    axes.set_ylim(len(spans) - 0.4, -0.6)
    axes.set_yticks(range(len(spans)), [span.name for span in spans])
    style.as_percent(axes.xaxis)
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    style.caption(axes, "share of perfect foresight captured")


def _beyond(axes: Axes, place: int, span: SpanResult) -> None:
    """Who lies to the left of the axis, in words."""
    outside = [
        (way, result.captured_ratio)
        for way in _COLOURS
        if (result := way_of(span, way)) is not None
        and result.captured_ratio is not None
        and result.captured_ratio < _LEAST_SHARE
    ]
    if outside:
        told = ", ".join(f"{way.value} {percent(share, digits=0, signed=False)}" for way, share in outside)
        axes.text(
            _LEAST_SHARE + 0.004,
            place,
            f"\N{LEFTWARDS ARROW} {told}",
            fontsize=7.5,
            color=style.MUTED,
            va="center",
            path_effects=style.halo(),
        )
