"""False alarms and delays of the sequential detector, beside the seven-day average and Lorden's bound.

Run: python benchmarks/study_detection.py [simulated years, default 10000]      (about 90 s at 10,000)
"""

from __future__ import annotations

import math
import sys
import time

import numpy as np
from numpy.typing import NDArray

from wattshift.measures.blocks import BlockHistory
from wattshift.measures.level.arrivals import Arrivals, arrivals_of
from wattshift.measures.level.detection import BLOCKS_PER_YEAR, SIZES_FRAC, delay_bound_blocks, scan
from wattshift.store.bundled import BundledStore

DROPS = (-0.05, -0.1, -0.2, -0.3)
WEEK = 1008
REFERENCE = 4032
REACH = 15_000
Waits = NDArray[np.float64]


def week_ratio(waits: Waits) -> Waits:
    """ln of (mean wait of the last week of blocks / of the four weeks before it), from block 5,040 on."""
    sums = np.concatenate(([0.0], np.cumsum(waits)))
    week = sums[REFERENCE + WEEK :] - sums[REFERENCE:-WEEK]
    before = sums[REFERENCE:-WEEK] - sums[: -REFERENCE - WEEK]
    return np.asarray(np.log(week / WEEK * REFERENCE / before))


def episodes(crossed: NDArray[np.bool_]) -> int:
    """Alarms of a rule that keeps quiet for a week after each."""
    count, quiet_until = 0, -1
    for at in np.flatnonzero(crossed).tolist():
        if at > quiet_until:
            count, quiet_until = count + 1, at + WEEK
    return count


def week_threshold(rng: np.random.Generator, years: int = 400) -> float:
    """How far the seven-day average must move for one false alarm a year, both directions together."""
    ratio = np.abs(week_ratio(rng.standard_exponential(years * BLOCKS_PER_YEAR)))
    low, high = 0.05, 0.3
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if episodes(ratio > middle) > years else (low, middle)
    return high


def false_alarms(years: int) -> None:
    rng = np.random.default_rng(2021)
    chunk, count, drops, started = 100, 0, 0, time.perf_counter()
    for _ in range(years // chunk):
        alarms = scan(rng.standard_exponential(chunk * BLOCKS_PER_YEAR))
        count += len(alarms)
        drops += sum(alarm.is_drop for alarm in alarms)
    print(
        f"constant hashrate, {years} years: {count / years:.4f} +- {math.sqrt(count) / years:.4f} alarms "
        f"a year ({drops / years:.3f} drops), {time.perf_counter() - started:.0f} s"
    )


def first_drop(waits: Waits, change: int) -> float:
    for alarm in scan(waits):
        if alarm.index >= change and alarm.is_drop:
            return alarm.index - change + 1
    return math.inf


def first_week_drop(waits: Waits, change: int, threshold: float) -> float:
    crossed = np.flatnonzero(week_ratio(waits) > threshold) + REFERENCE + WEEK - 1
    after = crossed[crossed >= change]
    return float(after[0] - change + 1) if len(after) else math.inf


def show(label: str, size: float, reach: int, delays: list[float], week: list[float]) -> None:
    """One line; a change that was never found counts with the whole stretch watched, so means are floors."""
    bound = delay_bound_blocks(size)
    cells = []
    for name, values in (("detector", delays), ("7-day average", week)):
        mean = np.mean(np.minimum(values, reach))
        cells.append(
            f"{name}: mean {mean:6.0f} ({mean / bound:.2f} x bound) median {np.median(values):6.0f} "
            f"found {np.isfinite(values).mean():4.0%}"
        )
    print(f"  {label} {size:+.0%}  bound {bound:5.0f} blocks | " + " | ".join(cells))


def simulated_delays(threshold: float, runs: int = 200) -> None:
    for label, history in (("a year of history", BLOCKS_PER_YEAR), ("8 weeks of history", 8064)):
        for size in DROPS:
            reach = int(5 * delay_bound_blocks(size)) + 3 * WEEK
            delays, week = [], []
            for seed in range(runs):
                waits = np.random.default_rng((seed, history)).standard_exponential(history + reach)
                waits[history:] /= 1 + size
                delays.append(first_drop(waits, history))
                week.append(first_week_drop(waits, history, threshold))
            show(label, size, reach, delays, week)


def real_delays(waits: Waits, arrivals: Arrivals, threshold: float) -> None:
    """Remove a share of the real chain's hashrate at 60 instants of 2021-2026."""
    starts = np.linspace(np.searchsorted(arrivals.known_s, 1_612_137_600), len(waits) - REACH, 60).astype(int)
    undisturbed = [first_drop(waits[: start + 2016], start) for start in starts]
    anyway = np.isfinite(undisturbed).mean()
    print(f"  real drop alarms within 2,016 blocks of these instants anyway: {anyway:.0%}")
    for size in DROPS:
        delays, week = [], []
        for start in starts:
            changed = waits[: start + REACH].copy()
            changed[start:] /= 1 + size
            delays.append(first_drop(changed, start))
            week.append(first_week_drop(changed, start, threshold))
        show("real chain", size, REACH, delays, week)


def real_alarms(waits: Waits, arrivals: Arrivals, threshold: float) -> None:
    times = arrivals.known_s[1:]
    start = int(np.searchsorted(times, 1_609_459_200))
    years = (times[-1] - times[start]) / (365 * 86_400)
    alarms = [alarm for alarm in scan(waits) if alarm.index >= start]
    week = np.abs(week_ratio(waits[start - REFERENCE - WEEK :])) > threshold
    drops = sum(alarm.is_drop for alarm in alarms)
    print(
        f"real drift 2021-2026 ({years:.2f} years): {len(alarms) / years:.1f} alarms a year, "
        f"{drops / years:.1f} of them drops; 7-day average {episodes(week) / years:.1f}"
    )


def main() -> None:
    years = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    store = BundledStore()
    chain = BlockHistory.from_tables(store.read("blocks"), store.read("difficulty_periods")).whole
    arrivals = arrivals_of(chain.header_time_s, chain.work_hashes, chain.first_height)
    waits = np.diff(arrivals.known_s) / arrivals.work_hashes[1:]
    started = time.perf_counter()
    count = len(scan(waits))
    took = time.perf_counter() - started
    print(f"scan of {len(waits)} real blocks, {len(SIZES_FRAC)} sizes: {took:.3f} s, {count} alarms")
    threshold = week_threshold(np.random.default_rng(7))
    print(f"the 7-day average needs {math.expm1(threshold):+.1%} in waits for one false alarm a year")
    real_alarms(waits, arrivals, threshold)
    simulated_delays(threshold)
    real_delays(waits, arrivals, threshold)
    false_alarms(years)


if __name__ == "__main__":
    main()
