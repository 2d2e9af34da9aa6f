"""Headers from a file into the chain: proved one after another, kept batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from wattshift.app.importing.taken import Taken
from wattshift.app.importing.target import Target
from wattshift.chain.extension import Extension, Refusal
from wattshift.chain.faults import Fault
from wattshift.chain.header import HEADER_SIZE, BlockHeader, hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import NETWORKS, Network
from wattshift.errors import InvalidHeader
from wattshift.provenance import FetchOrigin
from wattshift.report.documents.keeping import FaultFound, TableCount
from wattshift.sources.files.headerfile import HeaderFile, Run

__all__ = ["check_network", "take_headers"]

_HEADER = np.dtype(f"V{HEADER_SIZE}")

_MAX_WAITING = 10_000
"""Headers without a known parent that the chain lets wait."""


@dataclass(slots=True)
class _Tally:
    new: int = 0
    same: int = 0
    beside: int = 0
    refused: int = 0
    reorg_blocks: int = 0
    faults: list[FaultFound] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_network(file: HeaderFile, network: Network) -> None:
    """Refuse a file that starts at the genesis block of another network, before anything is opened.

    Raises:
        InvalidHeader: naming both networks.
    """
    header = BlockHeader.parse(file.header(file.runs[0].first))
    owners = [each.name for each in NETWORKS.values() if each.genesis_hash == header.hash]
    if owners and header.hash != network.genesis_hash:
        raise InvalidHeader(
            f"the file is of {owners[0]}, the store of {network.name}",
            fault=Fault.WRONG_NETWORK,
            file=file.name,
            hint=f"import it into another folder with --store, and --network {owners[0]}",
        )


def take_headers(file: HeaderFile, target: Target, origin: FetchOrigin, told: Callable[[int], None]) -> Taken:
    """Give all headers of a file to the chain.

    What breaks a rule ends its run: all that stands behind it there descends from it.

    Args:
        file: the headers.
        target: where they go.
        origin: where they come from.
        told: is told after each batch how many headers are done.
    """
    tally = _Tally()
    if file.holes:
        tally.notes.append(f"{file.holes:,} places are empty, as Electrum leaves them below its checkpoints")
    for run in file.runs:
        _take_run(file, run, target, origin, tally, told)
    count = TableCount(
        table="headers",
        new=tally.new - tally.beside,
        same=tally.same,
        conflicting=tally.beside,
        refused=tally.refused,
    )
    return Taken(
        count=count,
        first=_height(file.header(file.runs[0].first), target),
        last=_height(file.header(file.runs[-1].end - 1), target),
        faults=tuple(tally.faults),
        n_faults=len(tally.faults),
        notes=tuple(tally.notes),
        reorg_blocks=tally.reorg_blocks,
    )


def _take_run(
    file: HeaderFile,
    run: Run,
    target: Target,
    origin: FetchOrigin,
    tally: _Tally,
    told: Callable[[int], None],
) -> None:
    place = _first_to_take(file, run, target, tally)
    for piece in file.chunks(Run(place, run.end)):
        known = _kept_already(piece, target.chain)
        tally.same += known
        place += known
        chunk = piece[known * HEADER_SIZE :]
        extension = target.take(chunk, origin)
        _count(extension, tally)
        for refusal in extension.refused:
            # The last header that was read is the one that ended the batch.
            at = place + len(chunk) // HEADER_SIZE - extension.unread - 1
            tally.faults.append(_refused(refusal, at))
        place += len(chunk) // HEADER_SIZE
        told(place)
        if extension.refused:
            behind = extension.unread + run.end - place
            tally.refused += behind
            if behind:
                tally.notes.append(f"{behind:,} headers behind a refused one were not looked at")
            return


def _first_to_take(file: HeaderFile, run: Run, target: Target, tally: _Tally) -> int:
    """The first place of a run that the chain can judge; those before it lie below its start."""
    chain = target.chain
    header = BlockHeader.parse(file.header(run.first))
    if header.hash in chain or header.prev_hash in chain:
        return run.first
    length = run.end - run.first
    place = file.find(chain.anchor.header, run)
    if place is None and header.hash == chain.network.genesis_hash and length <= chain.anchor.height:
        place = run.end
    if place is not None:
        tally.notes.append(
            f"{place - run.first:,} headers below block {chain.anchor.height:,}, where this store starts,"
            " were not looked at"
        )
        return place
    if length <= _MAX_WAITING:
        return run.first  # their parents may still come, from another file
    tally.refused += length
    tally.faults.append(
        FaultFound(
            place=f"header {run.first:,}",
            height=None,
            block_hash=hash_to_hex(header.hash),
            problem=f"its parent is not known, so none of the {length:,} headers from here on can be judged",
            found=hash_to_hex(header.prev_hash),
            expected=f"a block from {chain.anchor.height:,} to {chain.height:,}",
        )
    )
    return run.end


def _kept_already(piece: bytes, chain: HeaderChain) -> int:
    """How many leading headers stand on the best chain just so: whoever repeats an import need not wait."""
    first = BlockHeader.parse(piece[:HEADER_SIZE]).hash
    if first not in chain or not chain.is_best(first):
        return 0
    height = chain.find(first).height
    last = min(height + len(piece) // HEADER_SIZE - 1, chain.height)
    kept = np.frombuffer(chain.headers(height, last), dtype=_HEADER)
    equal = kept == np.frombuffer(piece, dtype=_HEADER)[: len(kept)]
    return len(kept) if equal.all() else int(equal.argmin())


def _count(extension: Extension, tally: _Tally) -> None:
    tally.new += extension.new
    tally.same += extension.known
    tally.beside += len(extension.beside)
    tally.refused += len(extension.refused)
    if extension.reorg is not None:
        tally.reorg_blocks = max(tally.reorg_blocks, extension.reorg.depth)
    tally.notes += [
        f"block {hash_to_hex(each)} looks like a step of a timewarp" for each in extension.timewarps
    ]


def _refused(refusal: Refusal, place: int) -> FaultFound:
    context = refusal.error.context
    found = {key: context[key] for key in ("bits", "time_s", "hash") if key in context}
    expected = context.get("expected", context.get("median_s"))
    return FaultFound(
        place=f"header {place:,}",
        height=refusal.height,
        block_hash=hash_to_hex(refusal.hash),
        problem=f"{refusal.error.message} ({refusal.fault.value})",
        found=str(next(iter(found.values()), "")) or None,
        expected=None if expected is None else str(expected),
    )


def _height(raw: bytes, target: Target) -> str | None:
    """The height of a header, where the chain knows it."""
    block_hash = BlockHeader.parse(raw).hash
    if block_hash == target.chain.network.genesis_hash:
        return "0"
    return str(target.chain.find(block_hash).height) if block_hash in target.chain else None
