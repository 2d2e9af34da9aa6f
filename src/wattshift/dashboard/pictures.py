"""The pictures of the wall: a curve's last weeks with its band, and the next adjustment as a distribution."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from wattshift.app.charts.curve import Curve
from wattshift.clock import from_unix
from wattshift.dashboard.bell import bell_of
from wattshift.measures.hashrate import HashrateChange
from wattshift.measures.level.projection import Forecast
from wattshift.report.documents.network import DifficultyDocument
from wattshift.report.figures import chance, instant, interval, number, short_day
from wattshift.report.page.charts import Chart, Key
from wattshift.report.page.scales import LinearScale, TimeScale, nice_scale
from wattshift.report.page.svg import AXIS_PX, Panel, drawing
from wattshift.report.words import percent

__all__ = ["Last", "band_picture", "change_picture", "retarget_picture"]

_TOP_PX = 10
_PANEL = Panel(top_px=_TOP_PX, height_px=190)
_POINTS = 240
_ROWS = 60
_LABEL_EDGE = 0.8
_LEAST_REACH = 5.0
"""The ruler of a change reaches at least so far [%]."""


@dataclass(frozen=True, slots=True)
class Last:
    """The figure of the very instant: when, the estimate, and the ends of its interval."""

    at: datetime
    mean: float
    low: float
    high: float


def band_picture(
    curve: Curve, last: Last, *, days: int, digits: int, drawing_px: float = _PANEL.bottom_px + AXIS_PX
) -> Chart:
    """The last days of a curve whose columns are a mean and its interval's ends, up to an instant."""
    at, (mean, low, high) = _ending_with(curve, last, days)
    panel = Panel(top_px=_TOP_PX, height_px=drawing_px - _TOP_PX - AXIS_PX)
    title = f"{curve.title}, {curve.unit}"
    summary = (
        f"{number(last.mean, digits)} {curve.unit} ({interval(last.low, last.high, digits)}) on"
        f" {short_day(last.at)}; between {number(min(mean), digits)} and {number(max(mean), digits)} within"
        f" {days} days"
    )
    marks = _band_marks(panel, at, (mean, low, high), number(last.mean, digits))
    every = max(1, len(at) // _ROWS)
    return Chart(
        key=curve.name,
        title=title,
        summary=summary,
        svg=drawing(*marks, key=curve.name, height_px=drawing_px, title=title, summary=summary),
        legend=(Key(label="estimate", style="line c1"), Key(label="95 % interval", style="band c1")),
        header=("when (UTC)", curve.unit, "low", "high"),
        rows=tuple(
            (instant(at[row]), *(number(column[row], digits) for column in (mean, low, high)))
            for row in range(len(at) - 1, -1, -every)
        ),
    )


def _ending_with(curve: Curve, last: Last, days: int) -> tuple[list[datetime], list[list[float]]]:
    """Instants and columns of the last days, the very last figure at their end."""
    end_s = last.at.timestamp()
    start_s = end_s - timedelta(days=days).total_seconds()
    cut = curve.cut(start_s, end_s, until_s=end_s, width_px=_POINTS)
    seen = [row for row, at_s in enumerate(cut.at_s) if start_s <= at_s < end_s]
    at = [*(from_unix(float(cut.at_s[row])) for row in seen), last.at]
    columns = zip(cut.columns.values(), (last.mean, last.low, last.high), strict=True)
    return at, [[*(float(column[row]) for row in seen), end] for column, end in columns]


def _band_marks(
    panel: Panel, at: list[datetime], columns: tuple[list[float], ...], label: str
) -> tuple[str, ...]:
    across = TimeScale((at[0], at[-1]))
    up = nice_scale([*columns[1], *columns[2]])
    xs = [across(each) for each in at]
    ys, lows, highs = ([up(each) for each in column] for column in columns)
    return (
        panel.level_axis(up.ticks()),
        panel.foot_axis(across.ticks()),
        panel.layer(panel.band(xs, lows, highs, style="c1"), panel.line(xs, ys, style="c1")),
        panel.dot(xs[-1], ys[-1], style="c1"),
        panel.label(xs[-1], ys[-1], label, style="start strong", right_px=8, down_px=4),
    )


def change_picture(change: HashrateChange) -> Chart:
    """How far hashrate moved, with its interval, against no move at all."""
    panel = Panel(top_px=4, height_px=44)
    low, moved, high = (100 * each for each in (change.low_frac, change.change_frac, change.high_frac))
    reach = 1.15 * max(abs(low), abs(high), _LEAST_REACH)
    across = LinearScale((-reach, reach))
    title = "Change of hashrate in a week, with its interval, %"
    summary = f"{percent(change.change_frac)}, {percent(change.low_frac)} to {percent(change.high_frac)}"
    marks = (
        panel.foot_axis(across.ticks()),
        panel.post(across(0), style="price"),
        panel.span((across(low), across(high)), (0.5, 0.5), style="range c1"),
        panel.dot(across(moved), 0.5, style="c1", radius_px=7),
    )
    return Chart(
        key="change",
        title=title,
        summary=summary,
        svg=drawing(*marks, key="change", height_px=panel.bottom_px + AXIS_PX, title=title, summary=summary),
        legend=(),
        header=(),
        rows=(),
    )


def retarget_picture(document: DifficultyDocument) -> Chart:
    """The next adjustment as a distribution: the density between its quantiles."""
    outlook = document.outlook
    coming = outlook.next
    title = "Next difficulty adjustment, %"
    between = f"{percent(coming.low_frac)} to {percent(coming.high_frac)}"
    summary = (
        f"{percent(coming.mean_frac)} ({between}) around {instant(outlook.expected_at)}; difficulty rises"
        f" with probability {chance(coming.rise_prob)}"
    )
    if coming.is_locked_in:
        summary = (
            f"{percent(coming.median_frac, digits=2)}: the period's last block is known, so this is exact"
        )
    marks = _locked(coming) if coming.high_frac <= coming.low_frac else _density(coming)
    header, rows = _table(coming, *outlook.following)
    return Chart(
        key="next-adjustment",
        title=title,
        summary=summary,
        svg=drawing(
            *marks, key="next-adjustment", height_px=_PANEL.bottom_px + AXIS_PX, title=title, summary=summary
        ),
        legend=(
            Key(label=f"{percent(outlook.nominal_level, digits=0, signed=False)} interval", style="area c1"),
            Key(label="beyond it", style="band c1"),
        ),
        header=header,
        rows=rows,
    )


def _table(*forecasts: Forecast) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The distributions of the coming adjustments beside each other."""
    header = ("lower with probability", "next", *(f"next but {n}" for n in range(1, len(forecasts))))
    quantiles = zip(*(each.quantiles for each in forecasts), strict=True)
    return header, (
        ("mean", *(percent(each.mean_frac) for each in forecasts)),
        *(
            (
                percent(row[0].below_prob, digits=1, signed=False),
                *(percent(each.change_frac, digits=2) for each in row),
            )
            for row in quantiles
        ),
        ("rises with probability", *(chance(each.rise_prob) for each in forecasts)),
    )


def _locked(coming: Forecast) -> tuple[str, ...]:
    change = 100 * coming.median_frac
    across = LinearScale((min(0.0, change) - 1, max(0.0, change) + 1))
    return (
        _PANEL.foot_axis(across.ticks()),
        _PANEL.post(across(0), style="rule"),
        _PANEL.post(across(change), style="whisker"),
        _PANEL.label(
            across(change), 0.9, percent(coming.median_frac, digits=2), style="start strong", right_px=6
        ),
    )


def _density(coming: Forecast) -> tuple[str, ...]:
    bell = bell_of(coming)
    across = LinearScale((100 * min(bell.change_frac[0], 0.0), 100 * max(bell.change_frac[-1], 0.0)))
    points = [(across(100 * change), 0.92 * up) for change, up in zip(*bell, strict=True)]
    inside = [
        point
        for point, change in zip(points, bell.change_frac, strict=True)
        if coming.low_frac <= change <= coming.high_frac
    ]

    def area(drawn: list[tuple[float, float]], style: str) -> str:
        return _PANEL.band([x for x, _ in drawn], [0.0] * len(drawn), [y for _, y in drawn], style=style)

    centre = across(100 * coming.mean_frac)
    side = "end" if centre > _LABEL_EDGE else "start"
    return (
        _PANEL.foot_axis(across.ticks()),
        _PANEL.layer(
            area(points, "c1"),
            area(inside, "inner c1"),
            _PANEL.line([x for x, _ in points], [y for _, y in points], style="c1"),
        ),
        _PANEL.post(across(0), style="price"),
        _PANEL.post(centre, style="whisker"),
        _PANEL.label(
            centre,
            0.97,
            percent(coming.mean_frac),
            style=f"{side} strong",
            right_px=-6 if side == "end" else 6,
        ),
    )
