"""Explorers over a real node: Esplora's and mempool.space's pages put together to the node's own headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.peers.explorer import Explorer
from e2e.peers.node import ANYONE_ELSE, Node
from e2e.syncing import assert_same, follow, kept
from wattshift.chain.header import hash_from_hex
from wattshift.chain.params import REGTEST, SIGNET
from wattshift.chain.rules import subsidy_sat
from wattshift.errors import Malformed
from wattshift.sources.explorers.esplora import EsploraSource
from wattshift.sources.explorers.mempool import MempoolSource
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import BlockRef

QUICK = HttpLimits(min_interval_s=0.0)


@pytest.mark.parametrize("kind", [EsploraSource, MempoolSource])
def test_a_chain_and_its_reorganisation_by_pages(
    node: Node, tmp_path: Path, kind: type[EsploraSource | MempoolSource]
) -> None:
    mined = node.mine(47)
    with Explorer(node).serve() as server, kept(tmp_path / "ledger.sqlite") as store:
        source = kind("explorer", f"{server.url}/api", network=REGTEST, limits=QUICK)
        follow(store, source)
        assert_same(store, node)
        node.rpc("invalidateblock", mined[-20])
        node.mine(21, to=ANYONE_ELSE)
        assert any(extension.reorg for extension in follow(store, source))
        assert_same(store, node)
        source.close()


@pytest.mark.parametrize("kind", [EsploraSource, MempoolSource])
def test_facts_of_a_block_are_the_nodes(node: Node, kind: type[EsploraSource | MempoolSource]) -> None:
    (name,) = node.mine(160)[-1:]
    block = BlockRef(height=160, block_hash=hash_from_hex(name))
    with Explorer(node).serve() as server:
        source = kind("explorer", f"{server.url}/api", network=REGTEST, limits=QUICK)
        facts = source.facts(block)
        assert facts.fee_sat == 0
        assert facts.subsidy_sat in {None, subsidy_sat(160, REGTEST)}
        assert source.header(block).headers.hex() == node.rpc("getblockheader", name, False)
        stranger = kind("explorer", f"{server.url}/api", network=SIGNET, limits=QUICK)
        with pytest.raises(Malformed, match="another network"):
            stranger.tip(None)
        for each in (source, stranger):
            each.close()
