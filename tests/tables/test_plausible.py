from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wattshift.chain.target import bits_to_difficulty
from wattshift.errors import InputError, Malformed
from wattshift.store.bundled import BundledStore
from wattshift.tables import TABLES
from wattshift.tables.plausible import check_plausible, check_table, findings
from wattshift.tables.quantities import COLUMNS, SERIES

Change = Callable[[NDArray[np.float64]], NDArray[np.float64]]
TODAY = date(2026, 1, 19)
DAY = 96


def by(factor: float) -> Change:
    return lambda values: values * factor


def per(factor: float) -> Change:
    return lambda values: factor / values


@dataclass(frozen=True)
class Feed:
    """Real values of a quantity, and the ones before them."""

    known: NDArray[np.float64]
    values: NDArray[np.float64]


@pytest.fixture(scope="module")
def feeds(store: BundledStore) -> dict[str, Feed]:
    """The last values of each quantity, most of them from the bundled history."""
    periods = store.read("difficulty_periods")["bits"].to_list()[-60:]
    hashrate = np.array([bits_to_difficulty(bits) * 2**32 / 600 / 1e18 for bits in periods])
    price = store.read("btc_usd_daily")["close_usd_per_btc"].drop_nulls().to_numpy()
    gpus = store.read("gpu_market")
    asics = store.read("asic_catalog")
    deals = store.read("ai_contracts")
    fees = store.read("block_fees")
    columns = {
        "btc_price": (price, 30),
        "network_hashrate": (hashrate, 10),
        "hashprice": (0.45 * price[-60:] / hashrate, 10),
        "grid_price": (store.read("power_price")["price_usd_per_mwh"].to_numpy(), 7 * DAY),
        "grid_load": (store.read("ercot_load")["ercot_mw"].to_numpy(), 48),
        "gpu_price": (gpus.filter(pl.col("gpu") == "H100_SXM")["median_usd_per_gpu_h"].to_numpy(), 48),
        "block_fees": (fees["fee_sat"].cast(pl.Float64).drop_nulls().to_numpy(), 288),
        "block_subsidy": (fees["subsidy_sat"].cast(pl.Float64).to_numpy(), 144),
        "efficiency": (asics["efficiency_j_per_th"].to_numpy(), 60),
        "machine_power": (asics["power_w"].to_numpy(), 60),
        "machine_hashrate": (asics["hashrate_ths"].to_numpy(), 60),
        "machine_price": (store.read("asic_price_points")["price_usd_per_th"].to_numpy(), 6),
        "contract_value": (deals["value_usd_bn"].to_numpy(), 8),
        "contract_term": (deals["term_years"].to_numpy(), 8),
        "site_power": (deals["critical_it_mw"].drop_nulls().to_numpy(), 8),
        "build_cost": (deals["capex_low_usd_m_per_mw"].drop_nulls().to_numpy(), 3),
        "yearly_income": (deals["noi_usd_m_per_year"].drop_nulls().to_numpy(), 2),
        "fraction": (deals["noi_margin_low_frac"].drop_nulls().to_numpy(), 2),
        "unix_time": (store.read("blocks")["header_time_s"].cast(pl.Float64).to_numpy(), 100),
        "market_interval": (store.read("power_price")["hours"].to_numpy(), 100),
    }
    return {name: Feed(known=all_[:-last], values=all_[-last:]) for name, (all_, last) in columns.items()}


