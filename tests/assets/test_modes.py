from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.modes import PowerCap, PowerMode

MODE = PowerMode(name="eco", efficiency_j_per_th=15.0, hashrate_ths=160.0)
CAP = PowerCap(power_frac=0.8, throughput_frac=0.93)


def test_power_of_a_mode() -> None:
    assert MODE.machine_w == 2400.0


@pytest.mark.parametrize(
    ("part", "change", "key", "says"),
    [
        (MODE, {"name": " "}, "name", "empty"),
        (MODE, {"efficiency_j_per_th": 0.0}, "efficiency_j_per_th", "positive"),
        (MODE, {"hashrate_ths": -1.0}, "hashrate_ths", "positive"),
        (CAP, {"power_frac": 80.0}, "power_frac", "write 0.8"),
        (CAP, {"power_frac": 1.0}, "power_frac", "leave it out"),
        (CAP, {"power_frac": 0.0}, "power_frac", "leave it out"),
        (CAP, {"throughput_frac": 93.0}, "throughput_frac", "write 0.93"),
    ],
)
def test_refusals(part: object, change: dict[str, Any], key: str, says: str) -> None:
    refuses(part, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(MODE)
    refuses_what_is_no_number(CAP)
