"""Verbs about following: follow, sources, doctor."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattshift.cli.logs import log_lines
from wattshift.cli.options import AsJson, LedgerUrl, home_of, show
from wattshift.errors import ExitStatus

if TYPE_CHECKING:
    from wattshift.app.follow.follower import Follower
    from wattshift.app.follow.run import FollowRun
    from wattshift.config.follow import FollowSettings
    from wattshift.sources.registry import Connected
    from wattshift.store.home import Home

__all__ = [
    "NetworkName",
    "SettingsFile",
    "SourceTexts",
    "StoreDir",
    "doctor",
    "follow",
    "register",
    "sources",
]

SourceTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="KIND:ADDRESS",
        help="A source, such as core:http://127.0.0.1:8332?cookie=~/.bitcoin/.cookie; may be repeated."
        " Default: those of the settings, else this machine's node.",
    ),
]
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", envvar="WATTSHIFT_SETTINGS", help="Settings file (TOML)."),
]
NetworkName = Annotated[
    str | None,
    typer.Option(
        "--network", metavar="NAME", help="mainnet (the default), testnet3, testnet4, signet, regtest."
    ),
]
StoreDir = Annotated[
    Path | None,
    typer.Option("--store", metavar="DIR", help="The store. Default: $WATTSHIFT_STORE, else the user's own."),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(follow)
    app.command()(sources)
    app.command()(doctor)


def follow(
    source: SourceTexts = None,
    settings: SettingsFile = None,
    network: NetworkName = None,
    store: StoreDir = None,
    ledger: LedgerUrl = None,
    from_genesis: Annotated[
        bool, typer.Option("--from-genesis", help="Start a new store at block 0, not at the bundled block.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Catch up, ask everything once, and end.")] = False,
    metrics: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Serve Prometheus metrics, say at 127.0.0.1:9108.")
    ] = None,
    alerts: Annotated[
        Path | None,
        typer.Option(metavar="RULES", help="Also watch over these rules (TOML), and tell their channels."),
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="Print commented settings, and end.")] = False,
) -> None:
    """Keep a validated copy of the chain's headers and of prices, from sources that are not believed.

    Example: wattshift follow --source electrum:ssl://electrum.example.org:50002 --source venue:kraken
    """
    if example:
        from wattshift.config.follow import EXAMPLE_SETTINGS

        typer.echo(EXAMPLE_SETTINGS.read_text(encoding="utf-8"), nl=False)
        return
    told = _settings(settings, source, network, store, from_genesis=from_genesis, metrics=metrics)
    home = _home(store, ledger, told)
    _check_lease(home)
    from wattshift.app.follow.run import FollowRun
    from wattshift.report.terminal.following import sources_view

    with _progress() as watch:
        run = FollowRun(settings=told, home=home, is_once=once, watch=watch)
        with _alerted(alerts, home, run):
            document = run.run()
    if once:
        show(document, sources_view, name="sources", as_json=False)
        # Prices are no substitute for a chain that cannot be followed.
        needed = [row for row in document.sources if "headers" in row.provides] or document.sources
        if not any(row.state == "fresh" for row in needed):
            raise typer.Exit(ExitStatus.DATA)


def sources(
    source: SourceTexts = None,
    settings: SettingsFile = None,
    network: NetworkName = None,
    store: StoreDir = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Ask each configured source now, beside any follower.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Each source's state and why: fresh, stale, minority, unreachable, quarantined; and how the follower is.

    Example: wattshift sources --json
    """
    from wattshift.app.follow.asking import last_status, probe_now
    from wattshift.clock import SystemClock
    from wattshift.report.terminal.following import sources_view

    clock = SystemClock()
    told = _settings(settings, source, network, store, needs_source=probe)
    if probe:
        document = probe_now(_connected(told), told.network, clock=clock)
    else:
        document = last_status(_home(store, None, told), now=clock.now())
    show(document, sources_view, name="sources", as_json=as_json)


