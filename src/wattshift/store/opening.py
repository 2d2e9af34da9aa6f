"""Opening a ledger by its name: a file is SQLite, a URL is PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wattshift.store.sqlledger import SqlLedger

__all__ = ["open_ledger"]

_SCHEMES = ("postgresql:", "postgres:")


def open_ledger(place: Path | str, *, write: bool) -> SqlLedger:
    """Open the ledger at a path or a URL: to lead it, or to view it.

    Raises:
        Locked: at once, if it is to be written and another process leads; it names that process.
        ConfigError: if it is a URL and the driver of PostgreSQL is not installed.
        InputError: if it is a URL that cannot be read.
        StoreError: if it cannot be opened or is no ledger.
    """
    if isinstance(place, str) and place.startswith(_SCHEMES):
        from wattshift.store.postgres import PostgresLedger

        return PostgresLedger.lead(place) if write else PostgresLedger.view(place)
    from wattshift.store.ledger import SqliteLedger

    return SqliteLedger.lead(Path(place)) if write else SqliteLedger.view(Path(place))
