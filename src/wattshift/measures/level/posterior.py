"""What is believed of the hashrate at an instant, and questions to that belief.

Marginal questions (median, interval, probability below a threshold) are answered in closed form from the
mixture of two log-normals that the filter or smoother leaves. Questions about the course of the level
(how far it fell since, since when it is the lowest) are answered by drawing whole paths backwards from the
present (Carter & Kohn 1994), so they carry the dependence of neighbouring bins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.intervals import LEVEL
from wattshift.measures.level.arrivals import BIN_BLOCKS
from wattshift.measures.level.statespace import FilteredLevel, LevelState, SmoothedLevel, state_at

__all__ = [
    "WEEK_BINS",
    "HashrateBelief",
    "LowestSince",
    "Paths",
    "belief",
    "below_prob",
    "draw_paths",
    "fell_prob",
    "hindsight_at",
    "lowest_since",
    "series",
    "weekly_means",
]

WEEK_BINS = 7 * 144 // BIN_BLOCKS
"""Bins in a week of blocks: the stretch over which levels are averaged before they are compared."""

_PATH_DRAWS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateBelief:
    """The posterior of the hashrate at one instant.

    Args:
        median_ehs: as likely below as above [EH/s].
        low_ehs: lower end of the central interval [EH/s].
        high_ehs: upper end [EH/s].
        level: probability inside the interval.
        storm_prob: probability that hashrate is moving fast (curtailment, migration).
    """

    median_ehs: float
    low_ehs: float
    high_ehs: float
    level: float
    storm_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Courses of the level drawn from its joint posterior given all blocks up to the tip.

    Args:
        ln_ehs: shape (bins, draws), level of each bin and, in the last row, at the tip [ln EH/s].
        end_s: shape (bins,), when each bin ended; the last is the present [s since 1970].
    """

    ln_ehs: NDArray[np.float64]
    end_s: NDArray[np.float64]

    def since(self, since_s: float) -> Paths:
        """The same paths from the first bin that ended at or after an instant.

        Raises:
            OutOfSpan: if the instant lies after the last closed bin.
        """
        first = int(np.searchsorted(self.end_s, since_s))
        if first >= len(self.end_s) - 1:
            raise OutOfSpan("the paths would start after the last closed bin", since_s=since_s)
        return Paths(ln_ehs=self.ln_ehs[first:], end_s=self.end_s[first:])


@dataclass(frozen=True, slots=True, kw_only=True)
class LowestSince:
    """Since when the hashrate has not been as low.

    Args:
        since_s: end of the last earlier week that was lower, with the stated probability; the start of
            the paths where none was [s since 1970].
        sure_prob: probability that every week after `since_s`, before the present one, was higher.
        reaches_start: whether the paths' start was reached, so that the truth may lie further back.
    """

    since_s: float
    sure_prob: float
    reaches_start: bool


def below_prob(state: LevelState, threshold_ehs: float) -> float:
    """Probability that the hashrate lies below a threshold [EH/s].

    Raises:
        InputError: if the threshold is not positive.
    """
    if not threshold_ehs > 0:
        raise InputError(
            "a hashrate threshold must be positive [EH/s]",
            threshold_ehs=threshold_ehs,
            hint="write 1000 for 1 ZH/s",
        )
    x = math.log(threshold_ehs)
    return sum(
        weight * 0.5 * math.erfc((mean - x) / math.sqrt(2 * var))
        for weight, mean, var in zip(state.regime_prob, state.mean_ln_ehs, state.var_ln_ehs, strict=True)
    )


def _quantile(state: LevelState, prob: float) -> float:
    """The hashrate below which it lies with a probability, by bisection in the logarithm [EH/s]."""
    reach = 12 * math.sqrt(max(state.var_ln_ehs)) + 1e-9
    low, high = min(state.mean_ln_ehs) - reach, max(state.mean_ln_ehs) + reach
    for _ in range(60):
        middle = (low + high) / 2
        if below_prob(state, math.exp(middle)) < prob:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def belief(state: LevelState, *, level: float = LEVEL) -> HashrateBelief:
    """Median and central interval of the hashrate.

    Raises:
        InputError: if the level is not inside (0, 1).
    """
    if not 0 < level < 1:
        raise InputError("a confidence level lies between 0 and 1", level=level, hint="write 0.95 for 95 %")
    tail = (1 - level) / 2
    return HashrateBelief(
        median_ehs=_quantile(state, 0.5),
        low_ehs=_quantile(state, tail),
        high_ehs=_quantile(state, 1 - tail),
        level=level,
        storm_prob=state.regime_prob[1],
    )


