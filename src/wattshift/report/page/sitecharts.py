"""The charts of a site: what a MWh is worth, where the megawatts went, what that earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from itertools import groupby

from wattshift.assets.kind import UseKind
from wattshift.report.documents.site import AccountRow, PlanDocument, PlanSeries, UseRow, ValueDocument
from wattshift.report.figures import day, kind, minute, name, number
from wattshift.report.page.charts import Chart, Key
from wattshift.report.page.scales import (
    LinearScale,
    SymlogScale,
    TimeScale,
    figure_scale,
    nice_scale,
    trimmed_scale,
)
from wattshift.report.page.svg import AXIS_PX, Panel, drawing

__all__ = ["month_chart", "profit_chart", "use_styles", "worth_chart"]

_COLOURS = 6
_ROW_PX = 44
_TEXT_ROW_PX, _MARK_ROW_PX = 16, 30
_HEAD_PX = 24
_SHORT_NAME = 22
_BAR_ROW_PX = (16, 23, 37, 34)
"""Where a row of the profit chart has its name, its bar's two edges, and its figure."""
_BAR_ROOM_FRAC = 0.58
"""How far the bars may reach: the rest is for the figures beside them."""
_PRICE_PANEL = Panel(top_px=36, height_px=120)
_LOAD_PANEL = Panel(top_px=194, height_px=170)
_MAX_STRETCHES = 1_000


def use_styles(document: PlanDocument) -> dict[str, str]:
    """A colour class for each use of a site, the same on every chart; what is not listed is neutral."""
    return {use: f"c{1 + index % _COLOURS}" for index, use in enumerate(document.series.uses)}


# --- what a MWh is worth ------------------------------------------------------------------------------------


def worth_chart(document: ValueDocument, styles: Mapping[str, str]) -> Chart:
    """What each use pays for a MWh, against what the MWh costs."""
    uses, power = document.uses, document.delivered_usd_per_mwh
    ends = [end for use in uses for end in (use.low_usd_per_mwh, use.high_usd_per_mwh)]
    across = figure_scale([*ends, power])
    title = "What a MWh is worth in each use, USD/MWh"
    if isinstance(across, SymlogScale):
        title += " (logarithmic axis)"
    listed = ", ".join(f"{name(use.name)} {number(use.worth_usd_per_mwh, 1)}" for use in uses)
    summary = f"A MWh costs {number(power, 1)} USD delivered. It is worth: {listed}."
    panel = Panel(top_px=_HEAD_PX, height_px=_ROW_PX * len(uses))
    marks = [
        panel.foot_axis(across.ticks(), rules=True),
        panel.post(across(power), style="price"),
        panel.label(
            across(power),
            1,
            f"delivered power {number(power, 1)}",
            style="start" if across(power) < 0.5 else "end",
            down_px=-8,
        ),
    ]
    for index, use in enumerate(uses):
        marks += _worth_row(panel, across, use, index, styles.get(use.name, "c0"))
    return Chart(
        key="worth",
        title=title,
        summary=summary,
        svg=drawing(*marks, key="worth", height_px=panel.bottom_px + AXIS_PX, title=title, summary=summary),
        legend=(
            Key(label="worth before power, with 95 % interval", style="dot c0"),
            Key(label="margin: worth less power; net: margin less capital", style=""),
        ),
        header=("use", "kind", "worth", "low", "high", "power", "margin", "capital", "net"),
        rows=tuple(_worth_cells(use) for use in uses),
    )


def _worth_row(
    panel: Panel, across: LinearScale | SymlogScale, use: UseRow, index: int, style: str
) -> tuple[str, ...]:
    text_y, mark_y = (1 - (index * _ROW_PX + px) / panel.height_px for px in (_TEXT_ROW_PX, _MARK_ROW_PX))
    low, mean, high = (
        across(end) for end in (use.low_usd_per_mwh, use.worth_usd_per_mwh, use.high_usd_per_mwh)
    )
    margin = f"margin {number(use.margin_usd_per_mwh, 1, signed=True)}"
    if use.capital_usd_per_mwh:
        margin += f", net {number(use.net_usd_per_mwh, 1, signed=True)}"
    return (
        *((panel.rule(1 - index * _ROW_PX / panel.height_px, style="rule"),) if index else ()),
        panel.label(0, text_y, name(use.name, length=_SHORT_NAME), style="start strong"),
        panel.label(1, text_y, margin, style="end"),
        panel.span((low, high), (mark_y, mark_y), style=f"range {style}"),
        panel.dot(mean, mark_y, style=style, radius_px=5),
    )


