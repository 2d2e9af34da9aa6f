"""Processes that die, disks that fill up, and logs that are cut: what was acknowledged is there, whole.

`WATTSHIFT_FAULTS=20` multiplies the random cases, and tries every system call instead of some.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from itertools import accumulate, count
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from support.children import FIRST_AT, HEADERS_A_BATCH, Death, Nursery, call, child_environment
from support.children import __file__ as children
from support.frames import hourly
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import Entry
from wattshift.store.series import SeriesStore

SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
CALLS = 8
KILLED, TOO_LONG = 9, 25
TABLE = "btc_usd_hourly"
DAYS = 2


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    """The entries of a standard ingest of 200 calls that nothing disturbed."""
    with SqliteLedger.lead(tmp_path_factory.mktemp("reference") / "ledger.db") as ledger:
        for number in range(200):
            call(ledger, number)
        return list(ledger.entries())


def entries_after(calls: int) -> int:
    return sum(1 if number % 2 else HEADERS_A_BATCH for number in range(calls))


def prove(path: Path, death: Death, reference: list[Entry]) -> int:
    """Every acknowledged call is there, the one under way is there whole or not at all, nothing else is."""
    with SqliteLedger.lead(path) as ledger:
        entries = list(ledger.entries())
        assert ledger.verify() == len(entries)
        assert entries == reference[: len(entries)]
        assert len(entries) in {entries_after(death.acknowledged), entries_after(death.acknowledged + 1)}
        # It takes up where it stood.
        for number in range(CALLS):
            call(ledger, number)
        assert list(ledger.entries()) == reference[: max(len(entries), entries_after(CALLS))]
    return len(entries)


# The ledger


def test_death_before_every_statement(ram: Path, nursery: Nursery, reference: list[Entry]) -> None:
    found: set[int] = set()
    for statement in count(1):
        path = ram / f"{statement}.db"
        (death,) = nursery.run("ingest", path, calls=CALLS, statement=statement)
        found.add(prove(path, death, reference))
        if not death.signal:
            break
        assert death.signal == KILLED
    assert statement > 80
    assert found == set(accumulate([0, *(1 if number % 2 else HEADERS_A_BATCH for number in range(CALLS))]))


def test_death_in_the_middle_of_writes(ram: Path, nursery: Nursery, reference: list[Entry]) -> None:
    """A limit of the file size kills at exactly that byte: within pages of the log and of the file itself."""
    killed = 0
    for number, limit in enumerate(range(0, 330_000, 4_120 // min(SCALE, 8))):
        path = ram / f"{number}.db"
        (death,) = nursery.run("ingest", path, calls=CALLS, limit=limit, fatal=True)
        killed += death.signal == TOO_LONG
        prove(path, death, reference)
    assert killed > 40


def test_death_at_any_moment(ram: Path, nursery: Nursery, reference: list[Entry]) -> None:
    rng, acknowledged = np.random.default_rng(9), 0
    for number in range(100 * SCALE):
        path = ram / f"{number}.db"
        calls, wait_s = int(rng.integers(10)), float(rng.uniform(0, 0.003))
        (death,) = nursery.run("ingest", path, calls=200, kill_after_calls=calls, kill_after_s=wait_s)
        prove(path, death, reference)
        acknowledged += death.acknowledged
    assert acknowledged > 300


def traceable() -> bool:
    """Whether system calls can be tampered with here."""
    try:
        ended = subprocess.run([*strace("getppid", "error=EPERM"), "true"], capture_output=True, check=False)
    except OSError:
        return False
    return ended.returncode == 0


def strace(name: str, action: str) -> list[str]:
    return ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={name}", "-e", f"inject={name}:{action}"]


@pytest.mark.skipif(not traceable(), reason="needs strace, and the right to trace")
@pytest.mark.parametrize(
    ("job", "name"),
    [
        *(("ingest", name) for name in ("pwrite64", "fdatasync", "ftruncate", "unlink")),
        *(("series", name) for name in ("write", "fsync", "rename", "unlink")),
    ],
)
def test_death_at_system_calls(
    ram: Path, reference: list[Entry], states: list[pl.DataFrame], job: str, name: str
) -> None:
    """Killed on entering the nth call of those that change what is on disk."""
    deaths = 0
    for number in range(1, 10_000, max(1, (7 if job == "ingest" else 14) // SCALE)):
        path = ram / f"{number}.db"
        task = json.dumps({"job": job, "path": str(path), "calls": 4})
        ended = subprocess.run(
            [*strace(name, f"signal=KILL:when={number}"), sys.executable, "-S", "-B", children, task],
            stdout=subprocess.PIPE,
            check=False,
            env={**child_environment(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert ended.returncode in {0, -KILLED}
        death = Death(len(ended.stdout), -ended.returncode, "")
        if job == "ingest":
            prove(path, death, reference)
        else:
            prove_series(path, death, states)
        if not death.signal:
            break
        deaths += 1
    assert deaths


@pytest.mark.parametrize("n", [2, 8])
def test_a_race_has_one_leader(ram: Path, nursery: Nursery, reference: list[Entry], n: int) -> None:
    for number in range(3 * SCALE):
        path = ram / f"{number}.db"
        racers = nursery.run("race", path, n=n, start_s=time.time() + 0.02 + 0.004 * n, lead_s=0.2)
        losers = [racer.words.split() for racer in racers if not racer.acknowledged]
        assert len(losers) == n - 1
        assert len({pid for pid, _ in losers}) == 1
        assert all(float(waited_s) < 1 for _, waited_s in losers)
        assert prove(path, Death(1, 0, ""), reference) == HEADERS_A_BATCH


# The log is cut or damaged


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, list[Entry]]:
    """File, log and entries of a ledger whose process died after 40 acknowledged calls."""
    folder = tmp_path_factory.mktemp("logged")
    with SqliteLedger.lead(folder / "ledger.db") as ledger:
        call(ledger, 0)
    with SqliteLedger.lead(folder / "ledger.db") as ledger:
        for number in range(1, 40):
            call(ledger, number)
        file, log = ((folder / name).read_bytes() for name in ("ledger.db", "ledger.db-wal"))
        return file, log, list(ledger.entries())


def prefix(folder: Path, file: bytes, log: bytes, entries: list[Entry]) -> int:
    """The number of calls that a file and its log still hold; they hold them whole and in order."""
    path = folder / "ledger.db"
    for name in ("ledger.db-shm", "ledger.db-wal"):
        (folder / name).unlink(missing_ok=True)
    path.write_bytes(file)
    Path(f"{path}-wal").write_bytes(log)
    with SqliteLedger.lead(path) as ledger:
        found = list(ledger.entries())
        assert ledger.verify() == len(found)
    assert found == entries[: len(found)]
    return [entries_after(calls) for calls in range(41)].index(len(found))


def test_a_log_cut_anywhere_leaves_a_prefix(ram: Path, logged: tuple[bytes, bytes, list[Entry]]) -> None:
    file, log, entries = logged
    cuts = np.random.default_rng(53).choice(len(log), 300 * SCALE, replace=False).tolist()
    found = [prefix(ram, file, log[:cut], entries) for cut in sorted(cuts)]
    assert found == sorted(found)
    assert len(set(found)) > 30
    assert prefix(ram, file, log, entries) == 40


def test_a_damaged_log_leaves_a_prefix(ram: Path, logged: tuple[bytes, bytes, list[Entry]]) -> None:
    file, log, entries = logged
    rng = np.random.default_rng(3)
    for _ in range(300 * SCALE):
        flipped = bytearray(log)
        flipped[rng.integers(len(log))] ^= 1 << int(rng.integers(8))
        prefix(ram, file, bytes(flipped), entries)


# The disk is full


def test_a_write_that_fails_loses_nothing(ram: Path, nursery: Nursery, reference: list[Entry]) -> None:
    failed = 0
    for number, limit in enumerate(range(0, 330_000, 10_007 // min(SCALE, 8))):
        path = ram / f"{number}.db"
        (death,) = nursery.run("ingest", path, calls=CALLS, limit=limit, fatal=False)
        assert death.signal == 0
        if death.acknowledged < CALLS:
            assert death.words.startswith("Unwritable: ")
            assert "what to do" in death.words
            failed += 1
        prove(path, death, reference)
    assert failed > 10


ON_A_SMALL_DISK = """
mount -t tmpfs -o size={size}k tmpfs {folder} && exec {python} {script} {folder}
"""
FILL = """
import json, sys
from pathlib import Path
from support.children import call
from support.frames import hourly
from support.children import FIRST_AT
from wattshift.errors import Unwritable
from wattshift.store.ledger import SqliteLedger
from wattshift.store.series import SeriesStore
from datetime import timedelta
folder = Path(sys.argv[1])
ballast, words, number = folder / "ballast", "", 0
ballast.write_bytes(bytes(100_000))
with SqliteLedger.lead(folder / "ledger.db") as ledger:
    try:
        while True:
            call(ledger, number)
            number += 1
    except Unwritable as error:
        words = str(error)
    full = [number, len(list(ledger.entries())), ledger.verify()]
    try:
        SeriesStore(folder).append("btc_usd_hourly", hourly(0), known_at=FIRST_AT)
    except Unwritable as error:
        words += str(error)
    ballast.unlink()
    for more in range(number, number + 3):  # the same ledger goes on by itself
        call(ledger, more)
    SeriesStore(folder).append("btc_usd_hourly", hourly(0), known_at=FIRST_AT)
    print(json.dumps({"full": full, "after": ledger.verify(), "words": words,
        "rows": SeriesStore(folder).verify("btc_usd_hourly")}))
