"""The `[mqtt]` table of the service's settings: which broker is told, and under which topics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from wattshift.assets.bounds import STRICT
from wattshift.errors import InputError
from wattshift.sources.http.address import is_loopback

__all__ = ["MqttGiven"]

_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_PORT, _TLS_PORT = 1883, 8883


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttGiven:
    """A broker, and how the service speaks to it.

    Args:
        host: name or address of the broker.
        port: its port; by default 8883 with TLS, else 1883.
        tls: whether to speak TLS.
        ca_file: who vouches for the broker, as a PEM file; None for whom the system trusts.
        user: user name; None for none.
        password_env: the environment variable that holds the password; or else
        password_file: the file of mode 600 that holds it.
        allow_plain_tcp: whether to speak to another machine without TLS.
        prefix: first part of every topic.
        discovery_prefix: where Home Assistant looks for what there is.
        site_id: the site's part of every topic and identity; keep it, or Home Assistant sees another device.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    host: str
    port: int | None = None
    tls: bool = False
    ca_file: str | None = None
    user: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    allow_plain_tcp: bool = False
    prefix: str = "wattshift"
    discovery_prefix: str = "homeassistant"
    site_id: str = "site"

    def __post_init__(self) -> None:
        if not _is_host(self.host):
            raise InputError(
                "this is no host of a broker",
                key="host",
                hint="write its name or address alone, such as broker.local; the port stands in port",
            )
        if self.port is not None and not 0 < self.port < 1 << 16:
            raise InputError(
                "a port lies between 1 and 65535", key="port", hint="leave it out, or write 1883"
            )
        for key in ("prefix", "discovery_prefix", "site_id"):
            if not _WORD.fullmatch(getattr(self, key)):
                raise InputError(
                    f"{key} is no part of a topic",
                    key=key,
                    hint="write a word of letters, digits, hyphens and underscores",
                )
        self._check_secrecy()

    def _check_secrecy(self) -> None:
        if self.password_env is not None and self.password_file is not None:
            raise InputError(
                "a user has one password", key="password_file", hint="give password_env or password_file"
            )
        if self.user is None and (self.password_env or self.password_file):
            raise InputError("whose password is it?", key="user", hint="give the user too")
        if self.ca_file is not None and not self.tls:
            raise InputError("ca_file speaks of TLS, which is off", key="ca_file", hint="set tls = true")
        if not (self.tls or self.allow_plain_tcp or is_loopback(self.host)):
            raise InputError(
                "without TLS, whoever listens on the way reads all, the password too",
                key="tls",
                hint="set tls = true, or allow_plain_tcp = true if the network between is yours",
            )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or (_TLS_PORT if self.tls else _PORT)

    @property
    def ca_path(self) -> Path | None:
        """Who vouches for the broker; None for whom the system trusts."""
        return None if self.ca_file is None else Path(self.ca_file).expanduser()


def _is_host(text: str) -> bool:
    """Whether the network's functions will at least understand it."""
    try:
        return bool(_HOST.fullmatch(text.encode("idna").decode()))
    except UnicodeError:
        return False
