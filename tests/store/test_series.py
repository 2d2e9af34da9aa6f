from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.children import FIRST_AT
from support.frames import hourly, hours
from wattshift.clock import Window
from wattshift.errors import Conflict, Corrupt, InputError, Locked, Missing, SchemaMismatch, Unwritable
from wattshift.store.bundled import BundledStore
from wattshift.store.lease import FileLock
from wattshift.store.receipts import Receipt
from wattshift.store.series import Batch, SeriesStore
from wattshift.tables import TABLES, UTC_INSTANT

TABLE = "btc_usd_hourly"
HOUR = timedelta(hours=1)


@pytest.fixture
def series(tmp_path: Path) -> SeriesStore:
    return SeriesStore(tmp_path / "series")


def files_of(series: SeriesStore, name: str = TABLE) -> dict[str, bytes]:
    """The files that the manifest names, and itself."""
    home = series.folder / name
    manifest = json.loads((home / "manifest.json").read_bytes())
    named = [entry["file"] for entry in manifest["manifest"]["partitions"].values()]
    return {file: (home / file).read_bytes() for file in [*named, "manifest.json"]}


# Append and read


def test_nothing_was_kept_yet(series: SeriesStore) -> None:
    assert series.read(TABLE).equals(hours({}))
    assert series.verify(TABLE) == 0
    assert not series.folder.exists()


def test_rows_come_back_sorted_and_once(series: SeriesStore) -> None:
    frame = hourly(0)
    receipt = series.append(TABLE, frame.sample(fraction=1, shuffle=True, seed=1), known_at=FIRST_AT)
    assert receipt == Receipt(new=48, same=0, conflicting=0)
    assert series.read(TABLE).equals(frame)
    before = files_of(series)
    for known_at in (FIRST_AT, FIRST_AT + HOUR, FIRST_AT - HOUR):
        again = series.append(TABLE, frame, known_at=known_at)
        assert again == Receipt(new=0, same=48, conflicting=0)
    assert files_of(series) == before
    assert series.append(TABLE, frame.clear(), known_at=FIRST_AT).new == 0


def test_there_is_a_file_a_month(series: SeriesStore) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)
    assert [name[:7] for name in files_of(series)] == ["2025-11", "2025-12", "manifes"]


def test_a_correction_is_a_later_version(series: SeriesStore) -> None:
    series.append(TABLE, hours({0: 1.0, 1: 2.0}), known_at=FIRST_AT)
    receipt = series.append(TABLE, hours({1: 2.5, 2: 3.0}), known_at=FIRST_AT + HOUR)
    assert receipt == Receipt(new=1, same=0, conflicting=1)
    assert series.read(TABLE).equals(hours({0: 1.0, 1: 2.5, 2: 3.0}))
    assert series.read(TABLE, known_at=FIRST_AT + HOUR / 2).equals(hours({0: 1.0, 1: 2.0}))
    assert series.read(TABLE, known_at=FIRST_AT - HOUR).is_empty()
    assert series.verify(TABLE) == 4
    # The first append again is no news, though it is not what is known now; the old value later is.
    assert series.append(TABLE, hours({1: 2.0}), known_at=FIRST_AT).same == 1
    assert series.append(TABLE, hours({1: 2.0}), known_at=FIRST_AT + 2 * HOUR).conflicting == 1
    assert series.read(TABLE)["close_usd_per_btc"].to_list() == [1.0, 2.0, 3.0]


def test_the_past_is_settled(series: SeriesStore) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)
    before = files_of(series)
    for known_at in (FIRST_AT, FIRST_AT - HOUR):
        with pytest.raises(Conflict, match="known later") as caught:
            # The month before would be new: it is not kept either.
            series.append(TABLE, hours({-100: 1.0, 47: 0.5}), known_at=known_at)
        assert caught.value.context["table"] == TABLE
    assert files_of(series) == before


