"""A real Electrum server in front of a real node: chunks, announcements, reorganisations, restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.peers.electrumx import ElectrumX
from e2e.peers.node import ANYONE_ELSE, Node
from e2e.syncing import assert_same, follow, kept
from wattshift.chain.header import hash_from_hex
from wattshift.chain.params import MAINNET, REGTEST
from wattshift.errors import SourceError, Unavailable
from wattshift.sources.electrum.source import ElectrumSource
from wattshift.sources.port import BlockRef, Heights


@pytest.fixture
def server(node: Node, electrumx_program: Path, tmp_path: Path) -> Iterator[ElectrumX]:
    """An Electrum server that knows sixty blocks."""
    node.mine(60)
    with ElectrumX(electrumx_program, tmp_path / "electrumx", node) as server:
        yield server


@pytest.fixture
def source(server: ElectrumX) -> Iterator[ElectrumSource]:
    source = ElectrumSource("electrum", server.address, network=REGTEST)
    yield source
    source.close()


def test_headers_come_in_chunks(node: Node, source: ElectrumSource, tmp_path: Path) -> None:
    with kept(tmp_path / "ledger.sqlite") as store:
        follow(store, source, in_one=25)
        assert_same(store, node)
    assert source.headers(Heights(first=0, count=2_000)).headers == REGTEST.genesis_header + node.headers()
    assert source.headers(Heights(first=61, count=5)).headers == b""
    block = BlockRef(height=33, block_hash=hash_from_hex(node.rpc("getblockhash", 33)))
    assert source.header(block).headers == node.headers(33, 33)


def test_new_tips_are_announced(node: Node, source: ElectrumSource) -> None:
    watch = source.watch()
    for _ in range(3):
        (name,) = node.mine(1)
        assert watch.wait(10.0)
        assert source.tip(None).block_hash == hash_from_hex(name)
    assert not watch.wait(0.3)
    watch.close()


def test_a_reorganisation_is_followed(
    node: Node, server: ElectrumX, source: ElectrumSource, tmp_path: Path
) -> None:
    with kept(tmp_path / "ledger.sqlite") as store:
        follow(store, source)
        node.rpc("invalidateblock", node.rpc("getblockhash", 58))
        best = hash_from_hex(node.mine(4, to=ANYONE_ELSE)[-1])
        server.child.until(lambda: source.tip(None).block_hash == best, "reorganisation")
        reorgs = [extension.reorg for extension in follow(store, source) if extension.reorg]
        assert [reorg.depth for reorg in reorgs] == [3]
        assert_same(store, node)


def test_a_server_that_comes_back_is_asked_again(
    node: Node, server: ElectrumX, source: ElectrumSource, tmp_path: Path
) -> None:
    with kept(tmp_path / "ledger.sqlite") as store:
        follow(store, source)
        server.child.kill()
        with pytest.raises(Unavailable):
            source.tip(None)
        node.mine(5)
        server.start()
        follow(store, source)
        assert_same(store, node)


def test_a_server_of_another_network_is_refused(server: ElectrumX) -> None:
    stranger = ElectrumSource("electrum", server.address, network=MAINNET)
    with pytest.raises(SourceError, match="network"):
        stranger.tip(None)
    stranger.close()
