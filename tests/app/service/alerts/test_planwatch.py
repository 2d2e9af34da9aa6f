from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from support.serving import AT, until
from wattshift.app.service.alerts.planwatch import PlanWatch
from wattshift.app.service.feeds.feed import Moment
from wattshift.app.snapshot import Archive
from wattshift.errors import Infeasible

Planned = Mapping[tuple[datetime, str], float]


@pytest.fixture
def moment(archive: Archive) -> Moment:
    return Moment(at=AT, archive=archive, generation=0, is_replay=True)


def test_two_plans_are_compared(moment: Moment) -> None:
    plans: list[Planned] = [
        {(AT, "mining"): 10.0, (AT, "hall"): 5.0},
        {(AT, "mining"): 2.0, (AT, "hall"): 6.0, (AT + timedelta(hours=1), "hall"): 90.0},
    ]
    watch = PlanWatch(lambda _: plans.pop(0))
    watch.turn(moment)
    before = watch.seen
    assert before is None
    watch.turn(replace(moment, at=AT + timedelta(minutes=15)))
    assert watch.seen is not None
    assert (watch.seen.use, watch.seen.moved_mw, watch.seen.start_at) == ("mining", 8.0, AT)
    assert watch.seen.at == AT + timedelta(minutes=15)


def test_where_there_is_no_plan_it_is_said_once_and_the_last_one_stays(
    moment: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    def planned(asked: Moment) -> Planned:
        if asked.at.minute:
            raise Infeasible("no plan keeps all limits")
        return {(AT, "mining"): float(asked.at.hour)}

    watch = PlanWatch(planned)
    with caplog.at_level(logging.INFO, logger="wattshift.serve"):
        for minutes in (0, 15, 30, 60):
            watch.turn(replace(moment, at=AT + timedelta(minutes=minutes)))
    assert len(caplog.records) == 1
    assert watch.seen is not None
    assert watch.seen.moved_mw == 1.0


def test_plans_without_a_common_interval_are_not_compared(moment: Moment) -> None:
    watch = PlanWatch(lambda asked: {(asked.at, "mining"): 3.0})
    for days in (0, 2):
        watch.turn(replace(moment, at=AT + timedelta(days=days)))
    assert watch.seen is None


def test_a_thread_plans_the_newest_moment_and_ends(moment: Moment) -> None:
    seen: list[datetime] = []

    def planned(asked: Moment) -> Planned:
        seen.append(asked.at)
        return {}

    watch = PlanWatch(planned)
    for minutes in range(5):
        watch.look(replace(moment, at=AT + timedelta(minutes=minutes)))
    watch.start()
    until(lambda: bool(seen), "plan")
    watch.close()
    watch._thread.join(timeout=5.0)
    assert not watch._thread.is_alive()
    assert seen == [AT + timedelta(minutes=4)]


def test_a_lap_is_not_compared_with_the_lap_before(moment: Moment) -> None:
    watch = PlanWatch(lambda _: {(AT, "mining"): 3.0})
    watch.turn(moment)
    watch.forget()
    watch.turn(moment)
    assert watch.seen is None
