"""The use-case `plot`: what the pictures of hashrate, difficulty and hashprice show."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from wattshift.app.changes import changes_found
from wattshift.app.scoring import SEED
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.clock import Window, format_instant, from_unix, to_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.attribution import attribute
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.difficulty import Adjustment, adjustments, mempool_projection, period_progress
from wattshift.measures.fees import FeeBasis
from wattshift.measures.hashrate import hashrate_series
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.posterior import HashrateBelief, belief, hindsight_at
from wattshift.measures.level.scoring import Rule, known_at_block, statespace_rule
from wattshift.measures.level.statespace import FilteredLevel, filter_level, smooth_level, state_at
from wattshift.report.plots.difficulty import DifficultyPicture
from wattshift.report.plots.hashprice import HashpricePicture, MonthMove
from wattshift.report.plots.hashrate import Fall, HashratePicture
from wattshift.units import SECONDS_PER_DAY

__all__ = [
    "difficulty_picture",
    "hashprice_picture",
    "hashrate_picture",
    "picture_window",
]

_MOST_POINTS = 1_500
_LEAST_DAYS = 14
_INNER_LEVEL = 0.5
_DEPTH_STEP = 12


def picture_window(
    snapshot: Snapshot, start_at: datetime | None, end_at: datetime | None, *, days: int
) -> Window:
    """The stretch of time that a picture shows: by default the last `days` before the instant of knowledge.

    Raises:
        OutOfSpan: if the chain is not known over the whole of it.
        InputError: if it is shorter than two weeks.
    """
    last_at = snapshot.as_of if end_at is None else end_at
    first_at = last_at - timedelta(days=days) if start_at is None else start_at
    window = Window(start_at=first_at, end_at=last_at)
    known_from = from_unix(int(snapshot.blocks.running_max_s[0]))
    if window.end_at > snapshot.as_of or window.start_at < known_from:
        raise OutOfSpan(
            "the chain is not known over the whole picture",
            known_from=format_instant(known_from),
            known_to=format_instant(snapshot.as_of),
            hint="move --start and --end into that span",
        )
    if window.length_s < _LEAST_DAYS * SECONDS_PER_DAY:
        raise InputError(
            f"a picture spans {_LEAST_DAYS} days or more",
            start=format_instant(window.start_at),
            end=format_instant(window.end_at),
            hint="move --start back",
        )
    return window


def _filtered(blocks: KnownBlocks) -> FilteredLevel:
    return filter_level(arrivals_of(blocks.header_time_s, blocks.work_hashes, blocks.first_height))


def _retargets(blocks: KnownBlocks, window: Window) -> tuple[Adjustment, ...]:
    """All retargets inside a window."""
    interval = blocks.network.retarget_interval
    count = blocks.tip_height // interval - blocks.first_height // interval
    known = adjustments(blocks, count=count)
    return tuple(each for each in known if window.start_at <= each.at <= window.end_at)


def hashrate_picture(
    archive: Archive,
    *,
    at: datetime | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    is_log: bool = False,
) -> HashratePicture:
    """The posterior of the hashrate over a year, or over another stretch of time.

    Args:
        archive: the kept history.
        at: the instant of knowledge; later blocks are not used.
        start_at: where the picture starts.
        end_at: where it ends.
        is_log: logarithmic hashrate axis.

    Raises:
        OutOfSpan: if the chain is not known over the whole picture.
        InputError: if it spans less than two weeks.
    """
    snapshot = archive.as_of(at)
    blocks = snapshot.blocks
    window = picture_window(snapshot, start_at, end_at, days=365)
    shown = _beliefs(blocks, window)
    days = round(window.length_s) // SECONDS_PER_DAY
    step_s = SECONDS_PER_DAY // 4 if days < 400 else SECONDS_PER_DAY
    weekly = hashrate_series(
        blocks, end_at=window.end_at, step_s=step_s, steps=round(window.length_s) // step_s + 1
    )
    interval = blocks.network.subsidy_halving_interval
    halvings = range(-(-blocks.first_height // interval) * interval, blocks.tip_height + 1, interval)
    halved_at = (from_unix(blocks.time_s(height)) for height in halvings)
    return HashratePicture(
        as_of=snapshot.as_of,
        belief=shown,
        weekly=weekly.select("at", "mean_ehs"),
        changes=changes_found(blocks, window),
        retargets=_retargets(blocks, window),
        halvings_at=tuple(each for each in halved_at if window.start_at <= each <= window.end_at),
        fall=_largest_fall(shown),
        is_log=is_log,
        origins=snapshot.origins("blocks", "difficulty_periods"),
    )


def _beliefs(blocks: KnownBlocks, window: Window) -> pl.DataFrame:
    """The posterior at instants of a window; after the last closed bin only the filter's at the end."""
    filtered = _filtered(blocks)
    smoothed = smooth_level(filtered)
    arrivals = filtered.arrivals
    closed_s = (
        arrivals.arrival_s[arrivals.edge(0)],
        arrivals.arrival_s[arrivals.edge(len(filtered.mean_ln_ehs))],
    )
    start_s, end_s = max(to_unix(window.start_at), closed_s[0]), to_unix(window.end_at)
    tip = len(blocks.header_time_s) - 1
    rows = []
    for instant_s in np.linspace(start_s, end_s, _MOST_POINTS).tolist():
        if instant_s <= closed_s[1]:
            state = hindsight_at(filtered, smoothed, instant_s)
        elif instant_s < end_s:
            continue
        else:
            state = state_at(filtered, tip, to_unix(blocks.as_of))
        rows.append(_belief_row(instant_s, belief(state), belief(state, level=_INNER_LEVEL)))
    return pl.DataFrame(rows)


