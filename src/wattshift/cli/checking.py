"""The verb that reads what people write: check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wattshift.cli.options import AsJson, open_archive, show
from wattshift.clock import parse_instant
from wattshift.errors import InputError

__all__ = ["check", "register"]

_MAX_BYTES = 4 * 2**20


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(check)


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Plain text, Markdown or HTML; - reads stdin.")],
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="When the text was written. Default: the date in its head."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one self-contained HTML page.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a text about mining, re-derive each of its numbers, and say what holds.

    Example: wattshift check article.md --as-of 2026-01-19 --html verdicts.html
    """
    from wattshift.app.checking import check_text
    from wattshift.report.terminal.claims import claims_view

    written_at = None if as_of is None else parse_instant(as_of)
    document = check_text(open_archive(written_at), _read(file), as_of=written_at)
    if html is not None:
        from wattshift.report.files import write_text
        from wattshift.report.page.claims import claims_html

        write_text(html, claims_html(document))
        typer.echo(f"wrote {html}", err=True)
        if not as_json:
            return
    show(document, claims_view, name="check", as_json=as_json)


def _read(file: str) -> bytes:
    """At most 4 MiB of a file or of stdin; what lies beyond is not read."""
    if file == "-":
        return sys.stdin.buffer.read(_MAX_BYTES)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(_MAX_BYTES)
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: {error.strerror}", hint="give a text, Markdown or HTML file, or -"
        ) from error
