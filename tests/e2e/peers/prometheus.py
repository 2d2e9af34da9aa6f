"""A real Prometheus and its promtool, in the version of this machine's Debian."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode
from urllib.request import urlopen

from e2e.peers.child import Child, free_port
from e2e.peers.debian import unpacked
from e2e.peers.made import carry_out

_NEEDLESS = "(?!prometheus_)"
"""A Go program, linked with all it needs: whatever else the package names is for its own pages."""


class Prometheus:
    """A server with a folder and a port of its own.

    Args:
        prefix: where its package is unpacked.
        folder: where it keeps what it scrapes.
        settings: its settings, as YAML, or the JSON that YAML includes.
    """

    def __init__(self, prefix: Path, folder: Path, settings: dict[str, Any]) -> None:
        self.port = free_port()
        self._prefix = prefix
        self._folder = folder
        self._settings = settings
        self._child: Child | None = None

    @staticmethod
    def install(peers: Path) -> Path:
        """Fetch the programs; where they lie."""
        return unpacked(peers, "prometheus", without=_NEEDLESS)

    @property
    def child(self) -> Child:
        """Its process."""
        assert self._child is not None, "start the server first"
        return self._child

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        settings = self._folder / "prometheus.yml"
        settings.write_text(json.dumps(self._settings), encoding="utf-8")
        words: list[str | Path] = [
            self._prefix / "usr" / "bin" / "prometheus",
            f"--config.file={settings}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        self._child = Child(words, log=self._folder / "output.log")
        self._child.until(self._is_ready, "Prometheus")
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stop()

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def ask(self, path: str, **words: str) -> Any:
        """What its API answers."""
        query = f"?{urlencode(words)}" if words else ""
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def series(self, query: str) -> list[dict[str, Any]]:
        """The series that a query finds now."""
        found: list[dict[str, Any]] = self.ask("query", query=query)["result"]
        return found


def promtool(prefix: Path, *words: str | Path) -> str:
    """What promtool says; it fails who asks if it finds a fault."""
    return carry_out(prefix / "usr" / "bin" / "promtool", *words)
