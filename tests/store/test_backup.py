from __future__ import annotations

import hashlib
import io
import json
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.children import FIRST_AT, Nursery, call, child_environment
from support.faults import SCALE
from support.frames import hourly
from wattshift.errors import Conflict, Corrupt, Locked, Missing, SchemaMismatch, StoreError, Unwritable
from wattshift.store import backup
from wattshift.store.alertjournal import AlertJournal, EventRow, Written
from wattshift.store.archive import pack, unpack
from wattshift.store.backup import back_up, restore
from wattshift.store.editionjournal import EditionJournal
from wattshift.store.home import Home
from wattshift.store.lease import FileLock
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import Entry
from wattshift.store.series import SeriesStore
from wattshift.store.tokens import TokenFile

NOW = datetime(2026, 1, 26, 12, tzinfo=UTC)
TABLE = "btc_usd_hourly"
STRIDE = 1 if SCALE > 1 else 4


def fill(home: Home, calls: int = 6) -> None:
    home.folder.mkdir(parents=True, exist_ok=True)
    with SqliteLedger.lead(home.ledger) as ledger:
        for number in range(calls):
            call(ledger, number)
    for number in range(3):
        SeriesStore(home.series).append(TABLE, hourly(number), known_at=FIRST_AT + timedelta(days=number))
    with AlertJournal(home.alerts) as journal:
        event = EventRow(at=NOW, rule="a rule", change="onset", key="key", body=b"{}")
        journal.update(lambda _: Written(state=b"state", events=[event]), now=NOW)


def state(home: Home) -> tuple[list[Entry], object, object]:
    """All that a store holds."""
    with SqliteLedger.view(home.ledger) as ledger:
        entries = list(ledger.entries())
    with AlertJournal(home.alerts) as journal:
        alerts = (journal.state, journal.events())
    return entries, alerts, SeriesStore(home.series).versions(TABLE).rows()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "store")
    fill(home)
    return home


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "copy.tar"


@pytest.fixture
def other(tmp_path: Path) -> Home:
    return Home(tmp_path / "other" / "store")


def test_a_copy_comes_back_as_it_was(home: Home, other: Home, file: Path) -> None:
    kept = back_up(home, file, now=NOW)
    assert (kept.n_entries, kept.n_events, kept.size_bytes) == (18, 1, file.stat().st_size)
    assert kept.n_rows == SeriesStore(home.series).verify(TABLE) > 0
    assert restore(file, other) == kept
    assert state(other) == state(home)
    assert {path.name for path in file.parent.iterdir()} == {"store", "other", "copy.tar"}
    with SqliteLedger.lead(other.ledger) as ledger:
        call(ledger, 6)
    assert back_up(other, file, now=NOW).n_entries == 23, "and is written to as any other"


