"""The follower as a real process: its lease, how it ends, and how it comes back."""

from __future__ import annotations

import json
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from support.children import child_environment
from support.electrumserver import FakeElectrum
from support.node import FakeNode
from support.servers import LoopbackServer, Reply, Request, http
from support.signetchain import signet_chain
from wattshift.chain.params import SIGNET
from wattshift.clock import SystemClock
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import Home
from wattshift.store.ledger import SqliteLedger
from wattshift.store.start import Start

PATIENCE_S = 60.0
"""Longer than anything here takes on a busy machine."""
PASSWORD = "user:secret"  # noqa: S105  # of a test


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "store")


@pytest.fixture
def electrum() -> Iterator[str]:
    with FakeElectrum(headers=signet_chain()).serve() as server:
        yield f"electrum:tcp://{server.address}"


def command(home: Home, *words: str) -> list[str]:
    store = ["--store", str(home.folder), "--network", "signet"]
    return [sys.executable, "-m", "wattshift", "follow", *store, *words]


@contextmanager
def following(home: Home, *words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(home, *words), stderr=subprocess.PIPE, text=True, env=child_environment()
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def wait_until(is_so: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.02)


def status(home: Home) -> dict[str, Any]:
    with suppress(FileNotFoundError):
        body: dict[str, Any] = json.loads(home.status.read_text(encoding="utf-8"))
        return body
    return {}


def kept_height(home: Home) -> int:
    if not home.ledger.exists():
        return -1
    try:
        with SqliteLedger.view(home.ledger) as ledger:
            tip = ledger.tip()
            return -1 if tip is None else tip.height
    except Exception:  # noqa: BLE001  # it is being made at this moment
        return -1


def state_hash(home: Home) -> bytes:
    with SqliteLedger.lead(home.ledger) as ledger:
        ledger.verify()
        store = ChainStore.open(ledger, SIGNET, start=Start.genesis(SIGNET), now=SystemClock().now())
        return store.chain.state_hash()


def test_a_second_follower_leaves_at_once_and_names_the_first(home: Home, electrum: str) -> None:
    with following(home, "--source", electrum) as first:
        wait_until(lambda: kept_height(home) == 4_060)
        begun_s = time.monotonic()
        second = subprocess.run(
            command(home, "--source", electrum),
            capture_output=True,
            text=True,
            check=False,
            env=child_environment(),
            timeout=PATIENCE_S,
        )
        assert time.monotonic() - begun_s < PATIENCE_S / 4
        assert second.returncode == 3
        assert f"pid={first.pid}" in second.stderr
        assert "since=" in second.stderr
        assert "Traceback" not in second.stderr
        assert first.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(home: Home, electrum: str, number: signal.Signals) -> None:
    with following(home, "--source", electrum) as process:
        wait_until(lambda: kept_height(home) == 4_060)
        process.send_signal(number)
        _, told = process.communicate(timeout=PATIENCE_S / 4)
    assert process.returncode == 0
    assert "stopped at block 4060" in told
    assert status(home)["state"] == "stopped"
    assert kept_height(home) == 4_060


def test_a_source_that_hangs_blocks_nobody_and_keeps_no_process_alive(home: Home, electrum: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"core:http://127.0.0.1:{silent.getsockname()[1]}?name=silent"
        with following(home, "--source", hanging, "--source", electrum) as process:
            wait_until(lambda: kept_height(home) == 4_060)
            process.terminate()
            process.communicate(timeout=PATIENCE_S / 4)
        assert process.returncode == 0


@pytest.mark.parametrize(
    "source", ["core:http://node.example:8332?plain_http=yes", "electrum:ssl://server.example:50002"]
)
def test_a_resolver_that_hangs_keeps_no_process_alive(home: Home, source: str) -> None:
    """A look-up of a name has no time limit of its own."""
    program = (
        "import socket, sys, time\n"
        "def hang(*_, **__): print('looked up', file=sys.stderr, flush=True); time.sleep(3600)\n"
        "socket.getaddrinfo = hang\n"
        "from wattshift.cli import main\n"
        f"sys.argv = {['wattshift', *command(home, '--source', source)[3:]]!r}\n"
        "main()\n"
    )
    words = [sys.executable, "-c", program]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=child_environment())
    try:
        assert process.stderr is not None
        while "looked up" not in (line := process.stderr.readline()):
            assert line, "it ended before it asked"
        process.terminate()
        process.communicate(timeout=PATIENCE_S / 4)
    finally:
        process.kill()
    assert process.returncode == 0
    assert status(home)["state"] == "stopped"


class Gate:
    """A node that answers questions for headers only while it is open."""

    def __init__(self) -> None:
        self.node = FakeNode(headers=signet_chain(), network=SIGNET, password=PASSWORD)
        self.is_open = Event()
        self.asked = 0
        self.free = 1

    def respond(self, request: Request) -> Reply:
        if "/headers/" in request.target:
            self.asked += 1
            if self.asked > self.free:
                self.is_open.wait(PATIENCE_S)
        return self.node.respond(request)


def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD.partition(":")[2], encoding="utf-8")
    path.chmod(0o600)
    return path


