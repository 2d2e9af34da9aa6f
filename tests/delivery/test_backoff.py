from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.delivery.backoff import wait_s
from wattshift.errors import InputError


def luck(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # jitter, not a secret


@given(st.integers(1, 10**9), st.integers())
def test_it_doubles_up_to_a_quarter_of_an_hour(attempt: int, seed: int) -> None:
    longest_s = min(900.0, 5.0 * 2.0 ** min(attempt - 1, 10))
    assert longest_s / 2 <= wait_s(attempt, luck(seed)) <= longest_s


def test_two_senders_do_not_keep_step_and_a_seed_replays() -> None:
    assert wait_s(3, luck(1)) != wait_s(3, luck(2))
    assert wait_s(3, luck(1)) == wait_s(3, luck(1))


def test_there_is_no_zeroth_attempt() -> None:
    with pytest.raises(InputError):
        wait_s(0, luck(1))
