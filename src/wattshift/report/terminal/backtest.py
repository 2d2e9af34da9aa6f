"""The backtest in words and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from wattshift.clock import format_instant
from wattshift.report.documents.backtest import BacktestDocument, SpanKind, SpanResult, Way, WayResult
from wattshift.report.figures import day, name, number
from wattshift.report.terminal.layout import headline, origins_view, prose, row, table
from wattshift.report.words import percent

__all__ = ["backtest_in_words", "backtest_view", "way_of"]


def way_of(span: SpanResult, way: Way) -> WayResult | None:
    """What a way earned in a span; None where the site has no such way."""
    return next((result for result in span.ways if result.way is way), None)


def backtest_in_words(spans: Sequence[SpanResult]) -> str:
    """The verdict over the whole window, and the years or months in which the last price did better.

    Args:
        spans: the whole window, then its parts.
    """
    whole, *others = spans
    shares = [
        percent(result.captured_ratio, digits=2, signed=False)
        for way in (Way.PLANNER, Way.LAST_PRICE)
        if (result := way_of(whole, way)) is not None and result.captured_ratio is not None
    ]
    if len(shares) < 2:
        return "Nothing could be gained over serving the halls alone: there is nothing to time."
    told = [
        (
            f"The planner captured {shares[0]} of what perfect foresight gains over serving the halls alone,"
            f" the last price {shares[1]}"
        )
    ]
    if whole.gap_closed_ratio is not None:
        told.append(f"it closes {percent(whole.gap_closed_ratio, signed=False)} of the gap that is left")
    if whole.over_fleet_ratio is not None:
        told.append(f"it earns {percent(whole.over_fleet_ratio)} against the fleet's average on or off")
    worse = [
        span.name
        for span in others
        if span.kind is not SpanKind.EVENT and span.gap_closed_ratio is not None and span.gap_closed_ratio < 0
    ]
    parts = [span for span in others if span.kind is not SpanKind.EVENT]
    noun = "month" if parts and parts[0].kind is SpanKind.MONTH else "year"
    told.append(
        f"below the last price in {', '.join(worse)}" if worse else f"in no {noun} below the last price"
    )
    return "; ".join(told) + "."


def backtest_view(document: BacktestDocument) -> Group:
    """`wattshift backtest`."""
    span = (
        f"{day(document.start_at)} to {day(document.end_at)}, {number(document.intervals)} intervals of"
        f" {60 * document.hours:g} minutes; every decision knew only the prices settled before its interval"
    )
    parts: list[RenderableType] = [
        prose(document.in_words),
        prose(span, style="dim"),
        _ways(document),
        _spans(document),
        _forecasts(document),
        prose(f"Proof: {document.proof}.", style="dim"),
        origins_view(document.origins),
    ]
    title = headline(
        f"{name(document.site)}, replayed", detail=f"history known to {format_instant(document.as_of)}"
    )
    return Group(title, *parts)


def _ways(document: BacktestDocument) -> Table:
    made = table(
        "way", ">profit, USD", ">behind, USD", ">captured", ">MWh", "what", title="Over the whole window"
    )
    what = dict(each.split(": ", 1) for each in document.what)
    for result in document.whole.ways:
        row(
            made,
            result.way.value,
            number(result.profit_usd),
            number(result.behind_usd),
            _share(result.captured_ratio),
            number(result.energy_mwh),
            what.get(result.way.value, ""),
        )
    return made


def _spans(document: BacktestDocument) -> Table:
    ways = [result.way for result in document.whole.ways if result.way is not Way.FORESIGHT]
    shown = [way for way in ways if way is not Way.AI_ONLY]
    made = table(
        "span",
        ">foresight, USD",
        *(f">{way.value}" for way in shown),
        ">gap closed",
        ">over fleet average",
        title="Captured, by span",
    )
    for span in document.spans:
        results = [way_of(span, way) for way in shown]
        best = way_of(span, Way.FORESIGHT)
        row(
            made,
            span.name,
            "" if best is None else number(best.profit_usd),
            *("" if result is None else _share(result.captured_ratio) for result in results),
            _share(span.gap_closed_ratio, digits=1),
            "" if span.over_fleet_ratio is None else percent(span.over_fleet_ratio),
        )
    return made


def _forecasts(document: BacktestDocument) -> Table:
    made = table(
        "forecast of the next price",
        ">mean error, USD/MWh",
        ">bias",
        ">inside 50 %",
        ">inside 90 %",
        title="Forecasts and their conformal intervals",
    )
    for skill in document.forecasts:
        row(
            made,
            skill.name,
            number(skill.mae_usd_per_mwh, 2),
            number(skill.bias_usd_per_mwh, 2, signed=True),
            _share(skill.cover_50_frac, digits=1),
            _share(skill.cover_90_frac, digits=1),
        )
    return made


def _share(ratio: float | None, *, digits: int = 2) -> str:
    return "" if ratio is None else percent(ratio, digits=digits, signed=False)
