"""Opening a ledger by its name: a file is SQLite, a URL is PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from wattshift.errors import ConfigError

if TYPE_CHECKING:
    from wattshift.store.sqlledger import SqlLedger

__all__ = ["check_url", "join_ledger", "open_ledger"]

_SCHEMES = ("postgresql:", "postgres:")


def open_ledger(place: Path | str, *, write: bool) -> SqlLedger:
    """Open the ledger at a path or a URL: to lead it, or to view it.

    Raises:
        Locked: at once, if it is to be written and another process leads; it names that process.
        ConfigError: if it is a URL and the driver of PostgreSQL is not installed.
        InputError: if it is a URL that cannot be read.
        StoreError: if it cannot be opened or is no ledger.
    """
    if _is_url(place):
        from wattshift.store.postgres import PostgresLedger

        return PostgresLedger.lead(str(place)) if write else PostgresLedger.view(str(place))
    from wattshift.store.ledger import SqliteLedger

    return SqliteLedger.lead(Path(place)) if write else SqliteLedger.view(Path(place))


def join_ledger(place: Path | str) -> SqlLedger:
    """Open a ledger to keep records but no headers: beside a leader in PostgreSQL; a file is led.

    Raises:
        Locked: at once, if it is a file and another process leads; it names that process.
        ConfigError, InputError, StoreError: as `open_ledger`.
    """
    if not _is_url(place):
        return open_ledger(place, write=True)
    from wattshift.store.postgres import PostgresLedger

    return PostgresLedger.join(str(place))


def check_url(url: str) -> None:
    """Refuse what does not name a database, and a password where others may read it.

    Command lines are seen by every user of a machine, and settings are copied; neither message repeats it.

    Raises:
        ConfigError: saying where the password belongs.
    """
    try:
        parts = urlsplit(url)
        is_open = bool(parts.password) or "password" in parse_qs(parts.query)
    except ValueError:
        is_open, url = False, ""
    if not _is_url(url):
        raise ConfigError(
            "a ledger is named by the URL of a PostgreSQL database",
            hint="write it as postgresql://user@host:5432/database; without one, a file in the store's folder"
            " holds the ledger",
        )
    if is_open:
        raise ConfigError(
            "a password stands neither on a command line nor in settings",
            hint="write it into ~/.pgpass (mode 600), or give the whole URL in $WATTSHIFT_LEDGER",
        )


def _is_url(place: Path | str) -> bool:
    return isinstance(place, str) and place.startswith(_SCHEMES)
