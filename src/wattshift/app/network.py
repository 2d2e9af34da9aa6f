"""Use-cases about the network: hashrate, difficulty, hashprice."""

from __future__ import annotations

from datetime import datetime, timedelta

from wattshift.app.belief import calibrated_projection, outlook_of, posterior_of
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.clock import Window, format_instant
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.attribution import attribute
from wattshift.measures.difficulty import (
    adjustments,
    mempool_projection,
    period_progress,
    pooled_projection,
)
from wattshift.measures.hashprice import Hashprice
from wattshift.measures.hashrate import (
    WEEK_S,
    HashrateEstimate,
    HashratePeak,
    change_between,
    getnetworkhashps,
    hashrate_of_blocks,
    hashrate_of_window,
    peak_of_window,
    prob_below,
)
from wattshift.report import words
from wattshift.report.documents.network import (
    DifficultyDocument,
    HashpriceDocument,
    HashpriceMean,
    HashrateDocument,
)
from wattshift.report.documents.posterior import PosteriorDocument
from wattshift.units import SECONDS_PER_DAY, hs_to_ehs

__all__ = [
    "PEAK_SPAN_S",
    "difficulty",
    "hashprice",
    "hashprice_at_day_ends",
    "hashrate_of_period",
    "hashrate_over",
]

PEAK_SPAN_S = 90 * SECONDS_PER_DAY
_ADJUSTMENTS = 8
_MAX_MEAN_DAYS = 400


def hashrate_over(
    archive: Archive,
    *,
    at: datetime | None = None,
    window_s: int = WEEK_S,
    versus_at: datetime | None = None,
    below_ehs: float | None = None,
    fall_frac: float = 0.0,
    peak_span_s: int = PEAK_SPAN_S,
) -> HashrateDocument:
    """Hashrate over the last `window_s`, against the window before it or the one ending at `versus_at`.

    Beside it the state-space model's belief of this instant, which is faster and knows how hashrate moves.

    Args:
        archive: the kept history.
        at: the instant.
        window_s: length of the window [s].
        versus_at: end of the window to compare with, and since when a fall is judged.
        below_ehs: a threshold whose probability is asked for [EH/s].
        fall_frac: how deep a fall is asked about.
        peak_span_s: how far back the peak is searched [s].

    Raises:
        OutOfSpan: if a block that it needs is not known.
        InputError: if a window holds fewer than two blocks or the two windows overlap.
    """
    snapshot = archive.as_of(at)
    end_before = snapshot.as_of - timedelta(seconds=window_s) if versus_at is None else versus_at
    if end_before > snapshot.as_of - timedelta(seconds=window_s):
        raise InputError(
            "the two windows overlap, so they cannot be compared",
            versus=format_instant(end_before),
            window_s=window_s,
            hint="move --versus back by at least one window",
        )
    after = hashrate_of_window(snapshot.blocks, window_s=window_s)
    before = hashrate_of_window(snapshot.blocks, window_s=window_s, end_at=end_before)
    peak = peak_of_window(snapshot.blocks, after, span_s=peak_span_s, window_s=window_s)
    posterior = posterior_of(
        snapshot, since_at=versus_at, below_ehs=below_ehs, fall_frac=fall_frac, peak=peak
    )
    return _hashrate_document(snapshot, before, after, below_ehs=below_ehs, peak=peak, posterior=posterior)


def hashrate_of_period(
    archive: Archive,
    *,
    period: int,
    versus_period: int | None = None,
    at: datetime | None = None,
    below_ehs: float | None = None,
) -> HashrateDocument:
    """Hashrate of a difficulty period (its 2015 intervals, or those known so far), against an earlier one.

    Raises:
        OutOfSpan: if a block that it needs is not known.
        InputError: if the earlier period is not earlier.
    """
    snapshot = archive.as_of(at)
    base = period - 1 if versus_period is None else versus_period
    if base >= period:
        raise InputError(
            "compare a period with an earlier one",
            period=period,
            versus_period=base,
            hint="give --versus-period a smaller number than --period",
        )
    after, before = (_of_period(snapshot, number) for number in (period, base))
    return _hashrate_document(snapshot, before, after, below_ehs=below_ehs, peak=None, posterior=None)


def _of_period(snapshot: Snapshot, period: int) -> HashrateEstimate:
    interval = snapshot.blocks.network.retarget_interval
    known = snapshot.blocks.first_height // interval + 1, snapshot.blocks.tip_height // interval
    if not known[0] <= period <= known[1]:
        raise OutOfSpan(
            f"period {period} is not known at {format_instant(snapshot.as_of)}",
            first_period=known[0],
            last_period=known[1],
            hint="choose periods between these; a period is compared with the one before it by default",
        )
    first = period * interval
    last = min(first + interval - 1, snapshot.blocks.tip_height)
    return hashrate_of_blocks(snapshot.blocks, first_height=first, last_height=last)


