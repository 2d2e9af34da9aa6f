"""Who is late, and when nobody is: ten years of blocks (B4).

`WATTSHIFT_FAULTS=20` takes twenty such decades.
"""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime

import numpy as np
from scipy.stats import poisson

from support.headers import seeded
from wattshift.app.follow.silence import CRITICAL_S, WARNING_S, Silence, silence
from wattshift.app.follow.trust import Comparison, Standing, Trust, answered, compared

DECADES = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
BLOCKS = 525_600
NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLL_S = 30.0
SLOWEST_S = 20.0


def test_ten_years_of_blocks_raise_no_false_alarm_about_a_source() -> None:
    """Three honest sources learn of each block up to a poll and a slow answer later than the first one."""
    alarms = {WARNING_S: 0, CRITICAL_S: 0}
    for seed in range(DECADES):
        rng = np.random.default_rng(seed)
        gaps_s = rng.exponential(600.0, BLOCKS)
        begins_s = np.concatenate(([0.0], np.cumsum(gaps_s)[:-1]))
        learns_s = begins_s + rng.uniform(0, POLL_S, (3, BLOCKS)) + rng.uniform(0, SLOWEST_S, (3, BLOCKS))
        for limit_s in alarms:
            alarms[limit_s] += int((gaps_s > limit_s).sum())
        # One block on its way puts nobody two blocks behind: only those that come soon are looked at.
        soon = gaps_s < POLL_S + SLOWEST_S
        looked_at = np.flatnonzero(soon | np.concatenate(([False], soon[:-1]))).tolist()
        assert len(looked_at) > BLOCKS / 10
        for each_s in learns_s:
            trust, late = answered(Trust(), NOW), list[float]()
            for block in looked_at:
                late.append(float(each_s[block]))
                trust = observed(trust, late, float(begins_s[block]), float(gaps_s[block]))
            assert trust.standing is Standing.FRESH
    for limit_s, found in alarms.items():
        low, high = poisson.interval(0.99, DECADES * BLOCKS * math.exp(-limit_s / 600))
        assert low <= found <= high


def observed(trust: Trust, late: list[float], now_s: float, gap_s: float) -> Trust:
    """Judge a source at each moment at which something changes before the next block."""
    late[:] = [each for each in late if each > now_s]
    for at_s in sorted({now_s, *(each for each in late if each <= now_s + gap_s), now_s + gap_s}):
        behind = sum(each > at_s for each in late)
        trust = compared(trust, Comparison(behind=behind, fork_height=None), now_at=NOW, now_s=at_s)
        assert trust.standing is Standing.FRESH
    late[:] = [each for each in late if each > now_s + gap_s]
    return trust


def test_a_source_that_stops_is_found_out_within_three_blocks_and_five_minutes() -> None:
    rng, trust, now_s, behind = seeded(5), answered(Trust(), NOW), 0.0, 0
    second_s = None
    while trust.standing is Standing.FRESH:
        now_s += 30.0
        behind += rng.random() < 30 / 600
        if behind == 2 and second_s is None:
            second_s = now_s
        trust = compared(trust, Comparison(behind=behind, fork_height=None), now_at=NOW, now_s=now_s)
    assert second_s is not None
    assert now_s == second_s + 300.0


def test_the_levels() -> None:
    assert [silence(quiet_s) for quiet_s in (0.0, 5_400.0, 5_401.0, 7_200.0, 7_201.0, 1e9)] == [
        Silence.NONE,
        Silence.NONE,
        Silence.WARNING,
        Silence.WARNING,
        Silence.CRITICAL,
        Silence.CRITICAL,
    ]
