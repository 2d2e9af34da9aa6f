from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.web.limiting import Buckets, GuessLock, OpenCount, client_of, whole_seconds

WAITS = st.lists(st.floats(min_value=0.0, max_value=30.0), min_size=1, max_size=200)


@given(WAITS, st.integers(1, 20), st.floats(0.01, 5.0))
def test_a_bucket_never_gives_more_than_it_gained(waits_s: list[float], burst: int, each_s: float) -> None:
    buckets, now_s, taken = Buckets(burst=burst, each_s=each_s), 0.0, 0
    for wait_s in waits_s:
        now_s += wait_s
        taken += buckets.wait_s("a", now_s) == 0.0
        assert taken <= burst + now_s / each_s + 1e-6


def test_who_waits_as_told_is_served() -> None:
    buckets = Buckets(burst=2, each_s=0.5)
    assert [buckets.wait_s("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.5]
    assert buckets.wait_s("a", 0.25) == pytest.approx(0.25)
    assert buckets.wait_s("a", 0.5) == 0.0
    assert buckets.wait_s("b", 0.5) == 0.0, "each client has a bucket of its own"


def test_many_addresses_do_not_fill_the_memory() -> None:
    buckets, lock = Buckets(burst=1, each_s=1.0), GuessLock(n_guesses=1, guess_s=60.0)
    for number in range(25_000):
        buckets.wait_s(str(number), 0.0)
        lock.note_wrong(str(number), 0.0)
    assert len(buckets._held) == len(lock._held) == 10_000


@given(WAITS)
def test_no_minute_sees_more_than_ten_guesses(waits_s: list[float]) -> None:
    lock, now_s, looked_at = GuessLock(n_guesses=10, guess_s=60.0), 0.0, list[float]()
    for wait_s in waits_s:
        now_s += wait_s
        if lock.wait_s("a", now_s) == 0.0:
            lock.note_wrong("a", now_s)
            looked_at.append(now_s)
    assert all(later - first >= 60.0 for first, later in zip(looked_at, looked_at[10:], strict=False))


def test_open_requests_are_counted_and_forgotten() -> None:
    count = OpenCount()
    for client in ("a", "a", "b"):
        count.enter(client)
    assert (count.of("a"), count.of("b"), count.of("c"), count.total) == (2, 1, 0, 3)
    for client in ("a", "b", "a"):
        count.leave(client)
    assert (count.of("a"), count.total, dict(count._open)) == (0, 0, {})


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::8", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("testclient", "testclient", True),
    ],
)
def test_an_ipv6_site_is_one_client(one: str, other: str, is_same: bool) -> None:
    assert (client_of(one) == client_of(other)) == is_same


@pytest.mark.parametrize(("wait_s", "told"), [(0.001, 1), (1.0, 1), (59.2, 60)])
def test_a_wait_is_told_in_whole_seconds(wait_s: float, told: int) -> None:
    assert whole_seconds(wait_s) == told
