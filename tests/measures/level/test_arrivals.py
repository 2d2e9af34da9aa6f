from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import arrivals_of

WORK = 4.0e23


def test_monotonic_times_are_arrivals_as_they_are() -> None:
    times = np.arange(200, dtype=np.int64) * 600
    arrivals = arrivals_of(times, np.full(200, WORK), 0)
    assert times.tolist() == arrivals.arrival_s.tolist()
    assert arrivals.exposure_s_per_hash[-1] == pytest.approx(199 * 600 / WORK)


@given(st.integers(20, 170), st.sampled_from([-7_200, -3_000, 3_000, 7_200]))
def test_one_lying_clock_moves_arrivals_by_at_most_two_intervals(liar: int, lie_s: int) -> None:
    honest = np.arange(200, dtype=np.int64) * 600
    times = honest.copy()
    times[liar] += lie_s
    arrivals = arrivals_of(times, np.full(200, WORK), 0)
    assert np.abs(arrivals.arrival_s - honest)[:-6].max() <= 1_200
    assert (np.diff(arrivals.arrival_s) >= 0).all()


def test_clean_time_of_a_deep_block_does_not_change_as_the_chain_grows(newest: KnownBlocks) -> None:
    times, work = newest.header_time_s[-3_000:], newest.work_hashes[-3_000:]
    short = arrivals_of(times[:2_000], work[:2_000], 0)
    long = arrivals_of(times, work, 0)
    assert short.arrival_s[:-5].tolist() == long.arrival_s[:1_995].tolist()
    # The tail is the running maximum: what a watcher of the chain would say at that instant.
    assert short.arrival_s[-1] == times[:2_000].max()


def test_real_arrivals_are_monotonic_and_near_the_headers(newest: KnownBlocks) -> None:
    arrivals = arrivals_of(newest.header_time_s, newest.work_hashes, newest.first_height)
    assert (np.diff(arrivals.arrival_s) >= 0).all()
    shift_s = np.abs(arrivals.arrival_s - newest.header_time_s)
    assert np.median(shift_s) == 0
    assert shift_s.max() < 7_200 + 3_600


@pytest.mark.parametrize("first_height", [0, 1, 35, 36, 610_683])
def test_bins_end_at_multiples_of_their_length(first_height: int) -> None:
    arrivals = arrivals_of(np.arange(300, dtype=np.int64) * 600, np.full(300, WORK), first_height)
    assert (first_height + arrivals.edge(3)) % 36 == 0
    assert (
        arrivals.edge(arrivals.closed_bins(299)) + 5 <= 299 < arrivals.edge(arrivals.closed_bins(299) + 1) + 5
    )


def test_exposure_since_counts_the_wait_after_the_tip() -> None:
    arrivals = arrivals_of(np.arange(200, dtype=np.int64) * 600, np.full(200, WORK), 0)
    taken = arrivals.exposure_since(100, 120, 120 * 600 + 900.0)
    assert taken == pytest.approx((20 * 600 + 900) / WORK)


def test_refuses_unpaired_or_few_blocks() -> None:
    with pytest.raises(InputError, match="50 blocks"):
        arrivals_of(np.arange(49, dtype=np.int64), np.full(49, WORK), 0)
    with pytest.raises(InputError, match="50 blocks"):
        arrivals_of(np.arange(60, dtype=np.int64), np.full(59, WORK), 0)
    with pytest.raises(InputError, match="positive"):
        arrivals_of(np.arange(60, dtype=np.int64), np.zeros(60), 0)