def doctor(
    source: SourceTexts = None,
    settings: SettingsFile = None,
    network: NetworkName = None,
    store: StoreDir = None,
    ledger: LedgerUrl = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend a damaged ledger; its bytes are kept beside it.")
    ] = False,
    copy: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A copy of the ledger to repair it from.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check program, ledger, disk, clock and sources, and say what to do: status 0 well, 1 warnings, 3 ill.

    Example: wattshift doctor
    """
    from wattshift.app.doctor import examine, mend
    from wattshift.app.follow.probing import Probe
    from wattshift.app.follow.probing import probe as ask
    from wattshift.clock import SystemClock
    from wattshift.report.documents.following import Verdict
    from wattshift.report.terminal.following import doctor_view

    told = _settings(settings, source, network, store, needs_source=False)
    home = _home(store, ledger, told)
    if repair or copy is not None:
        done = mend(home, copy)
        typer.echo(
            f"kept {done.kept:,} entries, replaced {len(done.replaced):,}; the damaged file: {done.damaged}"
        )
    clock = SystemClock()

    def probes() -> tuple[Probe, ...]:
        return ask(_connected(told), clock=clock)

    with _spinner() as looks_at:
        document = examine(home, settings_file=settings, probes=probes, now=clock.now(), told=looks_at)
    show(document, doctor_view, name="doctor", as_json=as_json)
    status = {Verdict.OK: ExitStatus.OK, Verdict.WARN: ExitStatus.FAILED, Verdict.FAIL: ExitStatus.DATA}
    raise typer.Exit(status[document.verdict])


def _check_lease(home: Home) -> None:
    """Leave at once if another process leads, before anything heavy is imported."""
    if home.ledger_url is not None:
        from wattshift.store.opening import open_ledger

        open_ledger(home.ledger_url, write=True).close()
        return
    from wattshift.store.lease import FileLock

    lock = home.ledger.with_name(f"{home.ledger.name}.lock")
    if lock.exists():
        FileLock(lock).release()


def _settings(
    path: Path | None,
    texts: list[str] | None,
    network: str | None,
    store: Path | None,
    *,
    from_genesis: bool = False,
    metrics: str | None = None,
    needs_source: bool = True,
) -> FollowSettings:
    """The settings file, if there is one, and what stands on the command line over it."""
    from dataclasses import replace

    from wattshift.chain import params
    from wattshift.config.follow import FollowSettings, load_follow
    from wattshift.sources.registry import local_node

    kept = FollowSettings() if path is None else load_follow(path)
    told = replace(
        kept,
        sources=tuple(texts) if texts else kept.sources,
        network=network or kept.network,
        store=kept.store if store is None else str(store),
        from_genesis=from_genesis or kept.from_genesis,
        metrics=metrics or kept.metrics,
    )
    if told.sources or not needs_source:
        return told
    return replace(told, sources=(local_node(params.network(told.network)),))


def _home(store: Path | None, ledger: str | None, told: FollowSettings) -> Home:
    """The store of the command line, else that of the settings, else the usual one."""
    if store is None and told.store is not None:
        store = Path(told.store).expanduser()
    return home_of(store, ledger or told.ledger)


def _connected(told: FollowSettings) -> list[Connected]:
    from wattshift.chain import params
    from wattshift.clock import SystemClock
    from wattshift.sources.registry import connect

    chosen = params.network(told.network)
    return [connect(spec, chosen, SystemClock()) for spec in told.specs]


def _alerted(rules: Path | None, home: Home, run: FollowRun) -> AbstractContextManager[object]:
    """The watch over rules, if there are any; a defect of it ends the run."""
    if rules is None:
        return nullcontext()
    from wattshift.app.service.alerts.beside import AlertWatch
    from wattshift.clock import SystemClock

    return AlertWatch(rules, home, SystemClock(), run.stop)


@contextmanager
def _progress() -> Iterator[Callable[[Follower], None]]:
    """Log lines on stderr, and under them a bar while headers are missing, where somebody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    with log_lines(console):
        if not console.is_terminal:
            yield lambda _: None
            return
        columns = (TextColumn("headers"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("headers", total=None, visible=False)

            def watch(follower: Follower) -> None:
                done, left = follower.chain.height, follower.left_blocks
                bar.update(task, completed=done, total=done + left, visible=follower.is_syncing)

            yield watch


@contextmanager
def _spinner() -> Iterator[Callable[[str], None]]:
    """What is looked at, on stderr, where somebody looks."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("looking") as status:
        yield lambda words: status.update(f"looking at {words}")
