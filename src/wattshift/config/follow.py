"""Settings of the follower, in TOML; what is said on the command line goes before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from wattshift.assets.bounds import STRICT, require_positive
from wattshift.chain.params import NETWORKS
from wattshift.config.tomlfile import TomlFile
from wattshift.errors import ConfigError, InputError
from wattshift.sources.spec import SourceSpec, parse_spec
from wattshift.store.opening import check_url

__all__ = ["EXAMPLE_SETTINGS", "FollowSettings", "PollPace", "follow_schema", "load_follow"]

EXAMPLE_SETTINGS = Path(__file__).resolve().parent.parent / "data" / "follow.toml"
"""Commented settings that show every key."""


@dataclass(frozen=True, kw_only=True)
class PollPace:
    """Time between two regular questions of a kind [s]; a source's own `every` goes before it."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    tips_s: float = 30.0
    quotes_s: float = 300.0
    candles_s: float = 21_600.0
    frames_s: float = 300.0

    def __post_init__(self) -> None:
        for key in ("tips_s", "quotes_s", "candles_s", "frames_s"):
            require_positive(key, getattr(self, key))


@dataclass(frozen=True, kw_only=True)
class FollowSettings:
    """What the follower is told.

    Args:
        sources: each as one line of text; `wattshift.sources.spec` says how.
        network: which network to follow.
        store: folder of the store; None for the usual one.
        ledger: URL of the database that holds the ledger, without a password; None for a file in the store.
        from_genesis: whether a new store starts at block 0 instead of at the newest bundled block.
        metrics: host and port on which metrics are served; None for nowhere.
        pace: how often things are asked for.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    sources: tuple[str, ...] = ()
    network: str = "mainnet"
    store: str | None = None
    ledger: str | None = None
    from_genesis: bool = False
    metrics: str | None = None
    pace: PollPace = field(default_factory=PollPace)

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise InputError(
                f"{self.network!r} is not a Bitcoin network",
                key="network",
                hint=f"choose one of {', '.join(NETWORKS)}",
            )
        if self.ledger is not None:
            try:
                check_url(self.ledger)
            except ConfigError as error:
                raise InputError(error.message, key="ledger", hint=error.hint) from None
        _ = self.specs

    @cached_property
    def specs(self) -> tuple[SourceSpec, ...]:
        """The sources, read.

        Raises:
            InputError: if one is wrong, or two have one name.
        """
        specs: list[SourceSpec] = []
        for index, text in enumerate(self.sources):
            try:
                spec = parse_spec(text)
            except ConfigError as error:
                raise InputError(error.message, key=f"sources.{index}", hint=error.hint) from None
            if any(spec.name == other.name for other in specs):
                raise InputError(
                    f"two sources are called {spec.name}",
                    key=f"sources.{index}",
                    hint="give one of them another name: ...?name=...",
                )
            specs.append(spec)
        return tuple(specs)


_FILE = TomlFile(
    FollowSettings,
    noun="settings file",
    example="`wattshift follow --example` shows every key",
    hidden=frozenset({"ledger", "sources"}),
)


def load_follow(path: Path) -> FollowSettings:
    """Read and check a settings file.

    Raises:
        ConfigError: if it cannot be read, is not TOML, or does not describe settings.
    """
    return _FILE.load(path)


def follow_schema() -> dict[str, Any]:
    """The JSON schema of a settings file."""
    return _FILE.schema()
