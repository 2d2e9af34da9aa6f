"""A chain of block headers that believes nobody: every claim is recomputed, and most work wins.

Hash, proof of work, linkage, bits, median time and clock of every header are checked against the headers
before it, from the genesis block or a trusted anchor on. All valid branches are kept, keyed by hash; the
tip is the end of the one with the most cumulative work, at equal work the one whose end came first.
Time is an argument, and nothing here touches a file or a network.

Source: Bitcoin Core, `validation.cpp` (AcceptBlockHeader, ContextualCheckBlockHeader) and `chain.h`;
BIP94; BIP54 (a draft) for the timewarp pattern.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from wattshift.chain.anchor import Anchor
from wattshift.chain.checkpoints import Checkpoints
from wattshift.chain.extension import Branch, BranchKind, Extension, Point, Reorg
from wattshift.chain.header import HEADER_SIZE, BlockHash, BlockHeader, hash_to_hex, iter_headers
from wattshift.chain.intake import Intake, Rules
from wattshift.chain.params import MAINNET, Network
from wattshift.chain.rules import median_time_past
from wattshift.chain.tree import Node, Tree
from wattshift.chain.waiting import WaitingRoom
from wattshift.errors import OutOfSpan

__all__ = ["HeaderChain"]


class HeaderChain:
    """A validated tree of headers and its best chain.

    Args:
        network: whose rules apply.
        anchor: where to start instead of at the genesis block.
        checkpoints: hashes that blocks at certain heights must have. Once the best chain has passed one,
            no new branch may start below it.
        min_work_hashes: cumulative work below which no chain is adopted, but for what leads up to a
            checkpoint. Until then the tip stays, and candidates count as side branches.
        max_side: headers kept beside the best chain; the branches with the least work go first. A branch that
            is to overtake it from further down than that cannot.
        max_waiting: headers kept that wait for their parent or their time; the oldest go first.

    Raises:
        InputError: if the anchor lacks context or contradicts itself.
        InvalidHeader: if the anchor does not prove its work or contradicts a checkpoint.
    """

    def __init__(
        self,
        network: Network = MAINNET,
        *,
        anchor: Anchor | None = None,
        checkpoints: Mapping[int, BlockHash] = MappingProxyType({}),
        min_work_hashes: int = 0,
        max_side: int = 100_000,
        max_waiting: int = 10_000,
    ) -> None:
        self._network = network
        self._anchor = Anchor.genesis(network) if anchor is None else anchor
        self._anchor.check(network)
        self._max_side = max_side
        self._tree = Tree(self._anchor, network)
        self._waiting = WaitingRoom(max_waiting)
        rules = Rules(network=network, checkpoints=Checkpoints(checkpoints), min_work_hashes=min_work_hashes)
        rules.checkpoints.check(self.height, self._tree.trunk.tip_hash, tip_height=self.height)
        self._intake = Intake(self._tree, self._waiting, rules)

    # Queries

    @property
    def network(self) -> Network:
        """The network whose rules apply."""
        return self._network

    @property
    def anchor(self) -> Anchor:
        """The block on which everything stands."""
        return self._anchor

    @property
    def height(self) -> int:
        """Height of the tip."""
        return self._tree.trunk.tip_height

    @property
    def tip(self) -> Point:
        """The end of the best chain."""
        return self.point_at(self.height)

    @property
    def side_count(self) -> int:
        """Headers beside the best chain."""
        return len(self._tree.side)

    @property
    def waiting_count(self) -> int:
        """Headers that wait for their parent or their time."""
        return len(self._waiting)

    @property
    def due_s(self) -> int | None:
        """When the first header that waits for its time may join [s since 1970]; None if there is none."""
        return self._waiting.due_s

    def is_early(self, block_hash: BlockHash) -> bool:
        """Whether a header waits for its time."""
        return self._waiting.is_early(block_hash)

    def __contains__(self, block_hash: object) -> bool:
        """Whether a header is in the tree, on the best chain or beside it."""
        return isinstance(block_hash, bytes) and self._tree.find(BlockHash(block_hash)) is not None

    def point_at(self, height: int) -> Point:
        """The best chain's block at a height.

        Raises:
            OutOfSpan: if the height is below the anchor or above the tip.
        """
        trunk = self._tree.trunk
        self._within(height, height)
        return Point(height=height, hash=trunk.hash_at(height), work_hashes=trunk.cumulative_hashes(height))

    def header_at(self, height: int) -> BlockHeader:
        """The best chain's header at a height; errors as in `point_at`."""
        return BlockHeader.parse(self.headers(height, height))

    def headers(self, first: int, last: int) -> bytes:
        """The best chain's headers end to end, both heights included; errors as in `point_at`."""
        self._within(first, last)
        return self._tree.trunk.span(first, last)

    def works(self, first: int, last: int) -> Iterator[int]:
        """Cumulative work of the best chain's blocks, both heights included; errors as in `point_at`."""
        self._within(first, last)
        return map(self._tree.trunk.cumulative_hashes, range(first, last + 1))

    def find(self, block_hash: BlockHash) -> Point:
        """The block of that hash, on the best chain or beside it.

        Raises:
            OutOfSpan: if it is not in the tree.
        """
        return _point(self._node(block_hash))

    def header(self, block_hash: BlockHash) -> BlockHeader:
        """The header of that hash; errors as in `find`."""
        return BlockHeader.parse(self._node(block_hash).raw)

    def is_best(self, block_hash: BlockHash) -> bool:
        """Whether a block is on the best chain; errors as in `find`."""
        return self._node(block_hash).hash not in self._tree.side

    def was_best(self, block_hash: BlockHash) -> bool:
        """Whether a block was on the best chain and has left it; errors as in `find`."""
        return self._node(block_hash).was_best

    def median_time_past_s(self, block_hash: BlockHash) -> int:
        """Median time of a block and the ten before it, which its child must exceed [s].

        Raises:
            OutOfSpan: if the block is not in the tree.
        """
        return median_time_past(self._tree.lineage(self._node(block_hash)).times_s())

    def branches(self) -> tuple[Branch, ...]:
        """The branches beside the best chain, the one with the most work first."""
        found = [
            Branch(
                tip=_point(node),
                fork_height=fork_height,
                kind=BranchKind.STALE if was_best else BranchKind.SIDE,
            )
            for node, fork_height, was_best in self._tree.branches()
        ]
        return tuple(sorted(found, key=lambda each: (-each.tip.work_hashes, each.tip.hash)))

    def state_hash(self, *, with_branches: bool = True) -> bytes:
        """SHA-256 over all that the tree holds, whatever the order in which it came.

        Args:
            with_branches: whether what lies beside the best chain counts as well.
        """
        return self._tree.digest(stale=with_branches)

    # Extension

    def extend(self, headers: bytes, now_s: int) -> Extension:
        """Take headers in the order in which they lie.

        The first header that breaks a rule ends the batch: those before it stay, those behind it are not
        looked at. A header without a parent or ahead of the clock waits; it does not end the batch.

        Args:
            headers: serialised headers end to end; none at all to try those again that wait for their time.
            now_s: the present, in seconds since 1970 [s].

        Raises:
            InvalidHeader: if the length is not a multiple of 80 bytes; then nothing has changed.
        """
        iter_headers(headers)  # refuses a wrong length before anything is read
        before = self.tip
        tally = self._intake.take(headers, now_s)
        reorg = self._reorg_since(before)
        dropped = tally.dropped + self._tree.prune(self._max_side)
        left = set(reorg.stale) if reorg else set()
        parked = [each for each in tally.parked if each in self._waiting]
        return Extension(
            before=before,
            after=self.tip,
            new=tally.new,
            known=tally.known,
            orphaned=tuple(each for each in parked if not self._waiting.is_early(each)),
            early=tuple(each for each in parked if self._waiting.is_early(each)),
            refused=tuple(tally.refused),
            unread=len(headers) // HEADER_SIZE - tally.read,
            dropped=dropped,
            reorg=reorg,
            beside=tuple(name for name in self._tree.laid_aside() if name not in left),
            timewarps=tuple(tally.timewarps),
        )

    def mark_stale(self, block_hash: BlockHash) -> None:
        """Recall that a block was on the best chain once: only who saw it can know.

        Raises:
            OutOfSpan: if the block is not beside the best chain.
        """
        if self.is_best(block_hash):
            raise OutOfSpan("the block is on the best chain", hash=hash_to_hex(block_hash))
        self._tree.mark_stale(block_hash)

    # Helpers

    def _node(self, block_hash: BlockHash) -> Node:
        node = self._tree.find(block_hash)
        if node is None:
            raise OutOfSpan(
                "no block of that hash is known",
                hash=hash_to_hex(block_hash),
                hint="extend the chain by its header first",
            )
        return node

    def _within(self, first: int, last: int) -> None:
        if not self._anchor.height <= first <= last <= self.height:
            raise OutOfSpan(
                "the best chain has no such heights",
                first=first,
                last=last,
                anchor=self._anchor.height,
                tip=self.height,
                hint="ask for heights from the anchor to the tip, in ascending order",
            )

    def _reorg_since(self, before: Point) -> Reorg | None:
        trunk = self._tree.trunk
        if before.height <= trunk.tip_height and trunk.hash_at(before.height) == before.hash:
            return None  # found by its height: a search by hash would sort the index each time
        fork_height, stale = self._tree.fork_of(self._node(before.hash))
        return Reorg(fork=self.point_at(fork_height), old=before, new=self.tip, stale=tuple(stale))


def _point(node: Node) -> Point:
    return Point(height=node.height, hash=node.hash, work_hashes=node.work_hashes)
