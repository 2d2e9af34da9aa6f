from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.clock import parse_instant
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.fees import fees_per_block
from wattshift.measures.hashprice import Hashprice, hashprice, hashprice_btc_per_ph_day
from wattshift.measures.prices import PriceQuote, last_close
from wattshift.testing import known_to_height

VECTORS = Path(__file__).parents[1] / "vectors"
PUBLISHED: list[dict[str, Any]] = json.loads((VECTORS / "published_metrics.json").read_bytes())["hashprice"]
BY_DIFFICULTY = [entry for entry in PUBLISHED if "tolerance_rel" in entry]

Quote = Callable[[str], Hashprice]


@pytest.fixture(scope="module")
def quote(history: BlockHistory, fee_frame: pl.DataFrame, daily_frame: pl.DataFrame) -> Quote:
    def at(text: str) -> Hashprice:
        known = history.known_at(parse_instant(text))
        return hashprice(known, fees_per_block(known, fee_frame), last_close(daily_frame, known.as_of))

    return at


# Figures


@pytest.mark.parametrize(
    ("at", "usd_per_ph_day"),
    [
        ("2025-12-19T23:59Z", 36.5),
        ("2025-12-20T23:59Z", 37.6),
        ("2026-01-17T23:59Z", 41.2),
        ("2026-01-19T12:00Z", 40.4),
    ],
)
def test_hashprice_at_given_instants(quote: Quote, at: str, usd_per_ph_day: float) -> None:
    found = quote(at)
    assert found.usd_per_ph_day == pytest.approx(usd_per_ph_day, abs=0.15)
    assert found.low_usd_per_ph_day < found.usd_per_ph_day < found.high_usd_per_ph_day
    assert found.as_of == parse_instant(at)
    assert found.subsidy_btc == 3.125


def test_the_days_own_close_is_another_convention(
    quote: Quote, history: BlockHistory, fee_frame: pl.DataFrame, daily_frame: pl.DataFrame
) -> None:
    noon = datetime(2026, 1, 19, 12, tzinfo=UTC)
    known = history.known_at(noon)
    own = hashprice(
        known, fees_per_block(known, fee_frame), last_close(daily_frame, noon + timedelta(hours=12))
    )
    assert own.usd_per_ph_day == pytest.approx(39.9, abs=0.15)
    assert "last daily close known" in quote("2026-01-19T12:00Z").convention


def test_the_mean_of_november(quote: Quote) -> None:
    days = [quote(f"2025-11-{day:02d}T23:59Z").usd_per_ph_day for day in range(1, 31)]
    assert np.mean(days) == pytest.approx(39.97, rel=0.015)
    assert np.mean(days) == pytest.approx(39.82, rel=0.015), "Luxor's own mean"


@pytest.mark.parametrize("entry", BY_DIFFICULTY, ids=lambda entry: str(entry["id"]))
def test_published_hashprices_by_price_and_difficulty(entry: dict[str, Any]) -> None:
    without_fees = entry["price_usd"] * hashprice_btc_per_ph_day(
        reward_btc=3.125, difficulty=entry["difficulty"]
    )
    assert without_fees == pytest.approx(entry["formula_no_fee"], abs=0.001)
    assert without_fees / entry["usd_per_PH_day"] - 1 == pytest.approx(entry["rel_error"], abs=1e-4)
    assert without_fees == pytest.approx(entry["usd_per_PH_day"], rel=entry["tolerance_rel"])
    assert without_fees < entry["usd_per_PH_day"], "what is missing are the fees"


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("luxor-2024-07-04", "2024-07-04T10:00Z"),
        ("hashrateindex-2024-06-24", "2024-06-24T12:00Z"),
        ("hashrateindex-2024-07 all-time low", "2024-07-05T23:59Z"),
    ],
)
def test_published_hashprices_of_summer_2024(quote: Quote, name: str, at: str) -> None:
    """Bands, not equalities: fees are carried here, and the press quotes the hour's price."""
    published = next(entry["usd_per_PH_day"] for entry in PUBLISHED if entry["id"] == name)
    found = quote(at)
    assert found.usd_per_ph_day == pytest.approx(published, rel=0.1)
    assert published < found.high_usd_per_ph_day


def test_every_published_hashprice_is_used() -> None:
    assert len(BY_DIFFICULTY) == 2
    assert len(PUBLISHED) == 5


# Structure


