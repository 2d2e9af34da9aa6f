"""How an operator names a source: one line of text, the same on the command line and in a settings file.

`kind:address?option=value&option=value`, for example `core:http://127.0.0.1:8332?cookie=~/.bitcoin/.cookie`.
A secret never stands in it: command lines and settings are read by others, so a secret lies in a file or in
the environment, and the line says where.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from wattshift.clock import parse_duration_s
from wattshift.errors import ConfigError, InputError

__all__ = ["EXAMPLES", "KINDS", "SourceKind", "SourceSpec", "check_private", "parse_spec", "read_secret"]

EXAMPLES = (
    "core:http://127.0.0.1:8332?cookie=~/.bitcoin/.cookie",
    "electrum:ssl://electrum.example.org:50002",
    "venue:kraken",
)
"""A node, an Electrum server and a venue, as an operator would name them."""

_COMMON = ("name", "upstream", "every")
_HTTP = (*_COMMON, "plain_http")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """One kind of source.

    Args:
        address: what its address looks like.
        options: which options it takes.
        provides: what it is asked for.
    """

    address: str
    options: tuple[str, ...]
    provides: str


KINDS: Mapping[str, SourceKind] = MappingProxyType(
    {
        "core": SourceKind(
            address="http://127.0.0.1:8332",
            options=(*_HTTP, "cookie", "user", "password_file", "password_env", "rest", "zmq"),
            provides="headers, fees and announcements of a Bitcoin node",
        ),
        "electrum": SourceKind(
            address="ssl://host:50002",
            options=(*_COMMON, "pin", "pin_file", "plain_tcp"),
            provides="headers and announcements of an Electrum server",
        ),
        "esplora": SourceKind(
            address="https://host/api", options=_HTTP, provides="headers and fees of an Esplora server"
        ),
        "mempool": SourceKind(
            address="https://host/api",
            options=_HTTP,
            provides="headers, fees, pools and the price of a mempool.space server",
        ),
        "venue": SourceKind(
            address="kraken", options=(*_HTTP, "url"), provides="price and daily closes of BTC/USD"
        ),
        "ercot": SourceKind(
            address="rtm", options=(*_COMMON, "location", "url"), provides="settlement-point prices of ERCOT"
        ),
        "caiso": SourceKind(
            address="rtm", options=(*_COMMON, "location", "url"), provides="locational prices of CAISO"
        ),
        "gridstatus": SourceKind(
            address="ercot",
            options=(*_COMMON, "market", "location"),
            provides="prices by the gridstatus package",
        ),
        "gpu": SourceKind(
            address="https://host/prices.csv", options=_COMMON, provides="asking prices of GPUs, as CSV"
        ),
    }
)
"""Every kind of source by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """A source as it was named.

    Args:
        kind: a key of `KINDS`.
        address: where it is.
        name: how it is called here.
        options: what else was said.
    """

    kind: str
    address: str
    name: str
    options: Mapping[str, str]

    @property
    def every_s(self) -> float | None:
        """Time between two regular questions [s]; None where nothing was said."""
        text = self.options.get("every")
        return None if text is None else float(parse_duration_s(text))

    def flag(self, option: str, *, default: bool = False) -> bool:
        """An option that is yes or no.

        Raises:
            ConfigError: if it is neither.
        """
        text = self.options.get(option)
        if text is None:
            return default
        if text not in {"yes", "no"}:
            raise ConfigError(
                f"{option} is yes or no", source=self.name, given=text, hint=f"write {option}=yes"
            )
        return text == "yes"

    def path(self, option: str) -> Path | None:
        """An option that names a file; None where nothing was said."""
        text = self.options.get(option)
        return None if text is None else Path(text).expanduser()


def parse_spec(text: str) -> SourceSpec:
    """Read one source.

    Raises:
        ConfigError: if it is of no known kind, has an unknown option, or carries a password. What is shown
            of it then holds no secret.
    """
    kind, _, rest = text.strip().partition(":")
    if kind not in KINDS:
        close = difflib.get_close_matches(kind, KINDS, n=1)
        raise ConfigError(
            "this is no kind of source",
            kind=kind[:40],
            hint=(f"did you mean {close[0]}? " if close else "") + "write it like " + ", ".join(EXAMPLES),
        )
    address, _, query = rest.partition("?")
    if "@" in urlsplit(address).netloc if "://" in address else "@" in address:
        raise ConfigError(
            "an address must not carry a user or a password",
            kind=kind,
            hint="write user=... and password_file=... behind a question mark: command lines are public",
        )
    if not address:
        raise ConfigError(
            f"a {kind} source needs an address", hint=f"write it like {kind}:{KINDS[kind].address}"
        )
    options = _options(kind, query)
    name = options.pop("name", "") or _default_name(kind, address)
    spec = SourceSpec(kind=kind, address=address, name=name, options=MappingProxyType(options))
    try:
        _ = spec.every_s
    except InputError as error:
        raise ConfigError(error.message, source=name, option="every", hint=error.hint) from None
    return spec


def read_secret(path: Path) -> str:
    """A secret from a file that nobody else can read.

    Raises:
        ConfigError: if it cannot be read, is empty, or is open to others.
    """
    check_private(path)
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise ConfigError(
            "there is no secret in the file", file=path, hint="put it there, as one line of text"
        )
    return secret


def check_private(path: Path) -> None:
    """See that only its owner can read a file.

    A file that belongs to somebody else may be open to its group: that is how a node shares its cookie.

    Raises:
        ConfigError: if it is not there, or is open to others.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigError(
            f"the secret's file cannot be read: {error.strerror}", file=path, hint="check the path"
        ) from None
    if os.name == "nt":
        return  # Windows guards files by lists that stat does not tell
    shared = stat.S_IRGRP if found.st_uid != os.getuid() else 0
    if found.st_mode & 0o077 & ~shared:
        raise ConfigError(
            "a secret lies in a file that others can read or change",
            file=path,
            mode=oct(found.st_mode & 0o777),
            hint=f"chmod 600 {path}",
        )


def _options(kind: str, query: str) -> dict[str, str]:
    known = KINDS[kind].options
    options: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key in {"password", "rpcpassword", "pass", "token", "key"}:
            raise ConfigError(
                "a secret must not stand in the text that names a source",
                kind=kind,
                option=key,
                hint="put it into a file of mode 600 and write password_file=FILE, or password_env=VARIABLE",
            )
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            raise ConfigError(
                f"a {kind} source has no option {key[:40]!r}",
                hint=(f"did you mean {close[0]}? " if close else "") + "its options are " + ", ".join(known),
            )
        if key in options or not value:
            raise ConfigError(
                f"the option {key} stands once and has a value", kind=kind, hint=f"write {key}=..."
            )
        options[key] = value
    return options


def _default_name(kind: str, address: str) -> str:
    """A venue is called by its name, anything else by its kind and host."""
    if kind == "venue":
        return address
    host = urlsplit(address).netloc if "://" in address else address
    return f"{kind}:{host}"
