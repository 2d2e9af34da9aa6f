from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.stress.fleet import (
    SURVEY_AT,
    Fleet,
    efficiency_quantile_j_per_th,
    fleet_at,
    fleet_means,
    quarter_hashrates,
)
from wattshift.store.bundled import BundledStore


@pytest.fixture(scope="module")
def catalog(store: BundledStore) -> pl.DataFrame:
    return store.read("asic_catalog")


def fleet(catalog: pl.DataFrame, periods: pl.DataFrame, at: datetime) -> Fleet:
    return fleet_at(catalog, periods, at, hashrate_ehs=600.0)


def test_the_mean_is_the_surveys_when_it_was_taken(catalog: pl.DataFrame, period_frame: pl.DataFrame) -> None:
    found = fleet(catalog, period_frame, SURVEY_AT)
    assert found.mean_j_per_th == pytest.approx(28.2)
    assert float((found.efficiency_j_per_th * found.share_frac).sum()) == pytest.approx(28.2)


def test_the_interval_still_holds_the_surveys_mean_at_the_start_of_2025(
    catalog: pl.DataFrame, period_frame: pl.DataFrame
) -> None:
    found = fleet(catalog, period_frame, datetime(2025, 1, 1, tzinfo=UTC))
    assert found.low_j_per_th < found.mean_j_per_th < 28.2 < found.high_j_per_th


def test_a_year_before_the_survey_the_fleet_was_a_quarter_worse(
    catalog: pl.DataFrame, period_frame: pl.DataFrame
) -> None:
    """The report says 24 % better within a year; that figure took no part in the model."""
    found = fleet(catalog, period_frame, SURVEY_AT - timedelta(days=365))
    assert found.low_j_per_th < 28.2 / 0.76 < found.high_j_per_th


def test_the_fleet_gets_better_year_by_year(catalog: pl.DataFrame, period_frame: pl.DataFrame) -> None:
    means = [
        fleet(catalog, period_frame, datetime(year, 1, 1, tzinfo=UTC)).mean_j_per_th
        for year in range(2019, 2027)
    ]
    assert means == sorted(means, reverse=True)
    assert means[0] > 2 * means[-1]


@given(st.integers(0, 3_000))
def test_shares_add_up_and_the_survey_is_never_beaten_in_certainty(days: int) -> None:
    store = BundledStore()
    at = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=days)
    found = fleet(store.read("asic_catalog"), store.read("difficulty_periods"), at)
    assert found.share_frac.sum() == pytest.approx(1)
    assert (found.share_frac > 0).all()
    assert (np.diff(found.efficiency_j_per_th) >= 0).all()
    assert found.high_j_per_th / found.low_j_per_th >= np.exp(2 * 1.96 * 0.06) - 1e-9


def test_only_machines_on_sale_hash(catalog: pl.DataFrame, period_frame: pl.DataFrame) -> None:
    best = fleet(catalog, period_frame, datetime(2021, 1, 1, tzinfo=UTC)).efficiency_j_per_th[0]
    factor = best / min(catalog.filter(pl.col("release_year") <= 2020)["efficiency_j_per_th"])
    assert 0.8 < factor < 1.5


def test_means_over_time_end_with_the_fleet_now(catalog: pl.DataFrame, period_frame: pl.DataFrame) -> None:
    at = datetime(2026, 1, 20, tzinfo=UTC)
    means = fleet_means(catalog, period_frame, at)
    assert means["mean_j_per_th"][-1] == pytest.approx(fleet(catalog, period_frame, at).mean_j_per_th)
    assert abs(means["at"][-1] - at) < timedelta(minutes=1)
    assert means["at"].is_sorted()


def test_quarters_know_no_later_difficulty(period_frame: pl.DataFrame) -> None:
    at = datetime(2023, 5, 5, tzinfo=UTC)
    later = period_frame.with_columns(
        bits=pl.when(pl.col("first_time_s") > at.timestamp()).then(0x1700FFFF).otherwise(pl.col("bits"))
    )
    for one, other in zip(quarter_hashrates(period_frame, at), quarter_hashrates(later, at), strict=True):
        assert one.tolist() == other.tolist()


def test_quantiles_of_the_fleet(catalog: pl.DataFrame, period_frame: pl.DataFrame) -> None:
    found = fleet(catalog, period_frame, SURVEY_AT)
    quantiles = [efficiency_quantile_j_per_th(found, share) for share in (0.1, 0.5, 0.9)]
    assert quantiles == sorted(quantiles)
    assert quantiles[0] < 28.2 < quantiles[2]
    with pytest.raises(InputError, match="between"):
        efficiency_quantile_j_per_th(found, 1.0)


def test_before_2017_there_is_no_model(catalog: pl.DataFrame, period_frame: pl.DataFrame) -> None:
    with pytest.raises(OutOfSpan, match="2017"):
        fleet(catalog, period_frame, datetime(2016, 6, 1, tzinfo=UTC))