def test_hashprice_is_reward_over_expected_hashes_times_price(quote: Quote) -> None:
    found = quote("2026-01-19T12:00Z")
    reward_btc = found.subsidy_btc + found.fees.mean_btc
    by_hand = reward_btc * 86_400e15 / (found.difficulty * 2**32)
    assert found.btc_per_ph_day == pytest.approx(by_hand, rel=1e-12)
    assert found.usd_per_ph_day == pytest.approx(by_hand * found.price.price_usd_per_btc, rel=1e-12)
    assert found.level == 0.95


def test_the_difficulty_is_that_of_the_block_being_mined(
    history: BlockHistory, fee_frame: pl.DataFrame, daily_frame: pl.DataFrame
) -> None:
    last_of_period = known_to_height(history, 933_407)
    found = hashprice(
        last_of_period,
        fees_per_block(last_of_period, fee_frame),
        last_close(daily_frame, last_of_period.as_of),
    )
    first_of_next = known_to_height(history, 933_408)
    assert found.difficulty == first_of_next.next_difficulty != last_of_period.bits_at(933_407)


def test_the_subsidy_is_that_of_the_block_being_mined(
    history: BlockHistory, fee_frame: pl.DataFrame, daily_frame: pl.DataFrame
) -> None:
    for height, subsidy_btc in ((839_998, 6.25), (839_999, 3.125), (840_000, 3.125)):
        known = known_to_height(history, height)
        found = hashprice(known, fees_per_block(known, fee_frame), last_close(daily_frame, known.as_of))
        assert found.subsidy_btc == subsidy_btc


def test_at_midnight_with_measured_fees_nothing_is_uncertain(quote: Quote) -> None:
    found = quote("2025-11-22")
    assert found.price.age_s == 0
    assert found.low_usd_per_ph_day == pytest.approx(found.usd_per_ph_day)
    assert found.high_usd_per_ph_day == pytest.approx(found.usd_per_ph_day)


def test_the_interval_joins_fees_and_price_as_log_errors(
    history: BlockHistory, fee_frame: pl.DataFrame, quote: Quote
) -> None:
    carried = quote("2026-03-15T12:00Z")
    known = history.known_at(carried.as_of)
    fees = fees_per_block(known, fee_frame)
    certain_fees = replace(fees, low_btc=fees.mean_btc, high_btc=fees.mean_btc)
    mean = carried.price.price_usd_per_btc
    certain_price = replace(carried.price, low_usd_per_btc=mean, high_usd_per_btc=mean)

    def half_widths(found: Hashprice) -> tuple[float, float]:
        middle = math.log(found.usd_per_ph_day)
        return middle - math.log(found.low_usd_per_ph_day), math.log(found.high_usd_per_ph_day) - middle

    both = half_widths(hashprice(known, fees, carried.price))
    of_price = half_widths(hashprice(known, certain_fees, carried.price))
    of_fees = half_widths(hashprice(known, fees, certain_price))
    assert both == pytest.approx((math.hypot(of_price[0], of_fees[0]), math.hypot(of_price[1], of_fees[1])))
    assert both == half_widths(carried)
    assert all(width > 0 for width in (*of_price, *of_fees))


@given(st.floats(0.1, 60), st.floats(1, 1e15), st.floats(1.01, 10))
def test_hashprice_in_bitcoin_is_proportional(reward_btc: float, difficulty: float, factor: float) -> None:
    base = hashprice_btc_per_ph_day(reward_btc=reward_btc, difficulty=difficulty)
    more_reward = hashprice_btc_per_ph_day(reward_btc=reward_btc * factor, difficulty=difficulty)
    more_difficulty = hashprice_btc_per_ph_day(reward_btc=reward_btc, difficulty=difficulty * factor)
    assert more_reward == pytest.approx(base * factor)
    assert more_difficulty == pytest.approx(base / factor)


def test_twice_the_price_is_twice_the_hashprice(
    history: BlockHistory, fee_frame: pl.DataFrame, quote: Quote
) -> None:
    found = quote("2026-01-19T12:00Z")
    known = history.known_at(found.as_of)
    price: PriceQuote = replace(
        found.price,
        price_usd_per_btc=found.price.price_usd_per_btc * 2,
        low_usd_per_btc=found.price.low_usd_per_btc * 2,
        high_usd_per_btc=found.price.high_usd_per_btc * 2,
    )
    doubled = hashprice(known, fees_per_block(known, fee_frame), price)
    for name in ("usd_per_ph_day", "low_usd_per_ph_day", "high_usd_per_ph_day"):
        assert getattr(doubled, name) == pytest.approx(2 * getattr(found, name))
    assert doubled.btc_per_ph_day == found.btc_per_ph_day
