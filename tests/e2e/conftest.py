"""The real peers of the tests in this room. What cannot be fetched or started fails who needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from e2e.peers.electrumx import ElectrumX
from e2e.peers.node import Node, packed_blocks
from e2e.peers.postgres import Postgres

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".peers"
_NUMBERS = count()


@pytest.fixture(scope="session")
def node_program() -> Path:
    """The unpacked Bitcoin node."""
    return Node.install(PEERS)


@pytest.fixture(scope="session")
def electrumx_program() -> Path:
    """The virtual environment of ElectrumX and of all other peers that Python runs."""
    return ElectrumX.install(PEERS, ROOT / "requirements-e2e.lock")


@pytest.fixture(scope="session")
def postgres_program() -> Path:
    """The unpacked database server."""
    return Postgres.install(PEERS)


@pytest.fixture
def node(node_program: Path, tmp_path: Path) -> Iterator[Node]:
    """A running node on a chain of its own."""
    with Node(node_program, tmp_path / "node") as node:
        yield node


@pytest.fixture(scope="session")
def signet_blocks() -> list[bytes]:
    """Blocks 1 to 4,060 of a signet that anyone can extend."""
    return packed_blocks(ROOT / "tests" / "fixtures" / "signet_blocks.bin.xz")


@pytest.fixture(scope="session")
def signet(
    node_program: Path, signet_blocks: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    """A node that has judged those blocks itself, two retargets among them. Leave it as it is."""
    with Node(node_program, tmp_path_factory.mktemp("signet"), chain="signet") as node:
        node.submit(signet_blocks)
        yield node


@pytest.fixture(scope="session")
def database(postgres_program: Path) -> Iterator[Postgres]:
    """A running database server."""
    with Postgres(postgres_program) as server:
        yield server


@pytest.fixture
def empty(database: Postgres) -> Iterator[Callable[[], str]]:
    """Makes the URL of another empty database; all are gone after the test."""
    names: list[str] = []

    def make() -> str:
        names.append(f"ledger{next(_NUMBERS)}")
        return database.create(names[-1])

    yield make
    for name in names:
        database.query(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def url(empty: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return empty()