SLIPS: list[tuple[str, str, Change]] = [
    ("btc_price", "US cents per bitcoin", by(100)),
    ("btc_price", "thousand US dollars per bitcoin, or US dollars per mBTC", by(1e-3)),
    ("btc_price", "US dollars per satoshi", by(1e-8)),
    ("btc_price", "satoshi per US dollar", per(1e8)),
    ("btc_price", "bitcoin per US dollar", per(1)),
    ("btc_price", "Korean won per bitcoin", by(1_390)),
    ("btc_price", "Japanese yen per bitcoin", by(156)),
    ("grid_price", "USD/kWh", by(1e-3)),
    ("grid_price", "US cents per kWh", by(0.1)),
    ("grid_price", "US cents per MWh", by(100)),
    ("grid_price", "USD/GWh", by(1e3)),
    ("grid_load", "kW", by(1e3)),
    ("grid_load", "GW", by(1e-3)),
    ("grid_load", "W", by(1e6)),
    ("gpu_price", "USD per hour of a node of 8 GPUs", by(8)),
    ("gpu_price", "USD/GPU-day", by(24)),
    ("gpu_price", "US cents/GPU-h", by(100)),
    ("gpu_price", "USD/GPU-month", by(730)),
    ("gpu_price", "USD/GPU-year", by(8_760)),
    ("gpu_price", "USD/GPU-minute", by(1 / 60)),
    ("gpu_price", "USD/GPU-second", by(1 / 3_600)),
    ("network_hashrate", "ZH/s", by(1e-3)),
    ("network_hashrate", "PH/s", by(1e3)),
    ("network_hashrate", "TH/s", by(1e6)),
    ("network_hashrate", "GH/s", by(1e9)),
    ("network_hashrate", "H/s", by(1e18)),
    ("hashprice", "USD/TH/day", by(1e-3)),
    ("hashprice", "USD/EH/day", by(1e3)),
    ("block_fees", "BTC", by(1e-8)),
    ("block_fees", "mBTC", by(1e-5)),
    ("block_fees", "millisatoshi", by(1e3)),
    ("block_subsidy", "BTC", by(1e-8)),
    ("block_subsidy", "mBTC", by(1e-5)),
    ("efficiency", "J/GH", by(1e-3)),
    ("efficiency", "J/MH", by(1e-6)),
    ("efficiency", "J/PH", by(1e3)),
    ("efficiency", "kWh/TH", by(1 / 3.6e6)),
    ("machine_power", "kW", by(1e-3)),
    ("machine_power", "MW", by(1e-6)),
    ("machine_hashrate", "GH/s", by(1e3)),
    ("machine_hashrate", "PH/s", by(1e-3)),
    ("machine_hashrate", "H/s", by(1e12)),
    ("machine_price", "USD per machine", by(200)),
    ("machine_price", "USD/PH", by(1e3)),
    ("machine_price", "USD/GH", by(1e-3)),
    ("site_power", "kW", by(1e3)),
    ("site_power", "GW", by(1e-3)),
    ("site_power", "W", by(1e6)),
    ("contract_value", "million USD", by(1e3)),
    ("contract_value", "USD", by(1e9)),
    ("contract_term", "months", by(12)),
    ("build_cost", "USD/kW", by(1e3)),
    ("build_cost", "USD/MW", by(1e6)),
    ("yearly_income", "USD/year", by(1e6)),
    ("yearly_income", "bn USD/year", by(1e-3)),
    ("fraction", "per cent", by(100)),
    ("fraction", "basis points", by(1e4)),
    ("unix_time", "milliseconds", by(1e3)),
    ("unix_time", "microseconds", by(1e6)),
    ("unix_time", "minutes", by(1 / 60)),
    ("unix_time", "days", by(1 / 86_400)),
    ("market_interval", "minutes", by(60)),
    ("market_interval", "seconds", by(3_600)),
]


@pytest.mark.parametrize(
    ("quantity", "unit", "change"), [pytest.param(*each, id=f"{each[0]} in {each[1]}") for each in SLIPS]
)
def test_a_slip_is_caught_and_named_with_its_cure(
    feeds: dict[str, Feed], quantity: str, unit: str, change: Change
) -> None:
    feed = feeds[quantity]
    days, known = pl.Series([TODAY] * feed.values.size), pl.Series(feed.known)
    assert findings(quantity, pl.Series(feed.values), days=days, reference=known) == []
    slipped = pl.Series(change(feed.values))
    with pytest.raises(Malformed) as refusal:
        check_plausible(quantity, slipped, source="feed", days=days, reference=known)
    assert f"they look like {unit}: " in str(refusal.value)
    assert refusal.value.context["quantity"] == quantity


