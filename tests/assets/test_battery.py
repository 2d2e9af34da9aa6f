from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.battery import SiteBattery

BATTERY = SiteBattery(
    name="battery", power_mw=2.0, energy_mwh=4.0, end_frac=0.5, end_usd_per_mwh=20.0, round_trip_frac=0.81
)


def test_half_of_the_loss_falls_on_either_way() -> None:
    assert BATTERY.one_way_ratio == pytest.approx(0.9)


def test_a_full_and_an_empty_start_are_both_legal() -> None:
    for start_frac in (0.0, 1.0):
        assert dataclasses.replace(BATTERY, start_frac=start_frac).start_frac == start_frac


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"name": ""}, "name", "empty"),
        ({"power_mw": 20_000.0}, "power_mw", "write 20 (MW)"),
        ({"power_mw": 0.0}, "power_mw", "positive"),
        ({"energy_mwh": 4_000.0}, "energy_mwh", "write 4 (MWh)"),
        ({"energy_mwh": -4.0}, "energy_mwh", "positive"),
        ({"round_trip_frac": 86.0}, "round_trip_frac", "write 0.86"),
        ({"round_trip_frac": 0.1}, "round_trip_frac", "no battery loses"),
        ({"wear_usd_per_mwh": -1.0}, "wear_usd_per_mwh", "negative"),
        ({"start_frac": 50.0}, "start_frac", "write 0.5"),
        ({"end_frac": 50.0}, "end_frac", "write 0.5"),
        ({"end_usd_per_mwh": -1.0}, "end_usd_per_mwh", "negative"),
        ({"response_s": -1.0}, "response_s", "negative"),
    ],
)
def test_refusals(change: dict[str, Any], key: str, says: str) -> None:
    refuses(BATTERY, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(BATTERY)
