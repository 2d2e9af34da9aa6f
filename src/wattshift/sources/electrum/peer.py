"""Which server is asked, and within which limits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Self

from wattshift.errors import ConfigError, InputError
from wattshift.sources.http.address import is_loopback

__all__ = ["ElectrumLimits", "Peer"]

_ADDRESS = re.compile(r"(ssl|tcp)://(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253}):([0-9]{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectrumLimits:
    """What one question may cost.

    Args:
        connect_s: longest time to connect and to agree on TLS [s].
        line_s: longest time until a whole line is there [s].
        total_s: longest time of a question, with all its attempts and waits [s].
        max_bytes: longest line.
        max_attempts: most connections tried for one question.

    Raises:
        InputError: if a limit is not a positive number.
    """

    connect_s: float = 10.0
    line_s: float = 20.0
    total_s: float = 60.0
    max_bytes: int = 2 << 20
    max_attempts: int = 3

    def __post_init__(self) -> None:
        limits = (self.connect_s, self.line_s, self.total_s, self.max_bytes, self.max_attempts)
        if not all(isfinite(each) and each > 0 for each in limits):
            raise InputError("a limit is not a positive number", limits=self, hint="give one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Where a server listens.

    Args:
        tls: whether it is asked by TLS.
        host: name or IP address, IPv6 without brackets.
    """

    tls: bool
    host: str
    port: int

    @classmethod
    def parse(cls, address: str, *, allow_plain_tcp: bool = False) -> Self:
        """Read `ssl://host:port` or `tcp://host:port`.

        Raises:
            ConfigError: if it is neither, or is plain TCP to another machine without leave.
        """
        parts = _ADDRESS.fullmatch(address.lower())
        if parts is None or not 0 < int(parts[3]) < 1 << 16:
            raise ConfigError(
                "the address of an Electrum server is not one", hint="write it as ssl://host:50002"
            )
        peer = cls(tls=parts[1] == "ssl", host=parts[2].strip("[]"), port=int(parts[3]))
        if not (peer.tls or allow_plain_tcp or is_loopback(peer.host)):
            raise ConfigError(
                "plain tcp to another machine can be read and changed on its way",
                url=peer.url,
                hint="use ssl://, or allow plain tcp for this source if the network between is yours",
            )
        return peer

    @property
    def url(self) -> str:
        """The address as origins show it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"electrum+{'ssl' if self.tls else 'tcp'}://{host}:{self.port}"
