"""Verbs about who may use the service: tokens new, list, revoke."""

from __future__ import annotations

from typing import Annotated

import typer

from wattshift.cli.options import CLOCK, home_of

__all__ = ["TokenName", "list_", "new", "register", "revoke"]

TokenName = Annotated[str, typer.Argument(metavar="NAME", help="What the token is called, such as wall.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(no_args_is_help=True, help="Who may use `wattshift serve`, for what and until when.")
    group.command()(new)
    group.command(name="list")(list_)
    group.command()(revoke)
    app.add_typer(group, name="tokens")


def new(
    name: TokenName,
    scope: Annotated[
        str, typer.Option(metavar="LIST", help="What it is good for: read, compute, alerts; with commas.")
    ] = "read",
    life: Annotated[int, typer.Option("--days", metavar="DAYS", help="How long it is good.")] = 90,
) -> None:
    """Make a token and print it, this once; the store keeps only its hash.

    From the first token on, nobody uses the service without one.

    Example: wattshift tokens new wall --scope read --days 90
    """
    from wattshift.errors import InputError
    from wattshift.store.tokens import TokenFile
    from wattshift.web.principal import Scope

    wanted = dict.fromkeys(each.strip() for each in scope.split(","))
    if strange := [each for each in wanted if each not in set(Scope)]:
        raise InputError(
            "there is no such scope", scope=strange[0][:40], hint=f"use one or more of {', '.join(Scope)}"
        )
    file = TokenFile(home_of(None).tokens)
    typer.echo(file.make(name, scopes=wanted, life_days=life, now=CLOCK.now()))
    typer.echo(f"{name} may {', '.join(wanted)} for {life} days; the token is not shown again", err=True)


def list_() -> None:
    """List the tokens: what they are good for, until when, and when they were used last.

    Example: wattshift tokens list
    """
    from wattshift.report.terminal.layout import console, row, table
    from wattshift.store.tokens import TokenFile

    now = CLOCK.now()
    shown = table("token", "scopes", "made", "good until", "last used")
    for each in TokenFile(home_of(None).tokens).records():
        until = f"{each.expires_at:%Y-%m-%d}" if now < each.expires_at else "expired"
        used = "never" if each.used_on is None else each.used_on.isoformat()
        row(shown, each.name, ", ".join(each.scopes), f"{each.made_at:%Y-%m-%d}", until, used)
    console().print(shown)


def revoke(name: TokenName) -> None:
    """Make a token good for nothing; a running service knows within a second.

    Example: wattshift tokens revoke wall
    """
    from wattshift.store.tokens import TokenFile

    TokenFile(home_of(None).tokens).revoke(name)
    typer.echo(f"revoked: {name}", err=True)
