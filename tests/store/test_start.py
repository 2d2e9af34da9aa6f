from __future__ import annotations

import json

import polars as pl
import pytest

from wattshift.chain.anchor import Anchor
from wattshift.chain.header import BlockHeader, hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, NETWORKS, Network
from wattshift.chain.rules import median_time_past
from wattshift.errors import Conflict, Corrupt
from wattshift.store.start import Start


def test_the_bundled_start_is_the_newest_whole_header(
    header_frame: pl.DataFrame, block_frame: pl.DataFrame
) -> None:
    start = Start.bundled()
    newest = header_frame.row(-1, named=True)
    assert start.network is MAINNET
    assert start.anchor.height == newest["height"] == 878_976
    assert hash_to_hex(BlockHeader.parse(start.anchor.header).hash) == newest["block_hash"]
    assert start.anchor.work_hashes == int(newest["chainwork"])
    times_s = dict(block_frame.select("height", "header_time_s").rows())
    assert start.anchor.previous_times_s == tuple(times_s[height] for height in range(878_966, 878_976))
    assert newest["header_time_s"] > median_time_past([times_s[878_965], *start.anchor.previous_times_s])
    assert HeaderChain(MAINNET, anchor=start.anchor, checkpoints=start.checkpoints).height == 878_976


def test_every_bundled_hash_is_a_checkpoint(header_frame: pl.DataFrame, period_frame: pl.DataFrame) -> None:
    stated = {
        **dict(header_frame.select("height", "block_hash").rows()),
        **{first - 1: name for first, name in period_frame.select("first_height", "prev_block_hash").rows()},
    }
    del stated[-1]
    for start in (Start.bundled(), Start.genesis()):
        assert {height: hash_to_hex(name) for height, name in start.checkpoints.items()} == stated
    assert len(stated) == 473 + 436
    # Each header states the hash of the block before it.
    for row in header_frame.iter_rows(named=True):
        assert hash_to_hex(BlockHeader.parse(row["header"]).prev_hash) == stated[row["height"] - 1]


def test_from_genesis_mainnet_wants_the_work_of_the_bundled_chain() -> None:
    start = Start.genesis()
    assert start.anchor == Anchor.genesis(MAINNET)
    assert start.min_work_hashes == Start.bundled().anchor.work_hashes > 1 << 90


@pytest.mark.parametrize("network", [each for each in NETWORKS.values() if each is not MAINNET])
def test_other_networks_start_with_nothing_but_their_genesis_block(network: Network) -> None:
    start = Start.genesis(network)
    assert start == Start(network=network, anchor=Anchor.genesis(network))


@pytest.mark.parametrize("start", [Start.bundled(), *map(Start.genesis, NETWORKS.values())])
def test_a_start_is_read_as_it_was_written(start: Start) -> None:
    assert start.resumed(start.pack()) == start


def test_a_network_is_known_by_its_genesis_block_and_not_by_its_name_alone() -> None:
    start = Start.genesis(NETWORKS["signet"])
    body = json.loads(start.pack())
    with pytest.raises(Conflict, match="follows signet, not signet"):
        start.resumed(json.dumps({**body, "genesis": "00" * 32}).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"height": "0"},
        {"height": 0.0},
        {"height": True},
        {"height": None},
        {"header": "xyz"},
        {"work_hashes": "many"},
        {"previous_times_s": 5},
        {"previous_times_s": ["x"]},
        {"period_first_time_s": 1.5},
        {"period_first_bits": []},
    ],
)
def test_a_damaged_start_is_corrupt(change: dict[str, object]) -> None:
    start = Start.genesis()
    body = {**json.loads(start.pack()), **change}
    with pytest.raises(Corrupt) as caught:
        start.resumed(json.dumps(body).encode())
    assert caught.value.context["seq"] == 1
