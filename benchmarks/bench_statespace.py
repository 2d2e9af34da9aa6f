"""Speed of the state-space posterior over all bundled blocks, beside the obvious scipy way in the same run.

Run: python benchmarks/bench_statespace.py [--refit]     (--refit also re-estimates the table of noise models)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from wattshift.clock import format_instant, from_unix
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.level.arrivals import BIN_BLOCKS, Arrivals, arrivals_of
from wattshift.measures.level.noise import FITTED, PRIOR, NoiseModel
from wattshift.measures.level.posterior import belief, below_prob, draw_paths, fell_prob, lowest_since, series
from wattshift.measures.level.statespace import filter_level, fit_noise, smooth_level, state_at
from wattshift.store.bundled import BundledStore

T = TypeVar("T")


def timed(label: str, work: Callable[[], T], repeat: int = 3) -> T:
    best = float("inf")
    for _ in range(repeat):
        started = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - started)
    print(f"{best:9.4f} s  {label}")
    return result


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


def main() -> None:
    store = BundledStore()
    chain = BlockHistory.from_tables(store.read("blocks"), store.read("difficulty_periods")).whole
    print(f"{len(chain.header_time_s)} blocks")
    arrivals = timed(
        "clean the header times",
        lambda: arrivals_of(chain.header_time_s, chain.work_hashes, chain.first_height),
    )
    filtered = timed("filter, dated noise models", lambda: filter_level(arrivals))
    smoothed = timed("smoother", lambda: smooth_level(filtered))
    model = FITTED[-1][1]
    ours = timed("filter, one noise model", lambda: filter_level(arrivals, [(0, model)]))
    obvious = timed(
        "the same filter with numpy and scipy.stats", lambda: obvious_filter(arrivals, model), repeat=1
    )
    print(
        f"           largest difference in ln EH/s: {np.abs(series(ours)[0] - np.array(obvious)).max():.1e}"
    )

    tip, now_s = len(chain.header_time_s) - 1, float(arrivals.known_s[-1])
    state = timed("state at an instant", lambda: state_at(filtered, tip, now_s))
    timed("median, interval, P(below 1000 EH/s)", lambda: (belief(state), below_prob(state, 1000.0)))
    rng = np.random.default_rng(0)
    for days in (14, 90, 365, 2000):
        since_s = now_s - days * 86_400
        draw = partial(draw_paths, filtered, tip=tip, now_s=now_s, since_s=since_s, rng=rng)
        paths = timed(f"400 paths over {days} days", draw)
    timed("P(fell by more than 5 %), lowest since", lambda: (fell_prob(paths, 0.05), lowest_since(paths)))
    mean, sd = series(smoothed)
    now_ehs = np.exp(series(filtered)[0][-1])
    print(f"now {now_ehs:.0f} EH/s; smoother's mean sd {sd.mean():.4f} over {len(mean)} bins")
    if "--refit" in sys.argv:
        last = PRIOR
        for since, _ in FITTED[1:]:
            fit = partial(fit_noise, arrivals, before_s=since, start=last)
            last = timed(f"fit on blocks before {format_instant(from_unix(since))}", fit, repeat=1)
            print(f"           {last}")


if __name__ == "__main__":
    main()
