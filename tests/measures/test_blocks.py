from __future__ import annotations

from datetime import timedelta
from itertools import accumulate

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.chain.target import Bits, bits_to_difficulty, bits_to_work
from wattshift.clock import from_unix
from wattshift.errors import BrokenLink, InputError, OutOfSpan
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.testing import build_history, known_to_height, known_until

START_S = 1_700_000_000


def test_the_bundled_chain_is_whole(history: BlockHistory, newest: KnownBlocks) -> None:
    assert (newest.first_height, newest.tip_height) == (610_683, 946_236)
    assert newest.as_of == history.newest_at
    assert len(newest.header_time_s) == len(newest.work_hashes) == len(newest.running_max_s) == 335_554
    assert len(newest.period_bits) == 946_236 // 2016 + 1


def test_the_work_of_each_block_is_that_of_its_bits(newest: KnownBlocks) -> None:
    for height in (610_683, 612_863, 612_864, 900_000, 946_236):
        assert newest.work_hashes[newest.index(height)] == float(bits_to_work(newest.bits_at(height)))


def test_the_work_of_a_period_is_its_share_of_the_chainwork(
    store_chainwork: dict[int, int], newest: KnownBlocks
) -> None:
    heights = [height for height in store_chainwork if height - 2016 > newest.first_height]
    assert len(heights) > 100
    for height in heights:
        last = newest.index(height)
        # Chainwork includes the block itself, so the difference spans the 2016 blocks after the earlier one.
        expected = store_chainwork[height] - store_chainwork[height - 2016]
        assert newest.work_hashes[last - 2015 : last + 1].sum() == pytest.approx(expected, rel=1e-12)


@pytest.fixture
def store_chainwork(header_frame: pl.DataFrame) -> dict[int, int]:
    return dict(zip(header_frame["height"], map(int, header_frame["chainwork"]), strict=True))


# What was known when


@given(st.lists(st.integers(-4_000, 4_000), min_size=2, max_size=40), st.integers(-4_000, 90_000))
def test_a_block_is_known_once_no_time_before_it_lies_ahead(steps_s: list[int], after_s: int) -> None:
    times_s = list(accumulate(steps_s, initial=START_S))
    history = known_until(build_history(times_s), from_unix(START_S + 1_000_000))
    as_of_s = START_S + after_s
    # By definition, without a running maximum: the blocks before the first one that is ahead of the clock.
    expected = next((place for place, time_s in enumerate(times_s) if time_s > as_of_s), len(times_s))
    if expected < 2:
        with pytest.raises(OutOfSpan):
            history.known_at(from_unix(as_of_s))
    else:
        known = history.known_at(from_unix(as_of_s))
        assert known.header_time_s.tolist() == times_s[:expected]
        assert known.header_time_s.max() <= as_of_s
        assert known.tip_height == expected - 1


def test_a_late_clock_does_not_hide_a_block_and_a_fast_one_delays_those_after_it() -> None:
    history = build_history([START_S, START_S + 600, START_S + 3_000, START_S + 1_200, START_S + 4_000])
    assert history.known_at(from_unix(START_S + 2_999)).tip_height == 1
    known = history.known_at(from_unix(START_S + 3_000))
    assert known.tip_height == 3
    assert known.tip_at == from_unix(START_S + 1_200)
    assert known.time_s(2) == START_S + 3_000


def test_an_instant_outside_the_history_is_refused_with_its_span(history: BlockHistory) -> None:
    second = from_unix(int(history.whole.running_max_s[1]))
    assert history.known_at(second).tip_height == 610_684
    for outside in (second - timedelta(seconds=1), history.newest_at + timedelta(seconds=1)):
        with pytest.raises(OutOfSpan, match="the chain is not known at") as refusal:
            history.known_at(outside)
        assert refusal.value.context["known_from"] == "2019-12-31T23:05:58Z"
        assert refusal.value.context["known_to"] == "2026-04-22T21:50:03Z"
        assert "--at" in str(refusal.value.hint)


