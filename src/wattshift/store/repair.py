"""Mending a damaged ledger from a true copy of its entries, and proving the result.

What is still sound is kept; only what is not is taken from the copy. The chain proves the mend: a copy that
differs from what was recorded does not lead to the hashes that the sound entries carry.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from wattshift.errors import Corrupt, Missing, Unwritable
from wattshift.store.database import read_entry
from wattshift.store.files import sync_folder
from wattshift.store.lease import FileLock
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import GENESIS, Entry

__all__ = ["Repaired", "repair"]

_ENTRY = "SELECT seq, kind, known_us, body, chain_hash FROM entry WHERE seq = ?"
_LAST = ("SELECT max(seq) FROM entry", "SELECT max(seq) FROM header", "SELECT max(seq) FROM head")
_INDEXED = (
    "SELECT max(seq) FROM header",
    "SELECT max(seq) FROM entry INDEXED BY entry_kind WHERE kind <> 'header'",
)
"""The newest header and the newest other entry, as those know them who lie elsewhere in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What a repair did.

    Args:
        kept: number of entries that were sound.
        replaced: numbers (`seq`) of the entries that were taken from the copy.
        damaged: where the damaged file now lies.
    """

    kept: int
    replaced: tuple[int, ...]
    damaged: Path


def repair(path: Path, from_rows: Iterable[Entry]) -> Repaired:
    """Replace the entries that are not what was recorded, and prove the chain from end to end.

    Args:
        path: the damaged ledger; nobody may be writing to it. Its bytes are kept beside it as `.damaged`.
        from_rows: true entries in their order, such as `entries()` of a copy or of a ledger built again from
            the sources. Entries that are sound in the file may be left out.

    Raises:
        Missing: if there is no file.
        Corrupt: if an entry is neither sound nor in `from_rows`, or if the copy is of another history.
        Locked: if another process writes to the ledger.
        Unwritable: if the machine refuses.
    """
    if not path.exists():
        raise Missing("there is no ledger to repair", file=path, hint="name another file")
    fresh, damaged = (path.with_name(f"{path.name}.{end}") for end in ("repaired", "damaged"))
    with FileLock(path.with_name(f"{path.name}.lock")):
        _remove(fresh)
        true = {entry.seq: entry for entry in from_rows}
        entries, end, indexed = _salvage(path)
        mended, replaced = _mend(path, entries, end, true, indexed)
        with SqliteLedger.lead(fresh) as ledger:
            ledger.restore(mended)
            ledger.verify()
        _swap(path, fresh, damaged)
    return Repaired(kept=len(mended) - len(replaced), replaced=replaced, damaged=damaged)


def _salvage(path: Path) -> tuple[dict[int, Entry], tuple[int, bytes] | None, set[int]]:
    """What can be read of the entries, of where they should end, and which are the last that are indexed."""
    found: dict[int, Entry] = {}
    end = None
    indexed: set[int] = set()
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, isolation_level=None)) as db:
        with suppress(sqlite3.Error):
            end = db.execute("SELECT seq, chain_hash FROM head").fetchone()
        for question in _INDEXED:
            with suppress(sqlite3.Error):
                indexed.add(db.execute(question).fetchone()[0])
        for seq in range(1, _last_number(db) + 1):
            with suppress(sqlite3.Error, Corrupt):
                for row in db.execute(_ENTRY, (seq,)):
                    found[seq] = read_entry(row, path)
    return found, end, indexed


def _last_number(db: sqlite3.Connection) -> int:
    """The highest number of an entry that anything in the file still tells."""
    last = 0
    for question in _LAST:
        with suppress(sqlite3.Error, TypeError):
            last = max(last, db.execute(question).fetchone()[0])
    # A damaged number may be huge; no entry takes fewer bytes than its hash.
    size = db.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
    return min(last, int(size) // 32)


def _mend(
    path: Path,
    entries: dict[int, Entry],
    end: tuple[int, bytes] | None,
    true: dict[int, Entry],
    indexed: set[int],
) -> tuple[list[Entry], tuple[int, ...]]:
    """One sound chain, and the numbers of the entries that the copy gave."""
    mended: list[Entry] = []
    replaced: list[int] = []
    parent = GENESIS
    # The number of the last entry may be damaged itself: somebody else in the file or the copy must know it.
    last = end[0] if end and end[0] in {max(entries, default=0), max(true, default=0), *indexed} else None
    for seq in range(1, (last or max([*entries, *true], default=0)) + 1):
        entry = entries.get(seq)
        if entry is None or not entry.proved_by(parent):
            entry = true.get(seq)
            replaced.append(seq)
        if entry is None or not entry.proved_by(parent):
            raise Corrupt(
                f"entry {seq} is broken, and what it should be is not given",
                file=path,
                seq=seq,
                hint="repair it from a copy of this very ledger that holds the entry",
            )
        mended.append(entry)
        parent = entry.chain_hash
    _prove_end(path, mended, replaced, end)
    return mended, tuple(replaced)


def _prove_end(path: Path, mended: list[Entry], replaced: list[int], end: tuple[int, bytes] | None) -> None:
    """Something in the file that is sound must lie at or behind the last entry that was replaced."""
    last = (len(mended), mended[-1].chain_hash if mended else GENESIS)
    if end != last and (not mended or last[0] in replaced):
        raise Corrupt(
            "nothing that is sound in the file proves the copy",
            file=path,
            seq=last[0],
            hint="give a copy of this very ledger, up to its last entry",
        )


def _swap(path: Path, fresh: Path, damaged: Path) -> None:
    """Put the mended file in place; the old log must not be replayed into it."""
    try:
        _remove(damaged)
        os.link(path, damaged)
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        fresh.replace(path)
        _remove(fresh)
    except OSError as error:
        raise Unwritable(
            f"the mended file cannot be put in place: {error.strerror}",
            file=path,
            mended=fresh,
            hint="move the damaged file and its -wal and -shm away, then rename the mended one yourself",
        ) from error
    sync_folder(path.parent)


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm", ".lock"):
        Path(f"{path}{end}").unlink(missing_ok=True)