def test_there_are_at_least_forty_slips() -> None:
    assert len({(quantity, unit) for quantity, unit, _ in SLIPS}) == len(SLIPS) >= 40


# The real history passes, whole and as it would have come in


@pytest.mark.parametrize("name", sorted(BundledStore().files))
def test_the_real_history_is_plausible(store: BundledStore, name: str) -> None:
    frame = store.read(name)
    assert check_table(frame, name, source="bundled") is frame


@pytest.mark.parametrize(
    ("name", "step"),
    [("power_price", DAY), ("btc_usd_daily", 7), ("btc_usd_hourly", 24 * 7), ("ercot_load", 24 * 7)],
)
def test_the_real_history_is_plausible_batch_by_batch(store: BundledStore, name: str, step: int) -> None:
    frame = store.read(name)
    for first in range(0, frame.height, step):
        before = frame[max(0, first - 30 * DAY) : first]
        check_table(frame[first : first + step], name, source="live", known=before)


def test_most_real_days_in_another_unit_are_refused(store: BundledStore) -> None:
    prices = store.read("power_price")["price_usd_per_mwh"]
    caught = {"USD/kWh": 0, "US cents per kWh": 0, "US cents per MWh": 0, "USD/GWh": 0}
    starts = range(30 * DAY, prices.len() - DAY, 10 * DAY)
    for unit, factor in zip(caught, (1e-3, 0.1, 100.0, 1e3), strict=True):
        for first in starts:
            known, day = prices[first - 30 * DAY : first], prices[first : first + DAY] * factor
            caught[unit] += bool(findings("grid_price", day, reference=known))
    rate = {unit: count / len(starts) for unit, count in caught.items()}
    assert rate["USD/kWh"] > 0.98
    assert rate["USD/GWh"] > 0.98
    assert rate["US cents per MWh"] > 0.80
    # A mild day in cents per kWh looks like a windy day: within the day one in four is not seen.
    assert rate["US cents per kWh"] > 0.70


def test_one_bad_month_inside_a_long_file_is_found(store: BundledStore) -> None:
    frame = store.read("power_price")[: 365 * DAY]
    price = frame["price_usd_per_mwh"].to_numpy().copy()
    price[200 * DAY : 230 * DAY] /= 1_000
    wrong = frame.with_columns(price_usd_per_mwh=price)
    with pytest.raises(Malformed, match="the level jumps") as refusal:
        check_table(wrong, "power_price", source="file.csv")
    assert refusal.value.context["row"] == 200 * DAY
    assert refusal.value.context["column"] == "price_usd_per_mwh"
    assert "multiply by 1,000" in str(refusal.value)


def test_negative_prices_and_caps_are_legal() -> None:
    rng = np.random.default_rng(3)
    paths = rng.uniform(-500, 5_000, (1_000, DAY))
    for path in paths:
        assert findings("grid_price", pl.Series(path)) == []
    for level in (-251.0, -500.0, 5_000.0, 9_000.0, 13_000.0):
        assert findings("grid_price", pl.Series([level] * 10)) == []
    assert findings("grid_price", pl.Series([30.0, 16_000.0]))[0].row == 1
    assert findings("grid_price", pl.Series([30.0, -1_001.0]))[0].row == 1


