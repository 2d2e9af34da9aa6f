"""Tables as CSV: names that carry units, instants in UTC, and nothing that a spreadsheet would run."""

from __future__ import annotations

import polars as pl

__all__ = ["csv_text"]

_FORMULA = r"^\s*[=+\-@|%\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]|^[\t\r\n]"
"""How a cell begins that some spreadsheet takes for a formula or a command."""

_INSTANT = "%Y-%m-%dT%H:%M:%S%.fZ"


def csv_text(frame: pl.DataFrame) -> str:
    """A frame as CSV (RFC 4180) with a line of names.

    A text that a spreadsheet could take for a formula gets an apostrophe before it; numbers never do.
    """
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    harmless = [
        pl.when(pl.col(name).str.contains(_FORMULA)).then("'" + pl.col(name)).otherwise(pl.col(name))
        for name in texts
    ]
    safe = frame.with_columns(each.alias(name) for name, each in zip(texts, harmless, strict=True))
    return safe.write_csv(datetime_format=_INSTANT)
