"""The state-space view of a snapshot: what is believed of the hashrate and of the coming retargets."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np

from wattshift.app.snapshot import Snapshot
from wattshift.clock import format_instant, from_unix, to_unix
from wattshift.errors import InputError
from wattshift.measures.difficulty import NOISE_FLOOR_FRAC, PeriodProgress, Projection, ProjectionRule
from wattshift.measures.hashrate import WEEK_S, HashratePeak
from wattshift.measures.intervals import LEVEL
from wattshift.measures.level.peak import PeakLuck, peak_luck, true_drop
from wattshift.measures.level.posterior import Paths, belief, below_prob, draw_paths, fell_prob, lowest_since
from wattshift.measures.level.projection import forecast, project, remaining_time
from wattshift.measures.level.scoring import adaptive_levels, replay, statespace_rule
from wattshift.measures.level.statespace import LevelState, state_at
from wattshift.report.documents.posterior import OutlookDocument, PosteriorDocument

__all__ = ["calibrated_projection", "outlook_of", "posterior_of", "state_of"]

_SEED = 0
_LOWEST_REACH = timedelta(days=365)
_LUCK_DRAWS = 500
_FOLLOWING = 3
_FIRST_SCORED_PERIOD = 314
_CALIBRATION_DRAWS = 512


def posterior_of(
    snapshot: Snapshot,
    *,
    since_at: datetime | None = None,
    below_ehs: float | None = None,
    fall_frac: float = 0.0,
    peak: HashratePeak | None = None,
) -> PosteriorDocument:
    """What is believed of the hashrate at a snapshot.

    Args:
        snapshot: the instant.
        since_at: against which a fall is judged; by default a week before.
        below_ehs: a threshold to ask about [EH/s].
        fall_frac: how deep a fall to ask about.
        peak: the peak of a moving average, whose drop is to be corrected for luck.

    Raises:
        InputError: if `since_at` is not earlier than the snapshot.
        OutOfSpan: if the history is too short.
    """
    since_at = since_at or snapshot.as_of - timedelta(seconds=WEEK_S)
    if since_at >= snapshot.as_of:
        raise InputError(
            "the instant to compare with must be earlier",
            since=format_instant(since_at),
            hint="move it back, or --at forward",
        )
    rng = np.random.default_rng(_SEED)
    paths = _paths(snapshot, since_at, peak, rng)
    return _document(
        state_of(snapshot),
        paths,
        paths if peak is None else paths.since(to_unix(snapshot.as_of) - peak.span_s),
        fell=(since_at, fall_frac, fell_prob(paths.since(to_unix(since_at)), fall_frac)),
        below_ehs=below_ehs,
        luck=None if peak is None else _luck(peak, rng),
    )


def _document(
    state: LevelState,
    paths: Paths,
    from_peak: Paths,
    *,
    fell: tuple[datetime, float, float],
    below_ehs: float | None,
    luck: PeakLuck | None,
) -> PosteriorDocument:
    held, lowest, drop = belief(state), lowest_since(paths), true_drop(from_peak)
    since_at, fall_frac, fell_by_prob = fell
    return PosteriorDocument(
        median_ehs=held.median_ehs,
        low_ehs=held.low_ehs,
        high_ehs=held.high_ehs,
        level=held.level,
        storm_prob=held.storm_prob,
        below_ehs=below_ehs,
        below_prob=None if below_ehs is None else below_prob(state, below_ehs),
        since_at=since_at,
        fall_frac=fall_frac,
        fell_prob=fell_by_prob,
        lowest_since_at=from_unix(math.floor(lowest.since_s)),
        lowest_since_prob=lowest.sure_prob,
        lowest_reaches_start=lowest.reaches_start,
        drop_frac=drop.median_frac,
        drop_low_frac=drop.low_frac,
        drop_high_frac=drop.high_frac,
        luck_drop_frac=None if luck is None else luck.mean_frac,
        luck_prob=None if luck is None else luck.exceed_prob,
        seed=_SEED,
    )


def _paths(
    snapshot: Snapshot, since_at: datetime, peak: HashratePeak | None, rng: np.random.Generator
) -> Paths:
    """Courses of the level that reach back a year, or further where a question does."""
    span = timedelta(seconds=peak.span_s) if peak is not None else timedelta(0)
    reach_at = min(since_at, snapshot.as_of - max(_LOWEST_REACH, span))
    return draw_paths(
        snapshot.archive.level,
        tip=len(snapshot.blocks.header_time_s) - 1,
        now_s=to_unix(snapshot.as_of),
        since_s=max(to_unix(reach_at), snapshot.archive.level_start_s),
        rng=rng,
    )


def _luck(peak: HashratePeak, rng: np.random.Generator) -> PeakLuck:
    return peak_luck(peak.drop_frac, rng=rng, window_s=peak.window_s, span_s=peak.span_s, draws=_LUCK_DRAWS)


def state_of(snapshot: Snapshot) -> LevelState:
    """The level as it was knowable at a snapshot.

    Raises:
        OutOfSpan: if no bin of 36 blocks was closed yet.
    """
    tip = len(snapshot.blocks.header_time_s) - 1
    return state_at(snapshot.archive.level, tip, to_unix(snapshot.as_of))


def outlook_of(snapshot: Snapshot, progress: PeriodProgress) -> OutlookDocument:
    """The coming retargets as calibrated distributions.

    The interval of the next one is drawn at the level that would have covered 95 % of the earlier periods
    at this depth (adaptive conformal inference, looking only back); where fewer than 20 are known, at 95 %.

    Raises:
        OutOfSpan: if the history is too short.
    """
    blocks = snapshot.blocks
    last = blocks.network.retarget_interval - 1
    is_locked = progress.blocks_since_first == last
    elapsed_s = (
        float(blocks.time_s(progress.tip_height) - blocks.time_s(progress.first_height))
        if is_locked
        else progress.elapsed_s
    )
    outlook = project(
        state_of(snapshot),
        blocks_since_first=progress.blocks_since_first,
        elapsed_s=elapsed_s,
        work_hashes=float(blocks.work_hashes[-1]),
        rng=np.random.default_rng((_SEED, progress.tip_height)),
        periods=1 + _FOLLOWING,
    )
    level = _calibrated_level(snapshot, progress)
    remaining = remaining_time(outlook)
    return OutlookDocument(
        next=forecast(outlook, level=level, nominal_level=LEVEL),
        nominal_level=LEVEL,
        calibrated_level=level,
        expected_at=snapshot.as_of + timedelta(seconds=remaining.mean_s),
        earliest_at=snapshot.as_of + timedelta(seconds=remaining.low_s),
        latest_at=snapshot.as_of + timedelta(seconds=remaining.high_s),
        following=tuple(forecast(outlook, period=period) for period in range(1, 1 + _FOLLOWING)),
        seed=_SEED,
    )


def calibrated_projection(
    snapshot: Snapshot, progress: PeriodProgress, outlook: OutlookDocument
) -> Projection:
    """The next adjustment of an outlook, in the form of the other rules; exact once it is locked in."""
    coming = outlook.next
    change_frac = coming.mean_frac
    if coming.is_locked_in:
        change_frac = snapshot.blocks.next_difficulty / progress.difficulty - 1
    return Projection(
        rule=ProjectionRule.LOCKED_IN if coming.is_locked_in else ProjectionRule.STATE_SPACE,
        as_of=snapshot.as_of,
        height=progress.retarget_height,
        change_frac=change_frac,
        low_frac=change_frac if coming.is_locked_in else coming.low_frac,
        high_frac=change_frac if coming.is_locked_in else coming.high_frac,
        level=outlook.nominal_level,
        expected_at=outlook.expected_at,
        earliest_at=outlook.earliest_at,
        latest_at=outlook.latest_at,
        z=change_frac / NOISE_FLOOR_FRAC,
    )


def _calibrated_level(snapshot: Snapshot, progress: PeriodProgress) -> float:
    depth = progress.blocks_since_first
    first, last = _FIRST_SCORED_PERIOD, progress.period - 1
    if last - first < 20 or depth == snapshot.blocks.network.retarget_interval - 1:
        return LEVEL
    past = replay(
        snapshot.blocks,
        {"state space": statespace_rule(snapshot.archive.level, seed=_SEED, draws=_CALIBRATION_DRAWS)},
        first_period=first,
        last_period=last,
        depths=(depth,),
    )
    return float(adaptive_levels(past.below_prob[0, 0])[-1])
