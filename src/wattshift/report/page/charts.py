"""The charts of the network: hashrate, adjustments and hashprice, each with the table behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.measures.difficulty import NOISE_FLOOR_FRAC, Adjustment, Projection
from wattshift.report import words
from wattshift.report.documents.brief import BriefDocument, DailySeries
from wattshift.report.documents.network import DifficultyDocument
from wattshift.report.figures import day, instant, interval, number, short_day
from wattshift.report.page.scales import Tick, TimeScale, nice_scale
from wattshift.report.page.svg import AXIS_PX, Panel, drawing

__all__ = ["Chart", "Key", "adjustment_chart", "hashprice_chart", "hashrate_chart"]

_PANEL = Panel(top_px=8, height_px=204)
_DRAWING_PX = _PANEL.bottom_px + AXIS_PX
_BAR_FRAC = 0.5
_LABEL_ROOM_RATIO = 1.12
_NEAR_EDGE_FRAC = 0.2
_LUCK_FRAC = words.WITHIN_LUCK_Z * NOISE_FLOOR_FRAC
"""The largest adjustment that luck explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One entry of a legend.

    Args:
        label: what the mark stands for.
        style: its CSS classes, as on the chart.
    """

    label: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture and everything a page needs around it.

    Args:
        key: a word that is unique on the page.
        title: what it shows, with the unit.
        summary: what can be seen on it; also its description for those who cannot.
        svg: its source; empty where there is nothing to draw.
        legend: what its marks stand for.
        header: the columns of the table behind it.
        rows: that table.
    """

    key: str
    title: str
    summary: str
    svg: str
    legend: tuple[Key, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def hashrate_chart(document: BriefDocument) -> Chart:
    """90 days of hashrate with its interval, and the peak before."""
    series, now = document.hashrate_series, document.hashrate
    summary = (
        f"{number(now.mean_ehs)} EH/s ({interval(now.low_ehs, now.high_ehs)}) on {day(document.as_of)};"
        f" since the week before {words.change_in_words(now.change)}"
    )
    return _series_chart(
        series,
        key="hashrate",
        summary=summary,
        digits=0,
        peak=None if now.peak is None else (now.peak.at, now.peak.mean_ehs),
    )


def hashprice_chart(document: BriefDocument) -> Chart:
    """90 days of hashprice with its interval."""
    now = document.hashprice
    summary = (
        f"{number(now.usd_per_ph_day, 2)} USD/PH/day"
        f" ({interval(now.low_usd_per_ph_day, now.high_usd_per_ph_day, 1)}) on {day(document.as_of)};"
        f" within a week {words.attribution_in_words(now.attribution)}"
    )
    return _series_chart(document.hashprice_series, key="hashprice", summary=summary, digits=2)


def _series_chart(
    series: DailySeries,
    *,
    key: str,
    summary: str,
    digits: int,
    peak: tuple[datetime, float] | None = None,
) -> Chart:
    title = f"{series.title}, {series.unit}"
    drawn = _series_marks(series, digits=digits, peak=peak) if series.at else ()
    return Chart(
        key=key,
        title=title,
        summary=summary,
        svg=drawing(*drawn, key=key, height_px=_DRAWING_PX, title=title, summary=summary),
        legend=(
            Key(label="estimate", style="line c1"),
            Key(label="95 % interval", style="band c1"),
            *(() if peak is None else (Key(label="highest 7-day mean before", style="dot hollow c1"),)),
        ),
        header=("day", series.unit, "low", "high"),
        rows=tuple(
            (day(at), number(mean, digits), number(low, digits), number(high, digits))
            for at, mean, low, high in zip(series.at, series.mean, series.low, series.high, strict=True)
        ),
    )


def _series_marks(
    series: DailySeries, *, digits: int, peak: tuple[datetime, float] | None
) -> tuple[str, ...]:
    instants = [*series.at, *(() if peak is None else (peak[0],))]
    across = TimeScale((min(instants), max(instants)))
    up = nice_scale([*series.low, *series.high, *(() if peak is None else (peak[1],))])
    xs = [across(at) for at in series.at]
    ys, lows, highs = ([up(value) for value in column] for column in (series.mean, series.low, series.high))
    return (
        _PANEL.level_axis(up.ticks()),
        _PANEL.foot_axis(across.ticks()),
        _PANEL.layer(_PANEL.band(xs, lows, highs, style="c1"), _PANEL.line(xs, ys, style="c1")),
        *(() if peak is None else _peak_marks(across(peak[0]), up(peak[1]), number(peak[1], digits))),
        _PANEL.dot(xs[-1], ys[-1], style="c1"),
        _PANEL.label(
            xs[-1], ys[-1], number(series.mean[-1], digits), style="start strong", right_px=8, down_px=4
        ),
    )


def _peak_marks(x: float, y: float, label: str) -> tuple[str, str]:
    side = "start" if x < _NEAR_EDGE_FRAC else "end" if x > 1 - _NEAR_EDGE_FRAC else "mid"
    return (
        _PANEL.dot(x, y, style="hollow c1"),
        _PANEL.label(x, y, f"peak {label}", style=side, down_px=-12),
    )


def adjustment_chart(document: DifficultyDocument) -> Chart:
    """Past adjustments with their significance, and the next one with its interval."""
    title = "Difficulty adjustments, %"
    coming = document.calibrated
    luck = f"\N{PLUS-MINUS SIGN}{number(100 * _LUCK_FRAC, 1)} %"
    summary = (
        f"Next: {words.projection_in_words(coming)}. Before it the last {len(document.adjustments)}, each"
        f" with its z; luck alone explains whatever lies within {luck}."
    )
    return Chart(
        key="adjustments",
        title=title,
        summary=summary,
        svg=drawing(
            *_adjustment_marks(document),
            key="adjustments",
            height_px=_DRAWING_PX,
            title=title,
            summary=summary,
        ),
        legend=(
            Key(label="past, with z", style="area c1"),
            Key(label="next, with 95 % interval", style="bar hollow c1"),
            Key(label=f"within luck (|z| below {words.WITHIN_LUCK_Z})", style="luck"),
        ),
        header=("block", "when (UTC)", "change", "low", "high", "z", "verdict"),
        rows=(
            *(_past_row(adjustment) for adjustment in document.adjustments),
            _next_row(coming),
            _next_row(document.mempool),
        ),
    )


def _past_row(adjustment: Adjustment) -> tuple[str, ...]:
    return (
        str(adjustment.height),
        instant(adjustment.at),
        words.percent(adjustment.change_frac, digits=2),
        "",
        "",
        number(adjustment.z, 2, signed=True),
        words.adjustment_verdict(adjustment),
    )


def _next_row(projection: Projection) -> tuple[str, ...]:
    ends = (projection.low_frac, projection.high_frac)
    return (
        str(projection.height),
        instant(projection.expected_at),
        words.percent(projection.change_frac, digits=2),
        *("" if end is None else words.percent(end, digits=2) for end in ends),
        number(projection.z, 2, signed=True),
        f"projected: {projection.rule.value}",
    )


def _adjustment_marks(document: DifficultyDocument) -> tuple[str, ...]:
    past, coming = document.adjustments, document.calibrated
    changes = [*(adjustment.change_frac for adjustment in past), coming.change_frac]
    ends = [end for end in (coming.low_frac, coming.high_frac) if end is not None]
    room = [_LABEL_ROOM_RATIO * change for change in changes]
    up = nice_scale([100 * frac for frac in (*changes, *room, *ends, _LUCK_FRAC, -_LUCK_FRAC)])
    tops = [up(100 * change) for change in changes]
    centres = [(index + 0.5) / len(changes) for index in range(len(changes))]
    half = _BAR_FRAC / len(changes) / 2
    instants = [*(adjustment.at for adjustment in past), coming.expected_at]
    return (
        _PANEL.box((0, 1), (up(-100 * _LUCK_FRAC), up(100 * _LUCK_FRAC)), style="luck"),
        _PANEL.level_axis(up.ticks()),
        *(
            _PANEL.box((x - half, x + half), (up(0), top), style=f"bar {style}")
            for x, top, style in zip(centres, tops, [*("c1" for _ in past), "hollow c1"], strict=True)
        ),
        *(
            _PANEL.span((centres[-1], centres[-1]), (up(100 * end), tops[-1]), style="whisker")
            for end in ends
        ),
        _PANEL.rule(up(0), style="base"),
        *(
            _PANEL.label(
                x, top, number(adjustment.z, 1, signed=True), style="mid", down_px=-6 if top > up(0) else 15
            )
            for x, top, adjustment in zip(centres, tops, past, strict=False)
        ),
        _PANEL.foot_axis(
            [Tick(position_frac=x, label=short_day(at)) for x, at in zip(centres, instants, strict=True)]
        ),
    )
