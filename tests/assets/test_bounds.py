from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from wattshift.assets.bounds import (
    require_fraction,
    require_name,
    require_not_negative,
    require_peak_price,
    require_positive,
    require_power,
    require_power_price,
    require_profile,
    require_pue,
    require_rising,
    require_temperature,
)
from wattshift.errors import InputError

CHECKS: list[tuple[Callable[[str, float], None], list[float], list[float]]] = [
    (require_positive, [1e-300, 1.0, 1e9], [0.0, -1.0]),
    (require_not_negative, [0.0, 1e9], [-1e-300]),
    (require_fraction, [0.0, 0.5, 1.0], [-0.01, 1.01]),
    (require_pue, [1.0, 1.2, 3.0], [0.99, 3.01]),
    (require_power, [1e-3, 10_000.0], [0.0, -1.0, 10_001.0]),
    (require_peak_price, [100.0, 67_000.0], [0.0, -1.0, 99.0]),
    (require_temperature, [-60.0, 0.0, 60.0], [-61.0, 61.0, 200.0]),
    (require_power_price, [0.0, 1.0, -250.0, 9000.0], [0.045, -0.9]),
]


@pytest.mark.parametrize(("check", "good", "bad"), CHECKS)
def test_bounds(check: Callable[[str, float], None], good: list[float], bad: list[float]) -> None:
    for value in good:
        check("the_key", value)
    for value in [*bad, math.nan, math.inf, -math.inf]:
        with pytest.raises(InputError) as raised:
            check("the_key", value)
        assert raised.value.context["key"] == "the_key"
        assert raised.value.hint


def test_percent_is_recognised() -> None:
    with pytest.raises(InputError, match=r"write 0\.025"):
        require_fraction("pool_fee_frac", 2.5)


def test_usd_per_kwh_is_recognised() -> None:
    with pytest.raises(InputError, match="write 45 "):
        require_power_price("price", 0.045)


def test_empty_name() -> None:
    require_name("name", "a")
    with pytest.raises(InputError):
        require_name("name", "  ")


def test_a_profile_has_a_fraction_for_each_hour() -> None:
    require_profile("profile_frac", [0.0, 1.0] * 12)
    for bad in ([0.5] * 23, [0.5] * 25, [], [0.5] * 23 + [1.5], [0.5] * 23 + [math.nan]):
        with pytest.raises(InputError, match="profile_frac"):
            require_profile("profile_frac", bad)


def test_the_points_of_a_curve_rise() -> None:
    require_rising("pue_curve", [10.0, 20.0])
    require_rising("pue_curve", [])
    with pytest.raises(InputError) as raised:
        require_rising("pue_curve", [10.0, 20.0, 20.0])
    assert raised.value.context["key"] == "pue_curve.2"