def test_a_window_and_an_instant_cut_together(series: SeriesStore) -> None:
    for number in range(4):
        series.append(TABLE, hourly(number), known_at=FIRST_AT + timedelta(days=number))
    window = Window(
        start_at=datetime(2025, 11, 30, 22, tzinfo=UTC), end_at=datetime(2025, 12, 1, 2, tzinfo=UTC)
    )
    closes = series.read(TABLE, window=window)["close_usd_per_btc"].to_list()
    assert closes == [22.0, 23.0, 25.0, 25.0]  # hour 24 was corrected from 24 to 25
    closes = series.read(TABLE, window=window, known_at=FIRST_AT)["close_usd_per_btc"].to_list()
    assert closes == [22.0, 23.0, 24.0, 25.0]
    late = Window(start_at=datetime(2031, 1, 1, tzinfo=UTC), end_at=datetime(2032, 1, 1, tzinfo=UTC))
    assert series.read(TABLE, window=late).is_empty()


def test_a_window_reads_only_its_months(series: SeriesStore) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)
    next((series.folder / TABLE).glob("2025-12*")).unlink()
    november = Window(
        start_at=datetime(2025, 11, 1, tzinfo=UTC), end_at=datetime(2025, 11, 30, 23, tzinfo=UTC)
    )
    assert series.read(TABLE, window=november).height == 23
    with pytest.raises(Missing, match="2025-12"):
        series.read(TABLE)


def invented(name: str, rows: int) -> pl.DataFrame:
    """Rows of a table that nobody bundles, each with a key of its own."""
    instants = [FIRST_AT + timedelta(hours=hour) for hour in range(rows)]
    columns: dict[str, list[object]] = {
        column: [*instants] if dtype == UTC_INSTANT else [*range(rows)]
        for column, dtype in TABLES[name].schema.items()
    }
    if "date" in columns:
        columns["date"] = [instant.date() for instant in instants]
    return pl.DataFrame(columns).cast(pl.Schema(TABLES[name].schema))


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_can_be_kept(series: SeriesStore, store: BundledStore, name: str) -> None:
    frame = store.read(name).tail(3_000) if name in store.files else invented(name, 3_000)
    first = series.append(name, frame.head(2_000), known_at=FIRST_AT)
    assert first.new + first.same == min(frame.height, 2_000)
    series.append(name, frame, known_at=FIRST_AT)
    assert series.append(name, frame, known_at=FIRST_AT + HOUR) == Receipt(
        new=0, same=frame.height, conflicting=0
    )
    kept = series.read(name)
    key = TABLES[name].key or frame.columns
    assert kept.schema == frame.schema
    assert kept.equals(frame.unique(key, maintain_order=True).sort(key))


def test_facts_without_a_time_take_no_window(series: SeriesStore, store: BundledStore) -> None:
    catalog = store.read("asic_catalog")
    series.append("asic_catalog", catalog, known_at=FIRST_AT)
    dearer = catalog.with_columns(pl.col("power_w") + 1)
    assert series.append("asic_catalog", dearer, known_at=FIRST_AT + HOUR).conflicting == catalog.height
    assert series.read("asic_catalog", known_at=FIRST_AT)["power_w"].sum() == catalog["power_w"].sum()
    with pytest.raises(InputError, match="no time"):
        series.read("asic_catalog", window=Window(start_at=FIRST_AT, end_at=FIRST_AT + HOUR))


def test_what_the_dictionary_forbids_is_refused(series: SeriesStore) -> None:
    naive = FIRST_AT.replace(tzinfo=None)
    for frame, error in (
        (hours({0: float("nan")}), SchemaMismatch),
        (hours({0: 1.0}).drop("hours"), SchemaMismatch),
        (pl.concat([hours({0: 1.0}), hours({0: 2.0})]), Conflict),
    ):
        with pytest.raises(error):
            series.append(TABLE, frame, known_at=FIRST_AT)
    for known_at in (naive,):
        with pytest.raises(InputError, match="time zone"):
            series.append(TABLE, hours({0: 1.0}), known_at=known_at)
        with pytest.raises(InputError, match="time zone"):
            series.read(TABLE, known_at=known_at)
    with pytest.raises(InputError, match="no table"):
        series.append("nothing", hours({}), known_at=FIRST_AT)
    assert series.read(TABLE).is_empty()


