from __future__ import annotations

from datetime import timedelta

import pytest

from support.alerting import NOW
from wattshift.alerts.plans import plan_seen
from wattshift.errors import InputError

LATER = NOW + timedelta(hours=1)


def test_the_largest_move_of_what_both_plans_know() -> None:
    before = {(NOW, "mining"): 10.0, (NOW, "grid"): 0.0, (LATER, "mining"): 10.0}
    after = {(NOW, "mining"): 8.0, (NOW, "grid"): 2.0, (LATER, "mining"): 3.0, (LATER, "compute"): 50.0}
    seen = plan_seen(before, after, at=NOW)
    assert (seen.start_at, seen.use, seen.moved_mw) == (LATER, "mining", 7.0)


def test_plans_that_share_nothing_are_refused() -> None:
    with pytest.raises(InputError):
        plan_seen({(NOW, "mining"): 1.0}, {(LATER, "mining"): 1.0}, at=NOW)
