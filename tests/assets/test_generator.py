from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.generator import SiteGenerator

SOLAR = SiteGenerator(name="solar", capacity_mw=30.0, profile_frac=(0.5,) * 24)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"name": ""}, "name", "empty"),
        ({"capacity_mw": 30_000.0}, "capacity_mw", "write 30 (MW)"),
        ({"cost_usd_per_mwh": -1.0}, "cost_usd_per_mwh", "negative"),
        ({"profile_frac": (0.5,) * 23}, "profile_frac", "24 numbers"),
        ({"profile_frac": (50.0,) * 24}, "profile_frac", "write 0.5"),
        ({"available_series": "sun"}, "available_series", "keep one"),
        ({"emission_t_per_mwh": 450.0}, "emission_t_per_mwh", "write 0.45 (t/MWh)"),
        ({"emission_t_per_mwh": -0.1}, "emission_t_per_mwh", "negative"),
    ],
)
def test_refusals(change: dict[str, Any], key: str, says: str) -> None:
    refuses(SOLAR, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(SOLAR)
