"""What an extension of a chain of headers did, in words that a log, an alert or a test can use."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wattshift.chain.faults import Fault
from wattshift.chain.header import BlockHash, hash_to_hex
from wattshift.errors import InvalidHeader

__all__ = ["Branch", "BranchKind", "Extension", "Point", "Refusal", "Reorg"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One block of a chain.

    Args:
        height: its height.
        hash: its hash, in internal order.
        work_hashes: expected hashes of the chain up to and with it.
    """

    height: int
    hash: BlockHash
    work_hashes: int

    def __str__(self) -> str:
        """Height and hash as people write them."""
        return f"{self.height} {hash_to_hex(self.hash)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorg:
    """The best chain changed below its tip.

    Args:
        fork: the last block that both chains share.
        old: the tip that is no longer best.
        new: the tip that is.
        stale: hashes of the blocks that left the best chain, ascending by height.
    """

    fork: Point
    old: Point
    new: Point
    stale: tuple[BlockHash, ...]

    @property
    def depth(self) -> int:
        """How many blocks left the best chain."""
        return len(self.stale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A header that was not stored.

    Args:
        hash: its hash, in internal order.
        height: where it would have stood; None if its parent is unknown.
        error: what is wrong with it: the height, what was found and what was expected are in its context.
    """

    hash: BlockHash
    height: int | None
    error: InvalidHeader

    @property
    def fault(self) -> Fault:
        """The reason."""
        return Fault(str(self.error.context["fault"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What became of a batch of headers; those that waited before count where they ended up.

    Args:
        before: the tip before.
        after: the tip after.
        new: headers that joined the tree, on the best chain or beside it.
        known: headers of the batch that were in the tree or the waiting room already.
        orphaned: hashes of new headers whose parent is missing; they wait for it.
        early: hashes of new headers too far ahead of the clock; they wait for it.
        refused: headers of the batch that break a rule. A refusal ends the batch.
        unread: headers of the batch behind the refused one.
        dropped: headers forgotten because the side branches or the waiting room were full, or because they
            had waited since an earlier batch and broke a rule: whoever brings their parent is not to blame.
        reorg: if blocks left the best chain.
        beside: hashes that came to stand beside the best chain, the reorg's stale ones left out.
        timewarps: hashes of new blocks that look like a step of a timewarp attack; they count all the same.
    """

    before: Point
    after: Point
    new: int
    known: int
    orphaned: tuple[BlockHash, ...]
    early: tuple[BlockHash, ...]
    refused: tuple[Refusal, ...]
    unread: int
    dropped: int
    reorg: Reorg | None
    beside: tuple[BlockHash, ...]
    timewarps: tuple[BlockHash, ...]

    @property
    def fork_height(self) -> int:
        """Height of the last block that the best chains before and after share."""
        return self.before.height if self.reorg is None else self.reorg.fork.height


class BranchKind(StrEnum):
    """What a side branch has been."""

    STALE = "stale"
    """Blocks of it were on the best chain once."""
    SIDE = "side"
    """It never was the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch beside the best chain.

    Args:
        tip: its last block.
        fork_height: height of the last block that it shares with the best chain.
        kind: whether it was best once.
    """

    tip: Point
    fork_height: int
    kind: BranchKind

    @property
    def length(self) -> int:
        """Blocks that are not on the best chain."""
        return self.tip.height - self.fork_height
