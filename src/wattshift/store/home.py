"""Where a store lives: one folder for the ledger, the series and the follower's status.

The ledger alone may lie elsewhere, in a PostgreSQL database that several processes of a site share.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from wattshift.errors import Unwritable

__all__ = ["EDITIONS_NAME", "LEDGER_VARIABLE", "STORE_VARIABLE", "Home"]

LEDGER_VARIABLE = "WATTSHIFT_LEDGER"
"""The environment variable that names the ledger's database."""

STORE_VARIABLE = "WATTSHIFT_STORE"
"""The environment variable that names the folder."""


EDITIONS_NAME = "editions.sqlite"
"""What a service told lies under this name, beside its journal of alerts."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of a store; nothing is made before somebody writes.

    Args:
        folder: the folder.
        ledger_url: the database that holds the ledger instead of a file in the folder; never shown, since it
            may hold a password.
    """

    folder: Path
    ledger_url: str | None = field(default=None, repr=False)

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
        """The file of the ledger, where no database holds it."""
        return self.folder / "ledger.sqlite"

    @property
    def ledger_place(self) -> Path | str:
        """Where the ledger is, as `wattshift.store.opening` takes it: its file or its database."""
        return self.ledger if self.ledger_url is None else self.ledger_url

    @property
    def series(self) -> Path:
        """The folder of the series."""
        return self.folder / "series"

    @property
    def status(self) -> Path:
        """What the follower last said of itself."""
        return self.folder / "status.json"

    @property
    def alerts(self) -> Path:
        """The journal of alerts."""
        return self.folder / "alerts.sqlite"

    @property
    def editions(self) -> Path:
        """The journal of what a service told."""
        return self.folder / EDITIONS_NAME

    @property
    def tokens(self) -> Path:
        """Who may use the service."""
        return self.folder / "tokens.json"

    def make_folder(self) -> None:
        """Make the folder if it is not there.

        Raises:
            Unwritable: if the machine refuses.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unwritable(
                f"the folder of the store cannot be made: {error.strerror}",
                file=self.folder,
                hint="let this user write there, or name another folder with --store",
            ) from error
