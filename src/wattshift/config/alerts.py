"""The rules file of alerts, in TOML: what is watched, and whom it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from wattshift.alerts.rule import (
    HashpriceBelowBreakEven,
    HashrateBelow,
    HashrateDrop,
    Heartbeat,
    LedgerTrouble,
    PlanChange,
    PriceSpike,
    ReorgDeeper,
    RetargetBeyond,
    Rule,
    Severity,
    SourceStale,
)
from wattshift.assets.bounds import STRICT, require_name, require_not_negative
from wattshift.config.condition import RuleGiven, rule_of
from wattshift.config.tomlfile import TomlFile
from wattshift.errors import InputError

__all__ = [
    "EXAMPLE_ALERTS",
    "AlertsFile",
    "RelayGiven",
    "SiteGiven",
    "WebhookGiven",
    "alerts_schema",
    "load_alerts",
]

EXAMPLE_ALERTS = Path(__file__).resolve().parent.parent / "data" / "alerts.toml"
"""A commented rules file that shows every kind of rule and channel."""

_WRITTEN = "rule"
_KINDS = (
    _WRITTEN,
    "hashrate_below",
    "hashrate_drop",
    "retarget_beyond",
    "hashprice_below",
    "price_spike",
    "plan_change",
    "reorg_deeper",
    "source_stale",
    "ledger_trouble",
    "heartbeat",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteGiven:
    """Whose alerts they are.

    Args:
        name: of the site.
        link: where people look when an alert comes; None for nowhere.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str = "this site"
    link: str | None = None

    def __post_init__(self) -> None:
        require_name("name", self.name)
        if self.link is not None and not self.link.startswith(("https://", "http://")):
            raise InputError("the link is no web address", key="link", hint="write https://host/path")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookGiven:
    """A receiver of JSON.

    Args:
        name: how it is called.
        url: where it listens; or else
        url_env: the environment variable that holds the URL; or
        url_file: the file of mode 600 that holds it.
        secret_env: the environment variable that holds the secret that signs; None for unsigned messages.
        secret_file: the file of mode 600 that holds it.
        heartbeat: whether it is told heartbeats, and nothing else.
        min_severity: what matters less is not told here.
        allow_private: whether it may be on this machine or in a private network.
        allow_plain_http: whether http without TLS may leave this machine.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    url: str | None = None
    url_env: str | None = None
    url_file: str | None = None
    secret_env: str | None = None
    secret_file: str | None = None
    heartbeat: bool = False
    min_severity: Severity = Severity.INFO
    allow_private: bool = False
    allow_plain_http: bool = False

    def __post_init__(self) -> None:
        require_name("name", self.name)
        if sum(each is not None for each in (self.url, self.url_env, self.url_file)) != 1:
            raise InputError("a webhook has one URL", key="url", hint="give one of url, url_env and url_file")
        if self.secret_env is not None and self.secret_file is not None:
            raise InputError(
                "a webhook has one secret", key="secret_file", hint="give secret_env or secret_file"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayGiven:
    """Mail, Telegram, ntfy or Slack, as a URL of apprise; it holds a password, so it stands elsewhere.

    Args:
        name: how the channel is called.
        url_env: the environment variable that holds the URL; or else
        url_file: the file of mode 600 that holds it.
        min_severity: what matters less is not told here.
        allow_private: whether its host may be on this machine or in a private network.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    url_env: str | None = None
    url_file: str | None = None
    min_severity: Severity = Severity.INFO
    allow_private: bool = False

    def __post_init__(self) -> None:
        require_name("name", self.name)
        if (self.url_env is None) == (self.url_file is None):
            raise InputError(
                "a channel has one URL, outside this file", key="url_env", hint="give url_env or url_file"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsFile:
    """Rules by kind, and channels.

    Args:
        site: whose alerts they are.
        group_interval_s: alerts of one group are told at most once in this time [s].
        rule: rules whose condition is a line of text; see `wattshift.config.condition`.
        hashrate_below: see `wattshift.alerts.rule` for each kind.
        hashrate_drop: likewise.
        retarget_beyond: likewise.
        hashprice_below: likewise.
        price_spike: likewise.
        plan_change: likewise.
        reorg_deeper: likewise.
        source_stale: likewise.
        ledger_trouble: likewise.
        heartbeat: likewise.
        webhooks: receivers of JSON.
        relays: mail, Telegram, ntfy and Slack.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    site: SiteGiven = SiteGiven()
    group_interval_s: float = 300.0
    rule: tuple[RuleGiven, ...] = ()
    hashrate_below: tuple[HashrateBelow, ...] = ()
    hashrate_drop: tuple[HashrateDrop, ...] = ()
    retarget_beyond: tuple[RetargetBeyond, ...] = ()
    hashprice_below: tuple[HashpriceBelowBreakEven, ...] = ()
    price_spike: tuple[PriceSpike, ...] = ()
    plan_change: tuple[PlanChange, ...] = ()
    reorg_deeper: tuple[ReorgDeeper, ...] = ()
    source_stale: tuple[SourceStale, ...] = ()
    ledger_trouble: tuple[LedgerTrouble, ...] = ()
    heartbeat: tuple[Heartbeat, ...] = ()
    webhooks: tuple[WebhookGiven, ...] = ()
    relays: tuple[RelayGiven, ...] = ()

    def __post_init__(self) -> None:
        require_not_negative("group_interval_s", self.group_interval_s)
        _require_once("rule", self._named(_KINDS))
        _require_once("channel", self._named(("webhooks", "relays")))
        if not self.rules:
            raise InputError(
                "the file has no rule", key=_KINDS[1], hint="`wattshift alerts example` shows every kind"
            )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, by kind and then in the order of the file."""
        written = tuple(rule_of(each) for each in self.rule)
        return (*written, *(rule for kind in _KINDS[1:] for rule in getattr(self, kind)))

    def _named(self, keys: Sequence[str]) -> list[tuple[str, str]]:
        """Where each name stands, and the name."""
        return [
            (f"{key}.{index}.name", each.name)
            for key in keys
            for index, each in enumerate(getattr(self, key))
        ]


def _require_once(noun: str, named: Sequence[tuple[str, str]]) -> None:
    known: set[str] = set()
    for key, name in named:
        if name in known:
            raise InputError(
                f"two {noun}s are called {name!r}", key=key, hint="give one of them another name"
            )
        known.add(name)


_FILE = TomlFile(
    AlertsFile,
    noun="rules file",
    example="`wattshift alerts example` shows every key",
    hidden=frozenset({"webhooks", "relays"}),
)


def load_alerts(path: Path) -> AlertsFile:
    """Read and check a rules file.

    Raises:
        ConfigError: if it cannot be read, is not TOML, or does not describe rules.
    """
    return _FILE.load(path)


def alerts_schema() -> dict[str, Any]:
    """The JSON schema of a rules file."""
    return _FILE.schema()
