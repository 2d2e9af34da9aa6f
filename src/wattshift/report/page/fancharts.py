"""The charts of a simulated network: fans over time, and the coming retargets."""

from __future__ import annotations

from datetime import datetime, timedelta

from wattshift.report import words
from wattshift.report.documents.simulation import Course, RetargetRow, SimulationDocument
from wattshift.report.figures import day, number, short_day
from wattshift.report.page.charts import Chart, Key
from wattshift.report.page.scales import Tick, TimeScale, nice_scale
from wattshift.report.page.svg import AXIS_PX, Panel, drawing
from wattshift.report.simulationwords import LOOKS, shown

__all__ = ["fan_chart", "retarget_chart"]

_PANEL = Panel(top_px=8, height_px=204)
_DRAWING_PX = _PANEL.bottom_px + AXIS_PX
_MOST_RETARGETS = 12


def fan_chart(document: SimulationDocument, name: str) -> Chart:
    """A quantity over time: median, half of the paths, nine in ten; and the scenario compared with."""
    course = _course(document.courses, name)
    other = None if document.comparison is None else _course(document.comparison.courses, name)
    look = LOOKS[name]
    title = f"{look.title[:1].upper()}{look.title[1:]}, {look.unit}"
    summary = _summary(document, course)
    return Chart(
        key=name,
        title=title,
        summary=summary,
        svg=drawing(
            *_marks(document, course, other),
            key=name,
            height_px=_DRAWING_PX,
            title=title,
            summary=summary,
        ),
        legend=(
            Key(label="median" if other is None else document.scenario, style="line c1"),
            Key(label="half of the paths", style="area inner c1"),
            Key(label="nine in ten", style="band c1"),
            *(
                ()
                if document.comparison is None
                else (
                    Key(label=document.comparison.scenario, style="line c2"),
                    Key(label="its nine in ten", style="line thin c2"),
                )
            ),
        ),
        header=("day", "mean", "5 %", "25 %", "median", "75 %", "95 %"),
        rows=_rows(document.at, course),
    )


def _course(courses: tuple[Course, ...], name: str) -> Course:
    return next(course for course in courses if course.name == name)


def _summary(document: SimulationDocument, course: Course) -> str:
    ends = f"{shown(course.name, course.low[-1])} to {shown(course.name, course.high[-1])}"
    return (
        f"from {shown(course.name, course.median[0])} to {shown(course.name, course.median[-1])}"
        f" ({ends}) on {day(document.until_at)}"
    )


def _rows(instants: tuple[datetime, ...], course: Course) -> tuple[tuple[str, ...], ...]:
    columns = (course.mean, course.low, course.lower, course.median, course.upper, course.high)
    return tuple(
        (day(at), *(shown(course.name, value) for value in values))
        for at, *values in zip(instants, *columns, strict=True)
    )


def _marks(document: SimulationDocument, course: Course, other: Course | None) -> tuple[str, ...]:
    factor = LOOKS[course.name].scale_ratio
    drawn = [course, *(() if other is None else (other,))]
    across = TimeScale((document.as_of, document.until_at))
    values = [factor * value for each in drawn for value in (*each.low, *each.high)]
    up = nice_scale(values, zero=min(values) >= 0 and min(values) < max(values) / 3)
    xs = [across(at) for at in document.at]

    def ys(column: tuple[float, ...]) -> list[float]:
        return [up(factor * value) for value in column]

    median = ys(course.median)
    return (
        _PANEL.level_axis(up.ticks()),
        _PANEL.foot_axis(across.ticks()),
        _PANEL.layer(
            _PANEL.band(xs, ys(course.low), ys(course.high), style="c1"),
            _PANEL.band(xs, ys(course.lower), ys(course.upper), style="inner c1"),
            *(
                ()
                if other is None
                else (
                    *(_PANEL.line(xs, ys(edge), style="thin c2") for edge in (other.low, other.high)),
                    _PANEL.line(xs, ys(other.median), style="c2"),
                )
            ),
            _PANEL.line(xs, median, style="c1"),
        ),
        _PANEL.dot(xs[-1], median[-1], style="c1"),
        _PANEL.label(
            xs[-1],
            median[-1],
            shown(course.name, course.median[-1]),
            style="start strong",
            right_px=8,
            down_px=4,
        ),
    )


def retarget_chart(document: SimulationDocument) -> Chart:
    """The coming retargets, each with what nine paths in ten lie within."""
    coming = document.retargets[:_MOST_RETARGETS]
    title = "Coming retargets, change of difficulty in %"
    summary = (
        f"The next {len(coming)} of {len(document.retargets)}; luck alone moves each by 3 %"
        if coming
        else "None within the horizon"
    )
    return Chart(
        key="retargets",
        title=title,
        summary=summary,
        svg=drawing(
            *(_retarget_marks(document, coming) if coming else ()),
            key="retargets",
            height_px=_DRAWING_PX,
            title=title,
            summary=summary,
        ),
        legend=(
            Key(label="median", style="dot c1"),
            Key(label="nine paths in ten", style="band c1"),
        ),
        header=("block", "about", "median", "5 %", "95 %", "since the start", "reached by"),
        rows=tuple(_retarget_row(document, each) for each in document.retargets),
    )


def _about(document: SimulationDocument, row: RetargetRow) -> datetime:
    return document.as_of + timedelta(days=row.after_days.median)


def _retarget_row(document: SimulationDocument, row: RetargetRow) -> tuple[str, ...]:
    change = row.change_frac
    return (
        number(row.height),
        day(_about(document, row)),
        *(words.percent(each) for each in (change.median, change.low, change.high)),
        words.percent(row.difficulty_ratio.median - 1),
        words.percent(row.reached_prob, digits=0, signed=False),
    )


def _retarget_marks(document: SimulationDocument, coming: tuple[RetargetRow, ...]) -> tuple[str, ...]:
    bands = [row.change_frac for row in coming]
    up = nice_scale([100 * end for band in bands for end in (band.low, band.high, 0.0)])
    centres = [(place + 0.5) / len(coming) for place in range(len(coming))]
    labels = [short_day(_about(document, row)) for row in coming]
    return (
        _PANEL.level_axis(up.ticks()),
        *(
            _PANEL.span((x, x), (up(100 * band.low), up(100 * band.high)), style="range c1")
            for x, band in zip(centres, bands, strict=True)
        ),
        _PANEL.rule(up(0), style="base"),
        *(_PANEL.dot(x, up(100 * band.median), style="c1") for x, band in zip(centres, bands, strict=True)),
        _PANEL.foot_axis(
            [Tick(position_frac=x, label=label) for x, label in zip(centres, labels, strict=True)]
        ),
    )
