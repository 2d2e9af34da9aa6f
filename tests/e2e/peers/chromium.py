"""A real browser: this machine's Chromium, or the one that Debian ships, driven by Playwright."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from e2e.peers.debian import libraries, unpacked

__all__ = ["Chromium"]

_OWN = Path("/usr/bin/chromium")
_SWITCHES = ("--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none")


class Chromium:
    """The browser.

    Args:
        program: its program.
        search: where it finds libraries that the machine lacks; empty for its own.
    """

    def __init__(self, program: Path, search: str = "") -> None:
        self._program = program
        self._search = search

    @classmethod
    def install(cls, peers: Path) -> Chromium:
        """The machine's own browser if it has one, else one that is fetched."""
        if _OWN.exists():
            return cls(_OWN)
        prefix = unpacked(peers, "chromium")
        return cls(prefix / "usr" / "lib" / "chromium" / "chromium", libraries(prefix))

    @contextmanager
    def running(self) -> Iterator[Browser]:
        """Start it, and end it."""
        env: dict[str, str | float | bool] = {**os.environ}
        if self._search:
            env["LD_LIBRARY_PATH"] = self._search
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=self._program, args=list(_SWITCHES), env=env)
            try:
                yield browser
            finally:
                browser.close()
