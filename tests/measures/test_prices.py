from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.prices import last_close
from wattshift.tables import table
from wattshift.testing import instants

NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 19, tzinfo=UTC)
DAY = timedelta(days=1)


def closes(values: list[float | None], first_at: datetime = MIDNIGHT) -> pl.DataFrame:
    """A `btc_usd_daily` table of consecutive days."""
    count = len(values)
    return pl.DataFrame(
        {
            "start": [first_at + DAY * day for day in range(count)],
            "hours": [24.0] * count,
            "close_usd_per_btc": values,
            "source": ["here"] * count,
            "close_kind": ["day_close"] * count,
        },
        schema=pl.Schema(table("btc_usd_daily").schema),
    )


def test_the_close_of_the_day_before(daily_frame: pl.DataFrame) -> None:
    quote = last_close(daily_frame, NOON)
    own_day = daily_frame.filter(pl.col("start") == MIDNIGHT)["close_usd_per_btc"].item()
    day_before = daily_frame.filter(pl.col("start") == MIDNIGHT - DAY)["close_usd_per_btc"].item()
    assert quote.price_usd_per_btc == day_before != own_day
    assert quote.close_at == MIDNIGHT
    assert (quote.as_of, quote.age_s) == (NOON, 43_200)


def test_a_close_is_known_at_midnight_and_not_a_microsecond_before() -> None:
    frame = closes([100.0, 200.0])
    midnight = MIDNIGHT + 2 * DAY
    assert last_close(frame, midnight - timedelta(microseconds=1)).price_usd_per_btc == 100
    at_midnight = last_close(frame, midnight)
    assert (at_midnight.price_usd_per_btc, at_midnight.age_s, at_midnight.close_at) == (200, 0, midnight)
    assert at_midnight.low_usd_per_btc == at_midnight.high_usd_per_btc == pytest.approx(200)


def test_days_without_a_close_are_passed_over_and_age_the_quote() -> None:
    quote = last_close(closes([100.0, 110.0, None, None]), NOON + 4 * DAY)
    assert quote.price_usd_per_btc == 110
    assert quote.age_s == 2.5 * 86_400


def test_the_interval_is_the_volatility_of_thirty_days_over_the_age() -> None:
    values = 50_000 * np.exp(np.cumsum(np.random.default_rng(4).normal(0, 0.03, 60)))
    frame = closes(values.tolist())
    as_of = NOON + 63 * DAY
    quote = last_close(frame, as_of)
    daily_sd = float(np.diff(np.log(values[-31:])).std(ddof=1))
    assert quote.daily_sd_frac == pytest.approx(daily_sd)
    spread = math.exp(2.31 * daily_sd * math.sqrt(3.5))
    assert quote.age_s == 3.5 * 86_400
    assert quote.high_usd_per_btc / quote.price_usd_per_btc == pytest.approx(spread)
    assert quote.price_usd_per_btc / quote.low_usd_per_btc == pytest.approx(spread)


@pytest.mark.parametrize("values", [[100.0], [100.0, 100.0, 100.0], [100.0, 105.0]])
def test_without_a_measured_volatility_a_usual_one_is_taken(values: list[float | None]) -> None:
    quote = last_close(closes(values), NOON + len(values) * DAY)
    assert quote.daily_sd_frac == 0.04
    assert quote.low_usd_per_btc < quote.price_usd_per_btc < quote.high_usd_per_btc


@pytest.mark.parametrize("days", [1, 4])
def test_real_moves_stay_inside_as_often_as_said(daily_frame: pl.DataFrame, days: int) -> None:
    closed = daily_frame.drop_nulls("close_usd_per_btc").filter(pl.col("start").dt.year() >= 2018)
    rows = closed.select("start", "close_usd_per_btc").rows()
    inside = []
    for start, close in rows[::3]:
        quote = last_close(daily_frame.filter(pl.col("start") <= start - days * DAY), start + DAY)
        inside.append(quote.low_usd_per_btc <= close <= quote.high_usd_per_btc)
    assert len(inside) > 1_000
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


@settings(max_examples=40)
@given(instants(datetime(2012, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)))
def test_a_quote_is_never_of_today_and_its_interval_grows_with_its_age(
    daily_frame: pl.DataFrame, as_of: datetime
) -> None:
    quote = last_close(daily_frame, as_of)
    assert quote.close_at <= as_of
    assert quote.age_s == (as_of - quote.close_at).total_seconds() >= 0
    assert 0 < quote.low_usd_per_btc <= quote.price_usd_per_btc <= quote.high_usd_per_btc
    later = last_close(daily_frame, quote.close_at + (as_of - quote.close_at) * 0.5)
    assert later.price_usd_per_btc == quote.price_usd_per_btc
    assert later.high_usd_per_btc <= quote.high_usd_per_btc


def test_before_the_first_close_there_is_no_price(daily_frame: pl.DataFrame) -> None:
    for as_of in (datetime(2009, 1, 3, tzinfo=UTC), datetime(2010, 7, 17, 12, tzinfo=UTC)):
        with pytest.raises(OutOfSpan, match="no BTC/USD close was known") as refusal:
            last_close(daily_frame, as_of)
        assert refusal.value.hint
    assert last_close(daily_frame, datetime(2010, 7, 18, tzinfo=UTC)).price_usd_per_btc > 0
    with pytest.raises(OutOfSpan):
        last_close(closes([None, None]), NOON + 5 * DAY)


def test_an_instant_may_come_in_any_time_zone_but_not_in_none(daily_frame: pl.DataFrame) -> None:
    local = last_close(daily_frame, NOON.astimezone(ZoneInfo("Asia/Tokyo")))
    assert local.price_usd_per_btc == last_close(daily_frame, NOON).price_usd_per_btc
    assert local.age_s == 43_200
    with pytest.raises(InputError, match="time zone"):
        last_close(daily_frame, NOON.replace(tzinfo=None))
