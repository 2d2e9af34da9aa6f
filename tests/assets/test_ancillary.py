from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.ancillary import AncillaryProduct

RESERVE = AncillaryProduct(
    name="reserve", max_mw=20.0, duration_h=1.0, response_s=600.0, price_usd_per_mwh=5.0
)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"name": ""}, "name", "empty"),
        ({"max_mw": 0.0}, "max_mw", "positive"),
        ({"max_mw": 20_000.0}, "max_mw", "write 20 (MW)"),
        ({"duration_h": 60.0}, "duration_h", "minutes, write 1 (hours)"),
        ({"duration_h": 0.0}, "duration_h", "positive"),
        ({"response_s": 0.0}, "response_s", "positive"),
        ({"price_usd_per_mwh": -5.0}, "price_usd_per_mwh", "negative"),
        ({"price_usd_per_mwh": None}, "price_usd_per_mwh", "exactly one"),
        ({"price_series": "rrs"}, "price_usd_per_mwh", "exactly one"),
    ],
)
def test_refusals(change: dict[str, Any], key: str, says: str) -> None:
    refuses(RESERVE, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(RESERVE)
