"""Mail, Telegram, ntfy and Slack, through apprise: one URL names the service and holds its secrets.

Only these services: apprise knows a hundred, some of which would ask any address inside the network.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol
from urllib.parse import parse_qs, urlsplit
from warnings import catch_warnings, simplefilter

from wattshift.delivery.guard import Resolve, resolve_host, safe_address
from wattshift.delivery.message import Message
from wattshift.errors import ConfigError, Unavailable

__all__ = ["SERVICES", "RelayChannel"]

SERVICES = ("mailto", "mailtos", "ntfy", "ntfys", "slack", "tgram")
"""The schemes of the URLs that are taken."""

_ON_A_HOST = frozenset({"mailto", "mailtos", "ntfy", "ntfys"})
_PORTS = {"mailto": 587, "mailtos": 587, "ntfy": 80, "ntfys": 443}


class _Notifier(Protocol):
    """What is used of apprise, which is imported only where it is needed."""

    def add(self, services: str) -> bool: ...

    def notify(self, body: str, title: str, *, body_format: str) -> bool | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayChannel:
    """A service that apprise speaks to.

    Args:
        name: how the channel is called; errors name it and never its URL, which holds a secret.
        url: apprise's URL of the service.
        allow_private: whether its host may be on this machine or in a private network.
        resolve: what knows names.

    Raises:
        ConfigError: if apprise is missing, or does not understand the URL.
    """

    name: str
    url: str = field(repr=False)
    allow_private: bool = False
    resolve: Resolve = field(default=resolve_host, repr=False)

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in SERVICES:
            raise ConfigError(
                "the channel's URL is of no service that is known here",
                channel=self.name,
                hint=f"it starts with one of {', '.join(f'{each}://' for each in SERVICES)}",
            )
        self._opened()

    def send(self, message: Message) -> None:
        """Hand it to the service, as `Channel.send` says."""
        self._look_at_host()
        try:
            taken = self._opened().notify(message.text, message.title, body_format="text")
        except Exception:  # noqa: BLE001  # a hundred plugins, and an alert that must not die of one
            raise self._not_taken() from None
        if not taken:
            raise self._not_taken()

    def _not_taken(self) -> Unavailable:
        return Unavailable(
            "the service did not take the message",
            channel=self.name,
            hint="look at the service, its password and its address; the message is sent again later",
        )

    def _look_at_host(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in _ON_A_HOST:
            return  # what stands in place of a host is a token; the service's own host is public
        named = parse_qs(parts.query).get("smtp", [])
        if parts.scheme.startswith("ntfy") and len(parts.path.strip("/")) == 0:
            return  # ntfy://topic: the public service
        for host in named or [parts.hostname or ""]:
            port = parts.port or _PORTS[parts.scheme]
            safe_address(host, port, allow_private=self.allow_private, resolve=self.resolve)

    def _opened(self) -> _Notifier:
        with catch_warnings():
            simplefilter("ignore", DeprecationWarning)  # its plugins import what Python is about to drop
            opened = self._made()
            is_understood = opened.add(self.url)
        if not is_understood:
            raise ConfigError(
                "apprise does not understand the channel's URL",
                channel=self.name,
                hint="see its page on this service for how the URL is written",
            )
        return opened

    def _made(self) -> _Notifier:
        try:
            apprise = import_module("apprise")
        except ImportError:
            raise ConfigError(
                "this channel needs apprise, which is not installed",
                channel=self.name,
                hint="pip install 'wattshift[alerts]'",
            ) from None
        # It logs URLs, and they hold secrets.
        logging.getLogger("apprise").disabled = True
        made: _Notifier = apprise.Apprise()
        return made
