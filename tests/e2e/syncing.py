"""A store that takes headers from a real source, in this process and without a follower around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from e2e.peers.node import Node
from wattshift.app.follow.sync import Dialogue
from wattshift.chain.extension import Extension
from wattshift.chain.header import hash_to_hex
from wattshift.chain.params import REGTEST, Network
from wattshift.sources.core.source import CoreSource
from wattshift.sources.port import HeaderSource
from wattshift.store.chainstore import ChainStore
from wattshift.store.opening import open_ledger
from wattshift.store.start import Start

NOW = datetime(2026, 11, 22, tzinfo=UTC)
"""Later than any block of the tests' chains."""


@contextmanager
def kept(place: Path | str, network: Network = REGTEST) -> Iterator[ChainStore]:
    """The chain in a ledger, from the genesis block on."""
    with open_ledger(place, write=True) as ledger:
        yield ChainStore.open(ledger, network, start=Start.genesis(network), now=NOW)


@contextmanager
def source_of(node: Node, *, network: Network = REGTEST, use_rest: bool = True) -> Iterator[CoreSource]:
    """The node as a source."""
    source = CoreSource(
        "node",
        node.url,
        cookie_file=node.cookie_file,
        zmq_url=node.zmq_url,
        network=network,
        use_rest=use_rest,
    )
    try:
        yield source
    finally:
        source.close()


def follow(store: ChainStore, source: HeaderSource, *, in_one: int = 2_000) -> list[Extension]:
    """Ask until the store has the source's whole chain; what each answer changed.

    Raises:
        SourceError: if the source fails; what was taken before is kept.
    """
    extensions: list[Extension] = []
    dialogue = Dialogue(store.chain, min(in_one, source.max_headers))
    while True:
        asked = dialogue.question
        if asked is None:
            if not dialogue.hear_tip(source.tip(None)):
                return extensions
            continue
        batch = source.headers(asked)
        headers = dialogue.hear_headers(asked, batch)
        if headers:
            extensions.append(store.take(headers, now=NOW, origin=batch.origin))
            dialogue.hear_verdict(asked, headers, extensions[-1])


def rebuilt(source: HeaderSource, path: Path) -> bytes:
    """The state of the best chain in a store that has never known another."""
    with kept(path) as store:
        follow(store, source)
        return store.chain.state_hash(with_branches=False)


def assert_same(store: ChainStore, node: Node) -> None:
    """The store and the node have the same best chain, byte for byte, and the same branches beside it."""
    chain = store.chain
    assert chain.height == node.rpc("getblockcount")
    assert chain.headers(1, chain.height) == node.headers()
    told = node.rpc("getblockheader", hash_to_hex(chain.tip.hash))
    assert chain.tip.work_hashes == int(told["chainwork"], 16)
    assert chain.median_time_past_s(chain.tip.hash) == told["mediantime"]
