"""A real PostgreSQL server, in the version of this machine's Debian."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Self

import psycopg

from e2e.peers.child import Child, free_port
from e2e.peers.debian import libraries, unpacked
from e2e.peers.made import carry_out

PASSWORD = "kept-out-of-every-message"  # noqa: S105  # that no error repeats it is what the tests look for
_NOBODY = 65534
_NEEDLESS = "dpkg|libc-|libc6|libllvm|libperl|libz3|locales|perl|tar"
"""The machine's own libc, a compiler of queries, and what scripts of a system-wide set-up call."""


class Postgres:
    """A server with a folder and a port of its own; what it was told survives its death.

    The server refuses to run as root. Started by root it runs as nobody, in a folder that nobody can reach.

    Args:
        prefix: where its package is unpacked.
    """

    def __init__(self, prefix: Path) -> None:
        self.port = free_port()
        self._home = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._prefix = self._reachable(prefix)
        self._child: Child | None = None

    @staticmethod
    def install(peers: Path) -> Path:
        """Fetch the program; where it lies."""
        return unpacked(peers, "postgresql", without=_NEEDLESS)

    def _reachable(self, prefix: Path) -> Path:
        if os.geteuid() != 0:
            return prefix
        copy = shutil.copytree(prefix, self._home / "program", symlinks=True)
        carry_out("chown", str(_NOBODY), self._home)
        return Path(copy)

    def _words(self, program: str, *words: str) -> list[str]:
        (folder,) = self._prefix.glob("usr/lib/postgresql/*/bin")
        as_nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        return [*(as_nobody if os.geteuid() == 0 else []), str(folder / program), *words]

    @property
    def _environment(self) -> dict[str, str]:
        return {"LD_LIBRARY_PATH": libraries(self._prefix), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    @property
    def child(self) -> Child:
        """Its first process."""
        assert self._child is not None, "start the server first"
        return self._child

    def url(self, database: str = "postgres", *, user: str = "postgres") -> str:
        """The address of a database, with the password in it."""
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def __enter__(self) -> Self:
        secret = self._home / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data = ("-D", str(self._home / "data"), "--no-sync")
        identity = ("-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8")
        carry_out(*self._words("initdb", *data, *identity), env=self._environment)
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def start(self) -> Self:
        """Start it and wait until it answers; after a kill it first plays back its log."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": ""}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        words = self._words("postgres", "-D", str(self._home / "data"), *words)
        self._child = Child(words, log=self._home / "output.log", env=self._environment)
        self.child.until(self._answers, "database server")
        return self

    def _answers(self) -> bool:
        try:
            self.query("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def query(self, statement: str, *values: object, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the superuser; its rows, if it has any."""
        with psycopg.connect(self.url(database), autocommit=True) as db:
            cursor = db.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def create(self, name: str) -> str:
        """Make an empty database; its address."""
        self.query(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def kill(self) -> None:
        """`kill -9` of the server and of all that it started."""
        if self._child is not None:
            self.child.kill()
            self._child = None

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        self.query(f"ALTER SYSTEM SET {name} = {value}")
        self.query("SELECT pg_reload_conf()")
        self.child.until(lambda: self.query(f"SHOW {name}") == [(value,)], f"new {name}")
