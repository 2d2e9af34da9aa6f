from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np

from support.coupledsites import starts_of
from wattshift.allocate.coupled.leasttimes import ends_of, moved_within, still_mw
from wattshift.assets.state import Move

HOURS = np.ones(4)
START = starts_of(HOURS)
FIRST_AT = datetime(2021, 2, 14, tzinfo=UTC)


def move(load: str, power_mw: float, hours_before: float) -> Move:
    zone = timezone(timedelta(hours=-6))
    return Move(load=load, power_mw=power_mw, at=(FIRST_AT - timedelta(hours=hours_before)).astimezone(zone))


def test_what_moved_stays_until_its_time_is_over() -> None:
    moves = (move("A", 2.0, 0.5), move("A", 1.0, 2.0), move("B", 7.0, 0.0))
    assert still_mw(ends_of(moves, "A", 3.0), START).tolist() == [3.0, 2.0, 2.0, 0.0]
    assert still_mw(ends_of(moves, "B", 1.0), START).tolist() == [7.0, 0.0, 0.0, 0.0]
    assert still_mw(ends_of(moves, "A", 0.0), START).tolist() == [0.0] * 4


def test_what_moved_within_a_time() -> None:
    moved = np.array([1.0, 0.0, 2.0, 4.0])
    assert moved_within(moved, HOURS, 1.0).tolist() == [1.0, 0.0, 2.0, 4.0]
    assert moved_within(moved, HOURS, 2.5).tolist() == [1.0, 1.0, 3.0, 6.0]
    assert moved_within(moved, HOURS, 0.0).tolist() == [0.0] * 4
