"""Terminal views of the network: hashrate, difficulty, hashprice."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.measures.difficulty import Projection, ProjectionRule
from wattshift.report import words
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.figures import chance
from wattshift.report.terminal.layout import origins_view, page, prose, row, table

__all__ = ["difficulty_view", "hashprice_view", "hashrate_view"]


def hashrate_view(document: HashrateDocument) -> Group:
    """`wattshift hashrate`."""
    posterior = document.posterior
    lines = [document.in_words]
    if document.below_prob is not None:
        window = words.duration_in_words((document.end_at - document.start_at).total_seconds())
        lines.append(
            f"probability that the mean of these {window} is below {document.below_ehs:,g} EH/s:"
            f" {chance(document.below_prob)}"
        )
    if posterior is not None:
        lines += words.posterior_in_words(posterior)
    if document.peak is not None:
        lines.append(words.peak_in_words(document.peak, posterior))
    return page(
        "Network hashrate",
        format_instant(document.as_of),
        _hashrate_table(document),
        *(prose(line) for line in lines),
        origins_view(document.origins),
    )


def _span(start_at: datetime, end_at: datetime) -> str:
    return f"{format_instant(start_at)} to {format_instant(end_at)}"


def _hashrate_table(document: HashrateDocument) -> Table:
    figures = table("", ">EH/s", ">95 % interval", "blocks, window")
    before, posterior = document.change.before, document.posterior
    for label, estimate in ((document.estimator, document), ("before", before)):
        row(
            figures,
            label,
            f"{estimate.mean_ehs:,.1f}",
            f"{estimate.low_ehs:,.0f} to {estimate.high_ehs:,.0f}",
            f"{estimate.blocks:,} blocks, {_span(estimate.start_at, estimate.end_at)}",
        )
    if posterior is not None:
        row(
            figures,
            "state-space model",
            f"{posterior.median_ehs:,.1f}",
            f"{posterior.low_ehs:,.0f} to {posterior.high_ehs:,.0f}",
            f"at this instant; moving fast with probability {chance(posterior.storm_prob)}",
        )
    row(figures, "Core's getnetworkhashps", f"{document.core_ehs:,.1f}", "", "120 blocks; biased by +0.8 %")
    return figures


def _projection_row(projection: Projection) -> tuple[str, str, str, str]:
    interval = ""
    if (
        projection.low_frac is not None
        and projection.high_frac is not None
        and projection.rule is not ProjectionRule.LOCKED_IN
    ):
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
        f"period {progress.period}: {words.counted(progress.blocks_since_first, 'block')} after the first one"
        f" at height {progress.first_height}, {progress.blocks_remaining:,} to the retarget at"
        f" {progress.retarget_height}{mean}; difficulty {progress.difficulty:,.0f}"
    )
    projections = table("next adjustment", ">change", ">95 % interval", "expected")
    row(projections, *_projection_row(document.calibrated))
    if document.pooled.rule is not ProjectionRule.LOCKED_IN:
        row(projections, *_projection_row(document.pooled))
    row(projections, *_projection_row(document.mempool))
    past = table("height", "at", ">change", ">z", ">difficulty", "verdict")
    for adjustment in document.adjustments:
        row(
            past,
            str(adjustment.height),
            format_instant(adjustment.at),
            words.percent(adjustment.change_frac, digits=3),
            f"{adjustment.z:+.2f}".replace("-", words.MINUS),
            f"{adjustment.difficulty:,.0f}",
            words.adjustment_verdict(adjustment),
        )
    return page(
        "Difficulty",
        format_instant(document.as_of),
        status,
        projections,
        *(prose(line) for line in words.outlook_in_words(document.outlook)),
        past,
        origins_view(document.origins),
    )


def hashprice_view(document: HashpriceDocument) -> Group:
    """`wattshift hashprice`."""
    figures = table("", ">USD/PH/day", ">95 % interval", ">BTC/PH/day", "made of")
    for label, price in (("now", document.detail), (format_instant(document.since.as_of), document.since)):
        row(
            figures,
            label,
            f"{price.usd_per_ph_day:,.2f}",
            f"{price.low_usd_per_ph_day:,.1f} to {price.high_usd_per_ph_day:,.1f}",
            f"{price.btc_per_ph_day:.8f}",
            f"{price.price.price_usd_per_btc:,.0f} USD/BTC, {price.subsidy_btc:g} +"
            f" {price.fees.mean_btc:.4f} BTC, difficulty {price.difficulty:.4g}",
        )
    lines: list[RenderableType] = [figures, prose(document.in_words)]
    if document.mean is not None:
        mean = document.mean
        lines.append(
            Text(
                f"mean of {words.counted(mean.days, 'day end')} from"
                f" {mean.start_at:%Y-%m-%d}: {mean.mean_usd_per_ph_day:.2f} USD/PH/day (lowest"
                f" {mean.min_usd_per_ph_day:.2f}, highest {mean.max_usd_per_ph_day:.2f})"
            )
        )
    lines.append(Padding(prose(document.detail.convention, style="dim"), (0, 0, 1, 0)))
    return page("Hashprice", format_instant(document.as_of), *lines, origins_view(document.origins))
