"""A real node as a source: its headers by each way, its facts, its word of new tips, and its bad days."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest

from e2e.peers.node import ANYONE, FIRST_S, Node
from e2e.syncing import source_of
from wattshift.chain.header import hash_from_hex
from wattshift.chain.params import MAINNET, REGTEST, SIGNET
from wattshift.chain.rules import subsidy_sat
from wattshift.errors import NoData, Rejected, SourceError, Unavailable
from wattshift.sources.core.source import CoreSource
from wattshift.sources.port import BlockRef, HeaderBatch, Heights

ANYONE_SCRIPT = b"\x51"


def block_at(node: Node, height: int) -> BlockRef:
    return BlockRef(height=height, block_hash=hash_from_hex(node.rpc("getblockhash", height)))


def asked(source: CoreSource, first: int, last: int) -> list[HeaderBatch]:
    return [
        source.headers(Heights(first=start, count=min(source.max_headers, last - start + 1)))
        for start in range(first, last + 1, source.max_headers)
    ]


@pytest.mark.parametrize("use_rest", [True, False], ids=["REST", "RPC"])
def test_headers_are_the_nodes_own_by_each_way(signet: Node, use_rest: bool) -> None:
    with source_of(signet, network=SIGNET, use_rest=use_rest) as source:
        batches = asked(source, 0, 4060)
        assert b"".join(batch.headers for batch in batches) == SIGNET.genesis_header + signet.headers()
        assert all(("/rest/headers/" in batch.origin.url) == use_rest for batch in batches)
        assert source.headers(Heights(first=4059, count=99)).headers == signet.headers(4059)
        assert source.headers(Heights(first=4061, count=1)).headers == b""
        tip = source.tip(None)
        assert (tip.height, tip.block_hash) == (4060, hash_from_hex(signet.rpc("getbestblockhash")))


def test_a_node_of_another_network_is_refused(node: Node, signet: Node) -> None:
    for peer, network in ((node, MAINNET), (node, SIGNET), (signet, REGTEST)):
        with source_of(peer, network=network) as source, pytest.raises(SourceError) as caught:
            source.tip(None)
        assert network.name in str(caught.value)


def test_a_pruned_node_serves_headers_and_says_what_it_lacks(node_program: Path, tmp_path: Path) -> None:
    options = ("-prune=1", "-fastprune")
    with Node(node_program, tmp_path, options=options) as node, source_of(node) as source:
        node.rpc("setmocktime", FIRST_S)
        descriptor = node.rpc("getdescriptorinfo", ANYONE)["descriptor"]
        node.rpc("generatetodescriptor", 1_000, descriptor)
        assert node.rpc("pruneblockchain", 600) > 300
        assert source.headers(Heights(first=1, count=1_000)).headers == node.headers()
        assert source.node(None).is_pruned
        with pytest.raises(NoData, match="no longer has") as caught:
            source.facts(block_at(node, 100))
        assert caught.value.hint
        assert source.facts(block_at(node, 1_000)).fee_sat == 0


def test_new_tips_are_announced_within_a_second(node: Node) -> None:
    node.mine(1)
    with source_of(node) as source:
        watch = source.watch()
        node.child.until(lambda: node.mine(1) is not None and watch.wait(0.1), "first announcement")
        while watch.wait(0.2):
            pass
        for _ in range(10):
            begun_s = time.monotonic()
            (name,) = node.mine(1)
            assert watch.wait(1.0)
            assert time.monotonic() - begun_s < 1.0
            assert source.tip(None).block_hash == hash_from_hex(name)
        assert not watch.wait(0.1)
        node.kill()
        with pytest.raises(Unavailable, match="line"):
            watch.wait(10.0)
        watch.close()


def test_a_restarted_node_has_another_cookie_and_is_let_in_again(node: Node) -> None:
    node.mine(3)
    with source_of(node) as source:
        before = source.tip(None)
        cookie = node.cookie_file.read_text()
        node.close()
        with pytest.raises(Unavailable):
            source.tip(None)
        node.start()
        assert node.cookie_file.read_text() != cookie
        assert source.tip(None).block_hash == before.block_hash
        node.cookie_file.write_text("__cookie__:of yesterday")
        with pytest.raises(Rejected, match="let us in") as caught:
            source.tip(None)
        assert caught.value.hint
        assert "yesterday" not in f"{caught.value} {vars(caught.value)}"


def test_a_node_that_warms_up_is_waited_for(node: Node) -> None:
    node.rpc("setmocktime", FIRST_S)
    node.rpc("generatetodescriptor", 2_000, node.rpc("getdescriptorinfo", ANYONE)["descriptor"])
    node.close()
    node.start(wait=False, options=("-checkblocks=0", "-checklevel=4"))
    faults: list[Unavailable] = []
    with source_of(node) as source:

        def answers() -> bool:
            try:
                return source.tip(None).height == 2_000
            except Unavailable as fault:
                faults.append(fault)
                return False

        node.child.until(answers, "answer")
    assert any(fault.context.get("code") == -28 and fault.hint for fault in faults)


def spending(coinbase: str, value_sat: int, fee_sat: int) -> bytes:
    """A transaction that moves what anyone may spend to where anyone may spend it."""
    half_sat = (value_sat - fee_sat) // 2
    values = (half_sat, value_sat - fee_sat - half_sat)
    outputs = b"".join(struct.pack("<qB", value, 1) + ANYONE_SCRIPT for value in values)
    outpoint = bytes.fromhex(coinbase)[::-1] + struct.pack("<I", 0)
    return struct.pack("<iB", 2, 1) + outpoint + b"\0" + b"\xff" * 4 + b"\x02" + outputs + bytes(4)


def test_fees_are_the_sum_of_what_the_transactions_leave(node_program: Path, tmp_path: Path) -> None:
    options = ("-acceptnonstdtxn=1", "-txindex")
    with Node(node_program, tmp_path, options=options) as node, source_of(node) as source:
        mined = node.mine(160)
        spent = 0
        for fees in ([], [1_000], [12_345, 777, 100_000_000]):
            for fee_sat in fees:
                (coinbase,) = node.rpc("getblock", mined[spent], 1)["tx"]
                value_sat = subsidy_sat(spent + 1, REGTEST)
                raw = spending(coinbase, value_sat, fee_sat)
                node.rpc("sendrawtransaction", raw.hex(), 0)
                spent += 1
            (name,) = node.mine(1)
            height = node.rpc("getblockcount")
            facts = source.facts(BlockRef(height=height, block_hash=hash_from_hex(name)))
            paid = node.rpc("getblock", name, 2)["tx"][0]["vout"]
            paid_sat = round(sum(output["value"] for output in paid) * 100_000_000)
            assert facts.fee_sat == sum(fees) == paid_sat - subsidy_sat(height, REGTEST)
            assert facts.subsidy_sat == subsidy_sat(height, REGTEST)
    assert spent == 4
