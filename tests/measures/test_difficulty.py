from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift.chain.target import Bits, bits_to_difficulty
from wattshift.clock import from_unix, parse_instant, to_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.difficulty import (
    NOISE_FLOOR_FRAC,
    ProjectionRule,
    adjustments,
    mempool_projection,
    period_progress,
    pooled_projection,
)
from wattshift.testing import build_history, instants, known_to_height, simulate_history

START_S = 1_700_000_000
DEPTHS = (0, 1, 2, 36, 144, 501, 502, 503, 504, 800, 1_200, 1_900, 2_013, 2_014, 2_015)
PERIODS = range(304, 469)
"""Periods whose blocks and the quarter before them are all bundled."""


def actual_frac(history: BlockHistory, period: int) -> float:
    """The change at the end of a period, from the bits of the next."""
    now, then = (bits_to_difficulty(history.whole.period_bits[each]) for each in (period, period + 1))
    return then / now - 1


# Past adjustments


@pytest.mark.parametrize(
    ("height", "change_pct", "decimals"),
    [
        (923_328, -2.373, 3),
        (925_344, -1.951, 3),
        (927_360, -0.741, 3),
        (929_376, 0.043, 3),
        (931_392, -1.205, 3),
        (933_408, -3.280, 3),
        (935_424, -11.16, 2),
        (937_440, 14.73, 2),
    ],
)
def test_published_retargets(newest: KnownBlocks, height: int, change_pct: float, decimals: int) -> None:
    found = {adjustment.height: adjustment for adjustment in adjustments(newest, count=12)}[height]
    assert 100 * found.change_frac == pytest.approx(change_pct, abs=0.51 * 10**-decimals)
    assert found.z == pytest.approx(found.change_frac / 0.0315, rel=1e-3)
    assert found.at == from_unix(newest.time_s(height))
    assert found.difficulty == bits_to_difficulty(newest.bits_at(height))


def test_the_retarget_of_january_stood_at_its_second(newest: KnownBlocks) -> None:
    found = next(each for each in adjustments(newest, count=12) if each.height == 933_408)
    assert found.at == datetime(2026, 1, 22, 19, 31, 22, tzinfo=UTC)


def test_adjustments_come_oldest_first_and_end_with_the_last(newest: KnownBlocks) -> None:
    found = adjustments(newest, count=167)
    assert [each.height for each in found] == list(range(610_848, 945_505, 2_016))
    for before, after in pairwise(found):
        assert after.difficulty == pytest.approx(before.difficulty * (1 + after.change_frac))
    assert adjustments(newest, count=1) == found[-1:]


def test_an_adjustment_exists_once_its_block_does(history: BlockHistory) -> None:
    for height, last in ((933_407, 931_392), (933_408, 933_408)):
        assert adjustments(known_to_height(history, height), count=1)[0].height == last


def test_more_adjustments_than_known_are_refused(newest: KnownBlocks) -> None:
    with pytest.raises(OutOfSpan, match="fewer than 168") as refusal:
        adjustments(newest, count=168)
    assert refusal.value.hint == "ask for fewer"
    for count in (0, -3):
        with pytest.raises(InputError, match="at least one") as wrong:
            adjustments(newest, count=count)
        assert wrong.value.hint


def test_the_genesis_block_is_no_adjustment() -> None:
    history = build_history([START_S + 600 * place for place in range(2_100)])
    known = history.known_at(history.newest_at)
    assert [each.height for each in adjustments(known, count=1)] == [2_016]
    with pytest.raises(OutOfSpan):
        adjustments(known, count=2)


def test_luck_alone_moves_difficulty_by_the_noise_floor() -> None:
    history = simulate_history(np.random.default_rng(3), hashrate_ehs=1_000, periods=600)
    known = history.known_at(history.newest_at)
    changes = np.array([each.change_frac for each in adjustments(known, count=590)])
    assert pytest.approx(0.0315, abs=5e-5) == NOISE_FLOOR_FRAC
    assert changes.std() == pytest.approx(NOISE_FLOOR_FRAC, rel=0.08)
    assert np.corrcoef(changes[1:], changes[:-1])[0, 1] == pytest.approx(-0.5, abs=0.09)


