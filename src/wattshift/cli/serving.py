"""The verb that serves: the live service with its API and its dashboard."""

from __future__ import annotations

import gc
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wattshift.cli.following import NetworkName, SourceTexts, StoreDir
from wattshift.cli.options import CLOCK, LedgerUrl, home_of, place_of
from wattshift.cli.site import SiteFile
from wattshift.clock import format_instant, parse_instant
from wattshift.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from wattshift.app.service.feeds.place import Place
    from wattshift.app.service.opening import ServicePlan
    from wattshift.app.service.service import Service
    from wattshift.config.follow import FollowSettings
    from wattshift.config.serve import ServeSettings, WebGiven
    from wattshift.web.policy import Binding

__all__ = ["ServeFile", "register", "serve"]

_BEGIN_AT = parse_instant("2026-01-20")
"""Where the history runs from if nobody says: days before a storm."""

_OF_API = ("/v1", "/health", "/metrics")

_log = logging.getLogger("wattshift.serve")

ServeFile = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", envvar="WATTSHIFT_SERVE", help="Settings file (TOML)."),
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(serve)


def serve(
    replay: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_instant,
            metavar="INSTANT",
            help="Let history run again from here. Default, without a store and a source: 2026-01-20.",
        ),
    ] = None,
    speed: Annotated[
        float | None, typer.Option(metavar="RATIO", help="Seconds of history in one second. Default: 600.")
    ] = None,
    loop_replay: Annotated[
        bool, typer.Option("--loop-replay", help="At the end of the history begin anew.")
    ] = False,
    site: SiteFile = None,
    store: StoreDir = None,
    ledger: LedgerUrl = None,
    source: SourceTexts = None,
    network: NetworkName = None,
    settings: ServeFile = None,
    alerts: Annotated[
        Path | None, typer.Option(metavar="RULES", help="Rules file (TOML), and whom they are told.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Listen there. Default: 127.0.0.1.")
    ] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="Default: 8550. 0: any free one.")] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificate and its chain (PEM).")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key (PEM, mode 600).")] = None,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Let other machines read it without TLS.")
    ] = False,
    name: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="A name by which people reach it.")
    ] = None,
    proxy: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="A reverse proxy that speaks TLS.")
    ] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = False,
    example: Annotated[bool, typer.Option("--example", help="Print commented settings, and end.")] = False,
) -> None:
    """Show the present on a page that moves, and answer programs: dashboard, API, metrics, alerts.

    Without a store and a source the bundled history runs again, ten minutes in a second. With a source the
    chain is followed here; with a store alone, while `wattshift follow` fills it.

    Example: wattshift serve --replay 2026-01-10 --speed 600
    """
    from wattshift.config.serve import EXAMPLE_SERVE, ServeSettings, load_serve

    if example:
        typer.echo(EXAMPLE_SERVE.read_text(encoding="utf-8"), nl=False)
        return
    told = ServeSettings() if settings is None else load_serve(settings)
    told = _with_replay(told, replay, speed, is_looped=loop_replay)
    told = _with_files(told, site, alerts, source, network, store, ledger)
    told = _with_web(told, host, port, tls_cert, tls_key, plain_http, name, proxy)
    _require_packages()
    _serve(told, shows=show)


def _require_packages() -> None:
    """Say what to install before anything heavy begins."""
    from importlib.util import find_spec

    missing = [name for name in ("fastapi", "httptools", "uvicorn") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the service needs packages that are not installed: {', '.join(missing)}",
            hint="pip install 'wattshift[serve]'",
        )


def _with_replay(
    told: ServeSettings, at: datetime | None, speed: float | None, *, is_looped: bool
) -> ServeSettings:
    from dataclasses import replace

    given = told.replay
    return replace(
        told,
        replay=replace(
            given,
            at=at or given.at,
            speed_ratio=given.speed_ratio if speed is None else speed,
            loop=is_looped or given.loop,
        ),
    )


def _with_files(
    told: ServeSettings,
    site: Path | None,
    alerts: Path | None,
    sources: list[str] | None,
    network: str | None,
    store: Path | None,
    ledger: str | None,
) -> ServeSettings:
    from dataclasses import replace

    follow = told.follow
    return replace(
        told,
        site=told.site if site is None else str(site),
        alerts=told.alerts if alerts is None else str(alerts),
        follow=replace(
            follow,
            sources=tuple(sources) if sources else follow.sources,
            network=network or follow.network,
            store=follow.store if store is None else str(store),
            ledger=ledger or follow.ledger,
        ),
    )


def _with_web(
    told: ServeSettings,
    host: str | None,
    port: int | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    plain_http: bool,
    names: list[str] | None,
    proxies: list[str] | None,
) -> ServeSettings:
    from dataclasses import replace

    given = told.web
    return replace(
        told,
        web=replace(
            given,
            host=host or given.host,
            port=given.port if port is None else port,
            tls_cert=given.tls_cert if tls_cert is None else str(tls_cert),
            tls_key=given.tls_key if tls_key is None else str(tls_key),
            plain_http=plain_http or given.plain_http,
            names=tuple(names) if names else given.names,
            proxies=tuple(proxies) if proxies else given.proxies,
        ),
    )


