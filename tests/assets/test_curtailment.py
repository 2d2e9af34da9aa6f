from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from wattshift.assets.curtailment import CurtailmentRule
from wattshift.errors import InputError


def rule(**conditions: Any) -> CurtailmentRule:
    return CurtailmentRule(reason="test", max_mw=10.0, **conditions)


def test_instants_become_utc() -> None:
    local = datetime(2026, 3, 7, 8, tzinfo=timezone(timedelta(hours=-6)))
    assert rule(start_at=local).start_at == datetime(2026, 3, 7, 14, tzinfo=UTC)
    assert rule(start_at=local).start_at.tzinfo is UTC  # type: ignore[union-attr]  # just set


@pytest.mark.parametrize(
    ("conditions", "key"),
    [
        ({}, "reason"),
        ({"hours_of_day": (24,)}, "hours_of_day"),
        ({"hours_of_day": (-1,)}, "hours_of_day"),
        ({"months": (0,)}, "months"),
        ({"above_usd_per_mwh": 0.2}, "above_usd_per_mwh"),
        ({"start_at": datetime(2026, 1, 1)}, "start_at"),  # noqa: DTZ001 - a naive instant is the case
        (
            {"start_at": datetime(2026, 1, 2, tzinfo=UTC), "end_at": datetime(2026, 1, 2, tzinfo=UTC)},
            "end_at",
        ),
    ],
)
def test_refusals_name_the_key(conditions: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as raised:
        rule(**conditions)
    assert raised.value.context["key"] == key
    assert raised.value.hint


def test_negative_limit() -> None:
    with pytest.raises(InputError, match="max_mw"):
        CurtailmentRule(reason="test", max_mw=-1.0, months=(1,))
