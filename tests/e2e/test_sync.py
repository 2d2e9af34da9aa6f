"""Our chain beside a real node's: the same bytes, work and times, through retargets, reorgs and kills."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from threading import Timer

import pytest

from e2e.peers.node import ANYONE_ELSE, Node
from e2e.syncing import NOW, assert_same, follow, kept, rebuilt, source_of
from wattshift.chain.extension import BranchKind
from wattshift.chain.header import hash_to_hex
from wattshift.chain.params import SIGNET
from wattshift.errors import Conflict, SourceError, Unavailable
from wattshift.store.chainstore import ChainStore
from wattshift.store.opening import open_ledger
from wattshift.store.start import Start

SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))


def test_two_real_retargets_are_judged_as_the_node_does(signet: Node, tmp_path: Path) -> None:
    with kept(tmp_path / "ledger.sqlite", SIGNET) as store, source_of(signet, network=SIGNET) as source:
        follow(store, source)
        assert_same(store, signet)
        chain = store.chain
        bits = [chain.header_at(height).bits for height in (1, 2015, 2016, 4031, 4032, 4060)]
        assert bits[0] == bits[1] != bits[2] == bits[3] != bits[4] == bits[5]
        heights = range(0, 4061, 20)
        names = signet.batch("getblockhash", [[height] for height in heights])
        for height, told in zip(heights, signet.batch("getblockheader", [[n] for n in names]), strict=True):
            point = chain.point_at(height)
            assert hash_to_hex(point.hash) == told["hash"]
            assert point.work_hashes == int(told["chainwork"], 16)
            assert chain.median_time_past_s(point.hash) == told["mediantime"]


def test_a_database_keeps_the_very_same_chain_as_a_file(signet: Node, url: str, tmp_path: Path) -> None:
    told = []
    for place in (url, tmp_path / "ledger.sqlite"):
        with source_of(signet, network=SIGNET) as source:
            with kept(place, SIGNET) as store:
                follow(store, source)
            with kept(place, SIGNET) as store:  # opened again, and every header judged again
                assert_same(store, signet)
                state = store.chain.state_hash()
        with open_ledger(place, write=False) as ledger:
            told.append((state, ledger.verify(), ledger.tip(), ledger.headers(0, 9_999)))
    assert told[0] == told[1]


def test_times_that_run_back_and_forth_are_judged_as_the_node_does(node: Node, tmp_path: Path) -> None:
    rng = Random(4)  # noqa: S311  # a repeatable draw, no secret
    for _ in range(150):
        node.mine(1, spacing_s=rng.choice([-3_600, -600, 1, 600, 6_900]))
    with kept(tmp_path / "ledger.sqlite") as store, source_of(node) as source:
        follow(store, source)
        assert_same(store, node)
        chain = store.chain
        names = [[hash_to_hex(chain.point_at(height).hash)] for height in range(1, 151)]
        told = node.batch("getblockheader", names)
        assert [header["mediantime"] for header in told] == [
            chain.median_time_past_s(chain.point_at(height).hash) for height in range(1, 151)
        ]
        times = [header["time"] for header in told]
        assert times != sorted(times)


@pytest.mark.parametrize("depth", [1, 2, 6, 24, 100])
def test_a_real_reorganisation_ends_like_a_rebuild(node: Node, tmp_path: Path, depth: int) -> None:
    path = tmp_path / "ledger.sqlite"
    with source_of(node) as source:
        with kept(path) as store:
            mined = node.mine(120)
            follow(store, source, in_one=50)
            node.rpc("invalidateblock", mined[-depth])
            node.mine(depth + 1, to=ANYONE_ELSE)
            node.rpc("reconsiderblock", mined[-depth])
            extensions = follow(store, source, in_one=50)
            reorg = next(extension.reorg for extension in extensions if extension.reorg)
            assert reorg.depth == depth
            assert [hash_to_hex(each) for each in reorg.stale] == mined[-depth:]
            assert_same(store, node)
            (branch,) = store.chain.branches()
            assert (branch.kind, branch.length) == (BranchKind.STALE, depth)
            tips = {tip["hash"]: (tip["height"], tip["branchlen"]) for tip in node.rpc("getchaintips")}
            assert tips == {
                hash_to_hex(store.chain.tip.hash): (store.chain.height, 0),
                hash_to_hex(branch.tip.hash): (branch.tip.height, branch.length),
            }
            state = store.chain.state_hash()
            assert store.chain.state_hash(with_branches=False) == rebuilt(source, tmp_path / "anew.sqlite")
        with kept(path) as store:
            assert store.chain.state_hash() == state


def test_a_node_that_goes_back_and_forth_is_followed_by_work(node: Node, tmp_path: Path) -> None:
    """Both chains grow in turn; the one with less work stays known and is found again."""
    with kept(tmp_path / "ledger.sqlite") as store, source_of(node) as source:
        mined = node.mine(10)
        follow(store, source)
        ours = mined[4:]
        theirs: list[str] = []
        for _ in range(6):
            node.rpc("invalidateblock", ours[0])
            while len(theirs) <= len(ours):
                theirs += node.mine(1, to=ANYONE_ELSE)
            node.rpc("reconsiderblock", ours[0])
            assert any(extension.reorg for extension in follow(store, source, in_one=3))
            assert_same(store, node)
            assert len(store.chain.branches()) == 1
            ours, theirs = theirs, ours


def test_a_node_that_dies_in_the_middle_is_taken_up_again(node: Node, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    rng = Random(5)  # noqa: S311  # a repeatable draw, no secret
    node.mine(400)
    node.rpc("gettxoutsetinfo")  # writes what it has to its disk, so that the kill costs no blocks
    whole = node.headers()
    heights, faults = [0], 0
    with source_of(node) as source:
        for _ in range(8 * SCALE):
            # Each time the process is a new one, too: only the ledger remembers.
            with kept(path) as store:
                assert store.chain.height == heights[-1]
                death = Timer(rng.uniform(0, 0.03), node.kill)
                death.start()
                try:
                    follow(store, source, in_one=5)
                except Unavailable:
                    faults += 1
                death.join()
                heights.append(store.chain.height)
                got = store.chain.headers(0, heights[-1])[80:]
                assert got == whole[: len(got)]
            node.start()
        with kept(path) as store:
            follow(store, source)
            assert store.chain.headers(1, 400) == whole
            assert_same(store, node)
    assert faults
    assert heights == sorted(heights)


def test_a_store_of_one_network_takes_nothing_from_another(node: Node, signet: Node, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    node.mine(5)
    with kept(path) as store, source_of(node) as source:
        follow(store, source)
        state = store.chain.state_hash()
        with source_of(signet) as stranger, pytest.raises(SourceError):
            follow(store, stranger)
        store.take(signet.headers(1, 100), now=NOW, origin=None)  # by another way
        assert store.chain.state_hash() == state
    with open_ledger(path, write=True) as ledger, pytest.raises(Conflict):
        ChainStore.open(ledger, SIGNET, start=Start.genesis(SIGNET), now=NOW)
    with open_ledger(path, write=False) as ledger:
        assert len(ledger.headers(0, 10_000)) == 5