def test_a_wrong_row_of_one_location_among_many_is_named() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rng = np.random.default_rng(5)
    rows = {
        "start": [start + timedelta(minutes=15 * n) for n in range(20 * DAY)] * 2,
        "hours": [0.25] * 40 * DAY,
        "market": ["ercot_rtm"] * 40 * DAY,
        "location": ["HB_HOUSTON"] * 20 * DAY + ["HB_WEST"] * 20 * DAY,
        "price_usd_per_mwh": np.concatenate([rng.uniform(20, 40, 20 * DAY), rng.uniform(2, 4, 20 * DAY)]),
        "source": ["ercot"] * 40 * DAY,
    }
    frame = pl.DataFrame(rows, schema=pl.Schema(TABLES["grid_prices"].schema))
    known, fresh = frame.filter(pl.col("start") < start + timedelta(days=18)), frame.tail(2 * DAY)
    check_table(fresh, "grid_prices", source="feed", known=known)
    mistaken = fresh.with_columns(pl.col("price_usd_per_mwh") * 100)
    with pytest.raises(Malformed, match="US cents per MWh") as refusal:
        check_table(mistaken, "grid_prices", source="feed", known=known)
    assert refusal.value.context["source"] == "feed"
    # The first location has no such level: what is known of one says nothing of the other.
    check_table(mistaken.with_columns(location=pl.lit("HB_NEW")), "grid_prices", source="feed", known=known)


def test_bands_are_dated() -> None:
    def found(price: float, day: date | None) -> bool:
        days = None if day is None else pl.Series([day])
        return bool(findings("btc_price", pl.Series([price]), days=days))

    assert not found(0.06, date(2010, 7, 20))
    assert found(0.06, date(2012, 1, 1))
    assert found(64_500.0, date(2011, 12, 31))
    assert found(1_550.0, TODAY)
    assert not found(1_550.0, date(2016, 1, 1))
    assert not found(0.06, None)
    assert found(3e6, None)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_found(wrong: float) -> None:
    found = findings("grid_price", pl.Series([30.0, None, wrong]))
    assert [(each.row, each.slip) for each in found] == [(2, None)]
    assert "finite" in found[0].message


def test_nulls_and_nothing_are_passed_over() -> None:
    for values in (pl.Series(dtype=pl.Float64), pl.Series([None, None], dtype=pl.Float64)):
        assert findings("btc_price", values) == []
        assert findings("btc_price", values, reference=pl.Series([1.0] * 50)) == []
    days = pl.Series([TODAY, TODAY, date(2010, 8, 1)])
    assert findings("btc_price", pl.Series([None, 64_500.0, 0.07]), days=days) == []


def test_euros_for_dollars_are_within_every_band() -> None:
    known = pl.Series([64_500.0] * 40)
    assert findings("btc_price", pl.Series([64_500.0 * 0.92]), reference=known) == []


def test_a_level_is_judged_only_with_enough_before_it() -> None:
    jump = pl.Series([64_500.0 / 6])
    assert findings("btc_price", jump, reference=pl.Series([64_500.0] * 9)) == []
    found = findings("btc_price", jump, reference=pl.Series([64_500.0] * 10))
    assert "the level jumps from 64500 to 10750" in found[0].message


def test_what_no_slip_explains_is_said_so() -> None:
    found = findings("unix_time", pl.Series([7e9]))
    assert found[0].slip is None
    assert "check the numbers" in found[0].hint


def test_an_unknown_quantity_is_an_error_of_the_caller() -> None:
    with pytest.raises(InputError, match="no quantity 'luck'"):
        findings("luck", pl.Series([1.0]))


@given(st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=300), st.booleans())
def test_any_numbers_end_in_findings_that_point_at_them(values: list[float | None], dated: bool) -> None:
    series = pl.Series(values, dtype=pl.Float64)
    days = pl.Series([TODAY] * len(values), dtype=pl.Date) if dated else None
    for quantity in ("btc_price", "grid_price", "fraction"):
        for finding in findings(quantity, series, days=days, reference=pl.Series([1.0] * 5_000)):
            assert values[finding.row] is not None
            assert finding.message
            assert finding.hint


def test_columns_of_a_table_without_quantities_are_left_in_peace() -> None:
    frame = pl.DataFrame({"id": [1], "name": ["x"], "slug": ["x"], "coinbase_tags": [["x"]]})
    assert "pools" not in COLUMNS
    assert "pools" not in SERIES
    assert check_table(frame, "pools", source="x") is frame
