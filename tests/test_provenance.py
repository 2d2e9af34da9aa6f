from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from wattshift.provenance import Freshness, Origin, freshness


@pytest.mark.parametrize(
    ("age_s", "rung"),
    [
        (-1, Freshness.FRESH),
        (0, Freshness.FRESH),
        (100, Freshness.FRESH),
        (100.1, Freshness.STALE),
        (200, Freshness.STALE),
        (200.1, Freshness.EXPIRED),
    ],
)
def test_the_ladder(age_s: float, rung: Freshness) -> None:
    assert freshness(age_s, fresh_s=100, expired_s=200) is rung


def test_an_origin_cannot_be_altered() -> None:
    origin = Origin(
        name="BTC/USD daily close",
        source="somebody",
        licence="MIT",
        sha256="00" * 32,
        newest_at=datetime(2026, 1, 19, tzinfo=UTC),
        age_s=0.0,
        freshness=Freshness.FRESH,
    )
    assert origin.note == ""
    with pytest.raises(FrozenInstanceError):
        origin.age_s = 1.0  # type: ignore[misc]  # what the test is about
