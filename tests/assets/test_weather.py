from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.weather import DeratingPoint, PuePoint

PUE = PuePoint(outside_c=40.0, pue=1.35)
DERATING = DeratingPoint(outside_c=-40.0, available_frac=0.8)


@pytest.mark.parametrize(
    ("part", "change", "key", "says"),
    [
        (PUE, {"outside_c": 104.0}, "outside_c", "Fahrenheit, write 40"),
        (PUE, {"outside_c": -61.0}, "outside_c", "Celsius"),
        (PUE, {"pue": 0.9}, "pue", "between 1 and 3"),
        (DERATING, {"available_frac": 80.0}, "available_frac", "write 0.8"),
        (DERATING, {"available_frac": -0.1}, "available_frac", "0 to 1"),
    ],
)
def test_refusals(part: object, change: dict[str, Any], key: str, says: str) -> None:
    refuses(part, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(PUE)
    refuses_what_is_no_number(DERATING)