# Where the period stands


def test_progress_at_noon(history: BlockHistory) -> None:
    as_of = datetime(2026, 1, 19, 12, tzinfo=UTC)
    progress = period_progress(history.known_at(as_of))
    assert (progress.period, progress.first_height, progress.retarget_height) == (462, 931_392, 933_408)
    assert progress.blocks_since_first == progress.tip_height - 931_392
    assert progress.blocks_remaining == 933_408 - progress.tip_height
    assert progress.first_at == datetime(2026, 1, 8, 8, 5, 43, tzinfo=UTC)
    assert progress.elapsed_s == (as_of - progress.first_at).total_seconds()
    assert progress.difficulty == pytest.approx(146.47e12, rel=1e-4)


@pytest.mark.parametrize(("first_height", "mean_interval_s"), [(931_392, 620.7), (939_456, 650.8)])
def test_mean_intervals_of_whole_periods(
    history: BlockHistory, first_height: int, mean_interval_s: float
) -> None:
    progress = period_progress(known_to_height(history, first_height + 2_015))
    assert progress.mean_interval_s == pytest.approx(mean_interval_s, abs=0.05)
    assert (progress.blocks_since_first, progress.blocks_remaining) == (2_015, 1)


def test_the_first_block_of_a_period_has_no_interval_yet(history: BlockHistory) -> None:
    progress = period_progress(known_to_height(history, 931_392))
    assert progress.mean_interval_s is None
    assert (progress.blocks_since_first, progress.blocks_remaining, progress.elapsed_s) == (0, 2_016, 0)
    assert progress.first_at == progress.tip_at == progress.as_of


def test_progress_needs_the_first_block_of_the_period(history: BlockHistory) -> None:
    with pytest.raises(OutOfSpan, match="block 608832 is not known") as refusal:
        period_progress(known_to_height(history, 610_847))
    assert refusal.value.hint


# mempool.space's rule


def rule_of_the_press(known: KnownBlocks, now_s: float) -> float:
    """The rule as FORMULAS words it, written a second time; its limits are those of one retarget."""
    tip = known.tip_height
    since = tip % 2016
    first = tip - since
    begin_s = known.time_s(first)
    if since < 503:
        now, before = bits_to_difficulty(known.bits_at(first)), bits_to_difficulty(known.bits_at(first - 1))
        prior_s = begin_s - known.time_s(first - (503 - since))
        raw = 600 / (((now_s - begin_s) + prior_s * (now / before)) / 504) - 1
    elif since == 2015:
        raw = 600 / ((known.time_s(tip) - begin_s) / 2016) - 1
    else:
        raw = 600 / ((now_s - begin_s) / (since + 1)) - 1
    return max(-0.75, min(3.0, raw))


@pytest.mark.parametrize("since", DEPTHS)
def test_mempools_rule_at_every_branch(history: BlockHistory, since: int) -> None:
    for period in list(PERIODS)[::11]:
        at_tip = known_to_height(history, period * 2016 + since)
        for wait_s in (0, 1_234):
            known = replace(at_tip, as_of=at_tip.as_of + timedelta(seconds=wait_s))
            found = mempool_projection(known)
            assert found.change_frac == pytest.approx(
                rule_of_the_press(known, to_unix(known.as_of)), rel=1e-9
            )
            assert found.rule is ProjectionRule.MEMPOOL
            assert found.height == (period + 1) * 2016
            assert (found.low_frac, found.high_frac, found.level) == (None, None, None)
            assert (found.earliest_at, found.latest_at) == (None, None)
            assert found.z == pytest.approx(found.change_frac / NOISE_FLOOR_FRAC)


def test_mempools_rule_changes_hands_between_502_and_503_blocks(history: BlockHistory) -> None:
    for since, padded in ((502, True), (503, False)):
        known = known_to_height(history, 931_392 + since)
        plain = 600 / ((to_unix(known.as_of) - known.time_s(931_392)) / (since + 1)) - 1
        assert (mempool_projection(known).change_frac != pytest.approx(plain, rel=1e-9)) == padded


