"""The projection scored over all complete periods, its speed, and what periods alone are too few to tell.

Run: python benchmarks/study_projection.py [first period, default 333 = February 2021]
"""

from __future__ import annotations

import sys
import time

import numpy as np
import polars as pl

from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.level.arrivals import BIN_BLOCKS, arrivals_of
from wattshift.measures.level.projection import project
from wattshift.measures.level.scoring import (
    baseline_rules,
    known_at_block,
    replay,
    score_table,
    statespace_rule,
)
from wattshift.measures.level.statespace import FilteredLevel, filter_level, state_at
from wattshift.store.bundled import BundledStore

OURS = "state space"


def show(table: pl.DataFrame) -> None:
    """RMSE and CRPS in percentage points for each depth, the best in each row first."""
    wide = table.select(
        "rule", "depth", (100 * pl.col("rmse_frac")).alias("rmse"), (100 * pl.col("crps_frac")).alias("crps")
    )
    with pl.Config(tbl_rows=100, tbl_cols=20, tbl_width_chars=200, float_precision=3):
        for score in ("rmse", "crps"):
            print(score, "[percentage points]", wide.pivot("rule", index="depth", values=score))
        ours = table.filter(pl.col("rule") == OURS)
        print("coverage", ours.select("depth", pl.col("^(cover|adaptive).*$")))
        print(
            "better than, paired bootstrap",
            table.filter(pl.col("rule") != OURS)
            .select("rule", "depth", "rmse_beaten_prob", "crps_beaten_prob")
            .pivot("rule", index="depth"),
        )


def every_bin(filtered: FilteredLevel, first_period: int) -> None:
    """Time of the next n blocks, predicted from the end of every bin: thousands of cases."""
    arrivals = filtered.arrivals
    taken = np.concatenate(([0.0], np.cumsum(np.diff(arrivals.known_s) / arrivals.work_hashes[1:])))
    start = (first_period * 2016 - arrivals.first_edge - arrivals.first_height) // BIN_BLOCKS + 1
    print("RMS error of the log time of the next blocks: state space, pooled 1008, pooled 2016")
    for ahead in (5, 36, 115, 504):
        errors = []
        for bins in range(start, len(filtered.mean_ln_ehs) - ahead // BIN_BLOCKS - 1):
            tip = arrivals.edge(bins)
            state = state_at(filtered, tip, float(arrivals.known_s[tip]))
            ours = sum(
                weight * np.exp(-mean + var / 2) / 1e18
                for weight, mean, var in zip(
                    state.regime_prob, state.mean_ln_ehs, state.var_ln_ehs, strict=True
                )
            )
            truth = max(taken[tip + ahead] - taken[tip], 1e-24) / ahead
            pooled = [(taken[tip] - taken[tip - blocks]) / blocks for blocks in (1008, 2016)]
            errors.append(np.log(np.array([ours, *pooled]) / truth))
        rms = 100 * np.sqrt(np.square(errors).mean(axis=0))
        print(
            f"  next {ahead:4d} blocks, {len(errors)} cases: " + "  ".join(f"{value:7.3f} %" for value in rms)
        )


def obvious_way(chain: KnownBlocks, depth: int, periods: int = 3) -> float:
    """Seconds a projection if the filter starts again for each one and paths are drawn with scipy.stats."""
    from scipy.stats import gamma, norm

    started = time.perf_counter()
    for period in range(460, 460 + periods):
        known = known_at_block(chain, period * 2016 + depth)
        level = filter_level(arrivals_of(known.header_time_s, known.work_hashes, known.first_height))
        state = state_at(level, len(known.header_time_s) - 1, known.as_of.timestamp())
        for _ in range(100):  # of the 4,096 paths that are drawn otherwise
            x = norm.rvs(state.mean_ln_ehs[0], np.sqrt(state.var_ln_ehs[0]))
            for _ in range((2015 - depth) // BIN_BLOCKS):
                x += norm.rvs(0, state.model.step_sd_frac[0])
                gamma.rvs(BIN_BLOCKS, scale=np.exp(-x))
    return (time.perf_counter() - started) / periods


def main() -> None:
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 333
    store = BundledStore()
    chain = BlockHistory.from_tables(store.read("blocks"), store.read("difficulty_periods")).whole
    started = time.perf_counter()
    filtered = filter_level(arrivals_of(chain.header_time_s, chain.work_hashes, chain.first_height))
    rules = {OURS: statespace_rule(filtered)} | baseline_rules()
    scored = replay(chain, rules, first_period=first, last_period=468)
    table = score_table(scored, against=OURS, rng=np.random.default_rng(0))
    took = time.perf_counter() - started
    show(table)
    shape = f"{len(scored.periods)} periods at {len(scored.depths)} depths"
    print(f"score of {shape}, filter included: {took:.1f} s")
    state = state_at(filtered, len(chain.header_time_s) - 1, float(filtered.arrivals.known_s[-1]))
    started = time.perf_counter()
    project(
        state,
        blocks_since_first=100,
        elapsed_s=60_000.0,
        work_hashes=float(chain.work_hashes[-1]),
        rng=np.random.default_rng(0),
        periods=4,
    )
    print(f"one projection at depth 100 and three periods more: {time.perf_counter() - started:.4f} s")
    print(f"the obvious way, with 100 paths only: {obvious_way(chain, 100):.2f} s a projection")
    every_bin(filtered, first)


if __name__ == "__main__":
    main()
