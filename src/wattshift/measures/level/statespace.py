"""A state-space posterior of the network's log hashrate: filter, smoother, and the fit of its noise.

Time runs in bins of 36 blocks (about six hours). The level, in ln EH/s, moves as
`wattshift.measures.level.noise` says; a bin sees it through Gamma(36) luck: the log of its work per second is
the level plus noise of variance trigamma(36). The filter is the interacting multiple-model one (Blom &
Bar-Shalom 1988), the smoother Kim's (1994), both with one Gaussian a regime. A bin closes once its last
block is five deep (`wattshift.measures.level.arrivals`), so the filter knows nothing before its time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.level.arrivals import BIN_BLOCKS, Arrivals
from wattshift.measures.level.noise import FITTED, PRIOR, NoiseModel
from wattshift.units import HASHES_PER_EH

__all__ = [
    "FilteredLevel",
    "LevelState",
    "SmoothedLevel",
    "filter_level",
    "fit_noise",
    "smooth_level",
    "state_at",
]

_FIRST_SCORED = 50

_Row = tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelState:
    """What is believed of the level at an instant: one Gaussian for each regime, in ln EH/s.

    Args:
        model: the noise in force.
        mean_ln_ehs: mean of the level in calm and in storm.
        var_ln_ehs: its variance in each.
        regime_prob: probability of each regime.
    """

    model: NoiseModel
    mean_ln_ehs: tuple[float, float]
    var_ln_ehs: tuple[float, float]
    regime_prob: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilteredLevel:
    """The level of every bin as it was knowable when the bin closed; arrays of shape (bins, 2).

    Args:
        arrivals: the blocks.
        models: the noise models, in order of date.
        model_index: shape (bins,), which model was in force.
        mean_ln_ehs: mean of ln EH/s in each regime.
        var_ln_ehs: variance of it.
        regime_prob: probability of each regime.
        ln_likelihood: of all bins but the first 50.
    """

    arrivals: Arrivals
    models: tuple[NoiseModel, ...]
    model_index: NDArray[np.int64]
    mean_ln_ehs: NDArray[np.float64]
    var_ln_ehs: NDArray[np.float64]
    regime_prob: NDArray[np.float64]
    ln_likelihood: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothedLevel:
    """The level of every bin as it is known with hindsight; arrays of shape (bins, 2).

    Args:
        mean_ln_ehs: mean of ln EH/s in each regime.
        var_ln_ehs: variance of it.
        regime_prob: probability of each regime.
    """

    mean_ln_ehs: NDArray[np.float64]
    var_ln_ehs: NDArray[np.float64]
    regime_prob: NDArray[np.float64]


def _observations(arrivals: Arrivals) -> NDArray[np.float64]:
    """The unbiased log of work per second of every closed bin [ln EH/s]."""
    from scipy.special import digamma

    count = arrivals.closed_bins(len(arrivals.known_s) - 1)
    taken = np.diff(arrivals.exposure_s_per_hash[arrivals.edge(0) : arrivals.edge(count) + 1 : BIN_BLOCKS])
    if not len(taken) or not (taken > 0).all():
        raise InputError(
            "no time passes over 36 blocks, or there are too few of them",
            bins=len(taken),
            hint="check the header times: the median of eleven must advance",
        )
    return np.asarray(digamma(BIN_BLOCKS) - np.log(taken * HASHES_PER_EH))


def filter_level(arrivals: Arrivals, models: Sequence[tuple[int, NoiseModel]] | None = None) -> FilteredLevel:
    """Run the filter over all closed bins.

    Args:
        arrivals: the blocks.
        models: (instant from which it holds [s since 1970], noise model), oldest first. By default
            `FITTED`, each of which was estimated from earlier blocks only.

    Raises:
        InputError: if there are too few blocks, or no model.
    """
    dated = FITTED if models is None else tuple(models)
    if not dated:
        raise InputError("the filter needs a noise model", hint="pass models=[(0, model)]")
    observed = _observations(arrivals)
    ends_s = arrivals.arrival_s[arrivals.edge(1) : arrivals.edge(len(observed)) + 1 : BIN_BLOCKS]
    since_s = np.array([since for since, _ in dated[1:]])
    index = np.searchsorted(since_s, ends_s, side="right").astype(np.int64)
    noises = tuple(model for _, model in dated)
    rows, total = _run_filter(observed, index, noises)
    table = np.array(rows)
    return FilteredLevel(
        arrivals=arrivals,
        models=noises,
        model_index=index,
        mean_ln_ehs=table[:, 0:2],
        var_ln_ehs=table[:, 2:4],
        regime_prob=np.column_stack((1 - table[:, 4], table[:, 4])),
        ln_likelihood=total,
    )


def _run_filter(
    observed: NDArray[np.float64], index: NDArray[np.int64], models: Sequence[NoiseModel]
) -> tuple[list[_Row], float]:
    """All rows (mean calm, mean storm, variance calm, variance storm, P(storm)), and the log likelihood."""
    noise = _luck_variance(BIN_BLOCKS)
    model = models[index[0]]
    start = model.storm_start_prob / (model.storm_start_prob + model.storm_end_prob)
    row: _Row = (float(observed[0]), float(observed[0]), noise, noise, start)
    rows, total = [], 0.0
    for k, (value, which) in enumerate(zip(observed.tolist(), index.tolist(), strict=True)):
        predicted = _predict(row, models[which], 1.0) if k else row
        row, ln_density = _update(predicted, value, noise) if k else (row, 0.0)
        rows.append(row)
        if k >= _FIRST_SCORED:
            total += ln_density
    return rows, total


def _predict(row: _Row, model: NoiseModel, share: float) -> _Row:
    """Mix the regimes and let `share` of a bin pass."""
    mean0, mean1, var0, var1, storm = row
    calm = 1 - storm
    start, end = model.storm_start_prob * share, model.storm_end_prob * share
    next_storm = calm * start + storm * (1 - end)
    to0 = storm * end / (1 - next_storm)
    to1 = storm * (1 - end) / next_storm
    gap = mean1 - mean0
    sd0, sd1 = model.step_sd_frac
    drift = model.step_growth_frac * share
    return (
        mean0 + to0 * gap + drift,
        mean0 + to1 * gap + drift,
        var0 + to0 * (var1 - var0) + to0 * (1 - to0) * gap * gap + sd0 * sd0 * share,
        var0 + to1 * (var1 - var0) + to1 * (1 - to1) * gap * gap + sd1 * sd1 * share,
        next_storm,
    )


def _update(row: _Row, value: float, noise: float) -> tuple[_Row, float]:
    """Condition on one observation of variance `noise`; also its log density (up to a constant)."""
    mean0, mean1, var0, var1, storm = row
    total0, total1 = var0 + noise, var1 + noise
    miss0, miss1 = value - mean0, value - mean1
    ln0 = -0.5 * (miss0 * miss0 / total0 + math.log(total0))
    ln1 = -0.5 * (miss1 * miss1 / total1 + math.log(total1))
    top = max(ln0, ln1)
    like0, like1 = (1 - storm) * math.exp(ln0 - top), storm * math.exp(ln1 - top)
    both = like0 + like1
    gain0, gain1 = var0 / total0, var1 / total1
    # A regime is never certain, or it could never change again.
    now_storm = min(max(like1 / both, 1e-9), 1 - 1e-9)
    posterior = (
        mean0 + gain0 * miss0,
        mean1 + gain1 * miss1,
        var0 * (1 - gain0),
        var1 * (1 - gain1),
        now_storm,
    )
    return posterior, top + math.log(both)


def _luck_variance(blocks: int) -> float:
    """Variance of the log of a Gamma(blocks) variable."""
    from scipy.special import polygamma

    return float(polygamma(1, blocks))


def state_at(filtered: FilteredLevel, tip: int, now_s: float) -> LevelState:
    """The level as it was knowable when block `tip` (an index) was the last one.

    Args:
        filtered: the filter over the same blocks; it may reach beyond `tip`.
        tip: index of the last known block.
        now_s: the instant, at or after that block became known [s since 1970].

    Raises:
        OutOfSpan: if no bin was closed yet.
    """
    arrivals = filtered.arrivals
    closed = min(arrivals.closed_bins(tip), len(filtered.mean_ln_ehs))
    if closed < 1:
        raise OutOfSpan("no bin of 36 blocks is closed yet", tip=tip, hint="choose a later instant")
    k = closed - 1
    model = filtered.models[filtered.model_index[k]]
    edge = arrivals.edge(closed)
    blocks = tip - edge
    row = _predict(_row_of(filtered, k), model, blocks / BIN_BLOCKS)
    taken = arrivals.exposure_since(edge, tip, now_s) * HASHES_PER_EH
    if taken > 0:
        from scipy.special import digamma

        row, _ = _update(row, float(digamma(blocks)) - math.log(taken), _luck_variance(blocks))
    return LevelState(
        model=model,
        mean_ln_ehs=row[0:2],
        var_ln_ehs=row[2:4],
        regime_prob=(1 - row[4], row[4]),
    )


def _row_of(level: FilteredLevel | SmoothedLevel, k: int) -> _Row:
    mean0, mean1 = level.mean_ln_ehs[k].tolist()
    var0, var1 = level.var_ln_ehs[k].tolist()
    return mean0, mean1, var0, var1, float(level.regime_prob[k, 1])


def smooth_level(filtered: FilteredLevel) -> SmoothedLevel:
    """Run Kim's smoother back from the last closed bin."""
    count = len(filtered.mean_ln_ehs)
    forward = np.column_stack(
        (filtered.mean_ln_ehs, filtered.var_ln_ehs, filtered.regime_prob[:, 1])
    ).tolist()
    row: _Row = tuple(forward[-1])
    rows = [row]
    models = [filtered.models[which] for which in filtered.model_index.tolist()]
    for k in range(count - 2, -1, -1):
        row = _smooth_step(forward[k], row, models[k + 1])
        rows.append(row)
    table = np.array(rows[::-1])
    return SmoothedLevel(
        mean_ln_ehs=table[:, 0:2],
        var_ln_ehs=table[:, 2:4],
        regime_prob=np.column_stack((1 - table[:, 4], table[:, 4])),
    )


