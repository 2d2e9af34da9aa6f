"""`wattshift follow` as a process before a real node and a real Electrum server: killed, paused, cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from e2e.peers.child import Child
from e2e.peers.electrumx import ElectrumX
from e2e.peers.node import ANYONE_ELSE, Node
from support.children import child_environment
from wattshift.store.home import Home
from wattshift.store.opening import open_ledger
from wattshift.store.port import BEST

SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
WATTSHIFT = (sys.executable, "-m", "wattshift")
Spawn = Callable[..., Child]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "store")


@pytest.fixture
def spawn(home: Home, tmp_path: Path) -> Iterator[Spawn]:
    """Starts a follower of these sources on the store."""
    children: list[Child] = []

    def start(*sources: str) -> Child:
        words = [*WATTSHIFT, "follow", "--network", "regtest", "--from-genesis", "--store", str(home.folder)]
        words += [word for source in sources for word in ("--source", source)]
        children.append(Child(words, log=tmp_path / "follow.log", env=child_environment()))
        return children[-1]

    yield start
    for child in children:
        child.kill()


def core(node: Node) -> str:
    return f"core:{node.url}?cookie={node.cookie_file}&zmq={node.zmq_url}&name=node&every=1s"


def electrum(server: ElectrumX) -> str:
    return f"electrum:{server.address}?name=electrum&every=1s"


def best(home: Home) -> bytes:
    """The headers of the kept best chain, end to end."""
    if not home.status.exists():
        return b""  # the follower is still making the ledger
    with open_ledger(home.ledger, write=False) as ledger:
        rows = [row for row in ledger.headers(1, 1 << 32) if row.branch == BEST]
        assert [row.height for row in rows] == list(range(1, len(rows) + 1))
        return b"".join(row.header for row in rows)


def follows(child: Child, home: Home, node: Node) -> None:
    """Wait until all of the node's chain is kept."""
    whole = node.headers()
    child.until(lambda: best(home) == whole, "whole chain in the ledger")


def told(home: Home) -> dict[str, Any]:
    """What `wattshift sources` says."""
    ended = subprocess.run(
        [*WATTSHIFT, "sources", "--json", "--store", str(home.folder)],
        stdout=subprocess.PIPE,
        check=True,
        env=child_environment(),
    )
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def states(home: Home) -> dict[str, str]:
    return {row["name"]: row["state"] for row in told(home)["sources"]}


def test_two_sources_are_followed_through_a_reorganisation(
    node: Node, electrumx_program: Path, spawn: Spawn, home: Home, tmp_path: Path
) -> None:
    mined = node.mine(150)
    with ElectrumX(electrumx_program, tmp_path / "electrumx", node) as server:
        follower = spawn(core(node), electrum(server))
        follows(follower, home, node)
        mined += node.mine(3)
        follows(follower, home, node)
        node.rpc("invalidateblock", mined[-6])
        node.mine(7, to=ANYONE_ELSE)
        follows(follower, home, node)
        follower.until(lambda: set(states(home).values()) == {"fresh"}, "two fresh sources")
        begun_s = time.monotonic()
        follower.stop()
        assert follower.status == 0
        assert time.monotonic() - begun_s < 5
    assert told(home)["state"] == "stopped"
    with open_ledger(home.ledger, write=False) as ledger:
        assert ledger.verify() > 160
        assert [row.branch for row in ledger.headers(148, 154)].count("stale") == 6


def test_a_new_block_is_kept_as_soon_as_the_node_announces_it(node: Node, spawn: Spawn, home: Home) -> None:
    node.mine(5)
    follower = spawn(core(node).replace("every=1s", "every=1h"))
    follows(follower, home, node)

    def listens() -> bool:
        node.mine(1)
        time.sleep(0.2)
        return best(home) == node.headers()

    follower.until(listens, "line to the node")
    for _ in range(3):
        node.mine(1)
        follows(follower, home, node)


def test_a_second_follower_is_told_who_follows_though_the_first_be_paused(
    node: Node, spawn: Spawn, home: Home
) -> None:
    node.mine(5)
    first = spawn(core(node))
    follows(first, home, node)
    for number in (signal.SIGCONT, signal.SIGSTOP):
        first.send(number)
        second = spawn(core(node))
        assert second.ended() != 0
        assert f"pid={first.pid}" in second.told()
    node.mine(10)
    time.sleep(1.0)
    first.send(signal.SIGCONT)
    follows(first, home, node)


def test_a_follower_that_is_killed_takes_up_where_it_stood(node: Node, spawn: Spawn, home: Home) -> None:
    rng = Random(11)  # noqa: S311  # a repeatable draw, no secret
    node.mine(300)
    kept = b""
    for _ in range(4 * SCALE):
        follower = spawn(core(node))
        time.sleep(rng.uniform(0.5, 2.0))
        node.mine(2)
        follower.kill()
        now = best(home)
        assert now[: len(kept)] == kept
        assert node.headers().startswith(now)
        kept = now
    follows(spawn(core(node)), home, node)
    with open_ledger(home.ledger, write=False) as ledger:
        ledger.verify()


def test_a_node_that_dies_is_found_again(node: Node, spawn: Spawn, home: Home) -> None:
    node.mine(20)
    node.rpc("gettxoutsetinfo")  # writes what it has to its disk, so that the kill costs no blocks
    follower = spawn(core(node))
    follows(follower, home, node)
    node.kill()
    follower.until(lambda: states(home) == {"node": "unreachable"}, "notice of the node's death")
    assert told(home)["state"] == "degraded"
    node.start()
    node.mine(3)
    follows(follower, home, node)
    follower.until(lambda: states(home) == {"node": "fresh"}, "notice of the node's return")
