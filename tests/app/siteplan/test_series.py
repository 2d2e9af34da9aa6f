from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from wattshift.app.siteplan.series import known_of
from wattshift.assets.interruptible import InterruptibleContract
from wattshift.assets.miner import MinerClass
from wattshift.assets.series import Series
from wattshift.assets.site import Mining, Site
from wattshift.assets.tariff import Tariff
from wattshift.errors import InputError, Malformed, Missing, OutOfSpan
from wattshift.tables import UTC_INSTANT

NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)
SITE = Site(
    name="a site",
    time_zone="America/Chicago",
    connection_mw=10.0,
    tariff=Tariff(price_usd_per_mwh=40.0),
    mining=Mining(
        pool_fee_frac=0.01,
        pue=1.05,
        uptime_frac=0.98,
        classes=(MinerClass(name="new", efficiency_j_per_th=17.5, hashrate_ths=200.0, count=1000),),
    ),
)


def intervals(count: int, hours: float, start_at: datetime = NOON) -> pl.DataFrame:
    starts = [start_at + timedelta(hours=hours) * row for row in range(count)]
    return pl.DataFrame({"start": pl.Series(starts, dtype=UTC_INSTANT), "hours": [hours] * count})


def with_file(folder: Path, *rows: str, header: str = "start,MW") -> Site:
    path = folder / "wind.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return dataclasses.replace(SITE, series=(Series(name="wind", file=str(path)),))


HOURS = [f"2026-01-19T{hour}:00Z,{figure}" for hour, figure in ((12, 5.5), (13, -1.25), (14, 0))]
QUARTERS = [
    f"2026-01-19T{12 + row // 4}:{15 * row % 60:02}Z,{figure}"
    for row, figure in enumerate((1, 2, 3, 6, 0.5, 0.5, 0.5, 0.5))
]


def test_a_series_is_taken_as_it_is(tmp_path: Path) -> None:
    row = known_of(with_file(tmp_path, *HOURS), intervals(2, 1.0, NOON + timedelta(hours=1))).series["wind"]
    assert row.tolist() == [-1.25, 0.0]


def test_an_hour_holds_for_its_quarters_and_an_hour_is_the_mean_of_its_quarters(tmp_path: Path) -> None:
    late = NOON + timedelta(minutes=30)
    assert known_of(with_file(tmp_path, *HOURS), intervals(4, 0.25, late)).series["wind"].tolist() == [
        5.5,
        5.5,
        -1.25,
        -1.25,
    ]
    row = known_of(with_file(tmp_path, *QUARTERS), intervals(2, 1.0)).series["wind"]
    np.testing.assert_allclose(row, [3.0, 0.5])


def test_times_without_offset_are_the_site_s_own(tmp_path: Path) -> None:
    local = ["2026-01-19T06:00,7", "2026-01-19T07:00,8"]
    assert known_of(with_file(tmp_path, *local), intervals(2, 1.0)).series["wind"].tolist() == [7.0, 8.0]


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "wind.parquet"
    intervals(3, 1.0).select("start", pl.Series("MW", [1.0, 2.0, 3.0])).write_parquet(path)
    site = dataclasses.replace(SITE, series=(Series(name="wind", file=str(path)),))
    assert known_of(site, intervals(3, 1.0)).series["wind"].tolist() == [1.0, 2.0, 3.0]


def test_named_series_find_their_place(tmp_path: Path) -> None:
    contract = InterruptibleContract(name="call", firm_mw=1.0, penalty_usd_per_mwh=500.0, call_series="wind")
    site = dataclasses.replace(
        with_file(tmp_path, *HOURS),
        outside_series="wind",
        tariff=Tariff(price_usd_per_mwh=40.0, peak_series="wind"),
        interruptible=(contract, dataclasses.replace(contract, name="other", call_series=None)),
    )
    known = known_of(site, intervals(1, 1.0))
    assert known.outside_c is not None
    assert known.peak_prob is not None
    assert known.outside_c.tolist() == known.peak_prob.tolist() == [5.5]
    assert {name: row.tolist() for name, row in known.calls_prob.items()} == {"call": [5.5]}
    bare = known_of(SITE, intervals(1, 1.0))
    assert bare.outside_c is None
    assert bare.peak_prob is None
    assert (dict(bare.series), dict(bare.calls_prob)) == ({}, {})


@pytest.mark.parametrize(
    ("rows", "header", "told"),
    [
        (
            [HOURS[0], HOURS[1], "2026-01-19T15:00Z,1", "2026-01-19T16:00Z,1"],
            "start,MW",
            "1 interval is missing",
        ),
        ([*HOURS, HOURS[2]], "start,MW", "appears twice"),
        ([HOURS[0], "2026-01-19T13:00Z,nan"], "start,MW", "nan"),
        ([HOURS[0], "2026-01-19T13:00Z,"], "start,MW", "figure"),
        (["2026-01-19T12:00Z,1,2", "2026-01-19T13:00Z,1,2"], "start,MW,USD", "not just one column"),
        (HOURS, "when,MW", "not just one column"),
    ],
)
def test_an_unsound_file_is_refused_by_name(tmp_path: Path, rows: list[str], header: str, told: str) -> None:
    with pytest.raises(Malformed, match=told) as raised:
        known_of(with_file(tmp_path, *rows, header=header), intervals(2, 1.0))
    assert str(raised.value.context["file"]).endswith("wind.csv")


def test_a_series_must_cover_the_plan(tmp_path: Path) -> None:
    site = with_file(tmp_path, *HOURS)
    for early in (NOON - timedelta(hours=1), NOON + timedelta(hours=2)):
        with pytest.raises(OutOfSpan, match="'wind' does not cover") as raised:
            known_of(site, intervals(2, 1.0, early))
        assert raised.value.context["known_to"] == "2026-01-19T15:00Z"


def test_a_series_must_line_up(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'wind' does not line up"):
        known_of(with_file(tmp_path, *HOURS), intervals(1, 1.0, NOON + timedelta(minutes=30)))


def test_a_series_needs_a_file_that_is_there(tmp_path: Path) -> None:
    bare = dataclasses.replace(SITE, series=(Series(name="wind"),))
    with pytest.raises(InputError, match="'wind' has no file"):
        known_of(bare, intervals(1, 1.0))
    lost = dataclasses.replace(SITE, series=(Series(name="wind", file=str(tmp_path / "no.csv")),))
    with pytest.raises(Missing, match="'wind' cannot be read"):
        known_of(lost, intervals(1, 1.0))
