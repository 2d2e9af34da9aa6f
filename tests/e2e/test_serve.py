"""`wattshift serve` as a process: before a real node, killed, stopped, and with the loop standing still."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.peers.child import Child, free_port
from e2e.peers.node import Node
from support.children import child_environment
from wattshift.store.home import Home
from wattshift.store.opening import open_ledger

WATTSHIFT = (sys.executable, "-m", "wattshift")
ON_REGTEST = (sys.executable, str(Path(__file__).with_name("regtest_serve.py")))
RULES = """
[[price_spike]]
name = "any price"
above_usd_per_mwh = -250.0
[[heartbeat]]
name = "alive"
"""


class Served:
    """A service as a process.

    Args:
        words: its command line.
        log: where its words go.
        environment: variables beside the usual ones.
    """

    def __init__(self, words: tuple[str, ...], log: Path, **environment: str) -> None:
        self.port = free_port()
        self.child = Child(
            (*words, "--port", str(self.port)), log=log, env={**child_environment(), **environment}
        )

    def get(self, path: str) -> Any:
        """The JSON at a path; None while there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return json.loads(answer.read())
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def until(self, is_so: Callable[[Any], bool], path: str, what: str) -> None:
        """Wait until what is at a path is so."""
        self.child.until(lambda: (body := self.get(path)) is not None and is_so(body), what)

    def until_tip(self, height: int) -> None:
        """Wait until a block is on the wall."""
        self.until(lambda now: bool(now["tip_height"] == height), "/v1/now", f"block {height} on the wall")


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    begun: list[Served] = []

    def start(*words: str, program: tuple[str, ...] = WATTSHIFT, **environment: str) -> Served:
        begun.append(Served((*program, "serve", *words), tmp_path / "serve.log", **environment))
        return begun[-1]

    yield start
    for each in begun:
        each.child.kill()


def core(node: Node) -> str:
    return f"core:{node.url}?cookie={node.cookie_file}&zmq={node.zmq_url}&name=node&every=1s"


def test_a_block_that_is_mined_is_on_the_wall_within_seconds(
    node: Node, serve: Serve, tmp_path: Path
) -> None:
    node.mine(2_100)
    home = Home(tmp_path / "store")
    words = ("--network", "regtest", "--store", str(home.folder), "--source", core(node))
    follow = (*WATTSHIFT, "follow", *words, "--once")
    subprocess.run(follow, check=True, env=child_environment(), timeout=60, capture_output=True)
    served = serve(*words, program=ON_REGTEST)
    served.until_tip(2_100)
    for height in (2_101, 2_102):
        node.mine(1)
        begun_s = time.monotonic()
        served.until_tip(height)
        assert time.monotonic() - begun_s < 20.0
    sources = served.get("/v1/sources")
    assert [row["name"] for row in sources["sources"]] == ["node"]
    assert sources["tip"]["height"] == 2_102
    served.child.kill()
    with open_ledger(home.ledger, write=False) as ledger:
        tip = ledger.tip()
        assert tip is not None
        assert tip.height == 2_102
    again = serve(*words, program=ON_REGTEST)
    again.until_tip(2_102)
    node.mine(1)
    again.until_tip(2_103)
    again.child.stop()
    assert again.child.status == 0
    assert "all that was taken is kept" in again.child.told()


def test_it_serves_history_and_ends_in_good_order_while_somebody_listens(serve: Serve) -> None:
    served = serve("--speed", "3600")
    served.until(lambda ready: ready["is_well"], "/health/ready", "readiness")
    assert f"look at http://127.0.0.1:{served.port}" in served.child.told()
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(f"GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
        assert line.recv(15) == b"HTTP/1.1 200 OK"
        begun_s = time.monotonic()
        served.child.stop()
        assert time.monotonic() - begun_s < 15.0
    assert served.child.status == 0
    assert "Traceback" not in served.child.told()


def test_alerts_of_a_store_outlive_a_kill(serve: Serve, tmp_path: Path) -> None:
    store, rules = tmp_path / "store", tmp_path / "alerts.toml"
    store.mkdir()
    rules.write_text(RULES, encoding="utf-8")
    words = ("--store", str(store), "--alerts", str(rules))
    served = serve(*words)
    served.until(lambda _: True, "/v1/alerts", "alerts")
    served.child.kill()
    assert (store / "alerts.sqlite").exists()
    again = serve(*words)
    again.until(lambda alerts: len(alerts["rules"]) == 2, "/v1/alerts", "alerts after a kill")
    again.child.stop()
    assert again.child.status == 0


def test_a_manager_is_told_and_a_loop_that_stands_still_ends_the_process(
    serve: Serve, tmp_path: Path
) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(path))
        line.settimeout(60.0)
        served = serve(NOTIFY_SOCKET=str(path))
        while line.recv(200) != b"READY=1":
            pass
        assert served.get("/v1/now")["is_replay"]
        assert line.recv(200) == b"WATCHDOG=1"
        served.child.send(signal.SIGTERM)
        while line.recv(200) != b"STOPPING=1":
            pass
    assert served.child.ended() == 0


def test_a_damaged_ledger_is_refused_at_the_start_and_ends_a_service_that_runs(
    serve: Serve, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    served = serve("--store", str(store))
    served.until(lambda _: True, "/v1/now", "edition")
    (store / "ledger.sqlite").write_bytes(b"no ledger" * 10_000)
    assert served.child.ended() == 1
    assert "the loop has failed, incident" in served.child.told()
    assert "the service ends, to be started anew: the loop has ended" in served.child.told()
    again = serve("--store", str(store))
    assert again.child.ended() == 3
    assert "what to do" in again.child.told()
