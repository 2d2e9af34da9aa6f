from __future__ import annotations

import pytest

from wattshift.app.simulating.waits import wait_rows
from wattshift.config.scenarioparts import Backlog
from wattshift.measures.security.waits import (
    FeeQueue,
    confirmation_wait_prob,
    confirmation_wait_s,
    queue_wait_s,
)
from wattshift.simulate.result import NetworkForecast


def test_waits_are_erlang_at_the_days_interval(found: NetworkForecast) -> None:
    for row in wait_rows(found, ()):
        assert row.median_s is not None
        assert row.interval_s.low <= row.interval_s.median <= row.interval_s.high
        mean_s = row.interval_s.high
        assert row.median_s.high == confirmation_wait_s(row.confirmations, 0.5, mean_interval_s=mean_s)
        assert row.slow_prob.high == confirmation_wait_prob(row.confirmations, 5_400, mean_interval_s=mean_s)


def test_the_slowest_day_is_slower(found: NetworkForecast) -> None:
    rows = {(row.case, row.confirmations): row for row in wait_rows(found, ())}
    assert {case for case, _ in rows} == {"first day", "slowest day", "last day"}
    assert rows["slowest day", 6].slow_prob.median > 1.5 * rows["first day", 6].slow_prob.median


def test_a_backlog_waits_in_its_queue(found: NetworkForecast) -> None:
    backlog = Backlog(fee_sat_per_vb=5.0, ahead_vmb=3.2, inflow_vmb_per_s=0.0005)
    rows = [row for row in wait_rows(found, (backlog,)) if row.fee_sat_per_vb == 5.0]
    assert len(rows) == 9
    queue = FeeQueue(ahead_vmb=3.2, inflow_vmb_per_s=0.0005, mean_interval_s=rows[0].interval_s.median)
    assert rows[0].median_s is not None
    assert rows[0].median_s.median == queue_wait_s(queue, 1, 0.5)


def test_a_wait_that_may_not_end_is_none(found: NetworkForecast) -> None:
    backlog = Backlog(fee_sat_per_vb=1.0, ahead_vmb=50.0, inflow_vmb_per_s=0.003)
    rows = [row for row in wait_rows(found, (backlog,)) if row.fee_sat_per_vb == 1.0]
    slowest = next(row for row in rows if row.case == "slowest day")
    assert slowest.median_s is None
    assert slowest.ninth_tenth_s is None
    assert slowest.slow_prob.high == pytest.approx(1.0)