# Incremental equals rebuilt


@given(data=st.data())
@settings(max_examples=15)
def test_a_rebuild_equals_any_incremental_run(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Random versions of random hours; any split of each instant's rows, in any order, with repetitions."""
    rows = data.draw(
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(20, 30), st.sampled_from([1.0, 2.0])),
            max_size=30,
            unique_by=lambda row: row[:2],
        )
    )
    rng = data.draw(st.randoms(use_true_random=False))
    folder = tmp_path_factory.mktemp("series")
    incremental, rebuilt = SeriesStore(folder / "a"), SeriesStore(folder / "b")
    batches: list[Batch] = []
    for instant in range(6):
        known_at = FIRST_AT + instant * HOUR
        batch = [(hour, close) for at, hour, close in rows if at == instant]
        batches.append(Batch(known_at=known_at, rows=hours(dict(batch))))
        rng.shuffle(batch)
        while batch:
            size = rng.randint(1, len(batch))
            incremental.append(TABLE, hours(dict(batch[:size])), known_at=known_at)
            again = rng.choice(batches)
            assert (
                incremental.append(TABLE, again.rows, known_at=again.known_at).conflicting == 0
                or again.known_at == known_at
            )
            batch = batch[size:]
    rng.shuffle(batches)
    rebuilt.rebuild(TABLE, batches)
    assert incremental.read(TABLE).equals(rebuilt.read(TABLE))
    for instant in range(6):
        known_at = FIRST_AT + instant * HOUR
        kept = {hour: close for at, hour, close in sorted(rows) if at <= instant}
        expected = hours(dict(sorted(kept.items())))
        assert incremental.read(TABLE, known_at=known_at).equals(expected)
        assert rebuilt.read(TABLE, known_at=known_at).equals(expected)
    if rows:
        assert files_of(incremental) == files_of(rebuilt)  # to the byte


def test_a_rebuild_mends_what_was_damaged(series: SeriesStore) -> None:
    batches = [Batch(known_at=FIRST_AT + timedelta(days=number), rows=hourly(number)) for number in range(4)]
    for batch in batches:
        series.append(TABLE, batch.rows, known_at=batch.known_at)
    before, true = files_of(series), series.read(TABLE)
    for path in (series.folder / TABLE).iterdir():
        path.write_bytes(b"rot")
    assert series.rebuild(TABLE, reversed(batches)).new == true.height
    assert files_of(series) == before
    assert series.read(TABLE).equals(true)


def test_a_rebuild_that_fails_changes_nothing(series: SeriesStore) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)
    before = files_of(series)
    with pytest.raises(SchemaMismatch):
        series.rebuild(
            TABLE,
            [
                Batch(known_at=FIRST_AT, rows=hourly(1)),
                Batch(known_at=FIRST_AT + HOUR, rows=hours({0: float("inf")})),
            ],
        )
    assert files_of(series) == before


# Files


def test_a_damaged_or_missing_file_is_named(series: SeriesStore) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)
    victim = next((series.folder / TABLE).glob("2025-12*"))
    content = victim.read_bytes()
    victim.write_bytes(content[:-1])
    for act in (lambda: series.read(TABLE), lambda: series.verify(TABLE)):
        with pytest.raises(Corrupt, match="2025-12") as caught:
            act()
        assert caught.value.context["file"] == victim
        assert "rebuild" in str(caught.value.hint)
    with pytest.raises(Corrupt, match="2025-12"):
        series.append(TABLE, hourly(1), known_at=FIRST_AT)
    victim.unlink()
    with pytest.raises(Missing, match="2025-12"):
        series.read(TABLE)


