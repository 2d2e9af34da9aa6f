"""Targets: compact form, difficulty, work and the proof of work.

A header states its target in 32 compact `bits`: one byte of exponent, a sign bit and 23 bits of
mantissa. A block is valid if its hash, read as a little-endian integer, does not exceed the target.

Source: Bitcoin Core, `arith_uint256.cpp` (SetCompact, GetCompact), `pow.cpp` (CheckProofOfWork),
`chain.cpp` (GetBlockProof).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType, Self

from wattshift.chain.faults import Fault
from wattshift.chain.params import MAINNET, Network
from wattshift.errors import InputError, InvalidHeader

__all__ = [
    "DIFFICULTY_1_TARGET",
    "Bits",
    "CompactTarget",
    "Target",
    "bits_to_difficulty",
    "bits_to_target",
    "bits_to_work",
    "check_proof_of_work",
    "target_to_bits",
    "target_to_difficulty",
    "target_to_work",
]

Bits = NewType("Bits", int)
"""A compact target as the header states it: an unsigned 32-bit integer."""

Target = NewType("Target", int)
"""The largest hash that is allowed, 1 to 2^256 - 1."""

DIFFICULTY_1_TARGET = Target(0xFFFF << 208)
"""The target whose difficulty is one; on the main network the easiest that bits can state."""

_HASH_SPACE = 1 << 256
_SIGN = 0x0080_0000
_MANTISSA = 0x007F_FFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactTarget:
    """What bits say, before anybody asks whether that is allowed.

    Args:
        magnitude: mantissa * 256^(exponent - 3), rounded down; exact even beyond 256 bits.
        negative: the sign bit is set and the magnitude is not zero.
    """

    magnitude: int
    negative: bool

    @classmethod
    def decode(cls, bits: Bits) -> Self:
        """Read compact bits.

        Raises:
            InputError: if they are not an unsigned 32-bit integer.
        """
        if not 0 <= bits <= 0xFFFF_FFFF:
            raise InputError("bits must be an unsigned 32-bit integer", bits=bits)
        shift = 8 * ((bits >> 24) - 3)
        mantissa = bits & _MANTISSA
        magnitude = mantissa << shift if shift >= 0 else mantissa >> -shift
        return cls(magnitude=magnitude, negative=magnitude != 0 and bits & _SIGN != 0)

    @property
    def overflow(self) -> bool:
        """The magnitude does not fit into 256 bits: the one fact behind Core's three cases."""
        return self.magnitude >= _HASH_SPACE


def bits_to_target(bits: Bits) -> Target:
    """The target that bits state.

    Raises:
        InputError: if they are not an unsigned 32-bit integer.
        InvalidHeader: if the target is negative, zero or beyond 256 bits.
    """
    compact = CompactTarget.decode(bits)
    if compact.negative:
        fault = Fault.NEGATIVE_TARGET
    elif compact.magnitude == 0:
        fault = Fault.ZERO_TARGET
    elif compact.overflow:
        fault = Fault.TARGET_OVERFLOW
    else:
        return Target(compact.magnitude)
    raise InvalidHeader(
        "the bits state no target that a hash could meet",
        fault=fault,
        bits=f"{bits:08x}",
        hint="refuse the header: no honest source sends it",
    )


def target_to_bits(target: Target) -> Bits:
    """A target in compact form, rounded down to what the mantissa can hold.

    Raises:
        InputError: if the target is negative or beyond 256 bits.
    """
    if not 0 <= target < _HASH_SPACE:
        raise InputError("a target lies between 0 and 2^256 - 1", target=hex(target))
    size = (target.bit_length() + 7) // 8
    mantissa = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if mantissa & _SIGN:  # the top bit would read as a sign: spend one more byte of exponent
        mantissa >>= 8
        size += 1
    return Bits(size << 24 | mantissa)


def target_to_difficulty(target: Target) -> float:
    """Difficulty: how many times smaller than `DIFFICULTY_1_TARGET` the target is.

    The quotient of two integers, so the float is the correctly rounded one.

    Raises:
        InputError: if the target is not positive.
    """
    return DIFFICULTY_1_TARGET / _positive(target)


def bits_to_difficulty(bits: Bits) -> float:
    """Difficulty that bits state; see `target_to_difficulty` and, for the errors, `bits_to_target`."""
    return target_to_difficulty(bits_to_target(bits))


def target_to_work(target: Target) -> int:
    """Expected hashes to meet the target: floor(2^256 / (target + 1)).

    It is not difficulty * 2^32, which is smaller by a factor of 65535/65536.

    Raises:
        InputError: if the target is not positive.
    """
    return _HASH_SPACE // (_positive(target) + 1)


def bits_to_work(bits: Bits) -> int:
    """Expected hashes of a block with these bits; errors as in `bits_to_target`."""
    return target_to_work(bits_to_target(bits))


def check_proof_of_work(block_hash: bytes, bits: Bits, network: Network = MAINNET) -> None:
    """Prove that a block hash meets the target that its own header states.

    Args:
        block_hash: 32 bytes in internal order (a `BlockHash`).
        bits: the compact target of the same header.
        network: whose easiest target bounds it.

    Raises:
        InputError: if the hash is not 32 bytes or the bits are not 32 bits.
        InvalidHeader: with the `fault` in its context: the target is negative, zero, too large or easier
            than the network allows, or the hash is above it.
    """
    if len(block_hash) != 32:
        raise InputError("a block hash has 32 bytes", length=len(block_hash))
    target = bits_to_target(bits)
    if target > network.pow_limit:
        raise InvalidHeader(
            f"the target is easier than {network.name} allows",
            fault=Fault.TARGET_ABOVE_LIMIT,
            bits=f"{bits:08x}",
            limit=f"{network.pow_limit_bits:08x}",
            hint=f"refuse the header, or check that it belongs to {network.name}",
        )
    if int.from_bytes(block_hash, "little") > target:
        raise InvalidHeader(
            "the hash is above the target: the work was not done",
            fault=Fault.HASH_ABOVE_TARGET,
            hash=block_hash[::-1].hex(),
            bits=f"{bits:08x}",
            hint="refuse the header: its bytes were changed or never mined",
        )


def _positive(target: Target) -> Target:
    if target <= 0:
        raise InputError("a target must be positive", target=target)
    return target
