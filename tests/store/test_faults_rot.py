"""Bits that flip in the ledger's file and in the files of a series: found, or without effect; never silent.

`WATTSHIFT_FAULTS=50` flips a bit of every byte of the ledger.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from support.chains import easy_start, taken
from support.children import call
from support.faults import scaled
from support.frames import hourly
from support.headers import START_S
from wattshift.errors import Corrupt, StoreError
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import Entry, HeaderRow
from wattshift.store.repair import repair
from wattshift.store.series import SeriesStore

SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
TABLE = "btc_usd_hourly"

Answers = tuple[list[Entry], list[HeaderRow], list[HeaderRow], HeaderRow | None, list[Entry]]


def answers(ledger: SqliteLedger) -> Answers:
    """What every way of reading gives."""
    one_by_one = [row for height in range(105) for row in ledger.headers(height, height + 1)]
    return (
        list(ledger.entries()),
        ledger.headers(0, 1000),
        one_by_one,
        ledger.tip(),
        ledger.records("receipt"),
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Answers]:
    path = tmp_path_factory.mktemp("sound") / "ledger.db"
    with SqliteLedger.lead(path) as ledger:
        for number in range(40):
            call(ledger, number)
        true = answers(ledger)
    return path.read_bytes(), true


def flips(size: int, n: int) -> list[tuple[int, int]]:
    rng = np.random.default_rng(988)
    places = rng.choice(size, min(n, size), replace=False).tolist()
    return [(place, 1 << int(rng.integers(8))) for place in places]


def outcome(path: Path, true: Answers) -> str:
    try:
        with SqliteLedger.view(path) as ledger:
            ledger.verify()
            return "harmless" if answers(ledger) == true else "silent"
    except StoreError:
        return "detected"


def test_no_flipped_bit_of_the_ledger_is_silent(ram: Path, sound: tuple[bytes, Answers]) -> None:
    content, true = sound
    path, outcomes = ram / "ledger.db", Counter[str]()
    for place, bit in flips(len(content), scaled(800, 40_000)):
        flipped = bytearray(content)
        flipped[place] ^= bit
        path.write_bytes(flipped)
        outcomes[outcome(path, true)] += 1
    assert outcomes["silent"] == 0
    assert outcomes["detected"] > 0.2 * outcomes.total()


def test_reading_alone_never_gives_a_wrong_row(ram: Path, sound: tuple[bytes, Answers]) -> None:
    """Without `verify`, a row may be missed, but none is given that was not recorded."""
    content, (_, true_rows, *_) = sound
    path, given = ram / "ledger.db", {row.height: row for row in true_rows}
    for place, bit in flips(len(content), 500 * SCALE):
        flipped = bytearray(content)
        flipped[place] ^= bit
        path.write_bytes(flipped)
        try:
            with SqliteLedger.view(path) as ledger:
                assert all(given[row.height] == row for row in ledger.headers(0, 1000))
        except StoreError:
            pass


def repaired(path: Path, true: Answers) -> str:
    try:
        repair(path, true[0])
    except Corrupt as error:
        return error.message
    return outcome(path, true)


def test_rot_is_repaired_from_a_copy(ram: Path, sound: tuple[bytes, Answers]) -> None:
    content, true = sound
    path, rng, outcomes = ram / "ledger.db", np.random.default_rng(7), Counter[str]()
    for _ in range(40 * SCALE):
        flipped = bytearray(content)
        for _ in range(int(rng.choice([1, 3, 30]))):
            flipped[rng.integers(4096, len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        outcomes[repaired(path, true)] += 1
        for left in ram.iterdir():
            left.unlink()
    # Where both the last entry and the record of the end are hit, nothing can prove the copy's end.
    unproved = outcomes.pop("nothing that is sound in the file proves the copy", 0)
    assert set(outcomes) == {"harmless"}
    assert unproved <= 2 * SCALE


def test_a_ledger_cut_short_is_refused_or_found(ram: Path, sound: tuple[bytes, Answers]) -> None:
    content, true = sound
    path = ram / "ledger.db"
    for length in range(1, len(content), 1_009):
        path.write_bytes(content[:length])
        assert outcome(path, true) == "detected"


def series_outcome(store: SeriesStore, true: pl.DataFrame, damaged: Path) -> str:
    try:
        return "harmless" if store.read(TABLE).equals(true) else "silent"
    except StoreError as error:
        return "detected" if error.context["file"] == damaged else "misnamed"


def test_no_flipped_bit_of_a_series_is_silent(ram: Path) -> None:
    store = SeriesStore(ram)
    for number in range(3):
        store.append(TABLE, hourly(number), known_at=hourly(number)["start"][0])
    true, outcomes = store.read(TABLE), Counter[str]()
    files = [path for path in (ram / TABLE).iterdir() if path.suffix in {".json", ".parquet"}]
    for path in files:
        content = path.read_bytes()
        for place, bit in flips(len(content), 400 * SCALE):
            flipped = bytearray(content)
            flipped[place] ^= bit
            path.write_bytes(flipped)
            outcomes[series_outcome(store, true, path)] += 1
        path.write_bytes(content)
    assert outcomes["silent"] == outcomes["misnamed"] == 0
    assert outcomes["detected"] > 0.5 * outcomes.total()
    assert store.read(TABLE).equals(true)


def test_a_lost_tail_is_missed_by_a_repair_too(tmp_path: Path) -> None:
    start, branch = easy_start(300 * 2016, time_s=START_S)
    path, copy = tmp_path / "ledger.sqlite", tmp_path / "copy.sqlite"
    taken(path, start, [branch.grow(400).above(300 * 2016)])
    shutil.copy(path, copy)
    raw = bytearray(path.read_bytes())
    page = raw.rfind(branch.headers[-1]) // 4096 * 4096
    raw[page : page + 4096] = bytes(4096)
    path.write_bytes(raw)
    with pytest.raises(Corrupt, match="is broken, and what it should be is not given"):
        repair(path, ())
    with SqliteLedger.view(copy) as true:
        assert repair(path, true.entries()).replaced
    with SqliteLedger.view(path) as mended, SqliteLedger.view(copy) as true:
        assert mended.verify() == true.verify()
