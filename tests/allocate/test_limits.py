from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from wattshift.allocate.limits import site_caps
from wattshift.assets.calendar import Weekday
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.site import Site


def caps(
    site: Site, rule: CurtailmentRule, first: datetime, count: int, hours: float = 1.0, spot: float = 30.0
) -> tuple[list[float], list[int]]:
    step = pl.duration(microseconds=round(hours * 3.6e9))
    start = pl.select(pl.lit(first) + step * pl.int_range(count)).to_series().dt.cast_time_unit("us")
    site = dataclasses.replace(site, rules=(rule,))
    cap, who = site_caps(site, start, np.full(count, hours), np.full(count, spot))
    return cap.tolist(), who.tolist()


def test_local_hours_follow_the_clocks(site: Site) -> None:
    rule = CurtailmentRule(reason="peak", max_mw=20.0, hours_of_day=(16,))
    winter, _ = caps(site, rule, datetime(2026, 1, 19, 20, tzinfo=UTC), 4)
    summer, _ = caps(site, rule, datetime(2026, 7, 20, 20, tzinfo=UTC), 4)
    assert winter == [100.0, 100.0, 20.0, 100.0]  # 16:00 CST is 22:00 UTC
    assert summer == [100.0, 20.0, 100.0, 100.0]  # 16:00 CDT is 21:00 UTC


def test_weekday_and_month_are_local(site: Site) -> None:
    sunday = CurtailmentRule(reason="x", max_mw=20.0, weekdays=(Weekday.SUN,))
    found, _ = caps(site, sunday, datetime(2026, 1, 19, 4, tzinfo=UTC), 4)  # a Monday in UTC
    assert found == [20.0, 20.0, 100.0, 100.0]
    january = CurtailmentRule(reason="x", max_mw=20.0, months=(1,))
    found, _ = caps(site, january, datetime(2026, 2, 1, 4, tzinfo=UTC), 4)
    assert found == [20.0, 20.0, 100.0, 100.0]


def test_all_conditions_must_hold(site: Site) -> None:
    rule = CurtailmentRule(reason="x", max_mw=20.0, hours_of_day=(0, 1), above_usd_per_mwh=100.0)
    first = datetime(2026, 1, 19, 6, tzinfo=UTC)
    assert caps(site, rule, first, 3, spot=100.0)[0] == [100.0] * 3
    assert caps(site, rule, first, 3, spot=100.01)[0] == [20.0, 20.0, 100.0]


def test_instants_bind_every_interval_that_they_touch(site: Site) -> None:
    rule = CurtailmentRule(
        reason="x",
        max_mw=20.0,
        start_at=datetime(2026, 1, 19, 1, 30, tzinfo=UTC),
        end_at=datetime(2026, 1, 19, 3, 0, tzinfo=UTC),
    )
    assert caps(site, rule, datetime(2026, 1, 19, tzinfo=UTC), 5)[0] == [100.0, 20.0, 20.0, 100.0, 100.0]


def test_an_hour_that_straddles_local_hours_is_bound_by_both(site: Site) -> None:
    india = dataclasses.replace(site, time_zone="Asia/Kolkata")
    rule = CurtailmentRule(reason="x", max_mw=20.0, hours_of_day=(12,))
    assert caps(india, rule, datetime(2026, 1, 19, 6, tzinfo=UTC), 3)[0] == [20.0, 20.0, 100.0]
    quarters, _ = caps(india, rule, datetime(2026, 1, 19, 6, tzinfo=UTC), 8, hours=0.25)
    assert quarters == [100.0] * 2 + [20.0] * 4 + [100.0] * 2


def test_the_tightest_rule_is_named(site: Site) -> None:
    rules = tuple(CurtailmentRule(reason=str(mw), max_mw=mw, months=(1,)) for mw in (60.0, 40.0, 50.0, 200.0))
    start = pl.Series([datetime(2026, 1, 19, tzinfo=UTC), datetime(2026, 2, 19, tzinfo=UTC)])
    cap, who = site_caps(dataclasses.replace(site, rules=rules), start, np.ones(2), np.zeros(2))
    assert cap.tolist() == [40.0, 100.0]
    assert who.tolist() == [1, -1]


def test_no_rule_leaves_the_connection(site: Site) -> None:
    start = pl.Series([datetime(2026, 1, 19, tzinfo=UTC)])
    cap, who = site_caps(dataclasses.replace(site, rules=()), start, np.ones(1), np.zeros(1))
    assert (cap.tolist(), who.tolist()) == ([pytest.approx(100.0)], [-1])