def _belief_row(
    instant_s: float, outer: HashrateBelief, inner: HashrateBelief
) -> dict[str, datetime | float]:
    return {
        "at": from_unix(instant_s),
        "median_ehs": outer.median_ehs,
        "low_ehs": outer.low_ehs,
        "high_ehs": outer.high_ehs,
        "inner_low_ehs": inner.low_ehs,
        "inner_high_ehs": inner.high_ehs,
    }


def _largest_fall(shown: pl.DataFrame) -> Fall | None:
    """The deepest point of the median below its own highest so far."""
    median = shown["median_ehs"].to_numpy()
    depth = 1 - median / np.maximum.accumulate(median)
    bottom = int(depth.argmax())
    if not depth[bottom] > 0:
        return None
    return Fall(
        from_at=shown["at"][int(median[: bottom + 1].argmax())],
        to_at=shown["at"][bottom],
        size_frac=float(depth[bottom]),
    )


def difficulty_picture(
    archive: Archive, *, at: datetime | None = None, start_at: datetime | None = None, seed: int = SEED
) -> DifficultyPicture:
    """The adjustments of a year or since `start_at`, and the projection of the present period over its depth.

    Args:
        archive: the kept history.
        at: the instant of knowledge; later blocks are not used.
        start_at: from when on past adjustments are shown.
        seed: of the draws.

    Raises:
        OutOfSpan: if the chain is not known since `start_at`.
        InputError: if no adjustment lies between the two.
    """
    snapshot = archive.as_of(at)
    blocks = snapshot.blocks
    past = _retargets(blocks, picture_window(snapshot, start_at, None, days=365))
    if not past:
        raise InputError("no adjustment lies in this picture", hint="move --start back")
    progress = period_progress(blocks)
    rule = statespace_rule(_filtered(blocks), seed=seed)
    steps = range(1, progress.blocks_since_first, _DEPTH_STEP)
    known = [*(known_at_block(blocks, progress.first_height + depth) for depth in steps), blocks]
    return DifficultyPicture(
        as_of=snapshot.as_of,
        adjustments=past,
        progress=progress,
        courses=pl.DataFrame([_course_row(then, rule) for then in known]),
        seed=seed,
        origins=snapshot.origins("blocks", "difficulty_periods"),
    )


def _course_row(known: KnownBlocks, rule: Rule) -> dict[str, int | float]:
    said = rule(known)
    row: dict[str, int | float] = {
        "depth": known.tip_height % known.network.retarget_interval,
        "mempool_frac": mempool_projection(known).change_frac,
        "mean_frac": said.point_frac,
    }
    for percents in (50, 80, 95):
        tail = (1 - percents / 100) / 2
        low, high = np.quantile(said.draws_frac, [tail, 1 - tail]).tolist()
        row |= {f"low_{percents}_frac": low, f"high_{percents}_frac": high}
    return row


def hashprice_picture(
    archive: Archive,
    *,
    at: datetime | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
) -> HashpricePicture:
    """The hashprice at every day's end over a year, or over another stretch, and what moved it each month.

    Raises:
        OutOfSpan: if an input is not known over the whole picture.
        InputError: if it spans less than two weeks.
    """
    snapshot = archive.as_of(at)
    window = picture_window(snapshot, start_at, end_at, days=365)
    days = int(window.length_s // SECONDS_PER_DAY)
    instants = [window.end_at - timedelta(days=back) for back in range(days, -1, -1)]
    prices = [archive.as_of(instant).hashprice for instant in instants]
    edges = [0, *(k for k in range(1, days) if instants[k].month != instants[k - 1].month), days]
    return HashpricePicture(
        as_of=snapshot.as_of,
        series=pl.DataFrame(
            {
                "at": instants,
                "usd_per_ph_day": [price.usd_per_ph_day for price in prices],
                "low_usd_per_ph_day": [price.low_usd_per_ph_day for price in prices],
                "high_usd_per_ph_day": [price.high_usd_per_ph_day for price in prices],
                "is_carried": [price.fees.basis is FeeBasis.CARRIED for price in prices],
            }
        ),
        months=tuple(
            MonthMove(
                start_at=instants[low],
                end_at=instants[high],
                attribution=attribute(prices[low], prices[high]),
            )
            for low, high in pairwise(edges)
        ),
        now=prices[-1],
        whole=attribute(prices[0], prices[-1]),
        origins=snapshot.origins("blocks", "difficulty_periods", "block_fees", "btc_usd_daily"),
    )
