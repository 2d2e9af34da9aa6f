from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.detection import (
    BLOCKS_PER_YEAR,
    SIZES_FRAC,
    Alarm,
    delay_bound_blocks,
    kl_divergence,
    scan,
)


def waits_with_change(size_frac: float, before: int, after: int, seed: int) -> NDArray[np.float64]:
    waits = np.random.default_rng(seed).standard_exponential(before + after)
    waits[before:] /= 1 + size_frac
    return waits


def first_after(alarms: tuple[Alarm, ...], index: int) -> Alarm:
    return next(alarm for alarm in alarms if alarm.index >= index)


def test_false_alarms_come_as_often_as_stated() -> None:
    years = 300
    waits = np.random.default_rng(1).standard_exponential(years * BLOCKS_PER_YEAR)
    alarms = scan(waits)
    assert abs(len(alarms) - years) < 4 * math.sqrt(years)
    assert 0.35 < sum(alarm.is_drop for alarm in alarms) / len(alarms) < 0.65


def test_false_alarm_rate_follows_the_request() -> None:
    waits = np.random.default_rng(2).standard_exponential(60 * BLOCKS_PER_YEAR)
    monthly = scan(waits, blocks_between=BLOCKS_PER_YEAR // 12)
    assert abs(len(monthly) - 720) < 5 * math.sqrt(720)


@pytest.mark.parametrize("size_frac", [-0.05, -0.1, -0.2, -0.3, 0.1, 0.3])
def test_delay_is_within_the_goal_of_the_bound(size_frac: float) -> None:
    bound = delay_bound_blocks(size_frac)
    before = BLOCKS_PER_YEAR
    delays = []
    for seed in range(20):
        alarms = scan(waits_with_change(size_frac, before, int(6 * bound), seed))
        alarm = first_after(alarms, before)
        assert alarm.is_drop == (size_frac < 0)
        delays.append(alarm.index - before + 1)
    assert np.mean(delays) < 1.3 * bound


def test_alarm_names_where_the_change_began() -> None:
    before = 20_000
    offs = []
    for seed in range(10):
        alarm = first_after(scan(waits_with_change(-0.3, before, 2_000, seed)), before)
        offs.append(abs(alarm.change_index - before))
        assert -0.5 < alarm.size_frac < -0.15
    assert np.median(offs) < 60


def test_matches_the_recursion_written_out() -> None:
    waits = waits_with_change(-0.2, 3_000, 1_500, 5)
    statistic = np.zeros(len(SIZES_FRAC))
    known, crossed = float(waits[:36].sum()), -1
    for count, wait in enumerate(waits[36:].tolist(), start=36):
        for j, size in enumerate(SIZES_FRAC):
            ratio = (1 + size) * ((known + wait) / (known + (1 + size) * wait)) ** (count + 1)
            statistic[j] = (1 / len(SIZES_FRAC) + statistic[j]) * ratio
        known += wait
        if statistic.sum() >= BLOCKS_PER_YEAR / 1.12:
            crossed = count
            break
    assert crossed == scan(waits)[0].index


def test_uses_nothing_after_the_alarm_and_no_unit() -> None:
    waits = waits_with_change(-0.3, 3_000, 3_000, 8)
    alarms = scan(waits)
    assert alarms
    last = alarms[-1]
    assert scan(waits[: last.index + 1]) == alarms
    assert [alarm.index for alarm in scan(waits * 1e-21)] == [alarm.index for alarm in alarms]


def test_finds_the_great_changes_of_the_real_chain(newest: KnownBlocks) -> None:
    arrivals = arrivals_of(newest.header_time_s, newest.work_hashes, newest.first_height)
    alarms = scan(np.diff(arrivals.known_s) / arrivals.work_hashes[1:])
    drops_s = [int(arrivals.known_s[alarm.index + 1]) for alarm in alarms if alarm.is_drop]

    def noticed(start_s: int, days: float) -> bool:
        return any(start_s <= at_s <= start_s + days * 86_400 for at_s in drops_s)

    assert noticed(1_589_225_000, 5)  # 2020-05-11, halving
    assert noticed(1_618_531_200, 3)  # 2021-04-16, Xinjiang outage
    assert noticed(1_623_196_800, 3)  # 2021-06-09, China ban
    assert noticed(1_705_276_800, 4)  # 2024-01-15, Texas freeze
    assert noticed(1_769_126_400, 5)  # 2026-01-23, winter storm


def test_bound_and_divergence() -> None:
    assert kl_divergence(-0.3) == pytest.approx(math.log(0.7) + 1 / 0.7 - 1)
    assert delay_bound_blocks(-0.1) == pytest.approx(math.log(52_560) / kl_divergence(-0.1))
    sizes = [-0.5, -0.3, -0.1, -0.05]
    assert [delay_bound_blocks(size) for size in sizes] == sorted(delay_bound_blocks(size) for size in sizes)


def test_too_few_blocks_raise_no_alarm() -> None:
    assert scan(np.ones(10)) == ()
    assert scan(np.array([])) == ()


def test_refuses_nonsense() -> None:
    with pytest.raises(InputError, match="not negative"):
        scan(np.array([1.0, -1.0]))
    with pytest.raises(InputError, match="learn"):
        scan(np.ones(100), blocks_between=100)
    with pytest.raises(InputError):
        kl_divergence(0)
    with pytest.raises(InputError):
        delay_bound_blocks(-0.1, blocks_between=1)