def test_mempools_rule_waits_with_the_clock_but_not_at_the_last_block(history: BlockHistory) -> None:
    for since, falls in ((2_014, True), (2_015, False)):
        at_tip = known_to_height(history, 931_392 + since)
        later = replace(at_tip, as_of=at_tip.as_of + timedelta(hours=1))
        now, then = (mempool_projection(known).change_frac for known in (at_tip, later))
        assert (then < now) if falls else (then == now)


def test_the_figure_that_the_press_printed(history: BlockHistory) -> None:
    one = history.known_at(parse_instant("2026-01-19T01:00"))
    assert one.tip_height - 931_392 == 1_473
    assert 100 * mempool_projection(one).change_frac == pytest.approx(-4.374, abs=5e-4)
    minutes = [parse_instant("2026-01-19T00:10") + timedelta(minutes=minute) for minute in range(0, 111, 10)]
    within = [100 * mempool_projection(history.known_at(at)).change_frac for at in minutes]
    assert min(within) == pytest.approx(-4.44, abs=0.005)
    assert max(within) == pytest.approx(-4.31, abs=0.005)
    assert min(within) < -4.34 < max(within)


@pytest.mark.parametrize(("spacing_s", "limit_frac"), [(1, 3.0), (60_000, -0.75)])
def test_mempools_rule_is_clamped(spacing_s: int, limit_frac: float) -> None:
    known = known_to_height(build_history([START_S + spacing_s * place for place in range(3_000)]), 2_999)
    assert mempool_projection(known).change_frac == limit_frac
    pooled = pooled_projection(known)
    assert pooled.change_frac == limit_frac
    assert pooled.low_frac == limit_frac or limit_frac > 0
    assert pooled.high_frac == limit_frac or limit_frac < 0


def test_mempools_rule_survives_a_clock_that_stands() -> None:
    known = known_to_height(build_history([START_S] * 3_000), 2_999)
    assert mempool_projection(known).change_frac == 3.0


def test_mempools_rule_needs_the_quarter_before(history: BlockHistory) -> None:
    known = known_to_height(history, 610_848 + 100)
    with pytest.raises(OutOfSpan) as refusal:
        mempool_projection(known)
    assert refusal.value.hint


# The pooled projection


@settings(max_examples=60)
@given(instants(datetime(2020, 2, 15, tzinfo=UTC), datetime(2026, 4, 22, tzinfo=UTC)), st.floats(0.1, 0.99))
def test_a_pooled_interval_is_ordered_and_holds_its_point(
    history: BlockHistory, as_of: datetime, level: float
) -> None:
    known = history.known_at(as_of)
    found = pooled_projection(known, level=level)
    assert found.low_frac is not None
    assert found.high_frac is not None
    assert found.earliest_at is not None
    assert found.latest_at is not None
    assert -0.75 <= found.low_frac < found.change_frac < found.high_frac <= 3
    assert known.as_of < found.earliest_at < found.expected_at < found.latest_at
    assert (found.level, found.rule) == (level, ProjectionRule.POOLED)
    wider = pooled_projection(known, level=(1 + level) / 2)
    assert wider.low_frac is not None
    assert wider.high_frac is not None
    assert wider.low_frac < found.low_frac < found.high_frac < wider.high_frac
    assert wider.change_frac == found.change_frac


def test_the_interval_closes_as_the_period_fills(history: BlockHistory) -> None:
    widths = []
    for since in (0, 500, 1_000, 1_500, 1_900, 2_010):
        found = pooled_projection(known_to_height(history, 931_392 + since))
        widths.append((found.high_frac or 0) - (found.low_frac or 0))
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.006


def test_even_blocks_project_no_change_but_the_old_off_by_one() -> None:
    history = build_history([START_S + 600 * place for place in range(6_048)])
    for since in (0, 700, 2_000):
        found = pooled_projection(known_to_height(history, 4_032 + since))
        assert found.change_frac == pytest.approx(2016 / 2015 - 1)
        assert found.expected_at == from_unix(START_S + 600 * 6_048)