def test_a_lost_or_foreign_manifest_is_no_empty_series(series: SeriesStore) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)
    path = series.folder / TABLE / "manifest.json"
    document = json.loads(path.read_bytes())
    document["manifest"]["partitions"].popitem()
    for content in (json.dumps(document).encode(), b"", b"[]", b"{}", b"\xff"):
        path.write_bytes(content)
        with pytest.raises(Corrupt, match="manifest") as caught:
            series.read(TABLE)
        assert caught.value.context["file"] == path
    path.unlink()
    with pytest.raises(Missing, match="manifest"):
        series.read(TABLE)


def test_a_newer_series_is_refused(series: SeriesStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as future:
        future.setattr("wattshift.store.manifest._FORMAT", 2)
        series.append(TABLE, hourly(0), known_at=FIRST_AT)
    with pytest.raises(SchemaMismatch, match="newer wattshift"):
        series.read(TABLE)


def test_one_appends_at_a_time(series: SeriesStore, monkeypatch: pytest.MonkeyPatch) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)
    monkeypatch.setattr("wattshift.store.series._WAIT_S", 0.05)
    with FileLock(series.folder / TABLE / "lock"), pytest.raises(Locked):
        series.append(TABLE, hourly(1), known_at=FIRST_AT + HOUR)
    assert series.append(TABLE, hourly(1), known_at=FIRST_AT + HOUR).new == 24


def test_an_append_waits_for_that_of_another(series: SeriesStore) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)
    other = FileLock(series.folder / TABLE / "lock")
    done = Timer(0.2, other.release)
    done.start()
    assert series.append(TABLE, hourly(1), known_at=FIRST_AT + HOUR).new == 24
    done.join()


def test_a_reader_survives_that_its_files_are_replaced(
    series: SeriesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)
    real = SeriesStore._rows

    def late(self: SeriesStore, *asked: object) -> pl.DataFrame:
        monkeypatch.setattr(SeriesStore, "_rows", real)
        for number in (1, 2):  # the second sweeps away what the first replaced
            series.append(TABLE, hourly(number), known_at=FIRST_AT + timedelta(days=number))
        return real(self, *asked)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(SeriesStore, "_rows", late)
    assert series.read(TABLE).height == 96


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unwritable, match="folder cannot be made"):
        SeriesStore(tmp_path / "file").append(TABLE, hourly(0), known_at=FIRST_AT)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.EMFILE, errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("call", ["open", "write", "fsync"])
def test_a_refusal_of_the_machine_is_told_and_nothing_is_kept(
    series: SeriesStore, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    series.append(TABLE, hourly(0), known_at=FIRST_AT)

    def refuse(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    for allowed in range(9):  # the first calls succeed, as many as there are
        left = iter(range(allowed))
        real = getattr(os, call)

        def later(
            *given: object, real: Callable[..., int] = real, left: Iterator[int] = left, **options: object
        ) -> int:
            return real(*given, **options) if next(left, None) is not None else refuse()

        machine = SimpleNamespace(**{**vars(os), call: later})
        with monkeypatch.context() as broken:
            broken.setattr("wattshift.store.files.os", machine)
            try:
                series.append(TABLE, hourly(1), known_at=FIRST_AT + HOUR)
            except Unwritable as error:
                told = str(error)
            else:
                break
        assert os.strerror(code) in told
        # Once the manifest is renamed only its folder's sync can fail: then all is there.
        assert series.read(TABLE).height in {48, 72}
    assert allowed >= 1
    assert series.append(TABLE, hourly(1), known_at=FIRST_AT + HOUR) == Receipt(new=0, same=48, conflicting=0)


def test_a_second_source_that_says_the_same_corrects_nothing(tmp_path: Path) -> None:
    store, start_at = SeriesStore(tmp_path), datetime(2026, 1, 19, tzinfo=UTC)
    schema = TABLES["grid_prices"].schema
    for number, source in enumerate(("one", "two", "one")):
        row = (start_at, 0.25, "ercot_rtm", "HB_HOUSTON", 20.0, source)
        frame = pl.DataFrame([row], schema=schema, orient="row")
        store.append("grid_prices", frame, known_at=start_at + number * HOUR)
    assert store.verify("grid_prices") == 1
    assert store.read("grid_prices")["source"].to_list() == ["one"]