def _bin_at(filtered: FilteredLevel, instant_s: float) -> int:
    """The bin in which an instant lies."""
    arrivals, count = filtered.arrivals, len(filtered.mean_ln_ehs)
    edges_s = arrivals.arrival_s[arrivals.edge(0) : arrivals.edge(count) + 1 : BIN_BLOCKS]
    if not edges_s[0] <= instant_s <= edges_s[-1]:
        raise OutOfSpan(
            "the instant lies in no closed bin",
            instant_s=instant_s,
            first_s=float(edges_s[0]),
            last_s=float(edges_s[-1]),
            hint="ask the filter's state for the present",
        )
    return min(count - 1, max(0, int(np.searchsorted(edges_s, instant_s)) - 1))


def hindsight_at(filtered: FilteredLevel, smoothed: SmoothedLevel, instant_s: float) -> LevelState:
    """What all blocks, earlier and later, say of the hashrate at a past instant [s since 1970].

    Raises:
        OutOfSpan: if the instant lies in no closed bin.
    """
    k = _bin_at(filtered, instant_s)
    mean0, mean1 = smoothed.mean_ln_ehs[k].tolist()
    var0, var1 = smoothed.var_ln_ehs[k].tolist()
    calm, storm = smoothed.regime_prob[k].tolist()
    return LevelState(
        model=filtered.models[filtered.model_index[k]],
        mean_ln_ehs=(mean0, mean1),
        var_ln_ehs=(var0, var1),
        regime_prob=(calm, storm),
    )


