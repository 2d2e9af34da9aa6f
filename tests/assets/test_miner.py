from __future__ import annotations

import dataclasses

import pytest

from support.refusals import refuses
from wattshift.assets.miner import MinerClass
from wattshift.assets.modes import PowerMode
from wattshift.errors import InputError


def make(efficiency_j_per_th: float = 17.5, hashrate_ths: float = 200.0, count: int = 1000) -> MinerClass:
    return MinerClass(
        name="S", efficiency_j_per_th=efficiency_j_per_th, hashrate_ths=hashrate_ths, count=count
    )


def test_power() -> None:
    miner = make()
    assert miner.machine_w == 3500.0
    assert miner.power_mw == 3.5
    assert miner.facility_mw(1.1) == pytest.approx(3.85)


def test_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().count = 2  # type: ignore[misc]  # that it cannot be set is the point


@pytest.mark.parametrize(
    ("change", "key", "hint"),
    [
        ({"efficiency_j_per_th": -1.0}, "efficiency_j_per_th", "positive"),
        ({"efficiency_j_per_th": float("nan")}, "efficiency_j_per_th", "positive"),
        ({"efficiency_j_per_th": 3500.0}, "efficiency_j_per_th", "write 17.5 "),
        ({"efficiency_j_per_th": 0.0175}, "efficiency_j_per_th", "write 17.5 "),
        ({"hashrate_ths": 200_000.0}, "hashrate_ths", "write 200 "),
        ({"count": 0}, "count", "positive"),
    ],
)
def test_refusals_name_the_key_and_the_cure(change: dict[str, float], key: str, hint: str) -> None:
    with pytest.raises(InputError) as raised:
        dataclasses.replace(make(), **change)  # type: ignore[arg-type]  # parametrised by field name
    assert raised.value.context["key"] == key
    assert hint in str(raised.value.hint)


ECO = PowerMode(name="eco", efficiency_j_per_th=15.0, hashrate_ths=150.0)
TURBO = PowerMode(name="turbo", efficiency_j_per_th=20.0, hashrate_ths=220.0)


def test_modes_are_sorted_by_power_and_the_class_is_one_of_them() -> None:
    miner = dataclasses.replace(make(), modes=(TURBO, ECO))
    assert [mode.name for mode in miner.all_modes] == ["eco", "S", "turbo"]
    assert [mode.name for mode in make().all_modes] == ["S"]


def test_a_ramp_counts_in_the_time_to_fall() -> None:
    assert make().fall_s(1.0) == 60.0
    slow = dataclasses.replace(make(), ramp_down_mw_per_h=7.0)
    assert slow.fall_s(1.0) == pytest.approx(1_800.0)
    assert slow.fall_s(1.2) == pytest.approx(2_160.0)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"modes": (PowerMode(name="x", efficiency_j_per_th=20.0, hashrate_ths=190.0),)},
         "modes.0.hashrate_ths", "more power must mean more hashrate"),
        ({"modes": (ECO, ECO)}, "modes.0.hashrate_ths", "leave one out"),
        ({"modes": (ECO,), "whole": True}, "whole", "leave out whole"),
        ({"min_up_h": 300.0}, "min_up_h", "minutes, write 5;"),
        ({"min_down_h": -1.0}, "min_down_h", "negative"),
        ({"boot_h": 900.0}, "boot_h", "seconds, 0.25 (hours)"),
        ({"start_usd": -1.0}, "start_usd", "negative"),
        ({"switch_wear_usd": float("inf")}, "switch_wear_usd", "negative"),
        ({"ramp_up_mw_per_h": 0.0}, "ramp_up_mw_per_h", "positive"),
        ({"ramp_down_mw_per_h": float("nan")}, "ramp_down_mw_per_h", "positive"),
        ({"drop_s": -1.0}, "drop_s", "negative"),
    ],
)  # fmt: skip
def test_motion_and_modes_are_refused_by_key(change: dict[str, object], key: str, says: str) -> None:
    refuses(make(), change, key, says)
