"""Verbs about alerts: alerts example, check, backtest, ack, silence, log."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattshift.cli.options import CLOCK, AsJson, At, End, Start, home_of, open_archive, show
from wattshift.cli.research import progress_bar, write_picture
from wattshift.clock import parse_duration_s

if TYPE_CHECKING:
    from wattshift.app.alerting.desk import AlertDesk

__all__ = ["By", "RuleFile", "RuleName", "ack", "backtest", "check", "example", "log", "register", "silence"]

RuleFile = Annotated[Path, typer.Argument(metavar="RULE_FILE", help="A rules file (TOML).")]
RuleName = Annotated[str, typer.Argument(metavar="RULE", help="Name of the rule.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who. Default: this user.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(no_args_is_help=True, help="Rules that tell people what matters, and how sure it is.")
    for verb in (example, check, backtest, ack, silence, log):
        group.command()(verb)
    app.add_typer(group, name="alerts")


def example() -> None:
    """Print a commented rules file that shows every kind of rule and channel.

    Example: wattshift alerts example > alerts.toml
    """
    from wattshift.config.alerts import EXAMPLE_ALERTS

    typer.echo(EXAMPLE_ALERTS.read_text(encoding="utf-8"), nl=False)


def check(
    rules: RuleFile,
    at: At = None,
    send: Annotated[
        bool, typer.Option("--send", help="Keep it in the store's journal, and tell the channels.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What every rule says now, over the bundled history or the store that --store names.

    Example: wattshift alerts check alerts.toml --at 2026-01-27
    """
    from wattshift.app.alerting.checking import check_alerts
    from wattshift.config.alerts import load_alerts
    from wattshift.errors import InputError
    from wattshift.report.terminal.alerts import alerts_view
    from wattshift.store.kept import KeptStore

    file = load_alerts(rules)
    archive = open_archive(at)
    home = archive.store.home if isinstance(archive.store, KeptStore) else None
    if send and (home is None or at is not None):
        raise InputError(
            "only what is true now can be sent, from a store that is followed",
            hint="write wattshift --store DIR alerts check FILE --send, without --at",
        )
    document = check_alerts(archive, file, at=at, home=home, clock=CLOCK, is_kept=send)
    show(document, alerts_view, name="alerts", as_json=as_json)


def backtest(
    rules: RuleFile,
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="Only this rule.")] = None,
    start: Start = None,
    end: End = None,
    null_years: Annotated[
        int,
        typer.Option(
            metavar="N", help="Also simulate N years of constant hashrate, three times: false alarms."
        ),
    ] = 0,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw it: a file that ends in .svg or .png.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What the rules would have said over the kept history, and how much of it was false.

    Example: wattshift alerts backtest alerts.toml --rule "below 1 ZH/s" --start 2025-10-01
    """
    from wattshift.alerts.watch import Watch
    from wattshift.app.alerting.backtest import backtest_alerts
    from wattshift.config.alerts import load_alerts
    from wattshift.report.terminal.alerts import alerts_backtest_view

    if picture is not None:
        from wattshift.report.plots.style import picture_form

        picture_form(picture)
    chosen = load_alerts(rules).rules
    if rule is not None:
        chosen = (Watch(chosen).rule(rule),)
    with progress_bar("replaying rules") as progress:
        document = backtest_alerts(
            open_archive(end), chosen, start_at=start, end_at=end, null_years=null_years, progress=progress
        )
    if picture is not None:
        from wattshift.report.plots.alerts import draw_alerts

        write_picture(picture, lambda figure: draw_alerts(document, figure), "alerts")
    show(document, alerts_backtest_view, name="alerts-backtest", as_json=as_json)


def ack(rules: RuleFile, rule: RuleName, by: By = None) -> None:
    """Say that somebody knows of an open alert: it is not told again until it ends.

    Example: wattshift --store data alerts ack alerts.toml "below 1 ZH/s"
    """
    with _desk(rules) as desk:
        desk.acknowledge(rule, by=by or getpass.getuser(), now=CLOCK.now())
    typer.echo(f"acknowledged: {rule}", err=True)


def silence(
    rules: RuleFile,
    rule: RuleName,
    length: Annotated[str, typer.Option("--for", metavar="DURATION", help="How long: 90min, 12h, 2d.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept.")],
    by: By = None,
) -> None:
    """Tell nothing of an alert for a while; it is kept, and how it stands is told at the end.

    Example: wattshift --store data alerts silence alerts.toml "node is silent" --for 2h --reason upgrade
    """
    now = CLOCK.now()
    until_at = now + timedelta(seconds=parse_duration_s(length))
    with _desk(rules) as desk:
        desk.silence(rule, until_at=until_at, by=by or getpass.getuser(), reason=reason, now=now)
    typer.echo(f"silent until {until_at:%Y-%m-%dT%H:%MZ}: {rule}", err=True)


def log() -> None:
    """Print every event of the store's alerts, one JSON object a line, oldest first.

    Example: wattshift --store data alerts log
    """
    from wattshift.app.alerting.checking import journal_path
    from wattshift.errors import Missing
    from wattshift.store.alertjournal import AlertJournal

    path = journal_path(home_of(None))
    if not path.exists():
        raise Missing("this store has no alerts", file=path, hint="keep some with `alerts check --send`")
    with AlertJournal(path) as journal:
        for row in journal.events():
            typer.echo(row.body.decode())


@contextmanager
def _desk(rules: Path) -> Iterator[AlertDesk]:
    """The desk of the store's alerts."""
    from wattshift.app.alerting.checking import journal_path
    from wattshift.app.alerting.desk import AlertDesk
    from wattshift.config.alerts import load_alerts
    from wattshift.store.alertjournal import AlertJournal

    file = load_alerts(rules)
    with AlertJournal(journal_path(home_of(None))) as journal:
        yield AlertDesk(file, journal)
