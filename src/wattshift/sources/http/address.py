"""Where a source is asked: a checked URL, and how it may be shown."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Self
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urljoin, urlsplit

from wattshift.errors import ConfigError

__all__ = ["Address", "is_loopback"]

_PORTS = {"http": 80, "https": 443}
_SECRET = re.compile("auth|cookie|cred|key|pass|secret|sess|sig|token", re.IGNORECASE)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|[0-9a-f.]*:[0-9a-f:.]*")
_PATH_AS_IT_IS = "/%:@!$&'()*+,;=~-._"
_QUERY_AS_IT_IS = _PATH_AS_IT_IS + "?"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself: localhost, 127.0.0.0/8 or ::1."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A URL in parts.

    Args:
        scheme: http or https.
        host: name or IP address, lower case, IPv6 without brackets.
        path: percent-encoded, from the first slash on.
        query: percent-encoded, without the question mark.
        credentials: value of an Authorization header, from `user:password@`; never shown.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str
    credentials: str | None

    @classmethod
    def parse(cls, url: str, params: Mapping[str, str] | None = None) -> Self:
        """Read a URL and put more parameters behind its own.

        Raises:
            ConfigError: if it is not a complete http or https URL; it is not shown, for it may hold a secret.
        """
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname or "", parts.port
        except ValueError:
            scheme, host, port = "", "", None
        if scheme not in _PORTS or not _HOST.fullmatch(host) or not url.isprintable():
            raise ConfigError(
                "the address of a source is not an http or https URL",
                hint="write it as https://host/path, the host in ASCII",
            )
        query = "&".join(filter(None, (quote(parts.query, _QUERY_AS_IT_IS), urlencode(params or {}))))
        return cls(
            scheme=scheme,
            host=host,
            port=_PORTS[scheme] if port is None else port,
            path=quote(parts.path, _PATH_AS_IT_IS) or "/",
            query=query,
            credentials=_basic(parts.username, parts.password),
        )

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what two addresses of one service share."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port as a Host header writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query: what is asked of the host."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def url(self) -> str:
        """The whole URL, credentials aside; its query may hold a secret."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def shown(self) -> str:
        """The URL for people: no credentials, and *** for each parameter whose name sounds secret."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        query = urlencode([(key, "***" if _SECRET.search(key) else value) for key, value in pairs], safe="*")
        return f"{self.scheme}://{self.authority}{self.path}" + (f"?{query}" if query else "")

    def redirected(self, location: str) -> Address:
        """Where a Location header leads from here, with the same credentials.

        Raises:
            ConfigError: if that is no http or https URL.
        """
        try:
            joined = urljoin(self.url, location)
        except ValueError:
            joined = ""
        return replace(Address.parse(joined), credentials=self.credentials)


def _basic(user: str | None, password: str | None) -> str | None:
    """A Basic authorisation (RFC 7617)."""
    if user is None and password is None:
        return None
    pair = unquote_to_bytes(user or "") + b":" + unquote_to_bytes(password or "")
    return f"Basic {b64encode(pair).decode('ascii')}"
