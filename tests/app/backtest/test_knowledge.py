from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from support.backtests import EVERYTHING, PLAIN, material_of, prices_like_a_market
from support.replays import done, first_hours
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.app.backtest.coupled import replay_coupled
from wattshift.app.backtest.knowledge import Revealed, published_us, reveal
from wattshift.app.backtest.material import Material
from wattshift.assets.series import Series
from wattshift.assets.site import Site
from wattshift.errors import InputError, OutOfSpan
from wattshift.report.documents.backtest import Way
from wattshift.tables import UTC_INSTANT

Row = NDArray[np.float64]

PRICE = prices_like_a_market(24 * 33)
FIRST = 24 * 31 - 2 * 24 + 5  # two days before a month ends at the site's clock
HOUR_US = 3_600_000_000


def figures(rows: int) -> dict[str, Row]:
    """Made-up series of hours, each within its bounds."""
    rng, hour = np.random.default_rng(3), np.arange(rows) % 24
    return {
        "temperature": 22.0 + 9.0 * np.sin((hour - 14) * np.pi / 12) + rng.normal(0.0, 1.0, rows),
        "wind": rng.uniform(0.0, 3.0, rows),
        "sun": np.maximum(0.0, 3.0 * np.sin((hour - 12) * np.pi / 12) * rng.uniform(0.5, 1.0, rows)),
        "reserve price": rng.exponential(5.0, rows),
        "peak": np.where((hour >= 21) & (hour < 23), rng.uniform(0.0, 0.02, rows), 0.0),
        "calls": (rng.random(rows) < 0.04).astype(np.float64),
        "emissions": rng.uniform(0.2, 0.5, rows),
        "day ahead": PRICE[:rows] + rng.normal(0.0, 10.0, rows),
    }


def site_in(folder: Path, rows: dict[str, Row]) -> Site:
    """The site with its files, which begin with the prices."""
    start_at = datetime(2025, 5, 1, tzinfo=UTC)
    series = []
    for name, row in rows.items():
        times = [start_at + timedelta(hours=hour) for hour in range(row.size)]
        file = folder / f"{name}.parquet"
        pl.DataFrame({"start": pl.Series(times, dtype=UTC_INSTANT), "figure": row}).write_parquet(file)
        series.append(Series(name=name, file=str(file)))
    return replace(EVERYTHING, series=tuple(series))


def with_series(price: Row, site: Site) -> Material:
    bare = material_of(price, first=FIRST)
    return replace(bare, series=reveal(site, bare.prices, FIRST))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_in(tmp_path_factory.mktemp("series"), figures(PRICE.size))


@pytest.fixture(scope="module")
def material(site: Site) -> Material:
    return with_series(PRICE, site)


@pytest.fixture(scope="module")
def decided(site: Site, material: Material) -> CoupledPlan:
    """What the planner does in truth."""
    return done(site, material)


def changed_after(material: Material, at_us: int, count: int) -> Material:
    """Prices and series are other ones wherever they were not known at an instant."""
    price = material.price_usd_per_mwh.copy()
    price[FIRST + count :] = 150.0 - price[FIRST + count :]
    series = {}
    for name, each in material.series.items():
        later = each.known_us > at_us
        assert later.any(), name
        other = np.where(later, each.value.max() + each.value.min() - each.value, each.value)
        series[name] = replace(each, value=other)
    prices = material.prices.with_columns(pl.Series("price_usd_per_mwh", price))
    return replace(material, prices=prices, series=series)


@pytest.mark.parametrize("count", [1, 9, 16, 30])
def test_no_decision_knows_what_was_not_known_then(
    site: Site, material: Material, decided: CoupledPlan, count: int
) -> None:
    """What was not known when an interval began is changed: all decisions up to its own stay the same."""
    begins_us = material.prices["start"].dt.epoch("us").to_numpy()
    later = changed_after(material, int(begins_us[FIRST + count]), count)
    other = done(site, later)
    assert first_hours(decided, count + 1) == first_hours(other, count + 1)
    assert first_hours(decided, 40) != first_hours(other, 40)


@pytest.mark.parametrize("name", ["temperature", "wind", "sun", "reserve price", "calls", "emissions"])
def test_each_series_does_matter(site: Site, material: Material, decided: CoupledPlan, name: str) -> None:
    other = 1.0 - material.series[name].value / max(1.0, float(material.series[name].value.max()))
    changed = {**material.series, name: replace(material.series[name], value=other)}
    assert first_hours(decided, 24) != first_hours(done(site, replace(material, series=changed)), 24)


def test_a_whole_site_is_replayed_and_proved(site: Site, material: Material) -> None:
    found = replay_coupled(site, material)
    profit = {way: float(row.sum()) for way, row in found.profit_usd.items()}
    assert set(profit) == set(Way)
    assert max(profit, key=lambda way: profit[way]) is Way.FORESIGHT
    assert profit[Way.PLANNER] > profit[Way.AI_ONLY]


# When things are known


