"""A shared limit counts what it covers, when it counts."""

from __future__ import annotations

import numpy as np
import pytest

from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.errors import InputError

HOURS = np.array([1.0, 0.5, 0.5, 1.0])
DRAWN = np.array([[1.0, 2.0, 4.0, 8.0], [10.0, 20.0, 40.0, 80.0]])


def test_power_is_energy_in_each_interval() -> None:
    limit = SharedLimit.of_power("s", np.full(4, 10.0), HOURS)
    assert limit.is_of_power
    assert limit.limit_mwh.tolist() == [10.0, 5.0, 5.0, 10.0]
    assert limit.drawn_mwh(DRAWN, HOURS).tolist() == [11.0, 11.0, 22.0, 88.0]


def test_periods_add_up_only_the_sites_and_intervals_that_count() -> None:
    limit = SharedLimit(name="q", period=np.array([0, -1, 1, 1]), limit_mwh=np.array([5.0, 6.0]), sites=(1,))
    assert not limit.is_of_power
    assert limit.members(2).tolist() == [False, True]
    assert limit.drawn_mwh(DRAWN, HOURS).tolist() == [10.0, 100.0]
    assert limit.by_interval(np.array([3.0, 7.0])).tolist() == [3.0, 0.0, 7.0, 7.0]


@pytest.mark.parametrize("amount", [np.nan, np.inf, -1.0])
def test_what_is_no_amount_is_refused(amount: float) -> None:
    with pytest.raises(InputError, match="no amount"):
        SharedLimit(name="q", period=np.zeros(4, np.int64), limit_mwh=np.array([amount]))


@pytest.mark.parametrize("period", [np.array([0, 1]), np.array([0, -2]), np.array([0.0, 0.0])])
def test_a_period_without_a_limit_is_refused(period: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    with pytest.raises(InputError, match="each period"):
        SharedLimit(name="q", period=period, limit_mwh=np.array([1.0]))
