"""How good projections of the next adjustment were: a replay over past periods, beside the baselines.

At each depth of each complete period every rule sees exactly the blocks known then. Scored are the root mean
squared error of the point, the continuous ranked probability score of the distribution (Gneiting & Raftery
2007; for a bare point it is the absolute error), and the coverage of central intervals: as they are, and
under adaptive conformal inference (Gibbs & Candes 2021), which widens a depth's next interval after a miss
and narrows it after a hit, so that the long-run coverage is right even if the model is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.chain.target import bits_to_difficulty
from wattshift.clock import from_unix, to_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.difficulty import Projection, mempool_projection, pooled_projection
from wattshift.measures.intervals import LEVEL
from wattshift.measures.level.projection import DRAWS, project
from wattshift.measures.level.statespace import FilteredLevel, state_at

__all__ = [
    "DEPTHS",
    "Prediction",
    "Replay",
    "Rule",
    "adaptive_levels",
    "baseline_rules",
    "better_prob",
    "crps",
    "known_at_block",
    "replay",
    "score_table",
    "statespace_rule",
]

# fmt: off
DEPTHS = (
    1, 6, 12, 36, 72, 144, 252, 360, 502, 503, 650, 800, 1000, 1200, 1400, 1600, 1800, 1900, 1980, 2000, 2010,
)
# fmt: on
"""Blocks after a period's first one at which projections are scored."""

_RESAMPLES = 2000
_CONFORMAL_STEP_RATIO = 0.03
_NORMAL_PROBS = (np.arange(200) + 0.5) / 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What one rule said.

    Args:
        point_frac: the change it names.
        draws_frac: shape (n,), equally likely changes; of a rule that names a point only, that point.
    """

    point_frac: float
    draws_frac: NDArray[np.float64]


Rule = Callable[[KnownBlocks], Prediction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Every prediction of a replay beside what happened; arrays of shape (rules, depths, periods).

    Args:
        rules: names.
        depths: blocks after the period's first one.
        periods: height // 2016.
        actual_frac: shape (periods,), what happened.
        error_frac: point - actual.
        crps_frac: score of the distribution.
        below_prob: share of the draws below what happened.
        is_point: shape (rules,), the rule names no distribution.
    """

    rules: tuple[str, ...]
    depths: tuple[int, ...]
    periods: tuple[int, ...]
    actual_frac: NDArray[np.float64]
    error_frac: NDArray[np.float64]
    crps_frac: NDArray[np.float64]
    below_prob: NDArray[np.float64]
    is_point: NDArray[np.bool_]


def crps(draws_frac: NDArray[np.float64], actual_frac: float) -> float:
    """Continuous ranked probability score of equally likely draws: E|X - a| - E|X - X'| / 2."""
    ordered = np.sort(draws_frac)
    count = len(ordered)
    ranks = 2 * np.arange(1, count + 1) - count - 1
    return float(np.abs(ordered - actual_frac).mean() - (ranks * ordered).sum() / count**2)


def _point(projection: Projection) -> Prediction:
    return Prediction(point_frac=projection.change_frac, draws_frac=np.array([projection.change_frac]))


def _pooled(known: KnownBlocks, pool_blocks: int) -> Prediction:
    """The pooled rule's log-normal remaining time, read back from its interval, as 200 quantiles."""
    from scipy.special import ndtri

    said = pooled_projection(known, pool_blocks=pool_blocks, level=LEVEL)
    network = known.network
    if said.low_frac is None or said.low_frac >= said.change_frac:
        return _point(said)
    first = known.tip_height - known.tip_height % network.retarget_interval
    elapsed_s = to_unix(known.as_of) - known.time_s(first)
    middle_s, longest_s = (
        network.target_timespan_s / (1 + change) - elapsed_s for change in (said.change_frac, said.low_frac)
    )
    if middle_s <= 0:  # the consensus clamp has cut the rule's interval off
        return _point(said)
    sd = math.log(longest_s / middle_s) / float(ndtri(0.5 + LEVEL / 2))
    rest_s = middle_s * np.exp(ndtri(_NORMAL_PROBS) * sd)
    return Prediction(
        point_frac=said.change_frac, draws_frac=network.target_timespan_s / (elapsed_s + rest_s) - 1
    )


