from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from wattshift.errors import Malformed
from wattshift.measures.machines import EfficiencyTier, machine_price, parse_tier
from wattshift.store.bundled import BundledStore


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("under 38 J/TH", 0.0, 38.0),
        ("38-68 J/TH", 38.0, 68.0),
        ("over 68 J/TH", 68.0, float("inf")),
        ("25 J/TH or less", 0.0, 25.0),
        ("17.5 J/TH (a single model)", 16.5, 18.5),
    ],
)
def test_tiers_as_published(text: str, low: float, high: float) -> None:
    assert parse_tier(text) == EfficiencyTier(low_j_per_th=low, high_j_per_th=high)


@pytest.mark.parametrize("text", ["", "cheap", "J/TH", "38 W"])
def test_a_text_that_is_no_tier_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="not an efficiency tier"):
        parse_tier(text)


def test_every_bundled_tier_can_be_read(store: BundledStore) -> None:
    tiers = [parse_tier(text) for text in store.read("asic_price_points")["tier"]]
    assert all(tier.low_j_per_th < tier.high_j_per_th for tier in tiers)


def points(*rows: tuple[date, str, float]) -> pl.DataFrame:
    days, tiers, prices = zip(*rows, strict=True)
    return pl.DataFrame({"date": days, "tier": tiers, "price_usd_per_th": prices})


def test_the_newest_tier_that_holds_the_efficiency_wins() -> None:
    frame = points(
        (date(2025, 1, 1), "25-38 J/TH", 9.0),
        (date(2025, 6, 1), "25-38 J/TH", 7.0),
        (date(2025, 9, 1), "under 25 J/TH", 15.0),
    )
    found = machine_price(frame, datetime(2025, 12, 1, tzinfo=UTC), efficiency_j_per_th=29.5)
    assert found is not None
    assert (found.price_usd_per_th, found.published_on, found.age_days) == (7.0, date(2025, 6, 1), 183.0)


def test_nothing_from_later_and_nothing_older_than_a_year() -> None:
    frame = points((date(2025, 6, 1), "25-38 J/TH", 7.0))
    for at in (datetime(2025, 6, 1, 23, tzinfo=UTC), datetime(2026, 6, 2, 1, tzinfo=UTC)):
        assert machine_price(frame, at, efficiency_j_per_th=30.0) is None
    known = machine_price(frame, datetime(2025, 6, 2, tzinfo=UTC), efficiency_j_per_th=30.0)
    assert known is not None


def test_any_age_may_be_asked_for() -> None:
    frame = points((date(2020, 6, 1), "25-38 J/TH", 7.0))
    at = datetime(2025, 6, 1, tzinfo=UTC)
    found = machine_price(frame, at, efficiency_j_per_th=30.0, max_age_days=float("inf"))
    assert found is not None
    assert found.age_days == 1_826


def test_an_efficiency_outside_every_tier_has_no_price() -> None:
    frame = points((date(2025, 6, 1), "25-38 J/TH", 7.0))
    assert machine_price(frame, datetime(2025, 7, 1, tzinfo=UTC), efficiency_j_per_th=12.0) is None


def test_christmas_2022_from_the_bundled_points(store: BundledStore) -> None:
    frame, at = store.read("asic_price_points"), datetime(2023, 1, 15, tzinfo=UTC)
    for efficiency, price in ((30.0, 15.71), (50.0, 10.23), (90.0, 4.72)):
        found = machine_price(frame, at, efficiency_j_per_th=efficiency)
        assert found is not None
        assert found.price_usd_per_th == price
