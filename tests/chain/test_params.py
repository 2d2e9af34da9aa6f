from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from wattshift.chain.header import BlockHeader, hash_to_hex
from wattshift.chain.params import MAINNET, NETWORKS, REGTEST, SIGNET, TESTNET3, TESTNET4, Network, network
from wattshift.chain.target import Bits, Target, check_proof_of_work, target_to_bits
from wattshift.errors import InputError

VECTORS: Any = json.loads((Path(__file__).parents[1] / "vectors" / "compact_target.json").read_text())

ALL = pytest.mark.parametrize("net", list(NETWORKS.values()), ids=list(NETWORKS))


@ALL
def test_the_genesis_header_hashes_to_the_genesis_hash_and_proves_its_work(net: Network) -> None:
    genesis = BlockHeader.parse(net.genesis_header)
    assert genesis.hash == net.genesis_hash
    assert genesis.version == 1
    assert genesis.prev_hash == bytes(32)
    assert genesis.bits == net.pow_limit_bits
    check_proof_of_work(genesis.hash, genesis.bits, net)


# time and nonce as Bitcoin Core's chainparams and BIP94 publish them
@pytest.mark.parametrize(
    ("net", "time_s", "nonce", "root"),
    [
        (MAINNET, 1231006505, 2083236893, "4a5e1e4b"),
        (TESTNET3, 1296688602, 414098458, "4a5e1e4b"),
        (TESTNET4, 1714777860, 393743547, "7aa0a7ae"),
        (SIGNET, 1598918400, 52613770, "4a5e1e4b"),
        (REGTEST, 1296688602, 2, "4a5e1e4b"),
    ],
    ids=lambda value: value.name if isinstance(value, Network) else None,
)
def test_the_genesis_header_holds_the_published_facts(
    net: Network, time_s: int, nonce: int, root: str
) -> None:
    genesis = BlockHeader.parse(net.genesis_header)
    assert (genesis.time_s, genesis.nonce) == (time_s, nonce)
    assert genesis.merkle_root[::-1].hex().startswith(root)


def test_every_network_starts_from_its_own_block() -> None:
    assert len({hash_to_hex(BlockHeader.parse(net.genesis_header).hash) for net in NETWORKS.values()}) == 5


@ALL
def test_the_limit_in_bits_is_the_limit_truncated(net: Network) -> None:
    assert target_to_bits(Target(net.pow_limit)) == Bits(net.pow_limit_bits)


@pytest.mark.parametrize("net", [MAINNET, SIGNET, REGTEST], ids=lambda net: net.name)
def test_limits_equal_the_published_ones(net: Network) -> None:
    assert f"{net.pow_limit:064x}" == VECTORS["pow_limits"][net.name]
    assert f"{net.pow_limit_bits:08x}" == VECTORS["pow_limits"][f"{net.name}_nbits"]


@ALL
def test_a_period_is_two_weeks_except_on_regtest(net: Network) -> None:
    assert net.retarget_interval == (144 if net is REGTEST else 2016)
    assert net.target_spacing_s == 600


def test_only_testnet4_enforces_bip94_and_only_regtest_never_retargets() -> None:
    assert [net.name for net in NETWORKS.values() if net.enforce_bip94] == ["testnet4"]
    assert [net.name for net in NETWORKS.values() if net.no_retargeting] == ["regtest"]
    assert {net.name for net in NETWORKS.values() if net.allow_min_difficulty_blocks} == {
        "testnet3",
        "testnet4",
        "regtest",
    }


@ALL
def test_a_network_is_found_by_its_name(net: Network) -> None:
    assert network(net.name) is net


def test_an_unknown_name_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(InputError, match="'main' is not a Bitcoin network") as refusal:
        network("main")
    assert all(name in str(refusal.value) for name in NETWORKS)


def test_a_network_cannot_be_changed() -> None:
    field = "pow_limit"
    with pytest.raises(FrozenInstanceError):
        setattr(MAINNET, field, 1)
