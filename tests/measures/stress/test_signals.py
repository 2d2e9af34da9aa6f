from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import OutOfSpan
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.stress.signals import (
    daily_network,
    difficulty_ribbon,
    episodes,
    hash_ribbons,
    issuance_before,
    puell_multiple,
    trailing_mean,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "published_metrics.json").read_text())
START = date(2020, 1, 1)


@pytest.fixture(scope="module")
def daily(newest: KnownBlocks) -> pl.DataFrame:
    return daily_network(newest)


@pytest.fixture(scope="module")
def issued(daily: pl.DataFrame, period_frame: pl.DataFrame) -> pl.DataFrame:
    earlier = issuance_before(period_frame, daily["day"][0])
    return pl.concat([earlier, daily.select("day", "issuance_btc")])


def flat(values: list[float]) -> pl.DataFrame:
    days = pl.date_range(START, START + timedelta(days=len(values) - 1), eager=True)
    return pl.DataFrame({"day": days, "mean_ehs": values, "issuance_btc": values, "difficulty": values})


def closes(price: float, days: int) -> pl.DataFrame:
    start = pl.datetime_range(START, START + timedelta(days=days - 1), "1d", time_zone="UTC", eager=True)
    return pl.DataFrame(
        {"start": start, "hours": 24.0, "close_usd_per_btc": price, "source": "", "close_kind": ""}
    )


def test_days_hold_every_block_once(daily: pl.DataFrame, newest: KnownBlocks) -> None:
    days = newest.header_time_s // 86_400
    last = (daily["day"][-1] - date(1970, 1, 1)).days
    inside = (days >= (daily["day"][0] - date(1970, 1, 1)).days) & (days <= last)
    work = daily["mean_ehs"].to_numpy().sum() * 86_400 * 1e18
    assert work == pytest.approx(newest.work_hashes[inside].sum())
    assert daily["issuance_btc"][-1] == pytest.approx(3.125 * (days == last).sum())


def test_the_day_of_the_fourth_halving_pays_both_subsidies(daily: pl.DataFrame) -> None:
    before, day, after = daily.filter(pl.col("day").is_between(date(2024, 4, 19), date(2024, 4, 21)))[
        "issuance_btc"
    ].to_list()
    assert before % 6.25 == after % 3.125 == 0
    assert day % 6.25 in {0.0, 3.125}
    assert day < before / 1.5


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2025, 11, 25), date(2025, 11, 28)),
        (date(2025, 11, 29), date(2026, 1, 4)),
        (date(2026, 1, 6), date(2026, 2, 26)),
        (date(2026, 3, 27), None),
    ],
)
def test_ribbons_stand_where_they_were_published(daily: pl.DataFrame, first: date, last: date | None) -> None:
    day = timedelta(days=1)
    found = [run for run in episodes(hash_ribbons(daily)) if abs(run.first - first) <= day]
    assert len(found) == 1
    assert found[0].ongoing if last is None else abs(found[0].last - last) <= day


def test_the_capitulation_of_2022_ended_when_it_was_published(daily: pl.DataFrame) -> None:
    published = VECTORS["hash_ribbons"][0]
    tolerance = timedelta(days=published["tolerance_days"])
    runs = episodes(hash_ribbons(daily))
    summer = [run for run in runs if date(2022, 5, 1) < run.first < date(2022, 9, 1)]
    assert abs(summer[-1].last - date(2022, 8, 19)) <= tolerance
    spanned = (summer[-1].last - summer[0].first).days + 1
    assert spanned == pytest.approx(published["duration_days"], abs=published["tolerance_days"])


def test_ribbons_of_steady_growth_never_come_on() -> None:
    ribbons = hash_ribbons(flat([100 * 1.001**k for k in range(200)]))
    assert not ribbons["on"].any()
    assert ribbons["day"][0] == START + timedelta(days=59)
    falling = hash_ribbons(flat([100 * 0.999**k for k in range(200)]))
    assert falling["on"].all()


