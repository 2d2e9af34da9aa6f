from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.chain.faults import Fault
from wattshift.chain.header import (
    HEADER_SIZE,
    BlockHash,
    BlockHeader,
    hash_from_hex,
    hash_to_hex,
    iter_headers,
)
from wattshift.chain.params import MAINNET, NETWORKS
from wattshift.chain.target import Bits
from wattshift.errors import InputError, InvalidHeader

GENESIS_HASH = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"

digests = st.binary(min_size=32, max_size=32)
words = st.integers(0, (1 << 32) - 1)
headers = st.builds(
    BlockHeader,
    version=st.integers(-(1 << 31), (1 << 31) - 1),
    prev_hash=digests.map(BlockHash),
    merkle_root=digests,
    time_s=words,
    bits=words.map(Bits),
    nonce=words,
)


@given(st.binary(min_size=HEADER_SIZE, max_size=HEADER_SIZE))
def test_any_80_bytes_survive_the_round_trip(raw: bytes) -> None:
    assert BlockHeader.parse(raw).serialize() == raw


@given(headers)
def test_any_header_survives_the_round_trip(header: BlockHeader) -> None:
    assert BlockHeader.parse(header.serialize()) == header


def test_the_genesis_header_reads_as_satoshi_wrote_it() -> None:
    genesis = BlockHeader.parse(MAINNET.genesis_header)
    expected = BlockHeader(
        version=1,
        prev_hash=BlockHash(bytes(32)),
        merkle_root=hash_from_hex("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"),
        time_s=1231006505,
        bits=Bits(0x1D00FFFF),
        nonce=2083236893,
    )
    assert genesis == expected
    assert hash_to_hex(genesis.hash) == GENESIS_HASH


@pytest.mark.parametrize("length", [0, 79, 81, 160, 285])
def test_another_length_is_refused_with_advice(length: int) -> None:
    with pytest.raises(InvalidHeader, match="exactly 80 bytes") as refusal:
        BlockHeader.parse(bytes(length))
    assert refusal.value.context == {"fault": Fault.WRONG_LENGTH, "length": length}
    assert "iter_headers" in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1 << 31},
        {"version": -(1 << 31) - 1},
        {"prev_hash": bytes(31)},
        {"merkle_root": bytes(33)},
        {"time_s": -1},
        {"time_s": 1 << 32},
        {"bits": 1 << 32},
        {"nonce": -1},
    ],
    ids=str,
)
def test_a_field_that_does_not_fit_its_bytes_is_refused(change: dict[str, Any]) -> None:
    fields: dict[str, Any] = {
        "version": 1,
        "prev_hash": bytes(32),
        "merkle_root": bytes(32),
        "time_s": 0,
        "bits": 0,
        "nonce": 0,
    }
    BlockHeader(**fields)
    with pytest.raises(InputError, match=next(iter(change))):
        BlockHeader(**fields | change)


# Hashes as people write them


@given(digests.map(BlockHash))
def test_display_hex_survives_the_round_trip(block_hash: BlockHash) -> None:
    assert hash_from_hex(hash_to_hex(block_hash)) == block_hash


def test_display_order_puts_the_zeros_first() -> None:
    assert hash_from_hex(GENESIS_HASH) == MAINNET.genesis_hash
    assert MAINNET.genesis_hash.endswith(bytes(5))
    assert hash_from_hex(GENESIS_HASH.upper()) == MAINNET.genesis_hash


@pytest.mark.parametrize(
    "text", ["", "00", GENESIS_HASH[1:], GENESIS_HASH + "00", "0x" + GENESIS_HASH, "zz" * 32, "00 " * 32]
)
def test_text_that_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="64 hexadecimal digits"):
        hash_from_hex(text)


# Runs of headers


def test_headers_end_to_end_are_read_in_their_order() -> None:
    raws = [net.genesis_header for net in NETWORKS.values()]
    assert [header.serialize() for header in iter_headers(b"".join(raws))] == raws
    assert list(iter_headers(b"")) == []


def test_a_run_that_was_cut_short_is_refused_before_the_first_header() -> None:
    with pytest.raises(InvalidHeader, match="2 headers of 80 bytes and 5 bytes more") as refusal:
        iter_headers(bytes(165))
    assert refusal.value.context["fault"] is Fault.WRONG_LENGTH