def test_a_copy_is_private_and_lets_nobody_in(home: Home, other: Home, file: Path) -> None:
    secret = TokenFile(home.tokens).make("wall", scopes=("read",), life_days=1, now=NOW)
    record = TokenFile(home.tokens).records()[0]
    back_up(home, file, now=NOW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    assert record.digest.encode() not in content
    assert secret.encode() not in content
    restore(file, other)
    assert not other.tokens.exists()


def test_a_part_that_is_not_there_is_left_out(tmp_path: Path, file: Path, other: Home) -> None:
    home = Home(tmp_path / "new")
    SeriesStore(home.series).append(TABLE, hourly(0), known_at=NOW)
    assert back_up(home, file, now=NOW).n_entries is None
    assert restore(file, other).n_rows == 48
    assert not other.ledger.exists()


def test_a_ledger_in_a_database_is_left_to_the_database(home: Home, file: Path) -> None:
    assert back_up(Home(home.folder, "postgresql://x"), file, now=NOW).n_entries is None


def test_no_store_gives_no_copy(tmp_path: Path, file: Path) -> None:
    with pytest.raises(Missing, match="no store"):
        back_up(Home(tmp_path / "nothing"), file, now=NOW)
    assert not file.exists()


# While others write


_WRITER = """
import sys
from pathlib import Path
from datetime import timedelta
from support.children import FIRST_AT, call
from support.frames import hourly
from wattshift.store.home import Home
from wattshift.store.ledger import SqliteLedger
from wattshift.store.series import SeriesStore
home = Home(Path(sys.argv[1]))
with SqliteLedger.lead(home.ledger) as ledger:
    number = 6
    while True:
        call(ledger, number)
        if number % 10 == 0:
            known_at = FIRST_AT + timedelta(days=number)
            SeriesStore(home.series).append("btc_usd_hourly", hourly(number % 7), known_at=known_at)
        print(number, flush=True)
        number += 1
"""


@contextmanager
def writer(home: Home) -> Iterator[Callable[[], int]]:
    """A process that keeps writing; tells the last call that returned."""
    command = [sys.executable, "-c", _WRITER, str(home.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=child_environment()) as process:
        assert process.stdout is not None
        lines = process.stdout
        try:
            yield lambda: int(lines.readline())
        finally:
            process.kill()
            lines.close()


def test_a_copy_made_while_others_write_is_whole(home: Home, file: Path, tmp_path: Path) -> None:
    before = state(home)[0]
    with writer(home) as last:
        last()
        for number in range(4):
            acknowledged = last()
            kept = back_up(home, file, now=NOW)
            place = Home(tmp_path / f"restored{number}")
            assert restore(file, place) == kept
            # Five headers, or one receipt, a call; the writer reports each only once it is kept.
            assert kept.n_entries is not None
            assert kept.n_entries >= (acknowledged + 1) // 2 * 5 + (acknowledged + 1) // 2
            assert state(place)[0][: len(before)] == before
    final = state(home)
    assert final[0][: kept.n_entries] == state(place)[0]


# Deaths and damage


def test_a_copy_that_dies_anywhere_leaves_the_old_one(
    home: Home, other: Home, file: Path, nursery: Nursery
) -> None:
    kept, content, deaths = back_up(home, file, now=NOW), file.read_bytes(), 0
    for kind, most in (("statement", 60), ("file_step", 40)):
        for step in range(1, most, STRIDE):
            (death,) = nursery.run("backup", home.folder, file=str(file), **{kind: step})
            deaths += death.signal == signal.SIGKILL
            if file.read_bytes() != content:  # it died after it had put the new one in place, whole
                assert restore(file, Home(other.folder / f"{kind}{step}")) == kept
    assert deaths > 10
    assert back_up(home, file, now=NOW) == kept
    assert {path.name for path in file.parent.iterdir()} <= {"store", "other", "copy.tar"}


def test_a_restore_that_dies_anywhere_is_begun_anew(
    home: Home, file: Path, nursery: Nursery, tmp_path: Path
) -> None:
    kept, before, deaths = back_up(home, file, now=NOW), state(home), 0
    for kind, most in (("statement", 60), ("file_step", 10)):
        for step in range(1, most, STRIDE if kind == "statement" else 1):
            place = Home(tmp_path / f"{kind}{step}")
            (death,) = nursery.run("restore", place.folder, file=str(file), **{kind: step})
            deaths += death.signal == signal.SIGKILL
            if not place.ledger.exists():
                assert restore(file, place) == kept
            assert state(place) == before
    assert deaths > 10


@pytest.mark.parametrize("part", ["series", "alerts.sqlite"])
def test_a_restore_that_died_between_two_parts_is_begun_anew(
    home: Home, other: Home, file: Path, part: str
) -> None:
    kept = back_up(home, file, now=NOW)
    restore(file, other)
    (other.folder / "restoring").mkdir()
    other.ledger.replace(other.folder / "restoring" / "ledger.sqlite")
    assert (other.folder / part).exists()
    assert restore(file, other) == kept
    assert state(other) == state(home)


def test_nothing_that_is_there_is_overwritten(home: Home, other: Home, file: Path) -> None:
    back_up(home, file, now=NOW)
    before = state(home)
    with pytest.raises(Conflict, match="something"):
        restore(file, home)
    assert state(home) == before
    other.folder.mkdir(parents=True)
    (other.folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(Conflict):
        restore(file, other)
    assert [path.name for path in other.folder.iterdir() if path.suffix != ".lock"] == ["notes.txt"]


def test_nobody_restores_under_a_follower(other: Home, home: Home, file: Path) -> None:
    back_up(home, file, now=NOW)
    other.folder.mkdir(parents=True)
    with FileLock(other.ledger.with_name("ledger.sqlite.lock")), pytest.raises(Locked):
        restore(file, other)


def test_two_copies_to_one_file_do_not_mix(home: Home, file: Path) -> None:
    place = file.with_name("copy.tar.part")
    place.mkdir()
    with FileLock(place / "lock"), pytest.raises(Locked):
        back_up(home, file, now=NOW)


def test_a_damaged_store_gives_no_copy(home: Home, file: Path) -> None:
    (partition,) = list((home.series / TABLE).glob("*.parquet"))[:1]
    partition.write_bytes(partition.read_bytes()[:-1] + b"x")
    with pytest.raises(Corrupt):
        back_up(home, file, now=NOW)
    assert not file.exists()


def test_a_flipped_byte_anywhere_is_noticed(home: Home, file: Path, tmp_path: Path) -> None:
    back_up(home, file, now=NOW)
    content = file.read_bytes()
    with tarfile.open(file) as tar:
        members = tar.getmembers()
    places = [member.offset_data + member.size // 2 for member in members] + [members[1].offset + 3]
    for number, place in enumerate(places):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(StoreError):
            restore(file, Home(tmp_path / f"flipped{number}"))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.5, 0.9])
def test_a_copy_that_was_cut_short_is_refused(home: Home, other: Home, file: Path, share: float) -> None:
    back_up(home, file, now=NOW)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(Corrupt):
        restore(file, other)
    assert not other.ledger.exists()


def test_a_newer_copy_is_refused(home: Home, other: Home, file: Path) -> None:
    back_up(home, file, now=NOW)
    rewritten(file, lambda told: told | {"format": 2})
    with pytest.raises(SchemaMismatch, match="newer"):
        restore(file, other)


def rewritten(file: Path, change: Callable[[dict[str, object]], object], **extra: bytes) -> None:
    """Write a copy again with another list, and with other members."""
    with tarfile.open(file) as tar:
        parts = [(member, tar.extractfile(member)) for member in tar.getmembers()]
        contents = [(member.name, b"" if part is None else part.read()) for member, part in parts]
    told = json.loads(contents[0][1])
    contents[0] = ("backup.json", json.dumps(change(told)).encode())
    with tarfile.open(file, "w") as tar:
        for name, content in [*contents, *extra.items()]:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize(
    "change",
    [
        lambda _: [],
        lambda told: told | {"format": None},
        lambda told: told | {"files": told["files"][1:]},
        lambda told: (
            told | {"files": [*told["files"], {"name": "alerts.sqlite", "size_bytes": 1, "sha256": ""}]}
        ),
        lambda told: told | {"files": [{"name": "../evil", "size_bytes": 1, "sha256": ""}]},
        lambda told: told | {"files": [{"name": "/etc/passwd", "size_bytes": 1, "sha256": ""}]},
        lambda told: told | {"files": [{"name": "tokens.json", "size_bytes": 1, "sha256": ""}]},
        lambda told: told | {"files": [{"name": "series/../../x", "size_bytes": 1, "sha256": ""}]},
        lambda told: told | {"files": [{"name": "ledger.sqlite", "size_bytes": -1, "sha256": ""}]},
    ],
)
def test_a_list_that_lies_is_refused(
    home: Home, other: Home, file: Path, change: Callable[[dict[str, object]], object]
) -> None:
    back_up(home, file, now=NOW)
    rewritten(file, change)
    with pytest.raises(Corrupt):
        restore(file, other)
    assert not other.ledger.exists()


@pytest.mark.parametrize(
    "name", ["../evil", "../../evil", "series/../../evil", "tokens.json", "series/x/y/z", "notes.txt"]
)
def test_a_name_that_no_store_has_is_refused_though_all_else_is_true(
    home: Home, other: Home, file: Path, name: str
) -> None:
    back_up(home, file, now=NOW)
    row = {"name": name, "size_bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
    rewritten(file, lambda told: told | {"files": [row]}, **{name: b"x"})
    with pytest.raises(Corrupt, match="what no store has"):
        restore(file, other)
    assert not any(path.name in {"evil", "notes.txt"} for path in file.parent.rglob("*"))


def test_what_a_service_told_goes_along(home: Home, other: Home, file: Path) -> None:
    with EditionJournal(home.editions) as journal:
        journal.keep(b"one")
    back_up(home, file, now=NOW)
    restore(file, other)
    with EditionJournal(other.editions) as journal:
        assert journal.page(before=None, limit=9) == [(1, b"one")]
    home.editions.write_bytes(b"no journal" * 1_000)
    with pytest.raises(StoreError):
        back_up(home, file, now=NOW)


def test_a_member_that_is_not_listed_is_refused(home: Home, other: Home, file: Path) -> None:
    back_up(home, file, now=NOW)
    rewritten(file, lambda told: told, **{"../../evil": b"x"})
    with pytest.raises(Corrupt, match="does not list"):
        restore(file, other)
    assert not any(path.name == "evil" for path in file.parent.rglob("*"))


def test_a_link_is_no_file(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "ledger.sqlite").write_bytes(b"x")
    pack(folder, file, now=NOW)
    with tarfile.open(file) as tar:
        listed = tar.extractfile("backup.json")
        assert listed is not None
        content = listed.read()
    with tarfile.open(file, "w") as tar:
        entry = tarfile.TarInfo("backup.json")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("ledger.sqlite")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(Corrupt):
        unpack(file, tmp_path / "unpacked")


def test_what_would_not_fit_is_refused_before_it_is_written(
    home: Home, other: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(home, file, now=NOW)
    usage = shutil.disk_usage(file.parent)._replace(free=1_000)
    monkeypatch.setattr("wattshift.store.archive.disk_usage", lambda _: usage)
    with pytest.raises(Unwritable, match="too little space"):
        restore(file, other)


def test_a_disk_that_refuses_is_told(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "pack", full)
    with pytest.raises(Unwritable, match="No space"):
        back_up(home, tmp_path / "copy.tar", now=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store"]


def test_no_file_is_told(other: Home, tmp_path: Path) -> None:
    with pytest.raises(Missing, match="cannot be read"):
        restore(tmp_path / "nothing.tar", other)