def _smooth_step(now: _Row, after: _Row, model: NoiseModel) -> _Row:
    """Condition bin k's filtered row on bin k+1's smoothed one."""
    start, end = model.storm_start_prob, model.storm_end_prob
    drift, (sd0, sd1) = model.step_growth_frac, model.step_sd_frac
    q0, q1 = sd0 * sd0, sd1 * sd1
    storm = now[4]
    next_storm = (1 - storm) * start + storm * (1 - end)
    # Share of each present regime in each next one, times the smoothed weight of the next one.
    calm0 = (1 - after[4]) * (1 - storm) * (1 - start) / (1 - next_storm)
    calm1 = after[4] * (1 - storm) * start / next_storm
    storm0 = (1 - after[4]) - calm0
    storm1 = after[4] - calm1
    means, variances = [], []
    for mean, var, to0, to1 in ((now[0], now[2], calm0, calm1), (now[1], now[3], storm0, storm1)):
        gain0, gain1 = var / (var + q0), var / (var + q1)
        mean0 = mean + gain0 * (after[0] - mean - drift)
        mean1 = mean + gain1 * (after[1] - mean - drift)
        var0 = var + gain0 * gain0 * (after[2] - var - q0)
        var1 = var + gain1 * gain1 * (after[3] - var - q1)
        share = to1 / (to0 + to1)
        means.append(mean0 + share * (mean1 - mean0))
        variances.append(var0 + share * (var1 - var0) + share * (1 - share) * (mean1 - mean0) ** 2)
    return means[0], means[1], variances[0], variances[1], storm0 + storm1


