"""Where a store lives: one folder for the ledger, the series and the follower's status."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

__all__ = ["STORE_VARIABLE", "Home"]

STORE_VARIABLE = "WATTSHIFT_STORE"
"""The environment variable that names the folder."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of a store; nothing is made before somebody writes.

    Args:
        folder: the folder.
    """

    folder: Path

    @classmethod
    def default(cls) -> Self:
        """The folder that the environment names, else `wattshift` among the user's data."""
        named = os.environ.get(STORE_VARIABLE)
        if named:
            return cls(Path(named).expanduser())
        shared = os.environ.get("XDG_DATA_HOME")
        data = Path(shared) if shared else Path.home() / ".local" / "share"
        return cls(data / "wattshift")

    @property
    def ledger(self) -> Path:
        """The file of the ledger."""
        return self.folder / "ledger.sqlite"

    @property
    def series(self) -> Path:
        """The folder of the series."""
        return self.folder / "series"

    @property
    def status(self) -> Path:
        """What the follower last said of itself."""
        return self.folder / "status.json"
