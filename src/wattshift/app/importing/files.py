"""The use-case `import`: some files into one store, with a receipt of what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from wattshift.app.importing.blocks import take_blocks
from wattshift.app.importing.headers import take_headers
from wattshift.app.importing.offer import Blocks, Offer, read_offer
from wattshift.app.importing.series import Labels, take_rows
from wattshift.app.importing.taken import Taken
from wattshift.app.importing.target import Target, kept_network, opened
from wattshift.chain.header import hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, Network, network
from wattshift.clock import from_unix
from wattshift.errors import InputError, Malformed
from wattshift.provenance import FetchOrigin
from wattshift.report.documents.keeping import ChainMove, ImportDocument, ImportedFile, Tip
from wattshift.report.jsontext import plain
from wattshift.sources.files.filekind import FileKind
from wattshift.sources.files.headerfile import HeaderFile
from wattshift.store.home import Home
from wattshift.store.start import Start

__all__ = ["Told", "Wish", "import_files", "kind_of", "start_of"]

Told = Callable[[str, int, int], None]
"""Is told the name of a file, how many of its headers are done, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How to import.

    Args:
        kind: what every file holds; None to look.
        labels: what a file of prices may leave unsaid.
        dry_run: write nothing.
        strict: keep nothing at all if anything in any file is refused.
    """

    kind: FileKind | None = None
    labels: Labels = field(default_factory=Labels)
    dry_run: bool = False
    strict: bool = False


def kind_of(name: str | None) -> FileKind | None:
    """The kind of that name; None for none.

    Raises:
        InputError: if there is no such kind.
    """
    try:
        return None if name is None else FileKind(name)
    except ValueError:
        raise InputError(
            f"{name!r} is no kind of file", hint="use one of " + ", ".join(kind.value for kind in FileKind)
        ) from None


def start_of(home: Home, *, network_name: str | None, from_genesis: bool) -> Start:
    """Where the chain of a store starts, or is to start if there is none yet.

    Args:
        home: the store.
        network_name: the network that is asked for; None for that of the store, else mainnet.
        from_genesis: start at block 0, even on mainnet, whose later start is bundled.

    Raises:
        InputError: if there is no such network.
        StoreError: if the store is damaged.
    """
    wanted: Network = network(network_name or kept_network(home.ledger_place) or MAINNET.name)
    return Start.bundled() if wanted == MAINNET and not from_genesis else Start.genesis(wanted)


def import_files(
    paths: Sequence[Path],
    *,
    home: Home,
    start: Start,
    wish: Wish = Wish(),
    now: datetime,
    told: Told = lambda *_: None,
) -> ImportDocument:
    """Import files, in their order. All are read before anything is written; a repeated import adds nothing.

    Args:
        paths: the files.
        home: the store.
        start: where its chain starts if it has none (`start_of`).
        wish: how.
        now: the present.
        told: is told how far the headers are.

    Raises:
        InputError: if no file is named, or one cannot be read.
        SourceError: if a file is not what its kind promises; nothing was written.
        InvalidHeader: if a file is of another network; nothing was written.
        Malformed: naming the first fault, if anything is refused and the wish is strict.
        StoreError: if the store is of another network, locked, damaged or cannot be written.
    """
    if not paths:
        raise InputError("no file is named", hint="name one or more files")
    offers = [read_offer(path, wish.kind, start.network, wish.labels) for path in paths]
    has_headers = any(isinstance(offer.content, HeaderFile) for offer in offers)
    if wish.strict:
        with opened(home, start, now=now, dry_run=True, has_headers=has_headers) as target:
            _refuse_faults(_imported(offers, target, home, now, told, dry_run=True))
    with opened(home, start, now=now, dry_run=wish.dry_run, has_headers=has_headers) as target:
        return _imported(offers, target, home, now, told, dry_run=wish.dry_run)


def _imported(
    offers: Sequence[Offer], target: Target, home: Home, now: datetime, told: Told, *, dry_run: bool
) -> ImportDocument:
    chain, reorg_blocks, files = target.chain, 0, list[ImportedFile]()
    before = _tip(chain)
    for offer in offers:
        taken = _one(offer, target, now, told)
        reorg_blocks, file = max(reorg_blocks, taken.reorg_blocks), _receipt(offer, taken)
        target.record(plain(file), any(count.new or count.conflicting for count in file.tables))
        files.append(file)
    move = ChainMove(
        before=before,
        after=_tip(chain),
        reorg_blocks=reorg_blocks,
        beside=chain.side_count,
        waiting=chain.waiting_count,
    )
    return ImportDocument(
        as_of=now,
        store=str(home.folder),
        network=chain.network.name,
        dry_run=dry_run,
        files=tuple(files),
        chain=move,
        in_words=_in_words(files, move, dry_run=dry_run),
    )


def _one(offer: Offer, target: Target, now: datetime, told: Told) -> Taken:
    match offer.content:
        case HeaderFile() as file:
            origin = FetchOrigin(
                source="import", upstream=offer.name, url=offer.name, fetched_at=now, sha256=offer.sha256
            )
            return take_headers(file, target, origin, lambda done: told(offer.name, done, file.count))
        case Blocks(rows):
            return take_blocks(rows, target, f"file {offer.name}")
        case rows:
            return take_rows(rows, target, source=offer.name)


def _receipt(offer: Offer, taken: Taken) -> ImportedFile:
    return ImportedFile(
        file=offer.name,
        kind=offer.kind.value,
        sha256=offer.sha256,
        size_bytes=offer.size_bytes,
        first=taken.first,
        last=taken.last,
        tables=(taken.count,),
        faults=taken.faults,
        n_faults=taken.n_faults,
        notes=taken.notes,
    )


def _tip(chain: HeaderChain) -> Tip:
    point = chain.tip
    return Tip(
        height=point.height,
        block_hash=hash_to_hex(point.hash),
        header_at=from_unix(chain.header_at(point.height).time_s),
    )


def _refuse_faults(document: ImportDocument) -> None:
    """What strict means.

    Raises:
        Malformed: naming the first fault.
    """
    if document.chain.waiting:
        raise Malformed(
            f"nothing was imported: {document.chain.waiting:,} headers lack a parent or are ahead of time",
            tip=document.chain.after.height,
            hint="bring the headers below them as well, or leave out --strict",
        )
    faulty = [file for file in document.files if file.n_faults]
    if faulty:
        fault = faulty[0].faults[0]
        raise Malformed(
            f"nothing was imported: {fault.problem}",
            file=faulty[0].file,
            place=fault.place,
            height=fault.height,
            found=fault.found,
            expected=fault.expected,
            faults=sum(file.n_faults for file in faulty),
            hint="mend the file, or leave out --strict to import what is sound",
        )


def _in_words(files: Sequence[ImportedFile], move: ChainMove, *, dry_run: bool) -> str:
    counts = [count for file in files for count in file.tables]
    new, refused = sum(count.new for count in counts), sum(count.refused for count in counts)
    conflicting = sum(count.conflicting for count in counts)
    went = "stays at" if move.after == move.before else f"went from {move.before.height:,} to"
    words = [
        f"{new:,} new" if new else "nothing new",
        f"{conflicting:,} conflicting" if conflicting else "",
        f"{refused:,} refused" if refused else "",
        f"{move.waiting:,} not kept, for want of their parents" if move.waiting else "",
    ]
    told = ", ".join(word for word in words if word)
    return f"{'nothing was written; ' if dry_run else ''}{told}; the tip {went} {move.after.height:,}"