"""


def mountable() -> bool:
    """Whether a name space of its own may mount a small disk."""
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(not mountable(), reason="needs the right to mount in a name space of its own")
@pytest.mark.parametrize("size", range(400, 400 + 12 * 4, 12 // min(SCALE, 12)))
def test_a_full_disk_stops_the_ingest_until_there_is_space(ram: Path, size: int) -> None:
    script, folder = ram / "fill.py", ram / "disk"
    script.write_text(FILL, encoding="utf-8")
    folder.mkdir()
    command = ON_A_SMALL_DISK.format(size=size, folder=folder, python=sys.executable, script=script)
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    calls, entries, verified = told["full"]
    assert entries == verified == entries_after(calls)
    assert told["after"] == entries_after(calls + 3)
    assert told["rows"] == 48
    assert "the disk is full" in told["words"]
    assert calls > 3


# Series


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> list[pl.DataFrame]:
    """What the series holds after 0, 1, 2 ... appends that nothing disturbed."""
    store = SeriesStore(tmp_path_factory.mktemp("states"))
    found = [store.read(TABLE)]
    for number in range(DAYS + 2):
        store.append(TABLE, hourly(number), known_at=FIRST_AT + timedelta(days=number))
        found.append(store.read(TABLE))
    return found


def prove_series(path: Path, death: Death, states: list[pl.DataFrame]) -> None:
    store = SeriesStore(path)
    held = store.read(TABLE)
    assert any(held.equals(states[calls]) for calls in (death.acknowledged, death.acknowledged + 1))
    assert store.verify(TABLE) >= held.height


def test_series_survive_death_at_every_step(ram: Path, nursery: Nursery, states: list[pl.DataFrame]) -> None:
    for step in count(1):
        path = ram / str(step)
        (death,) = nursery.run("series", path, calls=DAYS, file_step=step)
        prove_series(path, death, states)
        if not death.signal:
            break
        if step % 4:
            continue
        # The next appends take up where it stood, and clear what the dead one left.
        for number in range(death.acknowledged, DAYS + 2):
            SeriesStore(path).append(TABLE, hourly(number), known_at=FIRST_AT + timedelta(days=number))
        assert SeriesStore(path).read(TABLE).equals(states[-1])
        assert not list((path / TABLE).glob("*.part"))
    assert step > 30


def test_series_on_a_full_disk_keep_what_they_had(
    ram: Path, nursery: Nursery, states: list[pl.DataFrame]
) -> None:
    failed = 0
    for limit in range(0, 3_000, 300):
        path = ram / str(limit)
        (death,) = nursery.run("series", path, calls=DAYS, limit=limit, fatal=False)
        prove_series(path, death, states)
        failed += "Unwritable" in death.words
    assert failed > 2


def test_a_failure_to_open_is_told(ram: Path, nursery: Nursery) -> None:
    (death,) = nursery.run("ingest", ram / "no folder" / "x.db", calls=1)
    assert death.words.startswith("Unwritable")
