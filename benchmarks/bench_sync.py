"""The first sync from a real node: by REST, by JSON-RPC in batches, and header by header as most tools ask.

`make bench-sync` fetches and starts the node; `make bench` leaves this file out.
"""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from e2e.peers.node import ANYONE, FIRST_S, Node
from e2e.peers.postgres import Postgres
from e2e.syncing import NOW, follow, kept, source_of
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import REGTEST
from wattshift.clock import to_unix
from wattshift.sources.core.source import CoreSource
from wattshift.sources.port import Heights

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

HEADERS = 12_000
GROUP = f"first sync of {HEADERS} headers"
PEERS = Path(__file__).parents[1] / ".peers"
PLACES = count()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with a chain to be synced."""
    with Node(Node.install(PEERS), tmp_path_factory.mktemp("node")) as node:
        node.rpc("setmocktime", FIRST_S)
        descriptor = node.rpc("getdescriptorinfo", ANYONE)["descriptor"]
        for _ in range(0, HEADERS, 1_000):
            node.rpc("generatetodescriptor", 1_000, descriptor)
        yield node


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """A database server."""
    with Postgres(Postgres.install(PEERS)) as server:
        yield server


def fetched(source: CoreSource) -> bytes:
    step = source.max_headers
    stretches = [Heights(first=first, count=step) for first in range(1, HEADERS + 1, step)]
    return b"".join(source.headers(stretch).headers for stretch in stretches)


def one_by_one(node: Node) -> bytes:
    """Two questions a header over a connection that is kept."""
    line = http.client.HTTPConnection("127.0.0.1", node.rpc_port)
    login = {"Authorization": f"Basic {b64encode(node.cookie_file.read_bytes()).decode()}"}

    def ask(method: str, *params: object) -> Any:
        line.request("POST", "/", json.dumps({"id": 0, "method": method, "params": params}), login)
        return json.loads(line.getresponse().read())["result"]

    verbose = False
    raw = [ask("getblockheader", ask("getblockhash", height), verbose) for height in range(1, HEADERS + 1)]
    line.close()
    return bytes.fromhex("".join(raw))


@pytest.mark.parametrize("way", ["REST", "RPC"])
def bench_fetched_in_batches(benchmark: BenchmarkFixture, node: Node, way: str) -> None:
    benchmark.group = GROUP
    with source_of(node, use_rest=way == "REST") as source:
        assert len(benchmark(lambda: fetched(source))) == 80 * HEADERS


def bench_fetched_one_by_one(benchmark: BenchmarkFixture, node: Node) -> None:
    benchmark.group = GROUP
    headers = benchmark.pedantic(lambda: one_by_one(node), rounds=1)  # type: ignore[no-untyped-call]  # pytest-benchmark's own
    assert len(headers) == 80 * HEADERS


@pytest.mark.parametrize("way", ["REST", "RPC"])
def bench_fetched_and_validated(benchmark: BenchmarkFixture, node: Node, way: str) -> None:
    benchmark.group = GROUP

    def validated() -> HeaderChain:
        chain = HeaderChain(REGTEST)
        chain.extend(fetched(source), int(to_unix(NOW)))
        return chain

    with source_of(node, use_rest=way == "REST") as source:
        assert benchmark(validated).height == HEADERS


@pytest.mark.parametrize("ledger", ["SQLite", "PostgreSQL"])
def bench_fetched_validated_and_kept(
    benchmark: BenchmarkFixture, node: Node, database: Postgres, tmp_path: Path, ledger: str
) -> None:
    benchmark.group = GROUP
    fresh: dict[str, Callable[[], Path | str]] = {
        "SQLite": lambda: tmp_path / f"{next(PLACES)}.sqlite",
        "PostgreSQL": lambda: database.create(f"bench{next(PLACES)}"),
    }

    def synced(place: Path | str) -> int:
        with kept(place) as store:
            follow(store, source)
            return store.chain.height

    with source_of(node) as source:
        height = benchmark.pedantic(synced, setup=lambda: ((fresh[ledger](),), {}), rounds=5)  # type: ignore[no-untyped-call]  # pytest-benchmark's own
    assert height == HEADERS
