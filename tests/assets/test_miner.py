from __future__ import annotations

import dataclasses

import pytest

from wattshift.assets.miner import MinerClass
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
