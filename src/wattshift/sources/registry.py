"""From the name of a source to the source: what it provides, and how it is built."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, runtime_checkable
from urllib.parse import urlencode, urlsplit

from wattshift.chain.params import MAINNET, REGTEST, SIGNET, TESTNET3, TESTNET4, Network
from wattshift.clock import Clock
from wattshift.errors import ConfigError
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import (
    CandleSource,
    FactSource,
    FrameSource,
    HeaderSource,
    QuoteSource,
    Source,
    TipWatch,
)
from wattshift.sources.spec import EXAMPLES, SourceSpec, check_private, read_secret

__all__ = ["Connected", "TellsTime", "connect", "local_node"]


@runtime_checkable
class TellsTime(Protocol):
    """A source whose server said what the time is."""

    @property
    def server_date_at(self) -> datetime | None:
        """The Date header of its last answer; None before there was one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A source that can be asked, by what it provides.

    Args:
        spec: how it was named.
        source: the source itself, to be closed in the end.
        headers: the same if it serves headers.
        facts: the same if it knows what is in a block.
        quotes: what tells the price of a bitcoin.
        candles: what tells daily closes.
        frames: what publishes rows of a table.
        watch: opens a line on which it announces tips.
    """

    spec: SourceSpec
    source: Source
    headers: HeaderSource | None = None
    facts: FactSource | None = None
    quotes: QuoteSource | None = None
    candles: CandleSource | None = None
    frames: FrameSource | None = None
    watch: Callable[[], TipWatch] | None = None

    def close(self) -> None:
        """Let go of all its connections."""
        self.source.close()
        if self.quotes is not None and self.quotes is not self.source:
            self.quotes.close()

    @property
    def provides(self) -> tuple[str, ...]:
        """What it can be asked for, in words."""
        roles = {
            "headers": self.headers,
            "announcements": self.watch,
            "block facts": self.facts,
            "price": self.quotes,
            "daily closes": self.candles,
            self.frames.table if self.frames else "": self.frames,
        }
        return tuple(name for name, role in roles.items() if role is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """What every source is built with."""

    spec: SourceSpec
    network: Network
    clock: Clock

    def limits(self, usual: HttpLimits) -> HttpLimits:
        return replace(usual, allow_plain_http=self.spec.flag("plain_http"))


def connect(spec: SourceSpec, network: Network, clock: Clock) -> Connected:
    """Build a source; nothing is asked yet.

    Args:
        spec: how it was named.
        network: which network it must follow.
        clock: says when its answers arrive.

    Raises:
        ConfigError: if its address, an option or a file with a secret is wrong.
    """
    return _BUILDERS[spec.kind](_Setting(spec=spec, network=network, clock=clock))


def local_node(network: Network) -> str:
    """The text that names the node of this machine, if one runs where nodes usually run.

    Raises:
        ConfigError: if there is none; it shows how to name a source.
    """
    folder, port = _NODES[network.name]
    for home in _node_homes():
        cookie = home / folder / ".cookie"
        if cookie.exists():
            return f"core:http://127.0.0.1:{port}?{urlencode({'cookie': cookie, 'name': 'local node'})}"
    raise ConfigError(
        "there is nothing to follow: no source is named, and no node of this machine has left its cookie",
        hint="name one or more: " + "; ".join(f"--source '{example}'" for example in EXAMPLES),
    )


_NODES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        MAINNET.name: ("", 8332),
        TESTNET3.name: ("testnet3", 18332),
        TESTNET4.name: ("testnet4", 48332),
        SIGNET.name: ("signet", 38332),
        REGTEST.name: ("regtest", 18443),
    }
)
"""Where a node keeps its cookie below its home, and where it listens (Core, `chainparamsbase.cpp`)."""


def _node_homes() -> tuple[Path, ...]:
    """Where nodes keep their files: on Linux, macOS and Windows."""
    roaming = os.environ.get("APPDATA")
    return (
        Path.home() / ".bitcoin",
        Path.home() / "Library" / "Application Support" / "Bitcoin",
        *([Path(roaming) / "Bitcoin"] if roaming else []),
    )


def _core(setting: _Setting) -> Connected:
    from wattshift.sources.core import CORE_LIMITS, CoreSource

    spec = setting.spec
    cookie, zmq_url = spec.path("cookie"), spec.options.get("zmq")
    if (
        cookie is not None and cookie.exists()
    ):  # a node that is down has none; it is looked for at each question
        check_private(cookie)
    source = CoreSource(
        spec.name,
        spec.address,
        cookie_file=cookie,
        user=spec.options.get("user"),
        password=_password(spec),
        use_rest=spec.flag("rest", default=True),
        zmq_url=zmq_url,
        upstream=spec.options.get("upstream"),
        network=setting.network,
        limits=setting.limits(CORE_LIMITS),
        clock=setting.clock,
    )
    return Connected(
        spec=spec, source=source, headers=source, facts=source, watch=source.watch if zmq_url else None
    )


def _password(spec: SourceSpec) -> str | None:
    """The password of a node, from its file or from the environment."""
    path, variable = spec.path("password_file"), spec.options.get("password_env")
    if path is not None:
        return read_secret(path)
    if variable is None:
        return None
    if variable not in os.environ:
        raise ConfigError(
            "the environment does not hold the password", source=spec.name, variable=variable, hint="set it"
        )
    return os.environ[variable]


def _electrum(setting: _Setting) -> Connected:
    from wattshift.sources.electrum.source import ElectrumSource

    spec = setting.spec
    source = ElectrumSource(
        spec.name,
        spec.address,
        network=setting.network,
        upstream=spec.options.get("upstream"),
        pin=spec.options.get("pin"),
        pin_file=spec.path("pin_file"),
        allow_plain_tcp=spec.flag("plain_tcp"),
        clock=setting.clock,
    )
    return Connected(spec=spec, source=source, headers=source, watch=source.watch)


def _esplora(setting: _Setting) -> Connected:
    from wattshift.sources.explorers.esplora import EsploraSource
    from wattshift.sources.explorers.explorer import EXPLORER_LIMITS

    spec = setting.spec
    source = EsploraSource(
        spec.name,
        spec.address,
        network=setting.network,
        upstream=spec.options.get("upstream"),
        limits=setting.limits(EXPLORER_LIMITS),
        clock=setting.clock,
    )
    return Connected(spec=spec, source=source, headers=source, facts=source)


def _mempool(setting: _Setting) -> Connected:
    from wattshift.sources.explorers.explorer import EXPLORER_LIMITS
    from wattshift.sources.explorers.mempool import MempoolPrices, MempoolSource

    spec = setting.spec
    source = MempoolSource(
        spec.name,
        spec.address,
        network=setting.network,
        upstream=spec.options.get("upstream"),
        limits=setting.limits(EXPLORER_LIMITS),
        clock=setting.clock,
    )
    if setting.network is not MAINNET:
        return Connected(spec=spec, source=source, headers=source, facts=source)
    prices = MempoolPrices(
        spec.name, spec.address, limits=setting.limits(EXPLORER_LIMITS), clock=setting.clock
    )
    return Connected(spec=spec, source=source, headers=source, facts=source, quotes=prices)


def _venue(setting: _Setting) -> Connected:
    from wattshift.sources.venues import VENUES, Venue

    spec = setting.spec
    if spec.address not in VENUES:
        raise ConfigError(
            "there is no such venue", source=spec.name, hint="choose one of " + ", ".join(VENUES)
        )
    source = Venue(
        VENUES[spec.address],
        name=spec.name,
        base_url=spec.options.get("url"),
        limits=setting.limits(HttpLimits(max_bytes=1 << 20)),
        clock=setting.clock,
    )
    return Connected(spec=spec, source=source, quotes=source, candles=source)


def _ercot(setting: _Setting) -> Connected:
    from wattshift.sources.power.ercotdocs import ErcotSource

    spec, url = setting.spec, setting.spec.options.get("url")
    build = partial(
        ErcotSource, f"ercot_{spec.address}", _locations(spec), name=spec.name, clock=setting.clock
    )
    source = build() if url is None else build(base_url=url)
    return Connected(spec=spec, source=source, frames=source)


def _caiso(setting: _Setting) -> Connected:
    from wattshift.sources.power.oasis import OasisSource

    spec, url = setting.spec, setting.spec.options.get("url")
    build = partial(
        OasisSource, f"caiso_{spec.address}", _locations(spec), name=spec.name, clock=setting.clock
    )
    source = build() if url is None else build(base_url=url)
    return Connected(spec=spec, source=source, frames=source)


def _gridstatus(setting: _Setting) -> Connected:
    from wattshift.sources.power.live import GridstatusSource

    spec = setting.spec
    source = GridstatusSource(
        iso=spec.address,
        market=spec.options.get("market", "real_time_15_min"),
        location=_locations(spec)[0],
        name=spec.name,
        clock=setting.clock,
    )
    return Connected(spec=spec, source=source, frames=source)


def _gpu(setting: _Setting) -> Connected:
    from wattshift.sources.compute.gpulist import GpuListSource

    spec = setting.spec
    upstream = spec.options.get("upstream") or urlsplit(spec.address).netloc
    source = GpuListSource(spec.address, name=spec.name, upstream=upstream, clock=setting.clock)
    return Connected(spec=spec, source=source, frames=source)


def _locations(spec: SourceSpec) -> tuple[str, ...]:
    if "location" not in spec.options:
        raise ConfigError(
            "a power market is asked for a location",
            source=spec.name,
            hint="write ?location=HB_HOUSTON, or several with commas between",
        )
    return tuple(spec.options["location"].split(","))


_BUILDERS: Mapping[str, Callable[[_Setting], Connected]] = MappingProxyType(
    {
        "core": _core,
        "electrum": _electrum,
        "esplora": _esplora,
        "mempool": _mempool,
        "venue": _venue,
        "ercot": _ercot,
        "caiso": _caiso,
        "gridstatus": _gridstatus,
        "gpu": _gpu,
    }
)
