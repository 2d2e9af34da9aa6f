"""A real Electrum server, ElectrumX, in front of a node."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path
from typing import Self

from e2e.peers.child import Child, free_port
from e2e.peers.made import ATTEMPTS, carry_out, made
from e2e.peers.node import Node

_BUILT = ("e-x",)
"""Published as source only: built by what the lock itself names, after everything else is there."""


class ElectrumX:
    """A server of the node's chain, on a port of its own; its index outlives a restart.

    The node must run: its password of that moment is handed over.
    """

    def __init__(self, venv: Path, folder: Path, node: Node) -> None:
        self.folder = folder
        self.node = node
        self.port = free_port()
        self._venv = venv
        self._child: Child | None = None

    @staticmethod
    def install(peers: Path, lock: Path) -> Path:
        """Make the virtual environment of the peers that Python runs from their lock; where it lies."""

        def make(part: Path) -> None:
            carry_out("python3", "-m", "venv", part)
            pip = (part / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            wheels, built = wheels_and_built(lock.read_text())
            for name, text in (("wheels", wheels), ("built", built)):
                (part / name).write_text(text)
            exact = ("--require-hashes", "--no-deps")
            carry_out(*pip, *exact, "--only-binary", ":all:", "-r", part / "wheels", attempts=ATTEMPTS)
            carry_out(*pip, *exact, "--no-build-isolation", "-r", part / "built", attempts=ATTEMPTS)

        return made(peers / f"python-{hashlib.sha256(lock.read_bytes()).hexdigest()[:8]}", make)

    @property
    def address(self) -> str:
        """Where it listens, without encryption."""
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def child(self) -> Child:
        """Its process."""
        assert self._child is not None, "start the server first"
        return self._child

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> Self:
        """Start it, and wait until it listens: it then knows the whole chain."""
        self.folder.mkdir(parents=True, exist_ok=True)
        login = self.node.cookie_file.read_text()
        settings = {
            "COIN": "Bitcoin",
            "NET": "regtest",
            "DAEMON_URL": f"http://{login}@127.0.0.1:{self.node.rpc_port}/",
            "DB_DIRECTORY": str(self.folder),
            "SERVICES": self.address,
            "PEER_DISCOVERY": "off",
            "DAEMON_POLL_INTERVAL_BLOCKS": "100",
            "DAEMON_POLL_INTERVAL_MEMPOOL": "100",
            "COST_SOFT_LIMIT": "0",
            "COST_HARD_LIMIT": "0",
            "ALLOW_ROOT": "1",
            "PATH": os.environ["PATH"],
        }
        # Its environment was renamed after it was made: scripts are run by the interpreter beside them.
        words = [self._venv / "bin" / "python", self._venv / "bin" / "electrumx_server"]
        self._child = Child(words, log=self.folder / "output.log", env=settings)
        self.child.until(self._listens, "Electrum server")
        return self

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        """Stop it."""
        if self._child is not None:
            self._child.stop()
            self._child = None


def wheels_and_built(lock: str) -> tuple[str, str]:
    """The requirements of a lock that are published as wheels, and those that must be built."""
    lines = lock.replace("\\\n", " ").splitlines(keepends=True)
    built = [line for line in lines if line.partition("==")[0] in _BUILT]
    return "".join(line for line in lines if line not in built), "".join(built)