def _hashrate_document(
    snapshot: Snapshot,
    before: HashrateEstimate,
    after: HashrateEstimate,
    *,
    below_ehs: float | None,
    peak: HashratePeak | None,
    posterior: PosteriorDocument | None,
) -> HashrateDocument:
    change = change_between(before, after)
    return HashrateDocument(
        as_of=snapshot.as_of,
        estimator=after.estimator,
        mean_ehs=after.mean_ehs,
        low_ehs=after.low_ehs,
        high_ehs=after.high_ehs,
        level=after.level,
        blocks=after.blocks,
        start_at=after.start_at,
        end_at=after.end_at,
        tip_height=snapshot.blocks.tip_height,
        tip_at=snapshot.blocks.tip_at,
        below_ehs=below_ehs,
        below_prob=None if below_ehs is None else prob_below(after, below_ehs),
        core_ehs=hs_to_ehs(getnetworkhashps(snapshot.blocks)),
        change=change,
        peak=peak,
        posterior=posterior,
        in_words=words.change_in_words(change),
        origins=snapshot.origins("blocks", "difficulty_periods"),
    )


def difficulty(
    archive: Archive, *, at: datetime | None = None, count: int | None = None
) -> DifficultyDocument:
    """Where the period stands, the next adjustment by three rules, and the last `count` ones.

    Args:
        archive: the kept history.
        at: the instant.
        count: how many past adjustments; by default eight, or as many as are known.

    Raises:
        OutOfSpan: if blocks that it needs are not known.
    """
    snapshot = archive.as_of(at)
    progress = period_progress(snapshot.blocks)
    if count is None:
        interval = snapshot.blocks.network.retarget_interval
        known = progress.period - (max(snapshot.blocks.first_height, interval) - 1) // interval
        count = min(_ADJUSTMENTS, known)
    outlook = outlook_of(snapshot, progress)
    calibrated = calibrated_projection(snapshot, progress, outlook)
    return DifficultyDocument(
        as_of=snapshot.as_of,
        progress=progress,
        calibrated=calibrated,
        outlook=outlook,
        mempool=mempool_projection(snapshot.blocks),
        pooled=pooled_projection(snapshot.blocks),
        adjustments=adjustments(snapshot.blocks, count=count),
        in_words=words.projection_in_words(calibrated),
        origins=snapshot.origins("blocks", "difficulty_periods"),
    )


def hashprice(
    archive: Archive,
    *,
    at: datetime | None = None,
    since_at: datetime | None = None,
    mean_over: Window | None = None,
) -> HashpriceDocument:
    """Hashprice now, what moved it since an earlier instant (a week ago by default), and a mean over days.

    Raises:
        OutOfSpan: if an input is not known at one of the instants.
        InputError: if `since_at` is not earlier, or the mean spans no whole day or more than 400.
    """
    snapshot = archive.as_of(at)
    earlier_at = snapshot.as_of - timedelta(days=7) if since_at is None else since_at
    if earlier_at >= snapshot.as_of:
        raise InputError(
            "--since must be earlier than --at",
            since=format_instant(earlier_at),
            at=format_instant(snapshot.as_of),
            hint="move --since back, or --at forward",
        )
    now, before = snapshot.hashprice, archive.as_of(earlier_at).hashprice
    attribution = attribute(before, now)
    return HashpriceDocument(
        as_of=snapshot.as_of,
        usd_per_ph_day=now.usd_per_ph_day,
        low_usd_per_ph_day=now.low_usd_per_ph_day,
        high_usd_per_ph_day=now.high_usd_per_ph_day,
        btc_per_ph_day=now.btc_per_ph_day,
        detail=now,
        since=before,
        attribution=attribution,
        mean=None if mean_over is None else _mean(snapshot, mean_over),
        in_words=words.attribution_in_words(attribution),
        origins=snapshot.origins("blocks", "difficulty_periods", "block_fees", "btc_usd_daily"),
    )


def _mean(snapshot: Snapshot, window: Window) -> HashpriceMean:
    days = round(window.length_s / SECONDS_PER_DAY)
    if not 1 <= days <= _MAX_MEAN_DAYS:
        raise InputError(
            f"a mean hashprice needs 1 to {_MAX_MEAN_DAYS} whole days",
            days=window.length_s / SECONDS_PER_DAY,
            hint="choose --mean-start and --mean-end as dates",
        )
    if window.end_at > snapshot.as_of:
        raise OutOfSpan(
            "that mean reaches beyond what is known",
            mean_end=format_instant(window.end_at),
            at=format_instant(snapshot.as_of),
            hint="move --mean-end back to a day that is over, or --at forward",
        )
    prices = hashprice_at_day_ends(snapshot.archive, window.start_at, days)
    values = [price.usd_per_ph_day for price in prices]
    return HashpriceMean(
        start_at=window.start_at,
        end_at=window.start_at + timedelta(days=days),
        days=days,
        mean_usd_per_ph_day=sum(values) / days,
        min_usd_per_ph_day=min(values),
        max_usd_per_ph_day=max(values),
    )


def hashprice_at_day_ends(archive: Archive, start_at: datetime, days: int) -> tuple[Hashprice, ...]:
    """The hashprice a minute before the end of each day, hence with the close of the day before."""
    last_minute = timedelta(days=1) - timedelta(minutes=1)
    return tuple(archive.as_of(start_at + timedelta(days=day) + last_minute).hashprice for day in range(days))
