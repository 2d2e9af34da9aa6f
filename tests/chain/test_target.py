from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.chain.faults import Fault
from wattshift.chain.params import MAINNET, REGTEST, SIGNET, Network
from wattshift.chain.target import (
    DIFFICULTY_1_TARGET,
    Bits,
    CompactTarget,
    Target,
    bits_to_difficulty,
    bits_to_target,
    bits_to_work,
    check_proof_of_work,
    target_to_bits,
    target_to_difficulty,
    target_to_work,
)
from wattshift.errors import InputError, InvalidHeader

FOLDER = Path(__file__).parents[1] / "vectors"
COMPACT: Any = json.loads((FOLDER / "compact_target.json").read_text())
DIFFICULTY: Any = json.loads((FOLDER / "difficulty.json").read_text())

targets = st.integers(1, (1 << 256) - 1).map(Target) | st.integers(0, 255).map(lambda bit: Target(1 << bit))
all_bits = st.integers(0, (1 << 32) - 1).map(Bits)
"""Uniform bits overflow nine times in ten; `edge_bits` dwells where the rules change."""
edge_bits = st.builds(
    lambda size, sign, mantissa: Bits(size << 24 | sign << 23 | mantissa),
    st.integers(0, 36),
    st.integers(0, 1),
    st.integers(0, 0x7FFFFF) | st.sampled_from([0, 1, 0xFF, 0x100, 0xFFFF, 0x10000, 0x7FFFFF]),
)


def from_hex(text: str) -> Bits:
    return Bits(int(text, 16))


def core_set_compact(bits: int) -> tuple[int, bool, bool]:
    """A second reading of the rule, with the fixed width and the three overflow cases of FORMULAS."""
    size, word = bits >> 24, bits & 0x7FFFFF
    if size <= 3:
        word //= 256 ** (3 - size)
        target = word
    else:
        target = word * 256 ** (size - 3) % 2**256
    negative = word != 0 and bits & 0x800000 != 0
    overflow = word != 0 and (size > 34 or (word > 0xFF and size > 33) or (word > 0xFFFF and size > 32))
    return target, negative, overflow


# Published vectors


@pytest.mark.parametrize("case", COMPACT["set_get"], ids=lambda case: case["nbits"])
def test_decoding_and_encoding_agree_with_core(case: dict[str, Any]) -> None:
    compact = CompactTarget.decode(from_hex(case["nbits"]))
    assert compact.negative == case["negative"]
    assert compact.overflow == case["overflow"]
    if not case["overflow"]:
        assert compact.magnitude == int(case["target"], 16)
        sign = 0x800000 if compact.negative else 0
        assert target_to_bits(Target(compact.magnitude)) | sign == from_hex(case["compact_again"])


@pytest.mark.parametrize("case", COMPACT["target_to_compact"], ids=lambda case: case["nbits"])
def test_encoding_never_emits_the_sign_bit(case: dict[str, Any]) -> None:
    assert target_to_bits(Target(int(case["target"], 16))) == from_hex(case["nbits"])


@pytest.mark.parametrize("case", COMPACT["overflow_boundaries"], ids=lambda case: case["nbits"])
def test_overflow_begins_exactly_at_256_bits(case: dict[str, Any]) -> None:
    bits = from_hex(case["nbits"])
    assert CompactTarget.decode(bits).overflow == case["overflow"]
    if case["overflow"]:
        with pytest.raises(InvalidHeader) as refusal:
            bits_to_target(bits)
        assert refusal.value.context["fault"] is Fault.TARGET_OVERFLOW
    else:
        assert bits_to_target(bits) == int(case["target"], 16)


REASONS = {
    "1d80ffff": Fault.NEGATIVE_TARGET,
    "ff7fffff": Fault.TARGET_OVERFLOW,
    "1d01ffff": Fault.TARGET_ABOVE_LIMIT,
    "1d00ffff": Fault.HASH_ABOVE_TARGET,
    "00000000": Fault.ZERO_TARGET,
}


@pytest.mark.parametrize("case", COMPACT["check_pow_mainnet"], ids=lambda case: case["nbits"])
def test_proof_of_work_is_refused_for_the_right_reason(case: dict[str, Any]) -> None:
    assert not case["ok"]
    with pytest.raises(InvalidHeader) as refusal:
        check_proof_of_work(bytes.fromhex(case["hash"])[::-1], from_hex(case["nbits"]), MAINNET)
    assert refusal.value.context["fault"] is REASONS[case["nbits"]]


@pytest.mark.parametrize("case", DIFFICULTY["core"], ids=lambda case: case["nbits"])
def test_difficulty_agrees_with_core(case: dict[str, Any]) -> None:
    bits = from_hex(case["nbits"])
    # Core's display function takes the sign bit for a 24th bit of mantissa, and three of its vectors set it;
    # no valid header does, so here such bits have no difficulty.
    target = Target((bits & 0xFFFFFF) << 8 * ((bits >> 24) - 3))
    assert target_to_difficulty(target) == pytest.approx(case["difficulty"], rel=0, abs=1e-5)
    if bits & 0x800000:
        with pytest.raises(InvalidHeader, match="negative-target"):
            bits_to_difficulty(bits)
    else:
        assert bits_to_difficulty(bits) == target_to_difficulty(target)