def baseline_rules() -> dict[str, Rule]:
    """What the state-space projection has to beat."""
    return {
        "mempool": lambda known: _point(mempool_projection(known)),
        "pooled 1008": lambda known: _pooled(known, 1008),
        "pooled 2016": lambda known: _pooled(known, 2016),
        "no change": lambda _known: Prediction(point_frac=0.0, draws_frac=np.zeros(1)),
    }


def statespace_rule(filtered: FilteredLevel, *, seed: int = 0, draws: int = DRAWS) -> Rule:
    """The projection of `wattshift.measures.level.projection`, each height with its own reproducible draws.

    Args:
        filtered: the filter over all blocks with the dated noise models, so that nothing looks ahead.
        seed: of the draws.
        draws: courses drawn for each projection.
    """

    def rule(known: KnownBlocks) -> Prediction:
        interval = known.network.retarget_interval
        since_first = known.tip_height % interval
        now_s = to_unix(known.as_of)
        outlook = project(
            state_at(filtered, len(known.header_time_s) - 1, now_s),
            blocks_since_first=since_first,
            elapsed_s=max(0.0, now_s - known.time_s(known.tip_height - since_first)),
            work_hashes=float(known.work_hashes[-1]),
            rng=np.random.default_rng((seed, known.tip_height)),
            draws=draws,
        )
        changes = outlook.change_frac[0]
        return Prediction(point_frac=float(changes.mean()), draws_frac=changes)

    return rule