def test_the_puell_multiple_after_the_third_halving(
    issued: pl.DataFrame, daily_frame: pl.DataFrame, newest: KnownBlocks
) -> None:
    puell = puell_multiple(issued, daily_frame, newest.as_of)
    june = puell.filter(pl.col("day").is_between(date(2020, 6, 1), date(2020, 6, 30)))["puell_ratio"]
    assert june.min() < 0.5 < june.median() < 0.6  # type: ignore[operator]  # the column holds floats


@given(st.integers(1, 365), st.floats(100, 1e5))
def test_the_puell_multiple_of_a_halving_at_a_constant_price(after: int, price: float) -> None:
    """It falls to 0.5 / (1 - k/730) on the k-th day with half the coins."""
    days = 400 + after
    daily = flat([900.0] * 400 + [450.0] * after)
    as_of = closes(price, days)["start"][-1] + timedelta(days=2)
    puell = puell_multiple(daily, closes(price, days), as_of)
    assert puell["puell_ratio"][-1] == pytest.approx(0.5 / (1 - after / 730))


def test_the_puell_multiple_takes_no_close_from_the_future() -> None:
    daily, prices = flat([900.0] * 400), closes(100.0, 400)
    as_of = prices["start"][380]
    assert puell_multiple(daily, prices, as_of)["day"].to_list()[-1] == START + timedelta(days=379)


def test_too_short_a_history_gives_no_signal() -> None:
    short = flat([1.0] * 40)
    assert hash_ribbons(short).is_empty()
    assert difficulty_ribbon(short).is_empty()
    assert episodes(hash_ribbons(short)) == ()
    later = closes(1.0, 40)["start"][-1] + timedelta(days=2)
    assert puell_multiple(short, closes(1.0, 40), later).is_empty()


def test_the_difficulty_ribbon_inverts_when_difficulty_falls(daily: pl.DataFrame) -> None:
    ribbon = difficulty_ribbon(daily)
    on = ribbon.filter("on")["day"].dt.year().unique().to_list()
    assert 2021 in on
    assert 2023 not in on
    steady = difficulty_ribbon(flat([5.0] * 250))
    assert steady["width_ratio"].to_list() == pytest.approx([0.0] * 51)
    assert not steady["on"].any()


def test_issuance_from_periods_agrees_with_blocks(daily: pl.DataFrame, period_frame: pl.DataFrame) -> None:
    coarse = issuance_before(period_frame, date(2023, 1, 1))
    both = coarse.join(daily, on="day", suffix="_exact")
    assert both["issuance_btc"].sum() == pytest.approx(both["issuance_btc_exact"].sum(), rel=1e-3)
    assert coarse["issuance_btc"].sum() == pytest.approx(19_250_000, rel=2e-3)
    with pytest.raises(OutOfSpan):
        issuance_before(period_frame, date(2030, 1, 1))


def test_a_day_counts_once_it_is_over(history: BlockHistory) -> None:
    noon = history.newest_at.replace(hour=12, minute=0, second=0)
    assert daily_network(history.known_at(noon))["day"][-1] == noon.date() - timedelta(days=1)


@given(st.lists(st.floats(1, 100), min_size=1, max_size=50), st.integers(1, 60))
def test_trailing_means_are_means(values: list[float], days: int) -> None:
    found = trailing_mean(np.array(values), days)
    expected = [np.mean(values[k : k + days]) for k in range(len(values) - days + 1)]
    assert found.tolist() == pytest.approx(expected)


def test_episodes_are_the_runs() -> None:
    frame = flat([0.0] * 7).with_columns(on=pl.Series([True, False, True, True, False, True, True]))
    runs = episodes(frame)
    assert [(run.days, run.ongoing) for run in runs] == [(1, False), (2, False), (2, True)]
    assert runs[1].first == START + timedelta(days=2)