def test_kill_9_in_mid_sync_and_again_gives_the_same_store(home: Home, electrum: str, tmp_path: Path) -> None:
    gate = Gate()
    with LoopbackServer(http(gate.respond)) as server:
        node = f"core:http://{server.address}?user=user&password_file={secret_file(tmp_path)}"
        for batches in (1, 2):
            gate.asked, gate.free = 0, 1
            with following(home, "--source", node) as process:
                wait_until(lambda batches=batches: kept_height(home) >= 2_000 * batches)  # type: ignore[misc]  # a default is no argument here
                process.send_signal(signal.SIGKILL)
                process.wait(PATIENCE_S)
            assert kept_height(home) == 2_000 * batches
        gate.is_open.set()
        with following(home, "--source", node) as process:
            wait_until(lambda: kept_height(home) == 4_060)
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_S)
    whole = Home(tmp_path / "whole")
    with following(whole, "--source", electrum, "--once") as process:
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert state_hash(home) == state_hash(whole)


def test_no_secret_is_told_to_anybody(home: Home, tmp_path: Path) -> None:
    """A node that refuses us: the password is in no log, no status and no ledger (K1)."""
    with LoopbackServer(http(lambda _: Reply(status=401))) as server:
        node = f"core:http://{server.address}?user=user&password_file={secret_file(tmp_path)}"
        with following(home, "--source", node, "--once") as process:
            _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    assert "does not let us in" in home.status.read_text(encoding="utf-8")
    kept = b"".join(path.read_bytes() for path in home.folder.rglob("*") if path.is_file())
    assert b"secret" not in kept + told.encode()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_a_full_disk_is_waited_for(home: Home, tmp_path: Path) -> None:
    """No file may grow: what comes in is not kept, and is as soon as there is room again (E4)."""
    gate = Gate()
    with LoopbackServer(http(gate.respond)) as server:
        node = f"core:http://{server.address}?user=user&password_file={secret_file(tmp_path)}"
        with following(home, "--source", node) as process:
            wait_until(lambda: kept_height(home) == 2_000)
            full = 100_000
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
            gate.is_open.set()
            wait_until(lambda: status(home).get("state") == "blocked")
            assert kept_height(home) == 2_000
            assert process.poll() is None
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
            wait_until(lambda: kept_height(home) == 4_060)


def test_metrics_are_served_while_it_follows(home: Home, electrum: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with following(home, "--source", electrum, "--metrics", str(port)):

        def page() -> str:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                return str(answer.read().decode())
            return ""

        wait_until(lambda: "wattshift_tip_height_blocks 4060.0" in page())
        assert 'wattshift_source_state{source="electrum:127.0.0.1' in page()