def test_a_day_ahead_market_has_published_at_half_past_one_of_the_day_before() -> None:
    start = pl.Series(
        [
            datetime(2025, 3, 8, 6, tzinfo=UTC),
            datetime(2025, 3, 9, 5, tzinfo=UTC),
            datetime(2025, 3, 10, 4, 59, tzinfo=UTC),
        ],
        dtype=UTC_INSTANT,
    )
    told = [datetime.fromtimestamp(us / 1e6, UTC) for us in published_us(start, "America/Chicago")]
    assert told == [
        datetime(2025, 3, 7, 19, 30, tzinfo=UTC),
        datetime(2025, 3, 7, 19, 30, tzinfo=UTC),
        datetime(2025, 3, 8, 19, 30, tzinfo=UTC),  # 13:30 CST, of the day before the clocks change
    ]


def test_series_are_known_by_what_they_are_used_for(material: Material) -> None:
    begin = material.prices["start"].dt.epoch("us").to_numpy()
    published = published_us(material.prices["start"], "America/Chicago")
    expected = {
        **dict.fromkeys(("temperature", "wind", "sun"), begin),
        **dict.fromkeys(("reserve price", "peak", "day ahead"), published),
        "calls": begin - 2 * HOUR_US,
        "emissions": begin + HOUR_US,
    }
    assert set(expected) == set(material.series)
    for name, known_us in expected.items():
        assert material.series[name].known_us.tolist() == known_us.tolist(), name


def revealed(**changes: object) -> Revealed:
    value = np.arange(72.0)
    given: dict[str, object] = {
        "name": "mine",
        "first": 4,
        "value": value,
        "known_us": (np.arange(72) + 1) * HOUR_US,
        "forecast": None,
        "published_us": np.zeros(72, np.int64),
        "is_own": False,
        "is_rare": False,
        "n_per_day": 24,
        **changes,
    }
    return Revealed(**given)  # type: ignore[arg-type]  # made by name


def test_what_is_known_is_taken_and_the_rest_is_what_was_usual() -> None:
    """The series rises by 24 a day, and nothing is expected above what was ever seen."""
    mine = revealed()
    row = mine.foreseen(4 + 50, 22, 50 * HOUR_US)
    assert (row <= 49.0).all()
    assert row[0] == pytest.approx(49.0, abs=3.0)
    assert mine.foreseen(4 + 10, 3, 10**18).tolist() == [10.0, 11.0, 12.0]
    assert revealed(is_own=True).foreseen(4 + 50, 2, 50 * HOUR_US)[0] == 50.0


def test_calls_are_not_expected_before_their_notice() -> None:
    assert revealed(is_rare=True).foreseen(4 + 50, 3, 51 * HOUR_US).tolist() == [50.0, 0.0, 0.0]


def test_a_forecast_of_the_file_stands_until_the_figure_is_known() -> None:
    published = np.where(np.arange(72) < 60, 0, 10**15)
    mine = revealed(forecast=np.full(72, -7.0), published_us=published)
    row = mine.foreseen(4 + 58, 4, 59 * HOUR_US)
    assert row[0] == 58.0
    assert row[1] == -7.0
    assert row[2] > 0.0


def test_nothing_is_made_up_where_nothing_is_known() -> None:
    with pytest.raises(OutOfSpan, match="nothing is known yet of the series 'mine'"):
        revealed().foreseen(4, 3, 0)


def test_fewer_rows_are_the_same_rows(material: Material) -> None:
    cut = material.cut(FIRST - 30, FIRST + 2, FIRST + 20)
    assert cut.first == 32
    for name, each in cut.series.items():
        assert each.true(32, 50).tolist() == material.series[name].true(FIRST + 2, FIRST + 20).tolist()
    late = revealed().cut(10, 30)
    assert (late.first, late.value[0], late.value.size) == (0, 6.0, 20)
    early = revealed().cut(1, 30)
    assert (early.first, early.value[0]) == (3, 0.0)


def test_a_file_says_itself_when_its_figures_were_known(tmp_path: Path) -> None:
    rows = "\n".join(
        f"2025-05-02T{hour:02}:00Z,{hour}.5,2025-05-01T{hour:02}:30Z,{hour + 1}" for hour in range(24)
    )
    file = tmp_path / "wind.csv"
    file.write_text(f"start,MW,known_at,forecast\n{rows}\n", encoding="utf-8")
    bare = material_of(PRICE[: 24 * 2], first=24 + 3)
    named = replace(PLAIN, series=(Series(name="wind", file=str(file)),))
    wind = reveal(named, bare.prices, bare.first)["wind"]
    begin = bare.prices["start"].dt.epoch("us").to_numpy()
    assert wind.first == 24
    assert wind.known_us.tolist() == (begin[24:] - 23.5 * HOUR_US).tolist()
    assert wind.forecast is not None
    assert (wind.forecast - wind.value).tolist() == [0.5] * 24


def test_a_site_that_names_no_series_of_temperatures_is_told_so(site: Site, material: Material) -> None:
    with pytest.raises(InputError, match="outside temperature"):
        replay_coupled(replace(site, outside_series=None), material)
