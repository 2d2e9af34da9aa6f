from __future__ import annotations

from typing import Any

import pytest

from support.refusals import refuses, refuses_what_is_no_number
from wattshift.assets.interruptible import InterruptibleContract

CONTRACT = InterruptibleContract(
    name="response", firm_mw=10.0, penalty_usd_per_mwh=2500.0, max_calls_per_year=8, max_call_hours=24.0
)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"name": ""}, "name", "empty"),
        ({"firm_mw": -1.0}, "firm_mw", "negative"),
        ({"penalty_usd_per_mwh": 2.5}, "penalty_usd_per_mwh", "USD/kWh, write 2500"),
        ({"penalty_usd_per_mwh": 0.0}, "penalty_usd_per_mwh", "positive"),
        ({"notice_h": -0.5}, "notice_h", "negative"),
        ({"max_calls_per_year": 0}, "max_calls_per_year", "positive"),
        ({"max_call_hours": 0.0}, "max_call_hours", "positive"),
        ({"max_call_hours": 14_400.0}, "max_call_hours", "minutes, write 240"),
    ],
)
def test_refusals(change: dict[str, Any], key: str, says: str) -> None:
    refuses(CONTRACT, change, key, says)


def test_no_nan() -> None:
    refuses_what_is_no_number(CONTRACT)
