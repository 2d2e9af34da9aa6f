"""How headers come in: judged one by one, or in long runs as arrays, with the same verdicts.

Nothing is stored before it has proven its own work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wattshift.chain.bulk import Hashed, Origin, Proof, proven_prefix
from wattshift.chain.checkpoints import Checkpoints
from wattshift.chain.extension import Refusal
from wattshift.chain.faults import Fault
from wattshift.chain.header import HEADER_SIZE, BlockHash, BlockHeader, hash_to_hex
from wattshift.chain.params import NETWORKS, Network
from wattshift.chain.rules import (
    MAX_FUTURE_S,
    MEDIAN_TIME_BLOCKS,
    blocks_into_epoch,
    check_bits,
    check_time,
    is_retarget_height,
    next_bits,
    timewarp_suspected,
)
from wattshift.chain.target import check_proof_of_work
from wattshift.chain.tree import Lineage, Node, Tree
from wattshift.chain.waiting import Arrival, WaitingRoom
from wattshift.errors import InvalidHeader

__all__ = ["Intake", "Rules", "Tally"]

_CHUNK = 1 << 16
"""Headers that are hashed and checked in one go."""

_BULK_FROM = 32
"""Shortest run for which arrays pay."""

_NO_PARENT = BlockHash(bytes(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What decides, beside the headers themselves.

    Args:
        network: whose rules apply.
        checkpoints: trusted hashes.
        min_work_hashes: cumulative work below which no chain is adopted.
    """

    network: Network
    checkpoints: Checkpoints
    min_work_hashes: int


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a batch has done so far; `Extension` tells what each means."""

    now_s: int
    waited: int = 0
    """Arrivals up to this one came with earlier batches: if they break a rule, this one is not to blame."""
    new: int = 0
    known: int = 0
    dropped: int = 0
    read: int = 0
    is_over: bool = False
    parked: list[BlockHash] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    timewarps: list[BlockHash] = field(default_factory=list)


class Intake:
    """The way into a tree of headers.

    Args:
        tree: where valid headers go.
        waiting: where those go that cannot be judged yet.
        rules: what decides.
    """

    def __init__(self, tree: Tree, waiting: WaitingRoom, rules: Rules) -> None:
        self._tree = tree
        self._waiting = waiting
        self._rules = rules
        self._arrivals = 0

    def take(self, headers: bytes, now_s: int) -> Tally:
        """Judge headers in the order in which they lie, those first whose time has come.

        Args:
            headers: whole headers end to end.
            now_s: the present, in seconds since 1970 [s].
        """
        tally = Tally(now_s=now_s, waited=self._arrivals)
        for early in self._waiting.release_due(now_s):
            self._arrive(early, tally)
        for start in range(0, len(headers), _CHUNK * HEADER_SIZE):
            if not tally.is_over:
                self._read(Hashed(headers[start : start + _CHUNK * HEADER_SIZE]), tally)
        return tally

    def _read(self, batch: Hashed, tally: Tally) -> None:
        place = 0
        while place < len(batch) and not tally.is_over:
            taken = self._take_run(batch, place, tally)
            if not taken:
                arrival = Arrival(batch.header(place), batch.hashes[place], self._next_arrival())
                tally.is_over = not self._arrive(arrival, tally)
                taken = 1
            place += taken
        tally.read += place

    # One header

    def _arrive(self, arrival: Arrival, tally: Tally) -> bool:
        """Judge a header and all that waited for it; whether nothing of this batch broke a rule."""
        refused_before = len(tally.refused)
        node = self._judge(arrival, tally)
        is_sound = len(tally.refused) == refused_before
        if node is not None:
            self._adopt_best_of(self._family(node, tally))
        return is_sound

    def _family(self, node: Node, tally: Tally) -> list[Node]:
        """A new node and those that it lets join."""
        joined = [node]
        for each in joined:  # grows while it is walked
            self._tree.add(each)
            judged = (self._judge(child, tally) for child in self._waiting.release_children(each.hash))
            joined += [node for node in judged if node is not None]
        tally.new += len(joined)
        return joined

    def _adopt_best_of(self, joined: list[Node]) -> None:
        best = max(joined, key=lambda node: (node.work_hashes, -node.arrival))
        height = self._adoptable(best.height, best.work_hashes)
        if height is not None:
            self._tree.adopt(self._tree.ancestor(best, height))

    def _adoptable(self, height: int, work_hashes: int) -> int | None:
        """The height up to which a branch of such an end becomes the best chain, if it does.

        With too little work a branch is adopted up to the last checkpoint on it: its hashes lead to one that
        is trusted. Whatever stands at the height of a checkpoint has its hash.
        """
        tip_height = self._tree.trunk.tip_height
        if work_hashes <= self._tree.trunk.cumulative_hashes(tip_height):
            return None
        if work_hashes >= self._rules.min_work_hashes:
            return height
        vouched = self._rules.checkpoints.last_passed(height)
        return vouched if vouched > tip_height else None

    def _judge(self, arrival: Arrival, tally: Tally) -> Node | None:
        """The node of a valid header whose parent is here; every other one is counted and put away."""
        parent = self._tree.find(arrival.prev_hash)
        if self._knows(arrival, parent):
            tally.known += 1
            return None
        try:
            header = BlockHeader.parse(arrival.raw)
            self._check_origin(arrival)
            check_proof_of_work(arrival.hash, header.bits, self._rules.network)
            if parent is None:
                tally.parked.append(arrival.hash)
                tally.dropped += self._waiting.park(arrival)
                return None
            self._check_in_context(header, arrival.hash, parent, tally)
        except InvalidHeader as error:
            self._refuse(error, arrival, parent, tally)
            return None
        return Node.child(arrival.raw, arrival.hash, parent=parent, arrival=arrival.order)

    def _knows(self, arrival: Arrival, parent: Node | None) -> bool:
        if arrival.hash in self._waiting:
            return True
        if parent is None:
            return (
                arrival.hash == self._rules.network.genesis_hash or self._tree.find(arrival.hash) is not None
            )
        return self._tree.holds_child(parent, arrival.raw, arrival.hash)

    def _check_origin(self, arrival: Arrival) -> None:
        if arrival.prev_hash == _NO_PARENT:
            owners = [each.name for each in NETWORKS.values() if each.genesis_hash == arrival.hash]
            raise InvalidHeader(
                f"the block without a parent is not the genesis block of {self._rules.network.name}",
                fault=Fault.WRONG_NETWORK,
                height=0,
                network=owners[0] if owners else "unknown",
                expected=hash_to_hex(BlockHash(self._rules.network.genesis_hash)),
                hint=f"stop asking this source: it does not follow {self._rules.network.name}",
            )

    def _check_in_context(
        self, header: BlockHeader, block_hash: BlockHash, parent: Node, tally: Tally
    ) -> None:
        height, lineage = parent.height + 1, self._tree.lineage(parent)
        check_bits(
            height, header.bits, next_bits(height, header.time_s, lineage.ancestor, self._rules.network)
        )
        self._rules.checkpoints.check(height, block_hash, tip_height=self._tree.trunk.tip_height)
        check_time(
            height,
            header.time_s,
            previous_times_s=lineage.times_s(),
            now_s=tally.now_s,
            network=self._rules.network,
        )
        if _is_suspect(height, header.time_s, lineage, self._rules.network):
            tally.timewarps.append(block_hash)

    def _refuse(self, error: InvalidHeader, arrival: Arrival, parent: Node | None, tally: Tally) -> None:
        height = None if parent is None else parent.height + 1
        is_of_batch = arrival.order > tally.waited
        if error.context["fault"] is Fault.TIME_TOO_NEW:
            if is_of_batch:
                tally.parked.append(arrival.hash)
            until_s = BlockHeader.parse(arrival.raw).time_s - MAX_FUTURE_S
            tally.dropped += self._waiting.hold(arrival, until_s)
            return
        error.context.setdefault("hash", hash_to_hex(arrival.hash))
        if height is not None:
            error.context.setdefault("height", height)
        if is_of_batch:
            tally.refused.append(Refusal(hash=arrival.hash, height=height, error=error))
        tally.dropped += self._waiting.forget_descendants(arrival.hash) + (not is_of_batch)

    # Many headers

    def _take_run(self, batch: Hashed, place: int, tally: Tally) -> int:
        """Take what is beyond doubt of the run that starts here; return how many headers that is."""
        stop = batch.run_end(place)
        if stop - place < _BULK_FROM:
            return 0
        first = Arrival(batch.header(place), batch.hashes[place], 0)
        parent = self._tree.find(first.prev_hash)
        if parent is None or self._knows(first, parent):
            return 0
        lineage, tip_height = self._tree.lineage(parent), self._tree.trunk.tip_height
        times_s = lineage.times_s()
        stop = self._first_awaited(batch, place, stop)
        passed = self._rules.checkpoints.last_passed(tip_height)
        if stop - place < _BULK_FROM or len(times_s) < MEDIAN_TIME_BLOCKS or parent.height < passed:
            return 0
        origin = Origin(height=parent.height + 1, times_s=times_s, ancestor=lineage.ancestor)
        stop = place + self._rules.checkpoints.agreeing(origin.height, batch.hashes[place:stop])
        run = slice(place, stop)
        proof = proven_prefix(batch, run, origin, now_s=tally.now_s, network=self._rules.network)
        self._store_run(batch, place, parent, proof)
        tally.new += proof.count
        tally.timewarps += [batch.hashes[place + height - origin.height] for height in proof.timewarps]
        return proof.count

    def _store_run(self, batch: Hashed, place: int, parent: Node, proof: Proof) -> None:
        stop = place + proof.count
        work_hashes = parent.work_hashes + sum(length * each_hashes for length, each_hashes in proof.works)
        height = self._adoptable(parent.height + proof.count, work_hashes) if proof.count else None
        node = parent
        if height is not None:
            count = height - parent.height
            raw = batch.raw[place * HEADER_SIZE : (place + count) * HEADER_SIZE]
            self._tree.adopt(parent)
            self._tree.trunk.append_run(
                raw, batch.words[place : place + count].tobytes(), _leading(proof.works, count)
            )
            place, node = place + count, self._tree.on_trunk(height)
        for each in range(place, stop):
            node = Node.child(
                batch.header(each), batch.hashes[each], parent=node, arrival=self._next_arrival()
            )
            self._tree.add(node)

    def _first_awaited(self, batch: Hashed, place: int, stop: int) -> int:
        """Where the first header stands whose children wait: their turn comes right after its own."""
        awaited = self._waiting.awaited
        if not awaited:
            return stop
        return next((each for each in range(place, stop) if batch.hashes[each] in awaited), stop)

    # Small things

    def _next_arrival(self) -> int:
        self._arrivals += 1
        return self._arrivals


def _leading(works: Sequence[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """The stretches of the first headers of a run."""
    found = []
    for length, each_hashes in works:
        if count > 0:
            found.append((min(length, count), each_hashes))
        count -= length
    return found


def _is_suspect(height: int, time_s: int, lineage: Lineage, network: Network) -> bool:
    """`timewarp_suspected`, without a search for the period's first block where it does not matter."""
    first_time_s = time_s
    if is_retarget_height(height + 1, network):
        first_time_s = lineage.ancestor(height - blocks_into_epoch(height, network)).time_s
    elif not is_retarget_height(height, network):
        return False
    parent_time_s = lineage.ancestor(height - 1).time_s
    return timewarp_suspected(
        height, time_s, parent_time_s=parent_time_s, first_time_s=first_time_s, network=network
    )
