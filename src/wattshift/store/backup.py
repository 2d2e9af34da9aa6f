"""A copy of a store in one file, made while others write to it, and its way back.

Each part is copied as of one commit of its own: ledger and journal by SQLite's online backup, a series by its
manifest. Then the copy proves itself: the ledger by its chain of hashes, a series by its files' hashes. The
file is a plain tar whose first member lists the others. Tokens are left out: a copy lets nobody in.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from wattshift.errors import Conflict, Missing, Unwritable
from wattshift.store.alertjournal import AlertJournal
from wattshift.store.archive import pack, unpack
from wattshift.store.database import translated
from wattshift.store.editionjournal import EditionJournal
from wattshift.store.files import sync_folder
from wattshift.store.home import Home
from wattshift.store.lease import FileLock
from wattshift.store.ledger import SqliteLedger
from wattshift.store.manifest import load_manifest, save_manifest
from wattshift.store.series import SeriesStore
from wattshift.tables import TABLES

__all__ = ["Kept", "back_up", "restore"]

_MAY_BE_THERE = frozenset({"ledger.sqlite.lock", "lost+found", "tokens.json", "tokens.json.lock"})
"""What a folder may hold into which a store is restored."""

_RESTORING = "restoring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a copy holds, proved.

    Args:
        n_entries: entries of the ledger; None where a database holds it.
        n_rows: rows of all series.
        n_events: events of the alerts.
        size_bytes: the file's length.
    """

    n_entries: int | None
    n_rows: int
    n_events: int
    size_bytes: int


def back_up(home: Home, to: Path, *, now: datetime) -> Kept:
    """Copy a store into one file; a file that is there is replaced once the copy has proved itself.

    Args:
        home: the store. Where a database holds its ledger, that is left out: it has backups of its own.
        to: the file.
        now: the present.

    Raises:
        Missing: if there is no store.
        Corrupt: if the copy is not what was recorded: then the store is damaged.
        Locked: if somebody is writing the very same file.
        Unwritable: if the machine refuses.
    """
    if not any(part.exists() for part in (home.ledger, home.series, home.alerts)):
        raise Missing("there is no store", folder=home.folder, hint="name the folder of one with --store")
    place = to.with_name(f"{to.name}.part")
    with _unwritten(to), _workplace(place):
        copy = Home(place / "store")
        copy.series.mkdir(parents=True)
        if home.ledger_url is None and home.ledger.exists():
            _copy_database(home.ledger, copy.ledger)
        for source, target in ((home.alerts, copy.alerts), (home.editions, copy.editions)):
            if source.exists():
                _copy_database(source, target)
        for name in _tables_of(home):
            _copy_series(home.series / name, copy.series / name, name)
        n_entries, n_rows, n_events = _prove(copy)
        packed = place / "packed"
        pack(copy.folder, packed, now=now)
        size_bytes = packed.stat().st_size
        packed.replace(to)
        sync_folder(to.parent)
    return Kept(n_entries=n_entries, n_rows=n_rows, n_events=n_events, size_bytes=size_bytes)


def restore(file: Path, home: Home) -> Kept:
    """Put a copy back into an empty store. One that was cut short is begun anew by doing the same again.

    Args:
        file: what `back_up` wrote, of this version or an older one.
        home: where to; its folder is made if need be.

    Raises:
        Conflict: if there is a store already.
        Missing: if there is no such file.
        Corrupt: if the file is not what was written.
        SchemaMismatch: if a newer version wrote it.
        Unwritable: if the machine refuses.
    """
    with _unwritten(home.folder):
        home.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(home.ledger.with_name(f"{home.ledger.name}.lock")):
            _clear(home)
            copy = Home(home.folder / _RESTORING)
            unpack(file, copy.folder)
            n_entries, n_rows, n_events = _prove(copy)
            for part, place in (
                (copy.series, home.series),
                (copy.alerts, home.alerts),
                (copy.editions, home.editions),
            ):
                if part.exists():
                    part.replace(place)
            # Last, for it is what others look for.
            if copy.ledger.exists():
                copy.ledger.replace(home.ledger)
            sync_folder(home.folder)
            shutil.rmtree(copy.folder)
    return Kept(n_entries=n_entries, n_rows=n_rows, n_events=n_events, size_bytes=file.stat().st_size)


def _copy_database(source: Path, target: Path) -> None:
    """All pages as of one instant; a writer goes on meanwhile, and its log grows until this is done."""
    address = f"file:{quote(str(source.absolute()))}?mode=ro"
    with (
        translated(source),
        closing(sqlite3.connect(address, uri=True)) as db,
        closing(sqlite3.connect(target)) as copy,
    ):
        db.backup(copy, pages=-1)


def _copy_series(source: Path, target: Path, name: str) -> None:
    while True:
        manifest = load_manifest(source, name)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        try:
            for partition in manifest.values():
                (target / partition.file).write_bytes(partition.read(source))
        except Missing:
            # A writer sweeps away files that its manifest no longer names: then there is a new one.
            if load_manifest(source, name) == manifest:
                raise
        else:
            save_manifest(target, name, manifest)
            return


def _tables_of(home: Home) -> list[str]:
    return [name for name in TABLES if (home.series / name / "manifest.json").exists()]


def _prove(copy: Home) -> tuple[int | None, int, int]:
    """Entries, rows and events, all of them read and found to be what was recorded."""
    n_entries, n_events = None, 0
    if copy.ledger.exists():
        with SqliteLedger.lead(copy.ledger) as ledger:  # one of an older version is brought up to date
            n_entries = ledger.verify()
        copy.ledger.with_name(f"{copy.ledger.name}.lock").unlink()
    if copy.alerts.exists():
        with AlertJournal(copy.alerts) as journal:
            n_events = journal.verify()
    if copy.editions.exists():
        with EditionJournal(copy.editions) as told:
            told.verify()
    series = SeriesStore(copy.series)
    return n_entries, sum(series.verify(name) for name in _tables_of(copy)), n_events


def _clear(home: Home) -> None:
    """See that nothing is overwritten but what a restore left that was cut short."""
    found = {path.name for path in home.folder.iterdir()} - _MAY_BE_THERE
    if _RESTORING in found and not home.ledger.exists():
        for name in (_RESTORING, home.series.name):
            shutil.rmtree(home.folder / name, ignore_errors=True)
        for journal in (home.alerts, home.editions):
            for end in ("", "-wal", "-shm"):
                Path(f"{journal}{end}").unlink(missing_ok=True)
        found = {path.name for path in home.folder.iterdir()} - _MAY_BE_THERE
    if found:
        raise Conflict(
            "there is something in the folder already",
            folder=home.folder,
            found=min(found),
            hint="name an empty folder, or move what is there away first",
        )


@contextmanager
def _workplace(place: Path) -> Iterator[None]:
    """A folder that only this process works in; what a copy that was cut short left there goes."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(place / "lock"):
        for path in place.iterdir():
            if path.name != "lock":
                _remove(path)
        try:
            yield
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def _unwritten(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unwritable(
            f"the copy cannot be written: {error.strerror or error}",
            file=place,
            hint="give it space and permission, then do the same again",
        ) from error
