from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.compute.test_gpunames import BUNDLED
from support.power import NO_NUMBERS
from wattshift.errors import Malformed
from wattshift.sources.compute.gpufile import parse_gpu_prices
from wattshift.store.bundled import BundledStore
from wattshift.tables import check

HEADER = "known_at,date,provider,gpu,kind,n_gpus,usd_per_gpu_hour,currency"
GOOD = "2026-01-19T11:00:00Z,2026-01-19,someone,h100-sxm,on-demand,8,2.5,USD"
NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)


def csv_of(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def parse(data: bytes, fetched_at: datetime | None = None) -> pl.DataFrame:
    return parse_gpu_prices(data, name="gpus.csv", source="me", fetched_at=fetched_at)


def refuse(data: bytes, fetched_at: datetime | None = None) -> Malformed:
    with pytest.raises(Malformed) as raised:
        parse(data, fetched_at)
    assert raised.value.hint
    return raised.value


def test_a_row() -> None:
    assert parse(csv_of(GOOD)).rows(named=True) == [
        {
            "known_at": datetime(2026, 1, 19, 11, tzinfo=UTC),
            "date": date(2026, 1, 19),
            "source": "me",
            "provider": "someone",
            "gpu": "H100_SXM",
            "kind": "on_demand",
            "n_gpus": 8,
            "price_usd_per_gpu_h": 2.5,
            "n_obs": None,
        }
    ]


def test_the_bundled_file_comes_back() -> None:
    """Every one of its 13,650 rows, by the file itself and by its CSV, as the bundled store shapes them."""
    kept = BundledStore().read("gpu_prices").sort("known_at", maintain_order=True)
    found = parse(BUNDLED.read_bytes()).with_columns(pl.col("price_usd_per_gpu_h").round(4))
    assert found.height == 13_650
    assert found.equals(kept)
    written = pl.read_parquet(BUNDLED).with_columns(
        pl.col("fetched_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    )
    text = parse(written.write_csv().encode()).with_columns(pl.col("price_usd_per_gpu_h").round(4))
    assert text.equals(kept)
    check(text, "gpu_prices", source="test")


def test_the_price_of_a_node_is_divided() -> None:
    header = HEADER.replace("usd_per_gpu_hour", "usd_per_node_hour")
    assert parse(csv_of(GOOD.replace("2.5", "20"), header=header))["price_usd_per_gpu_h"].item() == 2.5
    assert "how many GPUs" in str(refuse(csv_of(GOOD.replace(",8,", ",,"), header=header)))


@pytest.mark.parametrize(
    ("known", "day", "fetched_at", "expected"),
    [
        ("2026-01-19T11:00:00Z", "", None, datetime(2026, 1, 19, 11, tzinfo=UTC)),
        ("", "2026-01-18", None, datetime(2026, 1, 19, tzinfo=UTC)),
        ("", "2026-01-19", NOW, NOW),
        ("2026-01-01T00:00:00Z", "2026-01-18", None, datetime(2026, 1, 19, tzinfo=UTC)),
        ("", "", NOW, NOW),
    ],
)
def test_when_a_price_was_known(
    known: str, day: str, fetched_at: datetime | None, expected: datetime
) -> None:
    row = GOOD.replace("2026-01-19T11:00:00Z,2026-01-19", f"{known},{day}")
    assert parse(csv_of(row), fetched_at)["known_at"].item() == expected


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("USD", "EUR", "in 'EUR', not in USD"),
        ("USD", "", "in '', not in USD"),
        ("2.5", "nan", "is not a price"),
        ("2.5", "", "is not a price"),
        ("2.5", "0", "nobody rents"),
        ("2.5", "-1", "nobody rents"),
        ("2.5", "1800", "USD/GPU-month"),
        ("2.5", "250", "US cents"),
        (",8,", ",0,", "is no count"),
        (",8,", ",8.0,", "is no count"),
        ("on-demand", "leased", "is none of on_demand"),
        ("h100-sxm", "", "is no GPU"),
        ("h100-sxm", "cheap", "is no GPU"),
        ("someone", "", "is no provider"),
        ("someone", "some\x1bone", "is no provider"),
        ("T11:00:00Z", "T11:00:00", "lacks its UTC offset"),
        ("2026-01-19T11:00:00Z,2026-01-19", ",", "neither when nor of which day"),
        (",2026-01-19,", ",19/01/2026,", "is no day"),
    ],
)
def test_rows_that_are_refused(old: str, new: str, says: str) -> None:
    assert says in str(refuse(csv_of(GOOD.replace(old, new))))


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("place", [5, 6])
def test_every_numeric_field_in_every_encoding(place: int, text: str) -> None:
    cells = GOOD.split(",")
    cells[place] = f'"{text}"'
    if place == 5 and not text:
        assert parse(csv_of(",".join(cells)))["n_gpus"].item() is None  # it need not be said
    else:
        assert refuse(csv_of(",".join(cells))).context["line"] == 2


def test_a_list_knows_nothing_of_its_future() -> None:
    assert "later than it was read" in str(refuse(csv_of(GOOD), NOW - timedelta(hours=3)))


@pytest.mark.parametrize("column", ["provider", "gpu", "kind", "usd_per_gpu_hour"])
def test_a_column_that_is_missing(column: str) -> None:
    assert "there is no column" in str(refuse(csv_of(GOOD, header=HEADER.replace(column, "other"))))


def test_files_that_are_none() -> None:
    assert "holds no price" in str(refuse(csv_of()))
    assert "not Parquet" in str(refuse(b"PAR1 and then nothing"))
    nothing = io.BytesIO()
    pl.DataFrame(
        {"provider": ["x"], "gpu": ["h100"], "kind": ["spot"], "usd_per_gpu_hour": [None]}
    ).write_parquet(nothing)
    assert "is not a price" in str(refuse(nothing.getvalue(), NOW))


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(csv_of))
def test_any_bytes_are_a_frame_or_one_clear_error(data: bytes) -> None:
    refuse(data)
