"""Many headers at once: hashed one by one, checked as arrays.

`proven_prefix` only says how many headers of a run are beyond doubt. The first that is not goes back to
the rules, which refuse it in words or accept it after all; so both ways always give the same verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

import numpy as np
from numpy.typing import NDArray

from wattshift.chain.header import HEADER_SIZE, BlockHash
from wattshift.chain.params import Network
from wattshift.chain.rules import (
    MAX_FUTURE_S,
    MAX_TIMEWARP_S,
    MEDIAN_TIME_BLOCKS,
    Ancestor,
    next_bits,
    retarget,
    timewarp_suspected,
)
from wattshift.chain.target import Bits, bits_to_target, target_to_work

__all__ = ["HEADER_DTYPE", "Hashed", "Origin", "Proof", "proven_prefix"]

HEADER_DTYPE = np.dtype(
    [
        ("version", "<i4"),
        ("prev_hash", "<u8", (4,)),
        ("merkle_root", "V32"),
        ("time_s", "<u4"),
        ("bits", "<u4"),
        ("nonce", "<u4"),
    ]
)
"""A header as a row of an array; hashes are four little-endian words, the least significant first."""


class Hashed:
    """A run of headers with their hashes.

    Args:
        raw: headers end to end.
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.rows = np.frombuffer(raw, dtype=HEADER_DTYPE)
        digests = [
            sha256(sha256(raw[start : start + HEADER_SIZE]).digest()).digest()
            for start in range(0, len(raw), HEADER_SIZE)
        ]
        self.hashes = cast("list[BlockHash]", digests)  # a call for each would cost as much as all checks
        self.words = np.frombuffer(b"".join(self.hashes), dtype="<u8").reshape(-1, 4)
        linked = (self.rows["prev_hash"][1:] == self.words[:-1]).all(axis=1)
        self._ends = np.append(np.flatnonzero(~linked) + 1, len(self.hashes))

    def __len__(self) -> int:
        """Number of headers."""
        return len(self.hashes)

    def header(self, place: int) -> bytes:
        """The 80 bytes of one."""
        return self.raw[place * HEADER_SIZE : (place + 1) * HEADER_SIZE]

    def run_end(self, place: int) -> int:
        """The place after the last header that descends from this one without a break."""
        return int(self._ends[np.searchsorted(self._ends, place, side="right")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What precedes a run.

    Args:
        height: of the run's first header.
        times_s: times of the eleven blocks before it, ascending by height [s].
        ancestor: gives the blocks before it by their height.
    """

    height: int
    times_s: Sequence[int]
    ancestor: Callable[[int], Ancestor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How much of a run is valid beyond doubt.

    Args:
        count: leading headers that are.
        works: for each stretch of equal bits among them, its length and the work of one header.
        timewarps: heights among them that look like a step of a timewarp.
    """

    count: int
    works: tuple[tuple[int, int], ...]
    timewarps: tuple[int, ...]


def proven_prefix(hashed: Hashed, place: slice, origin: Origin, *, now_s: int, network: Network) -> Proof:
    """Check a linked run of headers whose first one's parent is known.

    Args:
        hashed: the headers.
        place: the run among them.
        origin: what precedes it.
        now_s: the present, in seconds since 1970 [s].
        network: whose rules apply.
    """
    rows = hashed.rows[place]
    if not len(rows):
        return Proof(count=0, works=(), timewarps=())
    run = _Run(
        times_s=np.concatenate((np.array(origin.times_s, dtype=np.int64), rows["time_s"].astype(np.int64))),
        bits=rows["bits"].astype(np.int64),
        origin=origin,
        network=network,
    )
    count = min(run.leading(run.times_hold(now_s)), run.leading_expected())
    stretches = run.stretches(count)
    if stretches:
        count = run.leading(_meets(hashed.words[place][:count], stretches))
    return Proof(
        count=count,
        works=tuple((length, target_to_work(bits_to_target(bits))) for length, bits in run.stretches(count)),
        timewarps=run.timewarps(count),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The columns of a run; `times_s` starts eleven blocks before it."""

    times_s: NDArray[np.int64]
    bits: NDArray[np.int64]
    origin: Origin
    network: Network

    def leading(self, holds: NDArray[np.bool_]) -> int:
        """How many hold before the first that does not."""
        return len(holds) if holds.all() else int(holds.argmin())

    def openings(self) -> range:
        """Places that open a retarget period."""
        interval = self.network.retarget_interval
        return range(-self.origin.height % interval, len(self.bits), interval)

    def times_hold(self, now_s: int) -> NDArray[np.bool_]:
        """`check_time`: a time exceeds the median of eleven if it exceeds six of them."""
        count = len(self.bits)
        times_s = self.times_s[MEDIAN_TIME_BLOCKS:]
        exceeded = np.zeros(count, dtype=np.uint8)
        for back in range(MEDIAN_TIME_BLOCKS):
            exceeded += self.times_s[back : back + count] < times_s
        holds = (exceeded > MEDIAN_TIME_BLOCKS // 2) & (times_s <= now_s + MAX_FUTURE_S)
        if self.network.enforce_bip94:
            opening = slice(self.openings().start, None, self.network.retarget_interval)
            holds[opening] &= times_s[opening] >= self._parents_times_s()[opening] - MAX_TIMEWARP_S
        return holds

    def leading_expected(self) -> int:
        """How many lead with the bits that `next_bits` demands."""
        expected = self._bits_within_periods()
        holds = self.bits == expected
        openings = self.openings()
        holds[openings.start :: openings.step] = True
        count = self.leading(holds)
        for place in openings:  # in order, so that a retarget never starts from bits that are in doubt
            if place >= count:
                break
            if self._retargeted(place) != self.bits[place]:
                return place
        return count

    def stretches(self, count: int) -> list[tuple[int, Bits]]:
        """Lengths and bits of the stretches of equal bits among the first headers."""
        edges = np.flatnonzero(np.diff(self.bits[:count], prepend=-1))
        lengths = np.diff(edges, append=count)
        return [
            (int(length), Bits(int(self.bits[edge]))) for edge, length in zip(edges, lengths, strict=True)
        ]

    def timewarps(self, count: int) -> tuple[int, ...]:
        """Heights among the first headers at which a period opens or closes suspiciously."""
        borders = range(self.openings().start, count + 1, self.network.retarget_interval)
        places = [near for place in borders for near in (place - 1, place) if 0 <= near < count]
        return tuple(self.origin.height + place for place in places if self._is_suspect(place))

    def _is_suspect(self, place: int) -> bool:
        return timewarp_suspected(
            self.origin.height + place,
            self._time_s(place),
            parent_time_s=self._time_s(place - 1),
            first_time_s=self._first_of_period(place).time_s,
            network=self.network,
        )

    def _parents_times_s(self) -> NDArray[np.int64]:
        return self.times_s[MEDIAN_TIME_BLOCKS - 1 : -1]

    def _time_s(self, place: int) -> int:
        return int(self.times_s[MEDIAN_TIME_BLOCKS + place])

    def _bits_within_periods(self) -> NDArray[np.int64]:
        """Bits that each header must have if it does not open a period."""
        first, network = self.origin.height, self.network
        parents = np.concatenate(([self.origin.ancestor(first - 1).bits], self.bits[:-1]))
        if not network.allow_min_difficulty_blocks:
            return parents
        # A late block may have minimum difficulty; any other has the newest bits that are not that.
        places = np.arange(len(self.bits))
        regular = self.bits != network.pow_limit_bits
        regular[self.openings().start :: network.retarget_interval] = True
        newest = np.maximum.accumulate(np.where(regular, places, -1))
        newest = np.concatenate(([-1], newest[:-1]))
        expected = np.where(newest < 0, self._regular_bits_before(), self.bits[newest])
        late = self.times_s[MEDIAN_TIME_BLOCKS:] > self._parents_times_s() + 2 * network.target_spacing_s
        return np.where(late, network.pow_limit_bits, expected)

    def _regular_bits_before(self) -> int:
        """What the run's first header must state if it is not late; unused if it opens a period."""
        first = self.origin.height
        return next_bits(first, self._time_s(-1), self.origin.ancestor, self.network)

    def _first_of_period(self, place: int) -> Ancestor:
        height = self.origin.height + place
        return self._block(place - height % self.network.retarget_interval)

    def _block(self, place: int) -> Ancestor:
        if place < 0:
            return self.origin.ancestor(self.origin.height + place)
        return _Block(time_s=self._time_s(place), bits=Bits(int(self.bits[place])))

    def _retargeted(self, place: int) -> Bits:
        first, last = self._block(place - self.network.retarget_interval), self._block(place - 1)
        return retarget(
            first_time_s=first.time_s,
            last_time_s=last.time_s,
            first_bits=first.bits,
            last_bits=last.bits,
            network=self.network,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    time_s: int
    bits: Bits


def _meets(words: NDArray[np.uint64], stretches: Sequence[tuple[int, Bits]]) -> NDArray[np.bool_]:
    """Whether each hash is at most its target, compared word by word from the least significant on."""
    tables = b"".join(bits_to_target(bits).to_bytes(32, "little") for _, bits in stretches)
    targets = np.frombuffer(tables, dtype="<u8").reshape(-1, 4)
    limits = np.repeat(targets, [length for length, _ in stretches], axis=0)
    meets = np.ones(len(words), dtype=np.bool_)
    for word in range(4):
        meets = (words[:, word] < limits[:, word]) | (meets & (words[:, word] == limits[:, word]))
    return meets
