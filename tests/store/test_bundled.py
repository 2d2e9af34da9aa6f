from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from wattshift.errors import Corrupt, InputError, Missing, SchemaMismatch
from wattshift.provenance import Freshness
from wattshift.store.bundled import DATA_FOLDER, BundledFile, BundledStore
from wattshift.store.shapes import SHAPES
from wattshift.tables import TABLES

NAMES = sorted(SHAPES)
NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)
SMALL = "asic_price_points"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The smallest file and the manifest, in a folder that may be damaged."""
    for name in (f"{SMALL}.parquet", "manifest.json"):
        shutil.copyfile(DATA_FOLDER / name, tmp_path / name)
    return tmp_path


def alter_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def entry_of(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in manifest["files"] if entry["table"] == name)
    return found


# What is shipped


def test_every_table_of_the_dictionary_is_bundled(store: BundledStore) -> None:
    followed = {"block_facts", "btc_usd_quotes", "grid_prices", "venue_quotes"}
    assert set(store.files) == set(TABLES) - followed == set(SHAPES)
    shipped = {path.name for path in DATA_FOLDER.glob("*.parquet")}
    assert shipped == {entry.file for entry in store.files.values()}


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_what_the_dictionary_and_the_manifest_say(store: BundledStore, name: str) -> None:
    entry = store.file(name)
    assert hashlib.sha256((DATA_FOLDER / entry.file).read_bytes()).hexdigest() == entry.sha256
    frame = store.read_checked(name)
    assert frame.columns == list(TABLES[name].schema)
    assert frame.height == entry.rows


@pytest.mark.parametrize("name", NAMES)
def test_every_span_is_that_of_the_rows(store: BundledStore, name: str) -> None:
    entry, frame = store.file(name), store.read(name)
    if entry.span is None:
        assert entry.fresh_s is None
        return
    axis = next(each for each in ("height", "first_height", "date", "start", "known_at") if each in frame)
    first, last = frame[axis].min(), frame[axis].max()
    assert (
        tuple(str(end)[: len(bound)] for end, bound in zip((first, last), entry.span, strict=True))
        == entry.span
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_file_names_its_sources_licences_and_limits(store: BundledStore, name: str) -> None:
    entry = store.file(name)
    assert entry.sources
    assert all(source and licence for source, licence in entry.sources)
    assert len(set(entry.licences)) == len(entry.licences) > 0
    assert entry.title
    assert entry.note.endswith(".")
    assert (entry.fresh_s is None) == (entry.expired_s is None)
    if entry.fresh_s is not None and entry.expired_s is not None:
        assert 0 < entry.fresh_s < entry.expired_s


@pytest.mark.parametrize(
    "name", ["blocks", "block_fees", "difficulty_periods", "btc_usd_daily", "power_price"]
)
def test_series_come_in_the_order_of_their_keys(store: BundledStore, name: str) -> None:
    keys = store.read(name).select(TABLES[name].key)
    assert keys.equals(keys.sort(TABLES[name].key))


def test_prices_lost_their_binary_noise(store: BundledStore) -> None:
    for name, column in (("power_price", "price_usd_per_mwh"), ("gpu_prices", "price_usd_per_gpu_h")):
        values = store.read(name)[column]
        assert (values - values.round(4)).abs().max() == 0
        assert values.abs().max() > 10  # type: ignore[operator]  # a float column's maximum


def test_the_one_stale_block_carries_no_fee(store: BundledStore) -> None:
    fees = store.read("block_fees")
    assert fees.filter(pl.col("fee_sat").is_null())["height"].to_list() == [931_519]


def test_a_gpu_price_is_known_when_it_was_fetched_or_when_its_day_was_over(store: BundledStore) -> None:
    raw = pl.read_parquet(DATA_FOLDER / store.file("gpu_prices").file)
    fetched, day = raw["fetched_at"], raw["date"].cast(pl.Datetime("us", "UTC"))
    in_time = (fetched >= day).fill_null(value=False)
    known = store.read("gpu_prices")["known_at"]
    assert 0 < in_time.sum() < raw.height
    assert known.filter(in_time).equals(fetched.filter(in_time))
    assert known.filter(~in_time).equals(day.dt.offset_by("1d").filter(~in_time))
    assert (known >= day).all()


@pytest.mark.parametrize(
    ("name", "hours"),
    [("btc_usd_daily", 24.0), ("btc_usd_hourly", 1.0), ("power_price", 0.25), ("ercot_load", 1.0)],
)
def test_an_interval_is_as_long_as_the_step_to_the_next(store: BundledStore, name: str, hours: float) -> None:
    frame = store.read(name)
    assert frame["hours"].unique().to_list() == [hours]
    assert frame["start"].diff().drop_nulls().dt.total_seconds().unique().to_list() == [hours * 3_600]


# What is damaged


def test_a_flipped_bit_anywhere_is_corrupt_and_named(copied: Path) -> None:
    path = copied / f"{SMALL}.parquet"
    content = path.read_bytes()
    for place in (0, len(content) // 3, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(Corrupt, match=r"asic_price_points\.parquet is damaged") as refusal:
            BundledStore(copied).read(SMALL)
        assert refusal.value.context["file"] == path
        assert refusal.value.hint
    path.write_bytes(content)
    assert BundledStore(copied).read(SMALL).height == 12


@pytest.mark.parametrize("kept_frac", [0, 0.5, 0.999])
def test_a_truncated_file_is_corrupt_and_named(copied: Path, kept_frac: float) -> None:
    path = copied / f"{SMALL}.parquet"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept_frac)])
    with pytest.raises(Corrupt, match=r"asic_price_points\.parquet is damaged"):
        BundledStore(copied).read_checked(SMALL)


def test_a_missing_file_is_missing_and_named(copied: Path) -> None:
    (copied / f"{SMALL}.parquet").unlink()
    with pytest.raises(Missing, match=r"asic_price_points\.parquet cannot be read") as refusal:
        BundledStore(copied).read(SMALL)
    assert refusal.value.hint


def test_a_missing_manifest_is_missing_and_named(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=r"manifest\.json cannot be read"):
        BundledStore(tmp_path).file(SMALL)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"files": null}',
        b'{"files": [{}]}',
        b'{"files": ["blocks"]}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_manifest_is_corrupt_and_named(copied: Path, content: bytes) -> None:
    (copied / "manifest.json").write_bytes(content)
    with pytest.raises(Corrupt, match="the manifest is damaged") as refusal:
        BundledStore(copied).read(SMALL)
    assert refusal.value.context["file"] == copied / "manifest.json"
    assert refusal.value.hint


@pytest.mark.parametrize("field", ["table", "file", "sha256", "rows", "span", "sources", "note"])
def test_a_manifest_without_a_field_is_corrupt(copied: Path, field: str) -> None:
    alter_manifest(copied, lambda manifest: entry_of(manifest, SMALL).pop(field))
    with pytest.raises(Corrupt, match="the manifest is damaged"):
        BundledStore(copied).read(SMALL)


def test_a_manifest_with_half_a_span_is_corrupt(copied: Path) -> None:
    alter_manifest(copied, lambda manifest: entry_of(manifest, SMALL).update(span=["2021-05-07"]))
    with pytest.raises(Corrupt, match="the manifest is damaged"):
        BundledStore(copied).read(SMALL)


def test_another_hash_in_the_manifest_is_corrupt(copied: Path) -> None:
    alter_manifest(copied, lambda manifest: entry_of(manifest, SMALL).update(sha256="00" * 32))
    with pytest.raises(Corrupt, match=r"asic_price_points\.parquet is damaged") as refusal:
        BundledStore(copied).read(SMALL)
    assert refusal.value.context["expected_sha256"] == "00" * 32


def test_another_number_of_rows_in_the_manifest_is_corrupt(copied: Path) -> None:
    alter_manifest(copied, lambda manifest: entry_of(manifest, SMALL).update(rows=13))
    with pytest.raises(Corrupt, match="has 12 rows, not 13"):
        BundledStore(copied).read_checked(SMALL)


def test_a_file_that_was_replaced_together_with_its_hash_is_still_checked(copied: Path) -> None:
    path = copied / f"{SMALL}.parquet"
    pl.read_parquet(path).with_columns(usd_per_th=pl.lit(float("nan"))).write_parquet(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    alter_manifest(copied, lambda manifest: entry_of(manifest, SMALL).update(sha256=sha256))
    with pytest.raises(SchemaMismatch, match="not finite"):
        BundledStore(copied).read_checked(SMALL)


def test_an_unknown_table_is_the_callers_mistake(store: BundledStore) -> None:
    with pytest.raises(InputError, match="no bundled file holds 'weather'") as refusal:
        store.read("weather")
    assert refusal.value.hint


# Where a figure comes from


def test_an_origin_tells_source_licence_hash_and_age(store: BundledStore) -> None:
    entry = store.file("btc_usd_daily")
    origin = entry.origin(as_of=NOON, newest_at=NOON - timedelta(hours=12), note="last daily close known")
    assert origin.age_s == 12 * 3600
    assert origin.freshness is Freshness.FRESH
    assert (origin.name, origin.sha256, origin.note) == (entry.title, entry.sha256, "last daily close known")
    assert origin.licence == "MIT"
    assert all(name in origin.source for name, _ in entry.sources)


@pytest.mark.parametrize(
    ("age_s", "rung"),
    [
        (7_200, Freshness.FRESH),
        (7_201, Freshness.STALE),
        (86_400, Freshness.STALE),
        (86_401, Freshness.EXPIRED),
    ],
)
def test_the_age_of_a_block_is_put_on_the_ladder(store: BundledStore, age_s: int, rung: Freshness) -> None:
    origin = store.file("blocks").origin(as_of=NOON, newest_at=NOON - timedelta(seconds=age_s))
    assert origin.freshness is rung


def test_an_unknown_age_counts_as_expired(store: BundledStore) -> None:
    origin = store.file("block_fees").origin(as_of=NOON, newest_at=None)
    assert (origin.age_s, origin.freshness) == (None, Freshness.EXPIRED)


def test_where_age_means_nothing_everything_is_fresh(store: BundledStore) -> None:
    catalogue = store.file("asic_catalog")
    for newest_at in (None, NOON - timedelta(days=4000)):
        assert catalogue.origin(as_of=NOON, newest_at=newest_at).freshness is Freshness.FRESH


def test_licences_are_listed_once() -> None:
    entry = BundledFile(
        table="t",
        file="f",
        title="T",
        sha256="",
        rows=0,
        span=None,
        fresh_s=None,
        expired_s=None,
        sources=(("a", "MIT"), ("b", "CC BY 4.0"), ("c", "MIT")),
        note="",
    )
    assert entry.licences == ("MIT", "CC BY 4.0")