def _worth_cells(use: UseRow) -> tuple[str, ...]:
    figures = (
        use.worth_usd_per_mwh,
        use.low_usd_per_mwh,
        use.high_usd_per_mwh,
        use.power_usd_per_mwh,
        use.margin_usd_per_mwh,
        use.capital_usd_per_mwh,
        use.net_usd_per_mwh,
    )
    return (name(use.name), kind(use.kind), *(number(figure, 2) for figure in figures))


# --- where the megawatts went -------------------------------------------------------------------------------


def month_chart(document: PlanDocument, styles: Mapping[str, str]) -> Chart:
    """The power price over the loads of the plan, interval by interval."""
    series = document.series
    title = f"Power price and load, {day(document.start_at)} to {day(document.end_at)}"
    prices = series.spot_usd_per_mwh
    drawn = "; ".join(
        f"{name(use.name)} {number(use.running_hours)} h, {number(use.energy_mwh)} MWh"
        for use in document.uses
    )
    summary = f"Power cost {_span(prices, 2)} USD/MWh at the market. Hours on and energy drawn: {drawn}."
    marks = (*_price_marks(series), *_load_marks(document, styles)) if prices else ()
    height_px = _LOAD_PANEL.bottom_px + AXIS_PX
    return Chart(
        key="month",
        title=title,
        summary=summary,
        svg=drawing(*marks, key="month", height_px=height_px, title=title, summary=summary),
        legend=(
            *(Key(label=name(use), style=f"area {styles[use]}") for use in _stacked(document)),
            Key(label="cap of the site", style="line cap"),
        ),
        header=("from (UTC)", "to", "price USD/MWh", "cap MW", *(f"{name(use)} MW" for use in series.uses)),
        rows=tuple(_stretch_cells(series, indices) for indices in _stretches(series)),
    )


def _edges(series: PlanSeries) -> tuple[TimeScale, list[float]]:
    instants = [*series.start_at, series.start_at[-1] + timedelta(hours=series.hours)]
    across = TimeScale((instants[0], instants[-1]))
    return across, [across(at) for at in instants]


def _price_marks(series: PlanSeries) -> tuple[str, ...]:
    panel, prices = _PRICE_PANEL, series.spot_usd_per_mwh
    _, edges = _edges(series)
    up = trimmed_scale(prices)
    ys = [up(price) for price in prices]
    beyond = [
        _beyond(edges, prices, ys, top=top) for top in (True, False) if (max(ys) > 1 if top else min(ys) < 0)
    ]
    return (
        panel.label(0, 1, "power price, USD/MWh", style="start unit", down_px=-24),
        panel.level_axis(up.ticks()),
        panel.layer(panel.steps(edges, [min(1.0, max(0.0, y)) for y in ys], style="spot")),
        *(mark for marks in beyond for mark in marks),
        panel.foot_axis([]),
    )


def _beyond(
    edges: Sequence[float], prices: Sequence[float], ys: Sequence[float], *, top: bool
) -> tuple[str, str]:
    """Marks where prices leave the axis, and the price that leaves it farthest."""
    panel = _PRICE_PANEL
    edge = 1.0 if top else 0.0
    outside = [index for index, y in enumerate(ys) if (y > 1 if top else y < 0)]
    extreme = (max if top else min)(outside, key=lambda index: prices[index])
    x = edges[extreme]
    arrow = "\N{UPWARDS ARROW}" if top else "\N{DOWNWARDS ARROW}"
    return (
        panel.layer(
            *(panel.line(edges[index : index + 2], (edge, edge), style="beyond") for index in outside)
        ),
        panel.label(
            x,
            edge,
            f"{arrow} {number(prices[extreme])}",
            style=f"far {'end' if x > 0.5 else 'start'}",
            down_px=-8 if top else 14,
        ),
    )


def _stacked(document: PlanDocument) -> tuple[str, ...]:
    """The uses from the bottom of the stack up: halls, which seldom move, below miners."""
    kinds = {use.name: use.kind for use in document.uses}
    return tuple(
        sorted(document.series.uses, key=lambda use: kinds.get(use, UseKind.MINING) == UseKind.MINING)
    )


