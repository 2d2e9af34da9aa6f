"""Imports that die: begun again they end where an undisturbed one ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from support.children import FIRST_AT, Nursery
from wattshift.app.importing.files import import_files
from wattshift.app.importing.target import IMPORT
from wattshift.chain.params import SIGNET
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import Home
from wattshift.store.ledger import SqliteLedger
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start

SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
KILLED = 9
HEADERS = Path(__file__).parents[2] / "fixtures" / "signet_headers.bin"
START = Start.genesis(SIGNET)
State = tuple[bytes, int, bytes, int]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Three files of a real chain out of order, and one of prices."""
    folder, raw = tmp_path_factory.mktemp("files"), HEADERS.read_bytes()
    for name, part in (("b", raw[:4_000]), ("a", raw[4_000:12_000]), ("c", raw[12_000:16_000])):
        (folder / name).write_bytes(part)
    rows = [f"2026-01-{day:02d}T{hour:02d}:00Z,m,l,{20 + hour}" for day in (30, 31) for hour in range(24)]
    rows += [f"2026-02-01T{hour:02d}:00Z,m,l,{20 + hour}" for hour in range(24)]
    (folder / "d").write_text("start,market,location,price_usd_per_mwh\n" + "\n".join(rows) + "\n")
    return [str(folder / name) for name in "abcd"]


def again(home: Path, files: list[str]) -> None:
    import_files([Path(file) for file in files], home=Home(home), start=START, now=FIRST_AT)


def state(home: Path) -> State:
    """The chain, how many headers, the prices, and how many files have a receipt."""
    with SqliteLedger.lead(Home(home).ledger) as ledger:
        ledger.verify()
        chain = ChainStore.open(ledger, SIGNET, start=START, now=FIRST_AT).chain
        headers = len(ledger.headers(0, 1 << 32))
        receipts = len({entry.body for entry in ledger.records(IMPORT)})
    prices = SeriesStore(Home(home).series).read("grid_prices")
    return chain.state_hash(), headers, prices.hash_rows().to_numpy().tobytes(), receipts


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, files: list[str]) -> State:
    home = tmp_path_factory.mktemp("undisturbed")
    again(home, files)
    found = state(home)
    assert found[1] == 200
    return found


def prove(home: Path, files: list[str], undisturbed: State) -> None:
    again(home, files)
    found = state(home)
    assert found[:3] == undisturbed[:3]
    assert found[3] >= len(files)  # a file that was half in when it died has two receipts
    kept = Home(home).ledger.stat().st_size
    again(home, files)
    assert state(home) == found
    assert Home(home).ledger.stat().st_size == kept


@pytest.mark.parametrize("point", ["statement", "file_step"])
def test_death_at_the_write_points_of_an_import(
    tmp_path: Path, nursery: Nursery, files: list[str], undisturbed: State, point: str
) -> None:
    """Before every nth statement of SQLite, and before every nth write, sync and rename of the series."""
    step, deaths = max(1, (41 if point == "statement" else 3) // SCALE), 0
    for number in count(1, step):
        home = tmp_path / f"{number}"
        (death,) = nursery.run("import", home, files=files, **{point: number})
        if not death.signal:
            break
        assert death.signal == KILLED
        deaths += 1
        prove(home, files, undisturbed)
    assert deaths > 5


def test_death_at_any_moment_of_an_import(
    tmp_path: Path, nursery: Nursery, files: list[str], undisturbed: State
) -> None:
    rng, killed = np.random.default_rng(5), 0
    for number in range(10 * SCALE):
        home = tmp_path / f"{number}"
        (death,) = nursery.run(
            "import",
            home,
            files=files,
            kill_after_calls=int(rng.integers(2)),
            kill_after_s=float(rng.uniform(0, 0.2)),
        )
        killed += death.signal == KILLED
        prove(home, files, undisturbed)
    assert killed > 0
