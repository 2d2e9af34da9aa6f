"""Closes of BTC/USD in files: the bundled series come back exactly, slips are named."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from wattshift.errors import Malformed
from wattshift.sources.files.pricecandles import read_closes
from wattshift.store.bundled import BundledStore


def put(path: Path, frame: pl.DataFrame) -> Path:
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("table", ["btc_usd_daily", "btc_usd_hourly"])
def test_the_bundled_series_come_back(store: BundledStore, tmp_path: Path, table: str, ending: str) -> None:
    true = store.read(table).drop_nulls("close_usd_per_btc").tail(3_000)
    shuffled = true.sample(fraction=1.0, shuffle=True, seed=2)
    closes = read_closes(put(tmp_path / f"closes.{ending}", shuffled), source="me")
    assert closes.table == table
    assert closes.frame.equals(true)


def test_days_may_be_dates_and_a_source_may_be_left_out(tmp_path: Path) -> None:
    frame = pl.DataFrame({"date": ["2026-01-19", "2026-01-21"], "close": [92_500.5, 90_000.0]})
    for path in (
        put(tmp_path / "a.csv", frame),
        put(tmp_path / "a.parquet", frame.with_columns(pl.col("date").str.to_date())),
    ):
        closes = read_closes(path, source="my venue")
        assert closes.table == "btc_usd_daily"
        assert closes.frame["source"].to_list() == ["my venue"] * 2
        assert [f"{start:%m-%d}" for start in closes.frame["start"]] == ["01-19", "01-21"]  # the gap stays


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("date,open\n2026-01-19,1\n", "no column close"),
        ("day,close\n2026-01-19,1\n", "no column start"),
        ("date,close\n", "holds no close"),
        ("date,close\n2026-01-19,1\n2026-01-19,2\n", "two rows are of one interval"),
        ("time,close\n2026-01-19T00:30Z,1\n", "neither at midnight UTC nor on the hour"),
        ("date,close\n2026-01-19,\n", "close_usd_per_btc is empty"),
        ("date,close\n,5\n", "start_s is empty"),
        ("date,close\n2026-01-19,nan\n", "not a plain number"),
        ("date,close\n2026-01-19,1e400\n", "not a finite number"),
        ('date,close\n2026-01-19,"92,500"\n', "not a plain number"),
        ("time,close\n1768780800000,5\n", "milliseconds"),
        ("date,close,source\n2026-01-19,5,a\x1b[31m\n", "not a short text"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "closes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Malformed, match=words) as caught:
        read_closes(path, source="me")
    assert caught.value.hint
    assert caught.value.context["file"] == "closes.csv"