def _path(named: str | None) -> Path | None:
    return None if named is None else Path(named).expanduser()


def _plan(told: ServeSettings) -> ServicePlan:
    """Which history, and whether it runs again or is followed."""
    from wattshift.app.service.opening import ReplayWish, ServicePlan

    place = _place(told)
    replay = None
    if told.replay.at is not None or place.home is None:
        replay = ReplayWish(
            start_at=told.replay.at or _BEGIN_AT,
            speed_ratio=told.replay.speed_ratio,
            is_looped=told.replay.loop,
        )
    if replay is not None and told.follow.sources:
        raise ConfigError(
            "history runs again, or sources are followed: not both", hint="leave out --replay or --source"
        )
    follow: FollowSettings | None = told.follow if told.follow.sources else None
    return ServicePlan(place=place, replay=replay, follow=follow, alerts=_path(told.alerts))


def _place(told: ServeSettings) -> Place:
    """The store that was named, or the user's own where sources are followed; else the bundled history."""
    from wattshift.app.service.feeds.place import Place

    folder, ledger = _path(told.follow.store), told.follow.ledger
    if not told.follow.sources:
        return place_of(folder, ledger, _path(told.site))
    home = home_of(folder, ledger)
    return Place(folder=home.folder, ledger_url=home.ledger_url, site=_path(told.site))


def _binding(given: WebGiven) -> Binding:
    from wattshift.web.policy import Binding

    return Binding(
        host=given.host,
        port=given.port,
        tls_cert=_path(given.tls_cert),
        tls_key=_path(given.tls_key),
        plain_http=given.plain_http,
        names=given.names,
        proxies=given.proxies,
    )


def _serve(told: ServeSettings, *, shows: bool) -> None:
    """From the settings to a server that listens, and back when it is told to end."""
    from rich.console import Console

    from wattshift.api.app import build_api
    from wattshift.app.service.opening import open_service
    from wattshift.cli.logs import log_lines
    from wattshift.dashboard.app import build_pages
    from wattshift.web.guard import guarded
    from wattshift.web.policy import policy_of
    from wattshift.web.server import WebServer, listen

    plan, binding = _plan(told), _binding(told.web)
    logging.getLogger("wattshift.access").setLevel(logging.WARNING)
    policy = policy_of(binding, plan.place.home or home_of(None), now=CLOCK.now())
    console = Console(stderr=True, highlight=False)
    with log_lines(console), _ended_by_signals(), ExitStack() as stack:
        port = stack.enter_context(closing(listen(binding)))  # first: the rest takes seconds
        service = open_service(plan)
        stack.callback(_log.info, "stopped; all that was taken is kept")
        stack.callback(service.stop)
        api = build_api(service)
        app = _both(build_pages(service), api)
        ready = _Ready(console, _in_words(plan), shows=shows)
        server = WebServer(guarded(app, policy), binding, on_ready=ready.tell, on_stop=api.state.live.close)
        stack.enter_context(_told(told, service))
        gc.freeze()  # what is here now stays: looking through it again and again would hold up answers
        service.start()
        stack.enter_context(_watched(service, ready))
        server.serve_until_stopped(port)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Until the server listens, SIGTERM ends the process as Ctrl+C does: in good order."""

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _told(told: ServeSettings, service: Service) -> Iterator[None]:
    """A broker is told each edition, if one is named."""
    if told.mqtt is None:
        yield
        return
    from wattshift.app.service.houses.house import open_house

    house = open_house(told.mqtt, service.board)
    try:
        yield
    finally:
        house.close()


@contextmanager
def _watched(service: Service, ready: _Ready) -> Iterator[None]:
    from wattshift.app.service.systemd import Manager
    from wattshift.app.service.watchdog import Watchdog

    watchdog = Watchdog(
        lambda: service.health.trouble,
        is_ready=lambda: ready.is_told and service.board.latest is not None,
        manager=Manager(),
    )
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()


class _Ready:
    """Says in one plain line where to look."""

    def __init__(self, console: Console, words: str, *, shows: bool) -> None:
        self._console = console
        self._words = words
        self._shows = shows
        self.is_told = False

    def tell(self, url: str) -> None:
        self.is_told = True
        self._console.out(f"wattshift: look at {url}  ({self._words}; Ctrl+C ends it)")
        if self._shows:
            import webbrowser

            webbrowser.open(url)


def _in_words(plan: ServicePlan) -> str:
    if plan.replay is not None:
        start, speed = format_instant(plan.replay.start_at), f"{plan.replay.speed_ratio:g}"
        return f"history from {start} on, {speed} times as fast"
    followed = "" if plan.follow is None else ", followed here"
    return f"the store {plan.place.folder}{followed}"


def _both(pages: Any, api: Any) -> Callable[..., Any]:
    """API and dashboard under one address; each knows its own paths."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        is_api = any(path == root or path.startswith(f"{root}/") for root in _OF_API)
        await (api if is_api else pages)(scope, receive, send)

    return app
