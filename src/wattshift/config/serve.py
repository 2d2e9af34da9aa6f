"""Settings of the service, in TOML; what is said on the command line goes before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from wattshift.assets.bounds import STRICT, require_positive
from wattshift.config.follow import FollowSettings
from wattshift.config.mqtt import MqttGiven
from wattshift.config.tomlfile import TomlFile
from wattshift.errors import InputError

__all__ = ["EXAMPLE_SERVE", "ReplayGiven", "ServeSettings", "WebGiven", "load_serve", "serve_schema"]

EXAMPLE_SERVE = Path(__file__).resolve().parent.parent / "data" / "serve.toml"
"""Commented settings that show every key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayGiven:
    """History that runs again.

    Args:
        at: where it begins; None for no replay where there is a store, and for a good place otherwise.
        speed_ratio: seconds of history in one second.
        loop: whether it begins anew at its end.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    at: datetime | None = None
    speed_ratio: float = 600.0
    loop: bool = False

    def __post_init__(self) -> None:
        if self.at is not None and self.at.tzinfo is None:
            raise InputError("an instant needs an offset", key="at", hint="write at = 2026-01-20T00:00:00Z")
        require_positive("speed_ratio", self.speed_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebGiven:
    """Where the service listens.

    Args:
        host: the address; by default only this machine reaches it.
        port: the port.
        tls_cert: file of the certificate and its chain, PEM.
        tls_key: file of its key, PEM, readable by its owner alone.
        plain_http: whether it may be reached from other machines without TLS.
        names: host names under which people reach it.
        proxies: addresses of reverse proxies that speak TLS.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    host: str = "127.0.0.1"
    port: int = 8550
    tls_cert: str | None = None
    tls_key: str | None = None
    plain_http: bool = False
    names: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.port < 1 << 16:
            raise InputError("there is no such port", key="port", value=self.port, hint="8550 is usual")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What the service is told.

    Args:
        site: file of the site; None for the example.
        alerts: file of rules; None for the example's, which are told to nobody.
        web: where it listens.
        replay: history that runs again.
        follow: what is followed, as for `wattshift follow`.
        mqtt: a broker that is told each edition; None for none.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    site: str | None = None
    alerts: str | None = None
    web: WebGiven = field(default_factory=WebGiven)
    replay: ReplayGiven = field(default_factory=ReplayGiven)
    follow: FollowSettings = field(default_factory=FollowSettings)
    mqtt: MqttGiven | None = None


_FILE = TomlFile(
    ServeSettings,
    noun="settings file",
    example="`wattshift serve --example` shows every key",
    hidden=frozenset({"follow", "mqtt"}),
)


def load_serve(path: Path) -> ServeSettings:
    """Read and check a settings file.

    Raises:
        ConfigError: if it cannot be read, is not TOML, or does not describe settings.
    """
    return _FILE.load(path)


def serve_schema() -> dict[str, Any]:
    """The JSON schema of a settings file."""
    return _FILE.schema()