def _load_marks(document: PlanDocument, styles: Mapping[str, str]) -> tuple[str, ...]:
    panel, series = _LOAD_PANEL, document.series
    across, edges = _edges(series)
    loads = dict(zip(series.uses, series.load_mw, strict=True))
    total = [0.0] * len(series.start_at)
    tops: list[tuple[str, list[float]]] = []
    for use in _stacked(document):
        total = [below + load for below, load in zip(total, loads[use], strict=True)]
        tops.append((styles[use], total))
    up = nice_scale([*series.cap_mw, *total], zero=True)
    areas = [panel.step_area(edges, [up(top) for top in tops_mw], style=style) for style, tops_mw in tops]
    return (
        panel.label(0, 1, "load, MW", style="start unit", down_px=-8),
        panel.level_axis(up.ticks()),
        panel.layer(*reversed(areas), panel.steps(edges, [up(cap) for cap in series.cap_mw], style="cap")),
        panel.foot_axis(across.ticks()),
    )


def _stretches(series: PlanSeries) -> list[list[int]]:
    """Runs of intervals with equal loads and cap; days, where there are too many of those."""
    indices = range(len(series.start_at))
    for key in (
        lambda index: (series.cap_mw[index], *(load[index] for load in series.load_mw)),
        lambda index: series.start_at[index].astimezone(UTC).date(),
    ):
        runs = [list(run) for _, run in groupby(indices, key=key)]
        if len(runs) <= _MAX_STRETCHES:
            break
    return runs


def _stretch_cells(series: PlanSeries, indices: Sequence[int]) -> tuple[str, ...]:
    columns = (series.cap_mw, *series.load_mw)
    return (
        minute(series.start_at[indices[0]]),
        minute(series.start_at[indices[-1]] + timedelta(hours=series.hours)),
        _span([series.spot_usd_per_mwh[index] for index in indices], 2),
        *(_span([column[index] for index in indices], 1) for column in columns),
    )


def _span(values: Sequence[float], digits: int) -> str:
    """All values in words: one figure where they are equal, the lowest and the highest otherwise."""
    ends = [number(end, digits) for end in (min(values, default=0.0), max(values, default=0.0))]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


# --- what that earned ---------------------------------------------------------------------------------------


def profit_chart(document: PlanDocument) -> Chart:
    """Profit of the plan and of every other way to run the site."""
    accounts = document.accounts
    across = nice_scale([account.profit_usd for account in accounts], zero=True)
    title = "Profit after power, USD"
    summary = document.in_words
    panel = Panel(top_px=0, height_px=_ROW_PX * len(accounts))
    marks = [panel.post(_BAR_ROOM_FRAC * across(0), style="base")]
    for index, account in enumerate(accounts):
        marks += _profit_row(panel, across, account, index)
    return Chart(
        key="profit",
        title=title,
        summary=summary,
        svg=drawing(*marks, key="profit", height_px=panel.bottom_px + 4, title=title, summary=summary),
        legend=(),
        header=(
            "rule",
            "what",
            "profit USD",
            "against the plan",
            "revenue USD",
            "power USD",
            "MWh",
            "mining",
        ),
        rows=tuple(
            (
                name(account.rule),
                account.what,
                number(account.profit_usd),
                number(account.versus_plan_usd, signed=True),
                number(account.revenue_usd),
                number(account.power_usd),
                number(account.energy_mwh),
                "" if account.mining_frac is None else f"{number(100 * account.mining_frac, 1)} %",
            )
            for account in accounts
        ),
    )


def _profit_row(panel: Panel, across: LinearScale, account: AccountRow, index: int) -> tuple[str, ...]:
    text_y, top, bottom, value_y = (1 - (index * _ROW_PX + px) / panel.height_px for px in _BAR_ROW_PX)
    zero, end = (_BAR_ROOM_FRAC * across(value) for value in (0.0, account.profit_usd))
    versus = f" ({number(account.versus_plan_usd, signed=True)})" if index else ""
    return (
        panel.label(0, text_y, name(account.rule), style="start strong", right_px=6),
        panel.box((zero, end), (bottom, top), style="bar c0" if index else "bar c1"),
        panel.label(
            max(zero, end), value_y, f"{number(account.profit_usd)}{versus}", style="start", right_px=8
        ),
    )