def known_at_block(whole: KnownBlocks, height: int) -> KnownBlocks:
    """The chain at the instant at which the block at a height became known.

    Raises:
        OutOfSpan: if it is not known.
    """
    count = whole.index(height) + 1
    return KnownBlocks(
        network=whole.network,
        as_of=from_unix(int(whole.running_max_s[count - 1])),
        first_height=whole.first_height,
        header_time_s=whole.header_time_s[:count],
        work_hashes=whole.work_hashes[:count],
        running_max_s=whole.running_max_s[:count],
        period_bits=whole.period_bits[: height // whole.network.retarget_interval + 1],
    )


def replay(
    whole: KnownBlocks,
    rules: Mapping[str, Rule],
    *,
    first_period: int,
    last_period: int,
    depths: Sequence[int] = DEPTHS,
) -> Replay:
    """Let every rule project every period's adjustment at every depth.

    Args:
        whole: all blocks, with the bits of the period after `last_period`.
        rules: the rules by name.
        first_period: the first period scored (height // 2016).
        last_period: the last one.
        depths: blocks after the period's first one.

    Raises:
        InputError: if there is no rule, depth or period.
        OutOfSpan: if a period is not complete.
    """
    interval = whole.network.retarget_interval
    if not rules or not depths or first_period > last_period:
        raise InputError("a replay needs a rule, a depth and a period", first=first_period, last=last_period)
    if (last_period + 1) * interval - 1 > whole.tip_height or last_period + 1 >= len(whole.period_bits):
        raise OutOfSpan("the last period is not complete", period=last_period, hint="score an earlier one")
    periods = tuple(range(first_period, last_period + 1))
    shape = (len(rules), len(depths), len(periods))
    error, score, below = np.empty(shape), np.empty(shape), np.empty(shape)
    is_point = np.ones(len(rules), dtype=np.bool_)
    actual = np.array([_actual(whole, period) for period in periods])
    for p, period in enumerate(periods):
        for d, depth in enumerate(depths):
            known = known_at_block(whole, period * interval + depth)
            for r, rule in enumerate(rules.values()):
                said = rule(known)
                error[r, d, p] = said.point_frac - actual[p]
                score[r, d, p] = crps(said.draws_frac, actual[p])
                below[r, d, p] = (said.draws_frac < actual[p]).mean()
                is_point[r] &= len(said.draws_frac) == 1
    return Replay(
        rules=tuple(rules),
        depths=tuple(depths),
        periods=periods,
        actual_frac=actual,
        error_frac=error,
        crps_frac=score,
        below_prob=below,
        is_point=is_point,
    )


def _actual(whole: KnownBlocks, period: int) -> float:
    old, new = (bits_to_difficulty(whole.period_bits[k]) for k in (period, period + 1))
    return new / old - 1


def adaptive_levels(
    below_prob: NDArray[np.float64], *, level: float = LEVEL, step_ratio: float = _CONFORMAL_STEP_RATIO
) -> NDArray[np.float64]:
    """The nominal level with which each period's interval should be drawn, given how earlier ones fared.

    Args:
        below_prob: shape (periods,), in order of time: share of the draws below what happened.
        level: the coverage aimed at.
        step_ratio: how much a miss moves the miss probability; 0 leaves the level as it is.

    Returns:
        Shape (periods + 1,): the level of each period, and at the end that of the coming one.
    """
    aimed = miss = 1 - level
    used = np.empty(len(below_prob) + 1)
    for k, off in enumerate((2 * np.abs(below_prob - 0.5)).tolist()):
        used[k] = _bounded(1 - miss, level)
        miss += step_ratio * (aimed - (off >= used[k]))
    used[-1] = _bounded(1 - miss, level)
    return used


def _bounded(nominal: float, level: float) -> float:
    """Keep a corrected level away from 1, and from being less than a third of the way to it."""
    return min(max(nominal, 1 - 6 * (1 - level)), 1 - (1 - level) / 25)


def better_prob(
    loss_frac: NDArray[np.float64],
    rival_loss_frac: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    resamples: int = _RESAMPLES,
) -> float:
    """Paired bootstrap over periods: share of resamples in which the mean loss is below the rival's.

    Raises:
        InputError: if the losses are not paired.
    """
    if loss_frac.shape != rival_loss_frac.shape or not len(loss_frac):
        raise InputError(
            "a paired bootstrap needs pairs", losses=loss_frac.shape, rival=rival_loss_frac.shape
        )
    picked = rng.integers(0, len(loss_frac), (resamples, len(loss_frac)))
    return float(((rival_loss_frac - loss_frac)[picked].mean(axis=1) > 0).mean())


def score_table(scored: Replay, *, against: str, rng: np.random.Generator) -> pl.DataFrame:
    """One row for each rule and depth.

    Args:
        scored: the replay.
        against: the rule that the others are compared with.
        rng: the source of randomness of the bootstrap.

    Returns:
        rule, depth, periods, rmse_frac, crps_frac, cover_50_frac, cover_80_frac, cover_95_frac (null for a
        bare point), adaptive_95_frac (likewise), rmse_beaten_prob and crps_beaten_prob: share of
        resamples in which `against` is better than this rule (null for itself).

    Raises:
        InputError: if `against` was not replayed.
    """
    if against not in scored.rules:
        raise InputError(f"{against!r} was not replayed", rules=scored.rules)
    champion = scored.rules.index(against)
    rows = [
        _score_row(scored, r, d, champion, rng)
        for r in range(len(scored.rules))
        for d in range(len(scored.depths))
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _score_row(
    scored: Replay, r: int, d: int, champion: int, rng: np.random.Generator
) -> dict[str, str | int | float | None]:
    squared, score = np.square(scored.error_frac[:, d]), scored.crps_frac[:, d]
    below = scored.below_prob[r, d]
    off = np.abs(below - 0.5)
    is_point, is_champion = bool(scored.is_point[r]), r == champion
    return {
        "rule": scored.rules[r],
        "depth": scored.depths[d],
        "periods": len(scored.periods),
        "rmse_frac": math.sqrt(squared[r].mean()),
        "crps_frac": float(score[r].mean()),
        "cover_50_frac": None if is_point else float((off < 0.25).mean()),
        "cover_80_frac": None if is_point else float((off < 0.4).mean()),
        "cover_95_frac": None if is_point else float((off < 0.475).mean()),
        "adaptive_95_frac": None if is_point else float((2 * off < adaptive_levels(below)[:-1]).mean()),
        "rmse_beaten_prob": None if is_champion else better_prob(squared[champion], squared[r], rng),
        "crps_beaten_prob": None if is_champion else better_prob(score[champion], score[r], rng),
    }
