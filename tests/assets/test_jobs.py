from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.jobs import JobClass, JobKind

SPOT = JobClass(
    name="spot",
    kind=JobKind.INTERRUPTIBLE,
    share_frac=0.4,
    usd_per_gpu_h=1.5,
    utilisation_frac=0.8,
    checkpoint_usd_per_gpu=0.5,
)
NIGHT = JobClass(
    name="night", kind=JobKind.DEFERRABLE, share_frac=0.2, daily_work_hours=8.0, ready_h=18, due_h=12
)


def test_work_may_be_due_the_next_day() -> None:
    assert NIGHT.window_h == 18
    assert dataclasses.replace(NIGHT, ready_h=8, due_h=18).window_h == 10
    assert dataclasses.replace(NIGHT, ready_h=0, due_h=24).window_h == 24
    assert dataclasses.replace(NIGHT, ready_h=6, due_h=6).window_h == 24


@pytest.mark.parametrize(
    ("part", "change", "key", "says"),
    [
        (SPOT, {"name": ""}, "name", "empty"),
        (SPOT, {"share_frac": 40.0}, "share_frac", "write 0.4"),
        (SPOT, {"share_frac": 0.0}, "share_frac", "positive"),
        (SPOT, {"usd_per_gpu_h": 0.0}, "usd_per_gpu_h", "positive"),
        (SPOT, {"utilisation_frac": 80.0}, "utilisation_frac", "write 0.8"),
        (SPOT, {"checkpoint_usd_per_gpu": -1.0}, "checkpoint_usd_per_gpu", "negative"),
        (SPOT, {"kind": JobKind.FIRM}, "checkpoint_usd_per_gpu", "only interruptible"),
        (SPOT, {"daily_work_hours": 4.0}, "daily_work_hours", "belongs to deferrable"),
        (NIGHT, {"daily_work_hours": None}, "daily_work_hours", "needs it"),
        (NIGHT, {"daily_work_hours": 19.0}, "daily_work_hours", "do not fit"),
        (NIGHT, {"daily_work_hours": 0.0}, "daily_work_hours", "positive"),
        (NIGHT, {"ready_h": 24}, "ready_h", "between 0 and 23"),
        (NIGHT, {"due_h": 0}, "due_h", "between 1 and 24"),
        (NIGHT, {"missed_usd_per_gpu_h": -1.0}, "missed_usd_per_gpu_h", "negative"),
    ],
)
def test_refusals(part: object, change: dict[str, Any], key: str, says: str) -> None:
    refuses(part, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(SPOT)
    refuses_what_is_no_number(NIGHT)
