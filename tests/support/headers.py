"""Headers mined in the test: networks so easy that two hashes find a block."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import count
from random import Random

from wattshift.chain.anchor import Anchor
from wattshift.chain.header import BlockHash, BlockHeader
from wattshift.chain.params import REGTEST, Network
from wattshift.chain.rules import next_bits
from wattshift.chain.target import Bits, bits_to_target

REGTEST_GENESIS = BlockHeader.parse(REGTEST.genesis_header)
START_S = REGTEST_GENESIS.time_s
FAR_S = 1 << 32
"""A clock that no header runs ahead of."""


def seeded(seed: int) -> Random:
    """Randomness that comes out the same each time."""
    return Random(seed)  # noqa: S311  # nothing secret is drawn


def double_sha256(raw: bytes) -> BlockHash:
    return BlockHash(sha256(sha256(raw).digest()).digest())


def mine(prev_hash: bytes, time_s: int, bits: int = 0x207FFFFF, *, salt: int = 0) -> bytes:
    """The 80 bytes of a header that meets its own bits; the salt tells siblings apart."""
    front = struct.pack("<i32s32sII", 4, prev_hash, salt.to_bytes(32, "little"), time_s, bits)
    target = bits_to_target(Bits(bits))
    for nonce in count():
        raw = front + nonce.to_bytes(4, "little")
        if int.from_bytes(double_sha256(raw), "little") <= target:
            return raw
    raise AssertionError


def unmined(raw: bytes) -> bytes:
    """The same header with a nonce that does not meet its bits."""
    target = bits_to_target(BlockHeader.parse(raw).bits)
    nonces = (raw[:76] + nonce.to_bytes(4, "little") for nonce in count())
    return next(each for each in nonces if int.from_bytes(double_sha256(each), "little") > target)


def easy(network: Network, *, interval: int) -> Network:
    """The network's rules with an easy limit, short retarget periods and a genesis block of its own."""
    genesis = mine(bytes(32), START_S)
    return replace(
        network,
        name=f"easy {network.name}",
        pow_limit=(1 << 255) - 1,
        pow_limit_bits=0x207FFFFF,
        target_timespan_s=interval * network.target_spacing_s,
        genesis_header=genesis,
        genesis_hash=double_sha256(genesis),
    )


def anchored(network: Network, height: int, *, time_s: int = START_S) -> Anchor:
    """The mined first block of a period, as if ten blocks a plain spacing apart lay below."""
    spacing_s = network.target_spacing_s
    header = mine(bytes(32), time_s)
    return Anchor(
        height=height,
        header=header,
        work_hashes=2 * (height + 1),
        previous_times_s=tuple(time_s - spacing_s * back for back in range(10, 0, -1)),
        period_first_time_s=time_s,
        period_first_bits=Bits(network.pow_limit_bits),
    )


class Branch:
    """A chain of valid headers from the genesis block or an anchor on, as a plain list."""

    def __init__(self, network: Network, headers: Sequence[bytes] = (), *, first: int = 0) -> None:
        self.network = network
        self.first = first
        self.headers = list(headers) or [network.genesis_header]
        self.parsed = [BlockHeader.parse(raw) for raw in self.headers]

    @property
    def height(self) -> int:
        return self.first + len(self.headers) - 1

    def hash(self, height: int) -> BlockHash:
        return double_sha256(self.headers[height - self.first])

    def fork(self, height: int) -> Branch:
        """A copy up to a height."""
        return Branch(self.network, self.headers[: height + 1 - self.first], first=self.first)

    def next(self, time_s: int, *, salt: int = 0, bits: int | None = None) -> bytes:
        """A header on top, with the bits that the rules demand or others."""
        if bits is None:
            bits = next_bits(self.height + 1, time_s, self._at, self.network)
        return mine(double_sha256(self.headers[-1]), time_s, bits, salt=salt)

    def add(self, time_s: int, *, salt: int = 0) -> None:
        self.headers.append(self.next(time_s, salt=salt))
        self.parsed.append(BlockHeader.parse(self.headers[-1]))

    def grow(self, blocks: int, *, spacing_s: int = 600, salt: int = 0) -> Branch:
        """Add that many, evenly spaced."""
        for _ in range(blocks):
            self.add(self.parsed[-1].time_s + spacing_s, salt=salt)
        return self

    def raw(self, first: int = 1) -> bytes:
        """The headers from the nth on, end to end."""
        return b"".join(self.headers[first:])

    def above(self, height: int) -> bytes:
        """The headers above a height, end to end."""
        return self.raw(height + 1 - self.first)

    def _at(self, height: int) -> BlockHeader:
        return self.parsed[height - self.first]
