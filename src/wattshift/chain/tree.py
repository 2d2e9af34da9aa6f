"""The tree of valid headers: the best chain as a flat trunk, every other branch as nodes on its side.

The tree stores and finds; it judges nothing. What enters it has been validated.
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple, Self

from wattshift.chain.anchor import Anchor
from wattshift.chain.header import BlockHash
from wattshift.chain.params import Network
from wattshift.chain.rules import MEDIAN_TIME_BLOCKS, Ancestor, blocks_into_epoch
from wattshift.chain.target import Bits, bits_to_work
from wattshift.chain.trunk import Trunk

__all__ = ["Lineage", "Node", "Stamp", "Tree"]

_TIME_AND_BITS = struct.Struct("<II")
_TIME_OFFSET = 68


class Stamp(NamedTuple):
    """What the rules ask of a block: an `Ancestor`."""

    time_s: int
    bits: Bits


class Node(NamedTuple):
    """One valid header and its place; `arrival` orders headers by when they were first seen."""

    hash: BlockHash
    raw: bytes
    prev_hash: BlockHash
    height: int
    work_hashes: int
    time_s: int
    bits: Bits
    arrival: int
    was_best: bool

    @classmethod
    def read(cls, raw: bytes, block_hash: BlockHash, *, height: int, work_hashes: int) -> Self:
        """A node from the 80 bytes of a header and its place."""
        time_s, bits = _TIME_AND_BITS.unpack_from(raw, _TIME_OFFSET)
        prev_hash = BlockHash(raw[4:36])
        return cls(block_hash, raw, prev_hash, height, work_hashes, time_s, bits, arrival=0, was_best=False)

    @classmethod
    def child(cls, raw: bytes, block_hash: BlockHash, *, parent: Node, arrival: int) -> Self:
        """A node on top of another."""
        time_s, bits = _TIME_AND_BITS.unpack_from(raw, _TIME_OFFSET)
        work_hashes = parent.work_hashes + bits_to_work(bits)
        return cls(
            block_hash,
            raw,
            parent.hash,
            parent.height + 1,
            work_hashes,
            time_s,
            bits,
            arrival,
            was_best=False,
        )


class Tree:
    """All headers from an anchor on, keyed by hash.

    Args:
        anchor: the root.
        network: whose periods apply.
    """

    def __init__(self, anchor: Anchor, network: Network) -> None:
        self._anchor = anchor
        self._network = network
        self._side: dict[BlockHash, Node] = {}
        self._laid_aside: list[BlockHash] = []
        self.trunk = Trunk(anchor.header, height=anchor.height, work_hashes=anchor.work_hashes)

    @property
    def side(self) -> dict[BlockHash, Node]:
        """Headers off the best chain by their hash."""
        return self._side

    def find(self, block_hash: BlockHash) -> Node | None:
        """The header of that hash, if it is here."""
        node = self._side.get(block_hash)
        if node is not None:
            return node
        height = self.trunk.height_of(block_hash)
        return None if height is None else self.on_trunk(height, block_hash)

    def on_trunk(self, height: int, block_hash: BlockHash | None = None) -> Node:
        """The best chain's block at a height."""
        name = self.trunk.hash_at(height) if block_hash is None else block_hash
        work_hashes = self.trunk.cumulative_hashes(height)
        return Node.read(self.trunk.raw(height), name, height=height, work_hashes=work_hashes)

    def holds_child(self, parent: Node, raw: bytes, block_hash: BlockHash) -> bool:
        """Whether that child of a node is here; spares the search through the whole trunk."""
        if block_hash in self._side:
            return True
        height = parent.height + 1
        return height <= self.trunk.tip_height and self.trunk.raw(height) == raw

    def add(self, node: Node) -> None:
        """Store a header on the side; its parent must be here."""
        self._side[node.hash] = node
        self._laid_aside.append(node.hash)

    def laid_aside(self) -> list[BlockHash]:
        """Hashes that came to the side since this was last asked and are still there, each once."""
        found = [name for name in dict.fromkeys(self._laid_aside) if name in self._side]
        self._laid_aside.clear()
        return found

    def mark_stale(self, block_hash: BlockHash) -> None:
        """Recall that a header on the side was on the best chain once."""
        self._side[block_hash] = self._side[block_hash]._replace(was_best=True)

    def adopt(self, tip: Node) -> None:
        """Make a node the end of the best chain; what it displaces moves to the side."""
        path, fork_height = self._path_down(tip)
        for height in range(fork_height + 1, self.trunk.tip_height + 1):
            self.add(self.on_trunk(height)._replace(was_best=True))
        self.trunk.cut(fork_height)
        for node in reversed(path):
            self.trunk.append(node.raw, node.hash, node.work_hashes)
            del self._side[node.hash]

    def ancestor(self, node: Node, height: int) -> Node:
        """The block of a node's branch at a height, off the best chain or its last block on it."""
        while node.height > height:
            node = self._side[node.prev_hash]
        return node

    def fork_of(self, node: Node) -> tuple[int, list[BlockHash]]:
        """Height where a node's branch leaves the best chain, and the branch's hashes, ascending."""
        path, fork_height = self._path_down(node)
        return fork_height, [each.hash for each in reversed(path)]

    def lineage(self, node: Node) -> Lineage:
        """The ancestors of a node."""
        return Lineage(node, self, self._anchor, self._network)

    def prune(self, limit: int) -> int:
        """Drop the ends of the branches with the least work until the side fits; return how many.

        Somewhat more than necessary is dropped, so that a storm of cheap headers does not prune each time.
        """
        if len(self._side) <= limit:
            return 0
        children: dict[BlockHash, int] = {}
        for node in self._side.values():
            children[node.prev_hash] = children.get(node.prev_hash, 0) + 1
        leaves = [(node.work_hashes, -node.arrival, name) for name, node in self._side.items()]
        leaves = [leaf for leaf in leaves if leaf[2] not in children]
        heapq.heapify(leaves)
        surplus = len(self._side) - (limit - limit // 8)
        for _ in range(surplus):
            node = self._side.pop(heapq.heappop(leaves)[2])
            children[node.prev_hash] -= 1
            parent = self._side.get(node.prev_hash)
            if parent is not None and not children[node.prev_hash]:
                heapq.heappush(leaves, (parent.work_hashes, -parent.arrival, parent.hash))
        return surplus

    def branches(self) -> Iterator[tuple[Node, int, bool]]:
        """Each end of a side branch, where it forks off the best chain, and whether it was best once."""
        origin: dict[BlockHash, tuple[int, bool]] = {}
        parents = {node.prev_hash for node in self._side.values()}
        for node in sorted(self._side.values(), key=lambda each: (each.height, each.hash)):
            fork_height, was_best = origin.get(node.prev_hash, (node.height - 1, False))
            origin[node.hash] = fork_height, was_best or node.was_best
            if node.hash not in parents:
                yield node, *origin[node.hash]

    def digest(self, *, stale: bool) -> bytes:
        """SHA-256 over the best chain and, if wanted, all that lies beside it, in a fixed order."""
        state = sha256(b"%d %x " % (self._anchor.height, self._anchor.work_hashes))
        state.update(self.trunk.span(self._anchor.height, self.trunk.tip_height))
        state.update(b" %x" % self.trunk.cumulative_hashes(self.trunk.tip_height))
        for node in sorted(self._side.values()) if stale else ():
            state.update(node.raw + b" %d %x" % (node.height, node.work_hashes))
        return state.digest()

    def _path_down(self, node: Node) -> tuple[list[Node], int]:
        """The side nodes from this one down, and the height of the trunk's block below them."""
        path = []
        here: Node | None = node if node.hash in self._side else None
        while here is not None:
            path.append(here)
            here = self._side.get(here.prev_hash)
        return path, path[-1].height - 1 if path else node.height


class Lineage:
    """A node and its ancestors; asked in descending order, each step is one look-up."""

    def __init__(self, node: Node, tree: Tree, anchor: Anchor, network: Network) -> None:
        self._top = self._at = node
        self._tree = tree
        self._anchor = anchor
        self._first_height = anchor.height - blocks_into_epoch(anchor.height, network)

    def ancestor(self, height: int) -> Ancestor:
        """The block of this branch at a height, as the rules ask of it."""
        trunk, side = self._tree.trunk, self._tree.side
        if height > self._at.height:
            self._at = self._top
        while height < self._at.height and (parent := side.get(self._at.prev_hash)) is not None:
            self._at = parent
        if height == self._at.height:
            return self._at
        if height >= self._anchor.height:
            return Stamp(*_TIME_AND_BITS.unpack_from(trunk.buffer, trunk.offset(height) + _TIME_OFFSET))
        if height != self._first_height:
            raise AssertionError("no rule asks for a block below the anchor but its period's first")
        return Stamp(self._anchor.period_first_time_s, self._anchor.period_first_bits)

    def times_s(self) -> list[int]:
        """Times of the node and the up to ten blocks before it, ascending by height [s]."""
        oldest = self._top.height - MEDIAN_TIME_BLOCKS + 1
        from_here = max(oldest, self._anchor.height)
        times_s = [self.ancestor(height).time_s for height in range(self._top.height, from_here - 1, -1)]
        below = self._anchor.height - oldest
        return [*(self._anchor.previous_times_s[-below:] if below > 0 else ()), *reversed(times_s)]