def test_the_pool_scales_times_of_another_difficulty() -> None:
    """After difficulty doubled, blocks take twice as long; the pool knows that at the first of them."""
    easy, hard = Bits(0x17022164), Bits(0x170110B2)
    slow = [START_S + 600 * 2_015 + 1_200 * place for place in range(1, 30)]
    times_s = [START_S + 600 * place for place in range(2_016)] + slow
    history = build_history([START_S - 600, *times_s], first_height=2_015, bits=easy, later_bits=[easy, hard])
    found = pooled_projection(known_to_height(history, 4_032), pool_blocks=2_016)
    assert found.change_frac == pytest.approx(-0.5, abs=1e-3)


def test_at_the_last_block_the_change_is_locked_in_exactly(history: BlockHistory) -> None:
    for period in PERIODS:
        known = known_to_height(history, period * 2016 + 2015)
        found = pooled_projection(known)
        assert found.rule is ProjectionRule.LOCKED_IN
        assert found.change_frac == found.low_frac == found.high_frac == actual_frac(history, period)
        assert found.height == (period + 1) * 2016
        assert 300 < (found.expected_at - known.as_of).total_seconds() < 1_500
        later = replace(known, as_of=known.as_of + timedelta(hours=2))
        assert pooled_projection(later).change_frac == found.change_frac
    before = known_to_height(history, period * 2016 + 2014)
    assert pooled_projection(before).rule is ProjectionRule.POOLED


@pytest.mark.parametrize(
    ("since", "mempool", "short", "long"),
    [
        (36, 6.17, 5.84, 5.86),
        (144, 6.20, 5.45, 5.61),
        (502, 4.93, 4.26, 4.36),
        (800, 3.50, 3.40, 3.39),
        (1_200, 2.29, 2.34, 2.28),
        (1_900, 0.59, 0.59, 0.58),
    ],
)
def test_the_errors_of_136_real_projections(
    history: BlockHistory, since: int, mempool: float, short: float, long: float
) -> None:
    errors: dict[str, list[float]] = {"mempool": [], "short": [], "long": [], "none": []}
    covered = 0
    for period in list(PERIODS)[-136:]:
        known = known_to_height(history, period * 2016 + since)
        truth = actual_frac(history, period)
        pooled = pooled_projection(known)
        errors["mempool"].append(mempool_projection(known).change_frac - truth)
        errors["short"].append(pooled_projection(known, pool_blocks=1_008).change_frac - truth)
        errors["long"].append(pooled.change_frac - truth)
        errors["none"].append(truth)
        covered += (pooled.low_frac or 0) <= truth <= (pooled.high_frac or 0)
    rmse = {name: 100 * math.sqrt(np.mean(np.square(found))) for name, found in errors.items()}
    assert rmse == pytest.approx({"mempool": mempool, "short": short, "long": long, "none": 5.94}, abs=0.06)
    assert 0.90 < covered / 136 < 0.97


@pytest.mark.parametrize("pool_blocks", [0, -5])
def test_a_pool_needs_blocks(newest: KnownBlocks, pool_blocks: int) -> None:
    with pytest.raises((InputError, OutOfSpan)) as refusal:
        pooled_projection(newest, pool_blocks=pool_blocks)
    assert refusal.value.hint


def test_a_pool_whose_clock_stands_is_refused() -> None:
    known = known_to_height(build_history([START_S] * 3_000), 2_999)
    with pytest.raises(InputError, match="do not advance") as refusal:
        pooled_projection(known)
    assert refusal.value.hint


def test_a_pool_beyond_the_first_block_is_refused(newest: KnownBlocks) -> None:
    with pytest.raises(OutOfSpan) as refusal:
        pooled_projection(newest, pool_blocks=400_000)
    assert refusal.value.hint


def test_a_level_lies_between_nought_and_one(newest: KnownBlocks) -> None:
    for level in (0.0, 1.0, 1.5):
        with pytest.raises(InputError, match="between 0 and 1"):
            pooled_projection(newest, level=level)
