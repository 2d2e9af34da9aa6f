"""Tokens of the service: who may do what until when. The file holds hashes, never a token itself.

A token is 256 random bits, so its plain SHA-256 is as hard to invert as the token is to guess; no salt and no
slow hash would add to that.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from wattshift.clock import format_instant, parse_instant
from wattshift.errors import Conflict, Corrupt, InputError, Missing, SchemaMismatch, Unwritable
from wattshift.store.files import sync_folder, write_durably
from wattshift.store.lease import FileLock

__all__ = ["LONGEST_DAYS", "PREFIX", "TokenFile", "TokenRecord", "digest_of", "matching"]

PREFIX = "wattshift_"
"""How every token begins, so that those who search for leaked secrets find it."""

LONGEST_DAYS = 400

_NAME = re.compile(r"(?!(?:local|nobody)$)[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)
_FORMAT = 1
_MOST = 200
_MOST_BYTES = 1 << 20
_WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """What is known of a token.

    Args:
        name: what it is called; logs show this and never the token.
        digest: its SHA-256, in hex.
        scopes: what it is good for.
        made_at: when it was made.
        expires_at: from when on it is good for nothing.
        used_on: the last day on which it was used; None if it never was.
    """

    name: str
    digest: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    used_on: date | None = None


class TokenFile:
    """The tokens of one store. Any number of processes change it in turn.

    Args:
        path: its file; mode 600, made with the first token.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether there ever was a token: then nobody goes without, even if all were revoked."""
        return self.path.exists()

    def records(self) -> tuple[TokenRecord, ...]:
        """All tokens, in the order in which they were made; none if there is no file.

        Raises:
            Missing: if the file cannot be read.
            Corrupt: if it makes no sense.
            SchemaMismatch: if a newer version wrote it.
        """
        try:
            with self.path.open("rb") as file:
                content = file.read(_MOST_BYTES)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Missing(
                f"the tokens cannot be read: {error.strerror}", file=self.path, hint="let this user read them"
            ) from error
        try:
            body = json.loads(content)
            if body["format"] > _FORMAT:
                raise SchemaMismatch(
                    "the tokens were written by a newer wattshift", file=self.path, hint="update wattshift"
                )
            return tuple(_read(row) for row in body["tokens"])
        except (ValueError, LookupError, TypeError) as error:
            raise Corrupt(
                "the file of tokens makes no sense",
                file=self.path,
                hint="move it away and make new tokens; until then nobody is let in",
            ) from error

    def make(self, name: str, *, scopes: Iterable[str], life_days: int, now: datetime) -> str:
        """Make a token; it is returned once, and kept nowhere.

        Args:
            name: what it is called.
            scopes: what it is good for.
            life_days: how long.
            now: the present.

        Raises:
            InputError: if the name or the life is none.
            Conflict: if there is a token of that name.
            StoreError: if the file cannot be read or written.
        """
        if not _NAME.fullmatch(name):
            raise InputError(
                "this is no name of a token",
                name=name[:60],
                hint="small letters, digits and . _ -, up to 40; neither local nor nobody",
            )
        if not 1 <= life_days <= LONGEST_DAYS:
            raise InputError(
                f"a token lives 1 to {LONGEST_DAYS} days", days=life_days, hint="make a new one in time"
            )
        secret = PREFIX + secrets.token_urlsafe(32)
        record = TokenRecord(
            name=name,
            digest=digest_of(secret),
            scopes=tuple(scopes),
            made_at=now,
            expires_at=now + timedelta(days=life_days),
        )
        self._change(lambda records: (*_without_twin(records, name), record))
        return secret

    def revoke(self, name: str) -> None:
        """Make a token good for nothing, at once.

        Raises:
            Missing: if there is no token of that name.
            StoreError: if the file cannot be read or written.
        """

        def change(records: tuple[TokenRecord, ...]) -> tuple[TokenRecord, ...]:
            left = tuple(record for record in records if record.name != name)
            if len(left) == len(records):
                raise Missing(
                    "there is no token of that name", name=name[:60], hint="see `wattshift tokens list`"
                )
            return left

        self._change(change)

    def note_use(self, name: str, *, on: date) -> None:
        """Remember the day on which a token was used last.

        Raises:
            StoreError: if the file cannot be read or written.
        """
        self._change(
            lambda records: tuple(
                replace(record, used_on=on) if record.name == name else record for record in records
            )
        )

    def _change(self, change: Callable[[tuple[TokenRecord, ...]], tuple[TokenRecord, ...]]) -> None:
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unwritable(
                f"the folder cannot be made: {error.strerror}", file=folder, hint="name another store"
            ) from error
        with FileLock(self.path.with_name(f"{self.path.name}.lock"), wait_s=_WAIT_S):
            records = change(self.records())
            body = {"format": _FORMAT, "tokens": [_packed(record) for record in records]}
            write_durably(self.path, json.dumps(body, indent=1).encode(), mode=0o600)
            sync_folder(folder)


def digest_of(secret: str) -> str:
    """The hash under which a token is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matching(records: Iterable[TokenRecord], secret: str, *, now: datetime) -> TokenRecord | None:
    """The record of a token, unless it has expired. It takes as long whichever it is, or none.

    Args:
        records: all there are.
        secret: what somebody showed.
        now: the present.
    """
    digest, found = digest_of(secret), None
    for record in records:
        if hmac.compare_digest(digest, record.digest):
            found = record
    return found if found is not None and now < found.expires_at else None


def _without_twin(records: tuple[TokenRecord, ...], name: str) -> tuple[TokenRecord, ...]:
    if any(record.name == name for record in records):
        raise Conflict("there is a token of that name", name=name, hint="revoke it, or take another name")
    if len(records) >= _MOST:
        raise InputError(f"there are {_MOST} tokens already", hint="revoke those that nobody uses")
    return records


def _packed(record: TokenRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "sha256": record.digest,
        "scopes": list(record.scopes),
        "made_at": format_instant(record.made_at),
        "expires_at": format_instant(record.expires_at),
        "used_on": None if record.used_on is None else record.used_on.isoformat(),
    }


def _read(row: dict[str, Any]) -> TokenRecord:
    used_on = row["used_on"]
    return TokenRecord(
        name=str(row["name"]),
        digest=bytes.fromhex(row["sha256"]).hex(),
        scopes=tuple(str(scope) for scope in row["scopes"]),
        made_at=parse_instant(row["made_at"]),
        expires_at=parse_instant(row["expires_at"]),
        used_on=None if used_on is None else date.fromisoformat(used_on),
    )
