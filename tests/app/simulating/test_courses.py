from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from wattshift.app.simulating.courses import (
    course_rows,
    difference_rows,
    figure_rows,
    forward_rows,
    marked_days,
    retarget_rows,
    shown_days,
    state_rows,
)
from wattshift.simulate.result import NetworkForecast, Quantity
from wattshift.simulate.scenario import Scenario


@pytest.mark.parametrize("days", [1, 2, 119, 120, 121, 127, 700, 3_660])
def test_shown_days_rise_from_the_first_to_the_last(days: int) -> None:
    shown = shown_days(days)
    assert (shown[0], shown[-1]) == (0, days - 1)
    assert list(shown) == sorted(set(shown))
    assert len(shown) == days if days <= 120 else len(shown) <= days // 7 + 2


def test_marks_hold_the_ends_and_the_slowest_day(found: NetworkForecast) -> None:
    marks = marked_days(found)
    slowest = int(np.argmax(found.daily[Quantity.INTERVAL].mean))
    assert {0, slowest, found.horizon_days - 1} <= set(marks)
    assert list(marks) == sorted(set(marks))


def test_columns_are_as_long_as_the_days_and_in_order(found: NetworkForecast) -> None:
    for course in course_rows(found):
        columns = (course.low, course.lower, course.median, course.upper, course.high)
        assert {len(column) for column in (course.mean, *columns)} == {len(shown_days(found.horizon_days))}
        for ends in zip(*columns, strict=True):
            assert list(ends) == sorted(ends)


def test_states_are_those_of_the_courses(found: NetworkForecast) -> None:
    days = shown_days(found.horizon_days)
    for course, state in zip(course_rows(found), state_rows(found, (0, days[-1])), strict=True):
        assert state.name == course.name
        assert [band.median for band in state.bands] == [course.median[0], course.median[-1]]


def test_retargets_come_at_their_heights(found: NetworkForecast, scenario: Scenario) -> None:
    rows = retarget_rows(found, scenario)
    assert rows[0].height > scenario.start.tip_height
    assert rows[0].height - scenario.start.tip_height <= 2_016
    assert all(row.height % 2_016 == 0 for row in rows)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    blocks = rows[0].height - scenario.start.tip_height
    assert rows[0].after_days.median == pytest.approx(blocks / 144, rel=0.1)


def test_a_ban_lowers_difficulty(found: NetworkForecast, scenario: Scenario) -> None:
    assert min(row.change_frac.median for row in retarget_rows(found, scenario)) < -0.08


def test_the_forward_curve_holds_every_day_once(found: NetworkForecast) -> None:
    rows = forward_rows(found)
    assert sum(row.days for row in rows) == found.horizon_days
    assert [row.month for row in rows] == sorted({row.month for row in rows})
    mean = sum(row.days * row.mean_usd_per_ph_day for row in rows) / found.horizon_days
    assert mean == pytest.approx(found.daily[Quantity.HASHPRICE].mean.mean(), rel=1e-4)
    assert rows[0].month == f"{found.as_of + timedelta(hours=12):%Y-%m}"


def test_figures_agree_with_the_last_day(found: NetworkForecast) -> None:
    rows = {row.name: row for row in figure_rows(found)}
    last = found.daily[Quantity.HASHRATE]
    assert rows["last_hashrate_ehs"].mean == pytest.approx(last.mean[-1], rel=1e-3)
    assert rows["last_hashrate_ehs"].band.median == pytest.approx(last.quantiles[2, -1], rel=1e-5)
    assert rows["least_hashrate_ehs"].band.high <= rows["last_hashrate_ehs"].band.high


def test_a_forecast_does_not_differ_from_itself(found: NetworkForecast) -> None:
    for row in difference_rows(found, found):
        assert (row.mean, row.mean_low, row.mean_high, row.less_prob) == (0.0, 0.0, 0.0, 0.0)
