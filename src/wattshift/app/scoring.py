"""The use-case `score`: the projection of the next adjustment, replayed over past periods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from wattshift.app.snapshot import Archive
from wattshift.clock import from_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.noise import FITTED, NoiseModel
from wattshift.measures.level.projection import DRAWS
from wattshift.measures.level.scoring import (
    DEPTHS,
    Prediction,
    Rule,
    baseline_rules,
    replay,
    score_table,
    statespace_rule,
)
from wattshift.measures.level.statespace import filter_level
from wattshift.report.documents.score import DepthVerdict, ParameterFit, ScoreDocument, ScoreRow, Standing
from wattshift.report.terminal.score import fits_in_words, score_in_words

__all__ = ["COVER_FRAC", "OURS", "SEED", "Progress", "fits_by_period", "score", "verdict_at"]

OURS = "state space"
SEED = 20_260_119
COVER_FRAC = (0.93, 0.97)
"""What counts as a coverage of 95 %."""

_SURE_PROB = 0.95
_FIRST_FIT = 1
"""Position of the first fitted parameters, after the prior."""

Progress = Callable[[int, int], None]
"""Told how many projections are done, of how many."""


def score(
    archive: Archive,
    *,
    at: datetime | None = None,
    periods: int | None = None,
    depths: Sequence[int] = DEPTHS,
    seed: int = SEED,
    draws: int = DRAWS,
    progress: Progress | None = None,
) -> ScoreDocument:
    """Replay complete periods and compare our projection with the baselines at every depth.

    Args:
        archive: the kept history.
        at: the instant; later blocks are not used.
        periods: how many of the last complete periods; by default all that began after the first fit of the
            parameters. More may be asked for: the earlier ones are scored with the prior.
        depths: blocks after a period's first one, 0 to 2014; at 2015 the adjustment is locked in.
        seed: of the draws and of the bootstrap.
        draws: courses drawn for each projection.
        progress: told after each projection.

    Raises:
        InputError: if a depth lies outside a period, or there is none.
        OutOfSpan: if so many complete periods are not known.
    """
    snapshot = archive.as_of(at)
    blocks = snapshot.blocks
    interval = blocks.network.retarget_interval
    chosen = _chosen_depths(depths, interval)
    first, last = _chosen_periods(blocks, periods)
    ours = _counted(_our_rule(blocks, seed=seed, draws=draws), (last - first + 1) * len(chosen), progress)
    rows = _scored(blocks, ours, (first, last), chosen, seed)
    verdicts = tuple(verdict_at(rows, depth) for depth in chosen)
    fits = _fits_used(blocks, first, last)
    return ScoreDocument(
        as_of=snapshot.as_of,
        first_period=first,
        last_period=last,
        periods=last - first + 1,
        start_at=from_unix(blocks.time_s(first * interval)),
        end_at=from_unix(blocks.time_s((last + 1) * interval)),
        rule=OURS,
        rows=rows,
        verdicts=verdicts,
        fits=fits,
        cover_low_frac=COVER_FRAC[0],
        cover_high_frac=COVER_FRAC[1],
        draws=draws,
        seed=seed,
        in_words=score_in_words(verdicts, COVER_FRAC),
        fits_in_words=fits_in_words(fits),
        origins=snapshot.origins("blocks", "difficulty_periods"),
    )


def _our_rule(blocks: KnownBlocks, *, seed: int, draws: int) -> Rule:
    arrivals = arrivals_of(blocks.header_time_s, blocks.work_hashes, blocks.first_height)
    return statespace_rule(filter_level(arrivals, fits_by_period(blocks)), seed=seed, draws=draws)


def _scored(
    blocks: KnownBlocks, ours: Rule, span: tuple[int, int], depths: Sequence[int], seed: int
) -> tuple[ScoreRow, ...]:
    """Our rule and the baselines over the periods of a span, both ends included."""
    rules = {OURS: ours, **baseline_rules()}
    scored = replay(blocks, rules, first_period=span[0], last_period=span[1], depths=depths)
    table = score_table(scored, against=OURS, rng=np.random.default_rng(seed))
    return tuple(ScoreRow(**row) for row in table.drop("periods").iter_rows(named=True))


def _chosen_depths(depths: Sequence[int], interval: int) -> tuple[int, ...]:
    chosen = tuple(sorted(set(depths)))
    if not chosen or chosen[0] < 0 or chosen[-1] > interval - 2:
        raise InputError(
            f"depths lie between 0 and {interval - 2} blocks after a period's first one",
            depths=", ".join(map(str, chosen)) or "none",
            hint="write them as 1,144,1000",
        )
    return chosen


def _chosen_periods(blocks: KnownBlocks, periods: int | None) -> tuple[int, int]:
    """The first and the last period to score."""
    interval = blocks.network.retarget_interval
    last = blocks.tip_height // interval - 1
    # The baselines pool the 2016 blocks before a period's first ones.
    earliest = -(-blocks.first_height // interval) + 1
    if periods is None:
        begun_s = fits_by_period(blocks)[_FIRST_FIT][0]
        first = next(
            (k for k in range(earliest, last + 1) if blocks.time_s(k * interval) >= begun_s), last + 1
        )
    else:
        first = last - periods + 1
    if not earliest <= first <= last:
        raise OutOfSpan(
            "so many complete periods are not known",
            known=max(0, last - earliest + 1),
            asked="all that began after the first fit" if periods is None else periods,
            hint="ask for fewer periods, from 1 on, or for a later instant",
        )
    return first, last


def fits_by_period(blocks: KnownBlocks) -> tuple[tuple[int, NoiseModel], ...]:
    """The dated noise models, each put off to the first period that began after its fit.

    A period is then never scored with parameters that were fitted to its own first blocks.
    """
    first = -blocks.first_height % blocks.network.retarget_interval
    starts_s = blocks.running_max_s[first :: blocks.network.retarget_interval]
    put_off = []
    for since_s, model in FITTED[1:]:
        at = int(np.searchsorted(starts_s, since_s))
        put_off.append((int(starts_s[at]) if at < len(starts_s) else since_s, model))
    return FITTED[0], *put_off


def _fits_used(blocks: KnownBlocks, first: int, last: int) -> tuple[ParameterFit, ...]:
    interval = blocks.network.retarget_interval
    starts_s = [int(blocks.running_max_s[blocks.index(k * interval)]) for k in range(first, last + 1)]
    since_s = [since for since, _ in fits_by_period(blocks)]
    which = np.searchsorted(since_s, starts_s, side="right") - 1
    fits = []
    for index in np.unique(which).tolist():
        members = np.flatnonzero(which == index) + first
        fits.append(
            ParameterFit(
                fitted_before_at=from_unix(FITTED[index][0]) if index else None,
                first_period=int(members[0]),
                last_period=int(members[-1]),
            )
        )
    return tuple(fits)


def _counted(rule: Rule, total: int, progress: Progress | None) -> Rule:
    """The same rule, which tells how often it was asked."""
    if progress is None:
        return rule
    done = 0

    def asked(known: KnownBlocks) -> Prediction:
        nonlocal done
        said = rule(known)
        done += 1
        progress(done, total)
        return said

    return asked


def verdict_at(rows: Sequence[ScoreRow], depth: int) -> DepthVerdict:
    """Our rule against the best baseline at one depth.

    Raises:
        InputError: if our rule or every baseline is missing there.
    """
    here = [row for row in rows if row.depth == depth]
    ours = next((row for row in here if row.rule == OURS), None)
    rivals = [row for row in here if row.rule != OURS]
    if ours is None or not rivals or ours.cover_95_frac is None or ours.adaptive_95_frac is None:
        raise InputError("a verdict needs our rule's intervals and a baseline", depth=depth)
    by_rmse = min(rivals, key=lambda row: row.rmse_frac)
    by_crps = min(rivals, key=lambda row: row.crps_frac)
    rmse_probs = [row.rmse_beaten_prob for row in rivals if row.rmse_beaten_prob is not None]
    crps_probs = [row.crps_beaten_prob for row in rivals if row.crps_beaten_prob is not None]
    rmse_gain = _gain_frac(ours.rmse_frac, by_rmse.rmse_frac)
    crps_gain = _gain_frac(ours.crps_frac, by_crps.crps_frac)
    return DepthVerdict(
        depth=depth,
        standing=_standing(min(rmse_gain, crps_gain), min(*rmse_probs, *crps_probs)),
        rmse_rival=by_rmse.rule,
        rmse_gain_frac=rmse_gain,
        rmse_better_prob=min(rmse_probs),
        crps_rival=by_crps.rule,
        crps_gain_frac=crps_gain,
        crps_better_prob=min(crps_probs),
        cover_95_frac=ours.cover_95_frac,
        adaptive_95_frac=ours.adaptive_95_frac,
        is_covered=COVER_FRAC[0] <= ours.adaptive_95_frac <= COVER_FRAC[1],
    )


def _gain_frac(ours_frac: float, rival_frac: float) -> float:
    return 1 - ours_frac / rival_frac if rival_frac > 0 else 0.0


def _standing(least_gain_frac: float, least_prob: float) -> Standing:
    if least_gain_frac > 0:
        return Standing.SURELY_BETTER if least_prob >= _SURE_PROB else Standing.PROBABLY_BETTER
    return Standing.WORSE if least_prob <= 1 - _SURE_PROB else Standing.TIED
