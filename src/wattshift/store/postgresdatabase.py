"""The ledger's tables in PostgreSQL: how they are made and opened, and what the server's errors mean.

The driver is psycopg 3, the extra `[postgres]`, imported only when a ledger is opened by URL. No message
repeats the URL: it may hold a password.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wattshift.errors import (
    ConfigError,
    Corrupt,
    InputError,
    Locked,
    Missing,
    SchemaMismatch,
    StoreError,
    Unwritable,
)
from wattshift.store.port import GENESIS

if TYPE_CHECKING:
    from psycopg import Connection

    PostgresConnection = Connection[tuple[Any, ...]]

__all__ = ["address_of", "connect", "translated"]

_UPGRADES: tuple[tuple[str, ...], ...] = ()
"""For each version before, in order from 1, the statements that turn it into the next."""

_MAKING = 0x57415454  # "WATT": the server's own lock, for as long as tables are made
_SCHEMA = (
    "CREATE SCHEMA wattshift",
    # The truth: one chain of entries.
    (
        "CREATE TABLE entry (seq bigint PRIMARY KEY, kind text NOT NULL, known_us bigint NOT NULL,"
        " body bytea NOT NULL, chain_hash bytea NOT NULL)"
    ),
    "CREATE INDEX entry_kind ON entry (kind, known_us) WHERE kind <> 'header'",
    # Where headers are found; every column follows from the entry.
    (
        "CREATE TABLE header (seq bigint PRIMARY KEY, block_hash bytea NOT NULL, height bigint NOT NULL,"
        " work bytea NOT NULL)"
    ),
    "CREATE INDEX header_block_hash ON header (block_hash)",
    "CREATE INDEX header_height ON header (height)",
    "CREATE INDEX header_work ON header (work DESC, seq)",
    # Where the chain ends; who leads, and the token without which nobody does.
    (
        "CREATE TABLE head (id bigint PRIMARY KEY CHECK (id = 1), version bigint NOT NULL,"
        " seq bigint NOT NULL, chain_hash bytea NOT NULL,"
        " token bigint NOT NULL, host text NOT NULL, pid bigint NOT NULL, since timestamptz NOT NULL)"
    ),
    (
        "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''append only'' USING ERRCODE = ''restrict_violation''; END'"
    ),
    *(
        f"CREATE TRIGGER {name}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}"
        " FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        for name in ("entry", "header")
    ),
)
_SESSION = {
    "search_path": "wattshift",
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "synchronous_commit": "on",
    "lock_timeout": "10s",
    # A writer that stops in the middle must not stop all others.
    "idle_in_transaction_session_timeout": "60s",
    # The lease of a machine that is gone ends within a minute.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_DEFAULTS = {"connect_timeout": "5", "application_name": "wattshift", "tcp_user_timeout": "30000"}
_AGAIN = "do the same again: a repeated append adds nothing"
_ALLOW = "grant this user the schema wattshift and its tables"
_MEANINGS: dict[str, tuple[type[StoreError], str, str]] = {
    "25006": (Unwritable, "the server lets nobody write", "name the primary server, not its standby"),
    "25P03": (Unwritable, "the server ended a transaction that stood still", f"start anew, then {_AGAIN}"),
    "40001": (Locked, "another writer stood in the way", _AGAIN),
    "40P01": (Locked, "another writer stood in the way", _AGAIN),
    "42501": (Unwritable, "the server does not permit it", _ALLOW),
    "42P01": (Missing, "there is no ledger in this database", f"write one first, name another, or {_ALLOW}"),
    "53100": (Unwritable, "the server's disk is full", f"free some space, then {_AGAIN}"),
    "55P03": (Locked, "another writer holds the ledger", f"look why it takes so long, then {_AGAIN}"),
    "58030": (Unwritable, "the server's disk failed", "look at the disk of the server"),
    "XX001": (Corrupt, "the server's files are damaged", "restore the database from a backup"),
    "XX002": (Corrupt, "an index of the server is damaged", "rebuild it with REINDEX"),
}
_LOST = (
    Unwritable,
    "the server does not answer or lets nobody in",
    f"see that it runs, that the database exists, that user and password are right; then {_AGAIN}",
)
_STRANGE = (SchemaMismatch, "the tables are not those of a ledger", "name another database")
_REFUSED = (Unwritable, "the server refused it", f"look into its log, then {_AGAIN}")


def _driver() -> Any:
    try:
        import psycopg
    except ImportError:
        raise ConfigError(
            "a ledger in PostgreSQL needs the driver psycopg",
            hint='install it with: pip install "wattshift[postgres]"',
        ) from None
    return psycopg


def address_of(url: str) -> str:
    """A URL without its user, password and options: what may stand in a message.

    Raises:
        InputError: if it is not the URL of a database.
    """
    psycopg = _driver()
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        parts = None  # its message would repeat the URL
    host = str((parts or {}).get("host", ""))
    if parts is None or "@" in host:  # a password with an @ of its own would end up in the host
        raise InputError(
            "this is not the URL of a PostgreSQL database",
            hint="write it as postgresql://user@host:5432/database, an @ in a password as %40",
        )
    port = f":{parts['port']}" if "port" in parts else ""
    return f"postgresql://{host}{port}/{parts.get('dbname', '')}"


@contextmanager
def translated(address: object) -> Iterator[None]:
    """Turn the errors of the driver into those of a store."""
    psycopg = _driver()
    try:
        yield
    except psycopg.Error as error:
        told = _MEANINGS.get(error.sqlstate or "")
        if told is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            told = _LOST
        if told is None and isinstance(error, psycopg.ProgrammingError):
            told = _STRANGE
        kind, words, hint = told or _REFUSED
        detail = " ".join(str(error).split())[:300]
        # From None: the driver's error holds all it was given, the password too.
        raise kind(words, file=address, detail=detail, hint=hint) from None


def connect(url: str, *, write: bool) -> PostgresConnection:
    """Open a session on a ledger; one for writing makes the tables if there are none.

    Raises:
        ConfigError: if the driver is not installed.
        InputError: if the URL is none.
        Missing: if there is no database, or no ledger to read.
        SchemaMismatch: if the ledger belongs to a newer version.
        Unwritable, Corrupt, Locked: what the server has against it.
    """
    psycopg, address = _driver(), address_of(url)
    with translated(address):
        given = psycopg.conninfo.conninfo_to_dict(url)
        db: PostgresConnection = psycopg.connect(**{**_DEFAULTS, **given}, autocommit=True)
        try:
            for name, value in _SESSION.items():
                db.execute("SELECT set_config(%s, %s, false)", (name, value))
            if write:
                _refuse_forgetful(db, address)
                _make_if_absent(db)
            else:
                db.execute("SET default_transaction_read_only = on")
            _check_tables(db, address)
        except BaseException:
            db.close()
            raise
        return db


def _version() -> int:
    """The present version of the tables; the first was 1."""
    return len(_UPGRADES) + 1


def _make_if_absent(db: PostgresConnection) -> None:
    """Make the tables or bring older ones up to date, all or nothing; of several processes only one does."""
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
        if db.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'wattshift'").fetchone():
            _upgrade(db)
            return
        for statement in _SCHEMA:
            db.execute(statement.encode())
        first = "INSERT INTO head VALUES (1, %s, 0, %s, 0, '', 0, now())"
        db.execute(first, (_version(), GENESIS))


def _upgrade(db: PostgresConnection) -> None:
    # Not locked: a long write must not hold up whoever asks who leads; who makes tables is alone anyway.
    found = db.execute("SELECT version FROM head").fetchone()
    if found is None or not 0 < found[0] < _version():
        return
    for statement in (each for statements in _UPGRADES[found[0] - 1 :] for each in statements):
        db.execute(statement.encode())
    db.execute("UPDATE head SET version = %s", (_version(),))


def _refuse_forgetful(db: PostgresConnection, address: str) -> None:
    if db.execute("SHOW fsync").fetchone() != ("on",):
        raise Unwritable(
            "the server would lose at a power cut what it says is kept",
            file=address,
            hint="set fsync = on in the server's settings",
        )


def _check_tables(db: PostgresConnection, address: str) -> None:
    found = db.execute("SELECT version FROM head").fetchone()
    if found is None:
        raise Corrupt("the ledger has lost its head", file=address, hint="restore it from a backup")
    if found[0] != _version():
        is_newer = found[0] > _version()
        raise SchemaMismatch(
            f"the ledger is of {'a newer' if is_newer else 'an older'} wattshift",
            file=address,
            found_version=found[0],
            known_version=_version(),
            hint="update wattshift; this version would not understand what it reads"
            if is_newer
            else "whatever writes to it next brings it up to date: start `wattshift follow` or `serve`",
        )
    guards = db.execute(
        "SELECT count(*) FROM pg_trigger WHERE tgname IN ('entry_stays', 'header_stays') AND tgenabled = 'O'"
        " AND tgrelid IN ('entry'::regclass, 'header'::regclass)"
    )
    if guards.fetchone() != (2,):
        raise Corrupt(
            "the ledger's tables are not guarded against change",
            file=address,
            hint="verify the ledger, then make the triggers entry_stays and header_stays again",
        )