def series(level: FilteredLevel | SmoothedLevel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of ln EH/s in every bin: the whole history at once, shape (bins,) each."""
    mean = (level.regime_prob * level.mean_ln_ehs).sum(axis=1)
    spread = level.var_ln_ehs + np.square(level.mean_ln_ehs - mean[:, None])
    return mean, np.sqrt((level.regime_prob * spread).sum(axis=1))


def draw_paths(
    filtered: FilteredLevel,
    *,
    tip: int,
    now_s: float,
    since_s: float,
    rng: np.random.Generator,
    draws: int = _PATH_DRAWS,
) -> Paths:
    """Draw courses of the level from an instant to the present, given the blocks known at present.

    Args:
        filtered: the filter; bins after `tip` are not used.
        tip: index of the last known block.
        now_s: the present [s since 1970].
        since_s: how far back the paths reach [s since 1970].
        rng: the source of randomness.
        draws: number of paths.

    Raises:
        OutOfSpan: if `since_s` lies before the first bin, or after the last closed one.
    """
    state = state_at(filtered, tip, now_s)
    arrivals = filtered.arrivals
    last = min(arrivals.closed_bins(tip), len(filtered.mean_ln_ehs)) - 1
    first = _bin_at(filtered, since_s)
    if first > last:
        raise OutOfSpan("the paths would start after the last closed bin", since_s=since_s, now_s=now_s)
    storm = rng.random(draws) < state.regime_prob[1]
    normal = rng.standard_normal(draws)
    level = np.where(storm, state.mean_ln_ehs[1], state.mean_ln_ehs[0])
    level += np.sqrt(np.where(storm, state.var_ln_ehs[1], state.var_ln_ehs[0])) * normal
    rows = [level]
    share = (tip - arrivals.edge(last + 1)) / BIN_BLOCKS
    for k in range(last, first - 1, -1):
        level, storm = _draw_before(filtered, k, level, storm, share, rng)
        rows.append(level)
        share = 1.0
    ends_s = arrivals.arrival_s[arrivals.edge(first + 1) : arrivals.edge(last + 1) + 1 : BIN_BLOCKS]
    return Paths(ln_ehs=np.array(rows[::-1]), end_s=np.append(ends_s, now_s))


def _draw_before(
    filtered: FilteredLevel,
    k: int,
    level: NDArray[np.float64],
    storm: NDArray[np.bool_],
    share: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Level and regime of bin k, given those a `share` of a bin later."""
    model = filtered.models[filtered.model_index[min(k + 1, len(filtered.mean_ln_ehs) - 1)]]
    start, end = model.storm_start_prob * share, model.storm_end_prob * share
    step = np.square(np.where(storm, model.step_sd_frac[1], model.step_sd_frac[0])) * share
    (mean0, mean1), (var0, var1) = filtered.mean_ln_ehs[k].tolist(), filtered.var_ln_ehs[k].tolist()
    calm_weight, storm_weight = filtered.regime_prob[k].tolist()
    miss = level - model.step_growth_frac * share
    total0, total1 = var0 + step, var1 + step
    density0 = calm_weight * np.where(storm, start, 1 - start)
    density1 = storm_weight * np.where(storm, 1 - end, end)
    miss0, miss1 = miss - mean0, miss - mean1
    ln_odds = np.log(density1 / density0) - 0.5 * (
        np.square(miss1) / total1 - np.square(miss0) / total0 + np.log(total1 / total0)
    )
    was_storm = rng.random(len(level)) * (1 + np.exp(np.minimum(-ln_odds, 700.0))) < 1
    mean, var = np.where(was_storm, mean1, mean0), np.where(was_storm, var1, var0)
    gain = var / (var + step)
    drawn = mean + gain * (miss - mean) + np.sqrt(var * (1 - gain)) * rng.standard_normal(len(level))
    return drawn, was_storm


def fell_prob(paths: Paths, fall_frac: float) -> float:
    """Probability that the hashrate fell by more than a fraction from the paths' first bin to the present.

    Raises:
        InputError: if the fraction is not below one.
    """
    if not fall_frac < 1:
        raise InputError(
            "nothing falls by more than all of it", fall_frac=fall_frac, hint="write 0.05 for 5 %"
        )
    change = paths.ln_ehs[-1] - paths.ln_ehs[0]
    return float((change < math.log1p(-fall_frac)).mean())


def weekly_means(paths: Paths) -> NDArray[np.float64]:
    """Mean hashrate of every week of blocks inside the paths, shape (bins - 27, draws) [EH/s]."""
    sums = np.cumsum(np.exp(paths.ln_ehs), axis=0)
    sums = np.concatenate((np.zeros((1, sums.shape[1])), sums))
    return np.asarray((sums[WEEK_BINS:] - sums[:-WEEK_BINS]) / WEEK_BINS)


def lowest_since(paths: Paths, *, sure_prob: float = 0.5) -> LowestSince:
    """Since when no week was lower than the present one, with at least a stated probability.

    The present week's mean level is compared with that of every earlier week that does not overlap it,
    path by path.

    Args:
        paths: courses of the level; they bound how far back the answer can reach.
        sure_prob: how sure the statement must be.

    Raises:
        InputError: if the paths are shorter than two weeks, or the probability not inside (0, 1).
    """
    if not 0 < sure_prob < 1:
        raise InputError("a probability lies between 0 and 1", sure_prob=sure_prob)
    weeks = weekly_means(paths)
    if len(weeks) <= WEEK_BINS:
        raise InputError("'lowest since' needs paths of two weeks or more", bins=len(paths.end_s))
    earlier = weeks[:-WEEK_BINS]
    lower = earlier < weeks[-1]
    # The last lower week of each path, counted from the paths' start; -1 where none was lower.
    last_lower = np.where(lower.any(axis=0), len(lower) - 1 - lower[::-1].argmax(axis=0), -1)
    at = int(np.quantile(last_lower, sure_prob, method="inverted_cdf"))
    since_s = paths.end_s[at + WEEK_BINS - 1] if at >= 0 else paths.end_s[0]
    return LowestSince(
        since_s=float(since_s), sure_prob=float((last_lower <= at).mean()), reaches_start=at < 0
    )
