from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from support.outlooks import CLOUD, OWNED, outlook_of, prices_of
from wattshift.allocate.coupled.site.daywork import daily_jobs
from wattshift.allocate.coupled.parts import Job
from wattshift.assets.jobs import JobClass, JobKind

NIGHT = JobClass(
    name="night",
    kind=JobKind.DEFERRABLE,
    share_frac=0.5,
    daily_work_hours=6.0,
    ready_h=18,
    due_h=6,
    missed_usd_per_gpu_h=3.0,
)


def jobs(hours: int, start_at: datetime, job: JobClass = NIGHT, zone: str = "UTC") -> list[Job]:
    outlook = outlook_of(prices_of([40.0] * hours, start_at=start_at), zone=zone)
    return daily_jobs("own, night", OWNED, CLOUD, job, outlook)


def test_one_job_a_night_by_hand() -> None:
    (job,) = jobs(24, datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert (job.name, job.load, job.first, job.end) == ("own, night, 2026-07-01", "own, night", 6, 18)
    # 1000 GPUs of 2.5 kW at the meter
    assert job.max_mw == pytest.approx(2.5)
    assert job.energy_mwh == pytest.approx(6.0 * 2.5)
    assert job.worth_usd_per_mwh == pytest.approx((2.0 - 0.4) / 0.0025)
    assert job.missed_usd_per_mwh == pytest.approx(3.0 / 0.0025)


def test_a_night_that_is_cut_needs_its_part() -> None:
    before, after = jobs(24, datetime(2026, 7, 1, tzinfo=UTC))
    assert (before.first, before.end, after.first, after.end) == (0, 6, 18, 24)
    assert [job.energy_mwh for job in (before, after)] == pytest.approx([7.5, 7.5])


def test_hours_are_local_on_a_clock_change() -> None:
    day = dataclasses.replace(NIGHT, ready_h=8, due_h=18)
    start_at = datetime(2026, 10, 31, 5, tzinfo=UTC)  # midnight in Chicago; clocks go back on November 1
    found = jobs(49, start_at, day, "America/Chicago")
    assert [(job.first, job.end) for job in found] == [(8, 18), (33, 43)]


def test_no_job_where_no_window_meets_the_horizon() -> None:
    assert jobs(4, datetime(2026, 7, 1, 10, tzinfo=UTC)) == []


def test_what_was_done_before_is_not_done_again() -> None:
    """The window of the night is twelve hours; the horizon begins two hours into it."""
    outlook = outlook_of(prices_of([40.0] * 10, start_at=datetime(2026, 7, 1, 20, tzinfo=UTC)), zone="UTC")
    night = "own, night, 2026-07-01"
    (whole,) = jobs(24, datetime(2026, 7, 1, 12, tzinfo=UTC))
    for done, left in ((0.0, whole.energy_mwh), (1.0, whole.energy_mwh - 1.0), (1e6, 0.0)):
        (job,) = daily_jobs("own, night", OWNED, CLOUD, NIGHT, outlook, {night: done})
        assert job.name == night
        assert job.energy_mwh == pytest.approx(left)
    (unknown,) = daily_jobs("own, night", OWNED, CLOUD, NIGHT, outlook)
    assert unknown.energy_mwh == pytest.approx(whole.energy_mwh * 10.0 / 12.0)