def fit_noise(arrivals: Arrivals, *, before_s: int, start: NoiseModel = PRIOR) -> NoiseModel:
    """The noise model that explains the blocks known before an instant best.

    Maximises the filter's likelihood times a weak prior around `PRIOR` (the standard deviations within a
    factor of two, the switching odds within a factor of e, the growth within 1 % a period) by
    Nelder & Mead. Some seconds for years of blocks.

    Args:
        arrivals: the blocks; later ones are not looked at.
        before_s: the instant [s since 1970].
        start: where the search begins.

    Raises:
        InputError: if fewer than 60 bins had closed before.
    """
    from scipy.optimize import minimize

    tip = int(np.searchsorted(arrivals.known_s, before_s)) - 1
    count = arrivals.closed_bins(tip)
    if count <= _FIRST_SCORED + 9:
        raise InputError("a fit needs at least 60 bins", bins=count, hint="choose a later instant")
    observed = _observations(arrivals)[:count]
    index = np.zeros(count, dtype=np.int64)

    def loss(vector: NDArray[np.float64]) -> float:
        penalty = 0.5 * float(np.square((vector - _PRIOR_VECTOR) / _PRIOR_WIDTH).sum())
        return penalty - _run_filter(observed, index, (_model_of(vector),))[1]

    found = minimize(
        loss, _vector_of(start), method="Nelder-Mead", options={"maxiter": 500, "xatol": 1e-2, "fatol": 1e-2}
    )
    return _model_of(found.x)


def _vector_of(model: NoiseModel) -> NDArray[np.float64]:
    """The model on an unbounded scale."""
    return np.array(
        [
            math.log(model.calm_sd_frac),
            math.log(model.storm_sd_frac / model.calm_sd_frac),
            math.log(model.storm_start_prob / (1 - model.storm_start_prob)),
            math.log(model.storm_end_prob / (1 - model.storm_end_prob)),
            model.growth_frac,
        ]
    )


def _model_of(vector: NDArray[np.float64]) -> NoiseModel:
    calm, spread, start, end, growth = vector.tolist()
    return NoiseModel(
        calm_sd_frac=math.exp(calm),
        storm_sd_frac=math.exp(calm + abs(spread)),
        storm_start_prob=1 / (1 + math.exp(-start)),
        storm_end_prob=1 / (1 + math.exp(-end)),
        growth_frac=growth,
    )


_PRIOR_VECTOR = _vector_of(PRIOR)
_PRIOR_WIDTH = np.array([0.7, 0.7, 1.0, 1.0, 0.01])