@pytest.mark.parametrize("case", DIFFICULTY["rust_bitcoin"], ids=lambda case: case["nbits"])
def test_difficulty_equals_rust_bitcoin_exactly(case: dict[str, Any]) -> None:
    assert bits_to_difficulty(from_hex(case["nbits"])) == case["difficulty"]


# Compact form


@given(all_bits | edge_bits)
def test_decoding_equals_a_second_reading_of_the_rule(bits: Bits) -> None:
    compact = CompactTarget.decode(bits)
    target, negative, overflow = core_set_compact(bits)
    assert (compact.magnitude % 2**256, compact.negative, compact.overflow) == (target, negative, overflow)


@given(all_bits | edge_bits)
def test_bits_give_a_target_exactly_when_no_flag_forbids_it(bits: Bits) -> None:
    target, negative, overflow = core_set_compact(bits)
    if negative or overflow or target == 0:
        with pytest.raises(InvalidHeader, match=f"bits={bits:08x}"):
            bits_to_target(bits)
    else:
        assert bits_to_target(bits) == target


@given(targets)
def test_the_compact_round_trip_never_increases_and_is_idempotent(target: Target) -> None:
    bits = target_to_bits(target)
    again = bits_to_target(bits)
    assert again <= target
    assert target - again < target / 2**15  # at least 16 of the mantissa's 23 bits are significant
    assert target_to_bits(again) == bits


@given(targets, targets)
def test_encoding_keeps_the_order(one: Target, other: Target) -> None:
    low, high = sorted((one, other))
    assert bits_to_target(target_to_bits(Target(low))) <= bits_to_target(target_to_bits(Target(high)))


def test_the_zero_target_encodes_but_no_bits_may_state_it() -> None:
    assert target_to_bits(Target(0)) == 0
    with pytest.raises(InvalidHeader) as refusal:
        bits_to_target(Bits(0))
    assert refusal.value.context["fault"] is Fault.ZERO_TARGET


@pytest.mark.parametrize("target", [-1, 1 << 256])
def test_a_target_outside_256_bits_has_no_compact_form(target: int) -> None:
    with pytest.raises(InputError):
        target_to_bits(Target(target))


@pytest.mark.parametrize("bits", [-1, 1 << 32])
def test_bits_outside_32_bits_are_the_callers_mistake(bits: int) -> None:
    with pytest.raises(InputError, match="32-bit"):
        bits_to_target(Bits(bits))


# Difficulty and work


@given(targets)
def test_difficulty_is_the_correctly_rounded_quotient(target: Target) -> None:
    difficulty = target_to_difficulty(target)
    exact = Fraction(DIFFICULTY_1_TARGET, target)
    error = abs(Fraction(difficulty) - exact)
    for neighbour in (math.nextafter(difficulty, 0.0), math.nextafter(difficulty, math.inf)):
        assert error <= abs(Fraction(neighbour) - exact)


@given(targets)
def test_work_is_the_floor_of_hash_space_over_hits(target: Target) -> None:
    work = target_to_work(target)
    assert work * (target + 1) <= 2**256 < (work + 1) * (target + 1)
    core = (2**256 - 1 - target) // (target + 1) + 1  # ~target / (target + 1) + 1: no 257th bit needed
    assert work == core


def test_difficulty_one_is_the_easiest_target_of_the_main_network() -> None:
    assert bits_to_target(Bits(MAINNET.pow_limit_bits)) == DIFFICULTY_1_TARGET
    assert target_to_difficulty(DIFFICULTY_1_TARGET) == 1.0


def test_work_is_not_difficulty_times_two_to_the_32() -> None:
    assert bits_to_work(Bits(0x1D00FFFF)) == 4_295_032_833
    assert bits_to_work(Bits(0x1D00FFFF)) - 2**32 == 65_537
    assert bits_to_work(Bits(0x207FFFFF)) == 2


@pytest.mark.parametrize("target", [0, -1])
def test_only_a_positive_target_has_difficulty_and_work(target: int) -> None:
    with pytest.raises(InputError, match="positive"):
        target_to_difficulty(Target(target))
    with pytest.raises(InputError, match="positive"):
        target_to_work(Target(target))


# Proof of work


@pytest.mark.parametrize("net", [MAINNET, SIGNET, REGTEST], ids=lambda net: net.name)
def test_a_hash_equal_to_the_target_is_enough_and_one_more_is_not(net: Network) -> None:
    bits = Bits(net.pow_limit_bits)
    target = bits_to_target(bits)
    check_proof_of_work(target.to_bytes(32, "little"), bits, net)
    with pytest.raises(InvalidHeader, match="the work was not done") as refusal:
        check_proof_of_work((target + 1).to_bytes(32, "little"), bits, net)
    assert refusal.value.context["fault"] is Fault.HASH_ABOVE_TARGET
    assert refusal.value.context["hash"] == f"{target + 1:064x}"


def test_another_networks_easier_target_is_refused_by_name() -> None:
    with pytest.raises(InvalidHeader, match="easier than mainnet allows") as refusal:
        check_proof_of_work(bytes(32), Bits(SIGNET.pow_limit_bits), MAINNET)
    assert refusal.value.context["fault"] is Fault.TARGET_ABOVE_LIMIT
    check_proof_of_work(bytes(32), Bits(SIGNET.pow_limit_bits), SIGNET)


def test_a_hash_of_another_length_is_the_callers_mistake() -> None:
    with pytest.raises(InputError, match="32 bytes"):
        check_proof_of_work(b"00" * 32, Bits(0x1D00FFFF))
