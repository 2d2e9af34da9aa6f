from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.carbon import Carbon

CARBON = Carbon(grid_t_per_mwh=0.37, carbon_usd_per_t=50.0)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"grid_t_per_mwh": 370.0}, "grid_t_per_mwh", "kg/MWh: write 0.37"),
        ({"grid_t_per_mwh": -0.1}, "grid_t_per_mwh", "negative"),
        ({"grid_t_per_mwh": None}, "grid_t_per_mwh", "exactly one"),
        ({"grid_series": "factor"}, "grid_t_per_mwh", "exactly one"),
        ({"carbon_usd_per_t": -1.0}, "carbon_usd_per_t", "negative"),
    ],
)
def test_refusals(change: dict[str, Any], key: str, says: str) -> None:
    refuses(CARBON, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(CARBON)