def test_an_instant_needs_a_time_zone(history: BlockHistory) -> None:
    with pytest.raises(InputError, match="time zone"):
        history.known_at(history.newest_at.replace(tzinfo=None))


def test_an_unknown_height_is_refused(newest: KnownBlocks) -> None:
    for height in (newest.first_height - 1, newest.tip_height + 1, -1):
        with pytest.raises(OutOfSpan, match=f"block {height} is not known") as refusal:
            newest.time_s(height)
        assert refusal.value.hint


# The difficulty of the next block


def test_after_the_last_block_of_a_period_the_next_bits_follow_from_its_times(history: BlockHistory) -> None:
    bits = history.whole.period_bits
    periods = range(history.whole.first_height // 2016 + 1, history.whole.tip_height // 2016)
    assert len(periods) == 166
    for period in periods:
        known = known_to_height(history, (period + 1) * 2016 - 1)
        assert known.tip_height % 2016 == 2015
        assert len(known.period_bits) == period + 1, "the answer is not among the inputs"
        assert known.next_bits == bits[period + 1]
        assert known.next_difficulty == bits_to_difficulty(bits[period + 1])
        assert known.next_work_hashes == float(bits_to_work(bits[period + 1]))


def test_inside_a_period_the_next_bits_are_its_own(history: BlockHistory) -> None:
    for height in (931_392, 931_393, 933_406):
        assert known_to_height(history, height).next_bits == history.whole.period_bits[462]


def test_the_next_period_needs_the_first_block_of_this_one() -> None:
    history = build_history([START_S + 600 * place for place in range(10)], first_height=2_006)
    with pytest.raises(OutOfSpan, match="block 0 is not known"):
        _ = history.known_at(history.newest_at).next_bits


@pytest.mark.parametrize("height", [-1, 946_238])
def test_bits_of_impossible_heights_are_refused(newest: KnownBlocks, height: int) -> None:
    with pytest.raises(OutOfSpan, match="is not determined") as refusal:
        newest.bits_at(height)
    assert refusal.value.hint


def test_bits_below_the_first_known_block_are_still_known(newest: KnownBlocks) -> None:
    assert newest.bits_at(0) == 0x1D00FFFF


# Tables that do not fit


def frames(heights: list[int], periods: list[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    blocks = pl.DataFrame({"height": heights, "header_time_s": [START_S + height for height in heights]})
    return blocks, pl.DataFrame({"period": periods, "bits": [0x1D00FFFF] * len(periods)})


@pytest.mark.parametrize(
    ("heights", "periods", "words"),
    [
        ([5, 6, 8], [0], "the blocks are not contiguous"),
        ([5, 6, 6], [0], "the blocks are not contiguous"),
        ([7, 6, 5], [0], "the blocks are not contiguous"),
        ([5], [0], "the blocks are not contiguous"),
        ([2_015, 2_016], [0], "the last blocks have no difficulty"),
        ([2_015, 2_016], [0, 2], "the difficulty periods are not contiguous"),
        ([2_015, 2_016], [1, 2], "the difficulty periods are not contiguous"),
    ],
)
def test_a_gap_breaks_the_chain(heights: list[int], periods: list[int], words: str) -> None:
    with pytest.raises(BrokenLink, match=words) as refusal:
        BlockHistory.from_tables(*frames(heights, periods))
    assert refusal.value.hint


def test_a_history_can_be_built_to_measure() -> None:
    later = [Bits(0x1D00FFFE)]
    history = build_history([START_S] * 4_040, first_height=2_010, bits=Bits(0x1D00FFFF), later_bits=later)
    work = history.whole.work_hashes
    assert history.whole.period_bits == (0x1D00FFFF, 0x1D00FFFE, 0x1D00FFFE, 0x1D00FFFE)
    assert np.unique(work[:6]).tolist() == [float(bits_to_work(Bits(0x1D00FFFF)))]
    assert np.unique(work[6:]).tolist() == [float(bits_to_work(Bits(0x1D00FFFE)))]
