"""The state-space posterior over all bundled blocks, beside the obvious numpy and scipy.stats way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.level.arrivals import BIN_BLOCKS, Arrivals, arrivals_of
from wattshift.measures.level.detection import scan
from wattshift.measures.level.noise import FITTED, NoiseModel
from wattshift.measures.level.posterior import belief, draw_paths, lowest_since, series
from wattshift.measures.level.projection import project
from wattshift.measures.level.scoring import known_at_block
from wattshift.measures.level.statespace import filter_level, smooth_level, state_at
from wattshift.store.bundled import BundledStore

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

MODEL = FITTED[-1][1]
DEPTH = 100


@pytest.fixture(scope="module")
def chain() -> KnownBlocks:
    store = BundledStore()
    return BlockHistory.from_tables(store.read("blocks"), store.read("difficulty_periods")).whole


@pytest.fixture(scope="module")
def arrivals(chain: KnownBlocks) -> Arrivals:
    return arrivals_of(chain.header_time_s, chain.work_hashes, chain.first_height)


def obvious_filter(arrivals: Arrivals, model: NoiseModel) -> list[float]:
    """The same filter as a textbook writes it: small arrays and scipy.stats in a loop."""
    from scipy.special import digamma, polygamma
    from scipy.stats import norm

    count = arrivals.closed_bins(len(arrivals.known_s) - 1)
    edges = arrivals.exposure_s_per_hash[arrivals.edge(0) : arrivals.edge(count) + 1 : BIN_BLOCKS]
    observed = digamma(BIN_BLOCKS) - np.log(np.diff(edges) * 1e18)
    noise = polygamma(1, BIN_BLOCKS)
    start, end = model.storm_start_prob, model.storm_end_prob
    switch = np.array([[1 - start, start], [end, 1 - end]])
    mean, var, weight = np.full(2, observed[0]), np.full(2, noise), np.array([end, start]) / (start + end)
    means = [float(observed[0])]
    for value in observed[1:]:
        reached = weight @ switch
        mix = weight[:, None] * switch / reached
        mixed = mean @ mix
        spread = ((var[:, None] + np.square(mean[:, None] - mixed)) * mix).sum(axis=0)
        mean, var = mixed + model.step_growth_frac, spread + np.square(model.step_sd_frac)
        weight = reached * norm.pdf(value, mean, np.sqrt(var + noise))
        weight = weight / weight.sum()
        gain = var / (var + noise)
        mean, var = mean + gain * (value - mean), (1 - gain) * var
        means.append(float(weight @ mean))
    return means


def obvious_projection(chain: KnownBlocks, *, draws: int) -> float:
    """One adjustment if the filter starts again for it and paths are drawn one by one with scipy.stats."""
    from scipy.stats import gamma, norm

    known = known_at_block(chain, 460 * 2016 + DEPTH)
    level = filter_level(arrivals_of(known.header_time_s, known.work_hashes, known.first_height))
    state = state_at(level, len(known.header_time_s) - 1, known.as_of.timestamp())
    rng = np.random.default_rng(0)
    taken = []
    for _ in range(draws):
        x = float(norm.rvs(state.mean_ln_ehs[0], np.sqrt(state.var_ln_ehs[0]), random_state=rng))
        spent = 0.0
        for _ in range((2015 - DEPTH) // BIN_BLOCKS):
            x += float(norm.rvs(0, state.model.step_sd_frac[0], random_state=rng))
            spent += float(gamma.rvs(BIN_BLOCKS, scale=np.exp(-x), random_state=rng))
        taken.append(spent)
    return float(np.mean(taken))


def bench_filter(benchmark: BenchmarkFixture, arrivals: Arrivals) -> None:
    benchmark.group = "filter over all blocks"
    level = benchmark(lambda: filter_level(arrivals, [(0, MODEL)]))
    assert len(level.mean_ln_ehs) > 9_000


def bench_filter_obvious(benchmark: BenchmarkFixture, arrivals: Arrivals) -> None:
    benchmark.group = "filter over all blocks"
    means = benchmark.pedantic(lambda: obvious_filter(arrivals, MODEL), rounds=3)  # type: ignore[no-untyped-call]
    ours = series(filter_level(arrivals, [(0, MODEL)]))[0]
    assert np.abs(ours - np.array(means)).max() < 1e-12


def bench_clean_filter_smooth(benchmark: BenchmarkFixture, chain: KnownBlocks) -> None:
    benchmark.group = "whole history: clean, filter and smooth"
    smoothed = benchmark(
        lambda: smooth_level(
            filter_level(arrivals_of(chain.header_time_s, chain.work_hashes, chain.first_height))
        )
    )
    assert np.isfinite(smoothed.mean_ln_ehs).all()


def bench_state_and_belief(benchmark: BenchmarkFixture, arrivals: Arrivals) -> None:
    benchmark.group = "one instant"
    level = filter_level(arrivals)
    tip, now_s = len(arrivals.known_s) - 1, float(arrivals.known_s[-1])
    held = benchmark(lambda: belief(state_at(level, tip, now_s)))
    assert held.low_ehs < held.median_ehs < held.high_ehs


def bench_a_year_of_paths(benchmark: BenchmarkFixture, arrivals: Arrivals) -> None:
    benchmark.group = "one instant"
    level = filter_level(arrivals)
    tip, now_s = len(arrivals.known_s) - 1, float(arrivals.known_s[-1])
    rng = np.random.default_rng(0)
    since_s = now_s - 365 * 86_400
    lowest = benchmark(
        lambda: lowest_since(draw_paths(level, tip=tip, now_s=now_s, since_s=since_s, rng=rng))
    )
    assert lowest.since_s < now_s


def bench_project_four_periods(benchmark: BenchmarkFixture, chain: KnownBlocks, arrivals: Arrivals) -> None:
    benchmark.group = "one projection of 4,096 courses (the obvious way: 100)"
    state = state_at(filter_level(arrivals), len(arrivals.known_s) - 1, float(arrivals.known_s[-1]))
    outlook = benchmark(
        lambda: project(
            state,
            blocks_since_first=DEPTH,
            elapsed_s=60_000.0,
            work_hashes=float(chain.work_hashes[-1]),
            rng=np.random.default_rng(0),
            periods=4,
        )
    )
    assert outlook.change_frac.shape == (4, 4096)


def bench_project_obvious(benchmark: BenchmarkFixture, chain: KnownBlocks) -> None:
    benchmark.group = "one projection of 4,096 courses (the obvious way: 100)"
    taken = benchmark.pedantic(lambda: obvious_projection(chain, draws=100), rounds=2)  # type: ignore[no-untyped-call]
    assert taken > 0


def bench_detect(benchmark: BenchmarkFixture, arrivals: Arrivals) -> None:
    benchmark.group = "detector over all blocks"
    waits = np.diff(arrivals.known_s) / arrivals.work_hashes[1:]
    assert len(benchmark(lambda: scan(waits))) > 10
