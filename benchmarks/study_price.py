"""Chooses how today's volatility scales the returns from which the simulator draws its price.

PYTHONPATH=src python benchmarks/study_price.py        (about 1 min)

Every month's first day is a start: the log score and the CRPS of the price 30, 90 and 180 days later, and how
often it lay inside the band. The choice rests on the outcomes before 2022; the later ones test it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from wattshift.app.snapshot import Archive
from wattshift.measures.prices import DailyCloses
from wattshift.store.bundled import BundledStore

AHEAD_DAYS = (30, 90, 180)
PATHS, BLOCK_DAYS, PAST_DAYS = 3_000, 20, 1_461
SPLIT_AT, LAST_AT = datetime(2022, 1, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How returns are scaled: not at all, to the present volatility, or halfway (geometric mean)."""

    title: str
    half_life_days: float | None
    part: float = 1.0


WAYS = (
    Way(title="as they came", half_life_days=None),
    *(Way(title=f"{days} days, present", half_life_days=days) for days in (30, 60, 120, 365)),
    *(Way(title=f"{days} days, halfway", half_life_days=days, part=0.5) for days in (30, 60, 120)),
)


def scaled(returns: NDArray[np.float64], way: Way) -> NDArray[np.float64]:
    """Each return at the wanted volatility."""
    if way.half_life_days is None:
        return returns
    keep, squares = 0.5 ** (1 / way.half_life_days), np.square(returns)
    variance = [float(squares.mean())]
    for square in squares:
        variance.append(keep * variance[-1] + (1 - keep) * float(square))
    z = returns / np.sqrt(variance[:-1])
    wanted = variance[-1] ** way.part * float(squares.mean()) ** (1 - way.part)
    return np.asarray(z * math.sqrt(wanted / np.square(z).mean()))


def drawn(returns: NDArray[np.float64], rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Log prices of all paths after each of `AHEAD_DAYS`: a stationary bootstrap without drift."""
    mean = math.log(np.exp(returns).mean())
    place, level = rng.integers(0, len(returns), PATHS), np.zeros(PATHS)
    for day in range(1, AHEAD_DAYS[-1] + 1):
        fresh = rng.random(PATHS) < 1 / BLOCK_DAYS
        place = np.where(fresh, rng.integers(0, len(returns), PATHS), (place + 1) % len(returns))
        level = level + returns[place] - mean
        if day in AHEAD_DAYS:
            yield level


def judged(level: NDArray[np.float64], came: float) -> tuple[float, float, float]:
    """Log score as if normal between the band's ends, CRPS, and whether it lay inside."""
    low, median, high = np.quantile(level, (0.05, 0.5, 0.95))
    sd = (high - low) / 3.29
    order = np.sort(level)
    spread = float(((2 * np.arange(1, PATHS + 1) - PATHS - 1) * order).sum()) / PATHS**2
    crps = float(np.abs(level - came).mean()) - spread
    return float(-0.5 * ((came - median) / sd) ** 2 - math.log(sd)), crps, float(low <= came <= high)


def score(closes: DailyCloses, way: Way, first: datetime, end: datetime) -> str:
    """A row of the table: starts from `first` on, outcomes before `end`."""
    rng = np.random.default_rng(1)
    found: dict[int, list[tuple[float, float, float]]] = {days: [] for days in AHEAD_DAYS}
    for month in range((end.year - first.year) * 12):
        at = datetime(first.year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        known = int(np.searchsorted(closes.close_s, at.timestamp(), side="right")) - 1
        past = closes.log_returns[max(0, known - PAST_DAYS) : known]
        for days, level in zip(AHEAD_DAYS, drawn(scaled(past, way), rng), strict=True):
            if known + days < len(closes.close_s) and closes.close_s[known + days] < end.timestamp():
                found[days].append(judged(level, float(closes.log_returns[known : known + days].sum())))
    means = [np.mean(rows, axis=0) for rows in found.values()]
    cells = [f"{mean[0]:.3f} | {mean[1]:.4f} | {100 * mean[2]:.0f} %" for mean in means]
    return f"| {way.title} | {' | '.join(cells)} |"


def main() -> None:
    """Print both tables."""
    closes = Archive(BundledStore()).closes
    for title, first, end in (
        ("outcomes before 2022, from which the choice was made", datetime(2014, 1, 1, tzinfo=UTC), SPLIT_AT),
        ("starts from 2022 on, which test it", SPLIT_AT, LAST_AT),
    ):
        heads = " | ".join(f"{days} d: log score | CRPS | inside" for days in AHEAD_DAYS)
        print(f"\n## {title}\n\n| | {heads} |")
        print(f"|---|{'---:|' * 9}")
        for way in WAYS if first < SPLIT_AT else (WAYS[0], WAYS[5]):
            print(score(closes, way, first, end), flush=True)


if __name__ == "__main__":
    main()
