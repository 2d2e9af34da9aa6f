"""Where an import goes: a store that is opened for writing, or a likeness of it that forgets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from wattshift.chain.extension import Extension
from wattshift.chain.headerchain import HeaderChain
from wattshift.clock import to_unix
from wattshift.errors import Missing, Unwritable
from wattshift.provenance import FetchOrigin
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import Home
from wattshift.store.opening import join_ledger, open_ledger
from wattshift.store.port import Ledger
from wattshift.store.rebuild import rebuild
from wattshift.store.receipts import Receipt
from wattshift.store.series import SeriesStore
from wattshift.store.start import START, Start

__all__ = ["IMPORT", "Target", "kept_network", "opened"]

IMPORT = "import"
"""The kind of the ledger's entries that hold the receipts of imports."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an import may do.

    Args:
        chain: the validated chain, to be read.
        take: gives it headers.
        read: the rows of a table that are kept.
        append: keeps rows of a table.
        record: keeps the receipt of a file, unless it changed nothing and is known already.
    """

    chain: HeaderChain
    take: Callable[[bytes, FetchOrigin], Extension]
    read: Callable[[str], pl.DataFrame]
    append: Callable[[str, pl.DataFrame], Receipt]
    record: Callable[[dict[str, object], bool], None]


@contextmanager
def opened(home: Home, start: Start, *, now: datetime, dry_run: bool, has_headers: bool) -> Iterator[Target]:
    """Open a store; it is made if need be.

    Headers need the lead of the ledger, and so does a ledger that holds no chain yet. All else is kept beside
    a follower, where the ledger is a database.

    Args:
        home: its folder.
        start: where its chain starts if it has none.
        now: the present.
        dry_run: write nothing: another process may go on writing meanwhile.
        has_headers: whether the target must take headers.

    Raises:
        Conflict: if the store is of another network.
        Locked: if another process leads that must not.
        StoreError: if it is damaged, or cannot be written.
    """
    if dry_run:
        with TemporaryDirectory() as folder, _reader(home, Path(folder)) as ledger:
            yield _forgetful(home, Path(folder), ledger, start, now)
        return
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(
            f"the folder of the store cannot be made: {error.strerror}",
            file=home.folder,
            hint="name another one with --store, or let this user write to the folder above it",
        ) from error
    must_lead = has_headers or kept_network(home.ledger_place) is None
    with (
        open_ledger(home.ledger_place, write=True) if must_lead else join_ledger(home.ledger_place)
    ) as ledger:
        yield _lasting(home, ledger, start, now)


def kept_network(place: Path | str) -> str | None:
    """The network of a ledger; None where there is no ledger, or it holds no chain.

    Raises:
        StoreError: if what is there is not a ledger, or is damaged.
    """
    try:
        with open_ledger(place, write=False) as ledger:
            starts = ledger.records(START)
    except Missing:
        return None
    return str(json.loads(starts[0].body)["network"]) if starts else None


def _lasting(home: Home, ledger: Ledger, start: Start, now: datetime) -> Target:
    store, series = ChainStore.open(ledger, start.network, start=start, now=now), SeriesStore(home.series)

    def record(told: dict[str, object], changed: bool) -> None:  # noqa: FBT001  # called through the port only
        known = (json.loads(entry.body) for entry in ledger.records(IMPORT))
        if changed or not any(each["sha256"] == told["sha256"] for each in known):
            ledger.record(IMPORT, known_at=now, body=json.dumps(told).encode())

    return Target(
        chain=store.chain,
        take=lambda headers, origin: store.take(headers, now=now, origin=origin),
        read=series.read,
        append=lambda name, rows: series.append(name, rows, known_at=now),
        record=record,
    )


@contextmanager
def _reader(home: Home, folder: Path) -> Iterator[Ledger]:
    """The store's ledger for reading, or an empty one where there is none."""
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(open_ledger(home.ledger_place, write=False))
        except Missing:
            ledger = stack.enter_context(open_ledger(folder / "ledger", write=True))
        yield ledger


def _forgetful(home: Home, folder: Path, ledger: Ledger, start: Start, now: datetime) -> Target:
    chain = rebuild(ledger, start).chain
    kept, copy = SeriesStore(home.series), SeriesStore(folder)

    def append(name: str, rows: pl.DataFrame) -> Receipt:
        if not (folder / name).exists():
            copy.append(name, kept.read(name), known_at=_LONG_AGO)
        return copy.append(name, rows, known_at=now)

    return Target(
        chain=chain,
        take=lambda headers, _: chain.extend(headers, int(to_unix(now))),
        read=kept.read,
        append=append,
        record=lambda *_: None,
    )
