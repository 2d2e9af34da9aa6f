"""Documents for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.measures.difficulty import Projection
from wattshift.provenance import Freshness, Origin
from wattshift.report import words
from wattshift.report.documents.data import DataDocument
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument

__all__ = [
    "console",
    "data_view",
    "difficulty_view",
    "hashprice_view",
    "hashrate_view",
    "headline",
    "origins_view",
    "table",
]

_FRESHNESS_STYLE = {Freshness.FRESH: "green", Freshness.STALE: "yellow", Freshness.EXPIRED: "red"}


def table(*columns: str, title: str | None = None) -> Table:
    """A plain table; columns that begin with '>' are right-aligned."""
    made = Table(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        expand=False,
    )
    for column in columns:
        made.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    return made


def headline(text: str, *, detail: str = "") -> Text:
    """A line that names what follows."""
    line = Text(text, style="bold")
    return line.append(f"  {detail}", style="dim") if detail else line


def origins_view(origins: Sequence[Origin]) -> Table:
    """Age and origin of every input."""
    made = table("input", "newest", "age", "state", "note", "source")
    made.columns[-1].overflow = "fold"
    for origin in origins:
        state = Text(origin.freshness.value, style=_FRESHNESS_STYLE[origin.freshness])
        made.add_row(
            origin.name,
            "" if origin.newest_at is None else format_instant(origin.newest_at),
            words.age_in_words(origin.age_s),
            "" if origin.age_s is None else state,
            origin.note,
            f"{origin.source} ({origin.licence})",
        )
    return made


def _page(title: str, document_at: str, *parts: RenderableType) -> Group:
    return Group(headline(title, detail=f"as of {document_at}"), *parts)


def hashrate_view(document: HashrateDocument) -> Group:
    """`wattshift hashrate`."""
    figures = table("", ">EH/s", ">95 % interval", "blocks, window")
    span = (
        f"{document.blocks} blocks, {format_instant(document.start_at)} to {format_instant(document.end_at)}"
    )
    figures.add_row(
        document.estimator,
        f"{document.mean_ehs:,.1f}",
        f"{document.low_ehs:,.0f} to {document.high_ehs:,.0f}",
        span,
    )
    figures.add_row(
        "Core's getnetworkhashps", f"{document.core_ehs:,.1f}", "", "120 blocks; biased by +0.8 %"
    )
    before = document.change.before
    figures.add_row(
        "before",
        f"{before.mean_ehs:,.1f}",
        f"{before.low_ehs:,.0f} to {before.high_ehs:,.0f}",
        f"{before.blocks} blocks, {format_instant(before.start_at)} to {format_instant(before.end_at)}",
    )
    lines: list[RenderableType] = [figures, Text(document.in_words)]
    if document.below_prob is not None:
        chance = words.percent(document.below_prob, signed=False)
        lines.append(
            Text(f"probability that the true hashrate is below {document.below_ehs:,g} EH/s: {chance}")
        )
    if document.peak is not None:
        lines.append(Text(words.peak_in_words(document.peak)))
    return _page("Network hashrate", format_instant(document.as_of), *lines, origins_view(document.origins))


def _projection_row(projection: Projection) -> tuple[str, str, str, str]:
    interval = ""
    if projection.low_frac is not None and projection.high_frac is not None:
        interval = f"{words.percent(projection.low_frac)} to {words.percent(projection.high_frac)}"
    return (
        projection.rule.value,
        words.percent(projection.change_frac, digits=2),
        interval,
        format_instant(projection.expected_at.replace(second=0, microsecond=0)),
    )


def difficulty_view(document: DifficultyDocument) -> Group:
    """`wattshift difficulty`."""
    progress = document.progress
    mean = "" if progress.mean_interval_s is None else f", mean interval {progress.mean_interval_s:.1f} s"
    status = Text(
        f"period {progress.period}: {progress.blocks_since_first} blocks after the first one at height"
        f" {progress.first_height}, {progress.blocks_remaining} to the retarget at {progress.retarget_height}{mean};"
        f" difficulty {progress.difficulty:,.0f}"
    )
    projections = table("next adjustment", ">change", ">95 % interval", "expected")
    projections.add_row(*_projection_row(document.pooled))
    projections.add_row(*_projection_row(document.mempool))
    past = table("height", "at", ">change", ">z", ">difficulty", "verdict")
    for adjustment in document.adjustments:
        past.add_row(
            str(adjustment.height),
            format_instant(adjustment.at),
            words.percent(adjustment.change_frac, digits=3),
            f"{adjustment.z:+.2f}",
            f"{adjustment.difficulty:,.0f}",
            words.adjustment_verdict(adjustment),
        )
    return _page(
        "Difficulty",
        format_instant(document.as_of),
        status,
        projections,
        past,
        origins_view(document.origins),
    )


def hashprice_view(document: HashpriceDocument) -> Group:
    """`wattshift hashprice`."""
    figures = table("", ">USD/PH/day", ">95 % interval", ">BTC/PH/day", "made of")
    for label, price in (("now", document.detail), (format_instant(document.since.as_of), document.since)):
        figures.add_row(
            label,
            f"{price.usd_per_ph_day:,.2f}",
            f"{price.low_usd_per_ph_day:,.1f} to {price.high_usd_per_ph_day:,.1f}",
            f"{price.btc_per_ph_day:.8f}",
            f"{price.price.price_usd_per_btc:,.0f} USD/BTC, {price.subsidy_btc:g} + {price.fees.mean_btc:.4f} BTC,"
            f" difficulty {price.difficulty:.4g}",
        )
    lines: list[RenderableType] = [figures, Text(document.in_words)]
    if document.mean is not None:
        mean = document.mean
        lines.append(
            Text(
                f"mean of {mean.days} day ends from {mean.start_at:%Y-%m-%d}: {mean.mean_usd_per_ph_day:.2f}"
                f" USD/PH/day ({mean.min_usd_per_ph_day:.2f} to {mean.max_usd_per_ph_day:.2f})"
            )
        )
    lines.append(Padding(Text(document.detail.convention, style="dim"), (0, 0, 1, 0)))
    return _page("Hashprice", format_instant(document.as_of), *lines, origins_view(document.origins))


def data_view(document: DataDocument) -> Group:
    """`wattshift data`."""
    listed = table("table", "what", ">rows", "from", "to", "licences", "note")
    for file in document.files:
        listed.add_row(
            file.table,
            file.title,
            f"{file.rows:,}",
            file.first or "",
            file.last or "",
            ", ".join(file.licences),
            file.note,
        )
    return Group(
        headline("Bundled history", detail=f"every --at defaults to {format_instant(document.as_of)}"),
        listed,
        Text("all files proved against their hashes", style="green"),
    )


def console(*, width: int | None = None) -> Console:
    """The terminal; wide enough for tables when the output is piped."""
    made = Console(width=width, highlight=False, soft_wrap=False)
    return made if made.is_terminal or width else Console(width=120, highlight=False)
