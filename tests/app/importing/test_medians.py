"""Which time is wrong, told by the medians: real history with one altered time."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from wattshift.app.importing.medians import medians_s, suspicions
from wattshift.chain.rules import median_time_past
from wattshift.store.bundled import BundledStore

STALE_HEIGHT = 931_519
EXPOSED_BY = 931_524
REACH = 40


@pytest.fixture(scope="module")
def first_height(block_frame: pl.DataFrame) -> int:
    return int(block_frame["height"][0])


@pytest.fixture(scope="module")
def times_s(block_frame: pl.DataFrame) -> NDArray[np.int64]:
    return block_frame["header_time_s"].to_numpy().astype(np.int64)


def stated(times_s: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The medians of these times, for the blocks that have ten before them."""
    lead = np.zeros(10, dtype=np.int64)
    return np.concatenate((lead, medians_s(times_s))), np.arange(len(times_s)) >= 10


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_medians_are_those_of_the_rules(times: list[int]) -> None:
    found = medians_s(np.array(times, dtype=np.int64)).tolist()
    assert found == [median_time_past(times[: end + 1]) for end in range(10, len(times))]


def test_real_history_is_beyond_suspicion(times_s: NDArray[np.int64]) -> None:
    assert suspicions(times_s, *stated(times_s)) == []


@pytest.mark.parametrize("shift_s", [-5, 5])
def test_the_stale_block_of_a_public_data_set_is_named(
    times_s: NDArray[np.int64], first_height: int, shift_s: int
) -> None:
    """Its time is five seconds off; of 335,544 medians a single one does not come out."""
    place = STALE_HEIGHT - first_height
    altered = times_s.copy()
    altered[place] += shift_s
    (found,) = suspicions(altered, *stated(times_s))
    assert found.place == place
    assert found.exposed_by == (EXPOSED_BY - first_height,)
    assert found.alone
    assert found.low_s == found.high_s == times_s[place]


# Read once: hypothesis draws from it some hundred times.
REAL = BundledStore().read("blocks")["header_time_s"].to_numpy().astype(np.int64)


@settings(max_examples=400)
@given(st.integers(REACH, len(REAL) - REACH), st.integers(-7200, 7200).filter(bool))
def test_one_altered_time_is_found_if_it_changes_any_median(place: int, shift_s: int) -> None:
    true = REAL[place - REACH : place + REACH]
    altered = true.copy()
    altered[REACH] += shift_s
    found = suspicions(altered, *stated(true))
    if np.array_equal(medians_s(altered), medians_s(true)):
        assert found == []  # nobody could tell
        return
    blamed = {each.place: each for each in found}
    assert REACH in blamed
    true_s, low_s, high_s = int(true[REACH]), blamed[REACH].low_s, blamed[REACH].high_s
    assert low_s is None or low_s <= true_s
    assert high_s is None or true_s <= high_s
    assert blamed[REACH].alone == (len(found) == 1)


def test_hardly_any_altered_time_shares_the_blame(times_s: NDArray[np.int64]) -> None:
    """Each block is the median of some eleven, so that even five seconds are noticed: 2,000 real blocks."""
    rng = np.random.default_rng(3)
    named = escaped = 0
    for place in rng.integers(REACH, len(times_s) - REACH, 2_000):
        true = times_s[place - REACH : place + REACH]
        altered = true.copy()
        altered[REACH] += int(rng.choice([-5, 5]))
        found = suspicions(altered, *stated(true))
        escaped += not found
        named += [each.place for each in found] == [REACH]
    assert escaped == 0
    assert named >= 1_980


def test_an_altered_median_blames_no_time(times_s: NDArray[np.int64]) -> None:
    true = times_s[:200]
    medians, is_stated = stated(true)
    medians[100] += 100_000  # no time of one block could make it so
    assert suspicions(true, medians, is_stated) == []


def test_medians_of_another_list_blame_nobody(times_s: NDArray[np.int64]) -> None:
    medians, is_stated = stated(times_s[:20_000])
    assert suspicions(times_s[20_000:40_000], medians, is_stated) == []


def test_what_is_not_stated_exposes_nothing(times_s: NDArray[np.int64]) -> None:
    altered = times_s[:200].copy()
    altered[100] += 3_000
    medians, is_stated = stated(times_s[:200])
    assert suspicions(altered, medians, is_stated)
    assert suspicions(altered, medians, np.zeros(200, dtype=np.bool_)) == []
    assert suspicions(altered[:5], medians[:5], is_stated[:5]) == []
