"""Block headers: 80 bytes, and the hash that names them.

Hashes are held in internal order, as the protocol sends and hashes them; people and explorers write
the bytes reversed. Source: Bitcoin Core, `primitives/block.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NewType, Self

from wattshift.chain.faults import Fault
from wattshift.chain.target import Bits
from wattshift.errors import InputError, InvalidHeader

__all__ = ["HEADER_SIZE", "BlockHash", "BlockHeader", "hash_from_hex", "hash_to_hex", "iter_headers"]

BlockHash = NewType("BlockHash", bytes)
"""The double SHA-256 of a header: 32 bytes in internal order."""

_LAYOUT = struct.Struct("<i32s32sIII")

HEADER_SIZE = _LAYOUT.size
"""Length of a serialised header: 80 bytes."""


def hash_from_hex(text: str) -> BlockHash:
    """Read a hash as people write it: 64 hexadecimal digits, most significant byte first.

    Raises:
        InputError: if the text is anything else.
    """
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32 or len(text) != 64:
        raise InputError(f"{text!r} is not a block hash", hint="write 64 hexadecimal digits, without 0x")
    return BlockHash(raw[::-1])


def hash_to_hex(block_hash: BlockHash) -> str:
    """A hash as people write it: 64 hexadecimal digits, most significant byte first."""
    return block_hash[::-1].hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHeader:
    """The six fields of a header. That they are in range does not mean that they prove any work.

    Args:
        version: signed 32-bit integer.
        prev_hash: hash of the parent.
        merkle_root: root over the transactions, 32 bytes in internal order.
        time_s: the miner's claim of the time, in seconds since 1970 [s].
        bits: compact target.
        nonce: unsigned 32-bit integer.

    Raises:
        InputError: if a field does not fit into its bytes.
    """

    version: int
    prev_hash: BlockHash
    merkle_root: bytes
    time_s: int
    bits: Bits
    nonce: int

    def __post_init__(self) -> None:
        if not -(1 << 31) <= self.version < 1 << 31:
            raise InputError("version is a signed 32-bit integer", given=self.version)
        for name, digest in (("prev_hash", self.prev_hash), ("merkle_root", self.merkle_root)):
            if len(digest) != 32:
                raise InputError(f"{name} has 32 bytes, in internal order", length=len(digest))
        for name, number in (("time_s", self.time_s), ("bits", self.bits), ("nonce", self.nonce)):
            if not 0 <= number < 1 << 32:
                raise InputError(f"{name} is an unsigned 32-bit integer", given=number)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read one header.

        Raises:
            InvalidHeader: if there are not exactly 80 bytes.
        """
        if len(raw) != HEADER_SIZE:
            raise InvalidHeader(
                "a header has exactly 80 bytes",
                fault=Fault.WRONG_LENGTH,
                length=len(raw),
                hint="decode hexadecimal text first; cut a whole block to its first 80 bytes; "
                "read several headers with iter_headers",
            )
        version, prev_hash, merkle_root, time_s, bits, nonce = _LAYOUT.unpack(raw)
        return cls(
            version=version,
            prev_hash=prev_hash,
            merkle_root=merkle_root,
            time_s=time_s,
            bits=bits,
            nonce=nonce,
        )

    def serialize(self) -> bytes:
        """The 80 bytes that were hashed."""
        return _LAYOUT.pack(
            self.version, self.prev_hash, self.merkle_root, self.time_s, self.bits, self.nonce
        )

    @property
    def hash(self) -> BlockHash:
        """The block's name: SHA-256 of SHA-256 of its 80 bytes, in internal order."""
        return BlockHash(sha256(sha256(self.serialize()).digest()).digest())


def iter_headers(raw: bytes) -> Iterator[BlockHeader]:
    """Read headers that lie end to end, in their order; nothing about their links is checked.

    Raises:
        InvalidHeader: at once, if the length is not a multiple of 80 bytes.
    """
    rest = len(raw) % HEADER_SIZE
    if rest:
        raise InvalidHeader(
            f"{len(raw)} bytes are {len(raw) // HEADER_SIZE} headers of 80 bytes and {rest} bytes more",
            fault=Fault.WRONG_LENGTH,
            length=len(raw),
            hint="the file or reply was cut short or is not a plain run of headers: fetch it again",
        )
    return (BlockHeader.parse(raw[start : start + HEADER_SIZE]) for start in range(0, len(raw), HEADER_SIZE))
