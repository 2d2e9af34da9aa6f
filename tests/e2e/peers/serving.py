"""`wattshift serve` as a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Self
from urllib.request import urlopen

from e2e.peers.child import Child, free_port

__all__ = ["Serving"]


class Serving:
    """A replay of the bundled history on a port of its own; `words` are more options."""

    def __init__(self, folder: Path, *words: str | Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._words = words
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """Its process."""
        assert self._child is not None, "start the service first"
        return self._child

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.child.stop()

    def start(self) -> Self:
        """Start it, and wait until it tells the present."""
        words = [sys.executable, "-m", "wattshift", "serve", "--port", str(self.port), *self._words]
        self._child = Child(words, log=self._folder / "serve.log")
        self._child.until(self._tells, "present")
        return self

    def get(self, path: str) -> bytes:
        """What it answers."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            body: bytes = answer.read()
            return body

    def _tells(self) -> bool:
        try:
            return b"wattshift_network_difficulty" in self.get("/metrics")
        except OSError:
            return False
