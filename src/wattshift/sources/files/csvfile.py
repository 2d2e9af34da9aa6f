"""CSV from outside, row by row: a header, then cells, each with the line that it stands in.

One line is one row: a quoted line break is refused, and so is a line of 64 KiB, so that no file can make
one row cost more than a little memory.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from wattshift.errors import Malformed

__all__ = ["CsvFile", "number", "quoted", "read_csv"]

_MAX_LINE = 65_536
_MAX_SHOWN = 60
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{1,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file that is being read.

    Args:
        name: its name, for the errors.
        header: the cells of its first line, stripped.
        rows: line number and cells of each row that is not blank; to be gone through once. Raises
            `Malformed` where a row is not CSV or has more or fewer cells than the header.
    """

    name: str
    header: list[str]
    rows: Iterator[tuple[int, list[str]]]

    def find(self, *names: str) -> int | None:
        """Where the column of one of these names stands; case, blanks and underscores aside.

        Raises:
            Malformed: if two columns are called so.
        """
        wanted = {_key(name) for name in names}
        found = [place for place, cell in enumerate(self.header) if _key(cell) in wanted]
        if len(found) > 1:
            raise Malformed(
                f"two columns could be {names[0]}",
                file=self.name,
                line=1,
                columns=", ".join(quoted(self.header[place]) for place in found),
                hint="keep one of them",
            )
        return found[0] if found else None

    def column(self, *names: str) -> int:
        """Like `find`, for a column that must be there.

        Raises:
            Malformed: if it is not.
        """
        place = self.find(*names)
        if place is None:
            semicolons = len(self.header) == 1 and ";" in self.header[0]
            cure = "separate the columns with commas" if semicolons else "keep the publisher's header line"
            raise Malformed(
                f"there is no column {names[0]} among {', '.join(map(quoted, self.header[:20])) or 'none'}",
                file=self.name,
                line=1,
                hint=cure,
            )
        return place


def read_csv(data: bytes | TextIO, *, name: str) -> CsvFile:
    """Begin to read a CSV file (UTF-8 with or without a mark, comma, one header line).

    Args:
        data: its bytes, or the file, opened as `utf-8-sig`, which must stay open while the rows are read.
        name: its name, for the errors.

    Raises:
        Malformed: if the first line is not CSV; later rows are read, and refused, as they are asked for.
    """
    lines = _lines(data, name)
    first = next(lines, None)
    header = [] if first is None else [cell.strip() for cell in _cells(first[1], name, 1)]
    return CsvFile(name, header, _rows(lines, len(header), name))


def number(text: str, *, name: str, line: int, what: str, hint: str) -> float:
    """A finite decimal number, written plainly.

    Raises:
        Malformed: for anything else (an empty cell, NaN, infinity, thousands separators, other digits).
    """
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise Malformed(f"{quoted(text)} is not a {what}", file=name, line=line, hint=hint)
    return value


def quoted(text: str) -> str:
    """A cell as a message may show it: escaped, and not longer than a line."""
    return repr(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")


def _key(cell: str) -> str:
    return cell.replace(" ", "").replace("_", "").lower()


def _lines(data: bytes | TextIO, name: str) -> Iterator[tuple[int, str]]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig") if isinstance(data, bytes) else data
    try:
        for line, content in enumerate(iter(lambda: text.readline(_MAX_LINE), ""), start=1):
            if len(content) == _MAX_LINE:
                raise Malformed(
                    f"a line is longer than {_MAX_LINE} characters",
                    file=name,
                    line=line,
                    hint="give one row a line",
                )
            yield line, content.rstrip("\n")
    except UnicodeDecodeError:
        raise Malformed(
            "the file is neither UTF-8 text nor Parquet",
            file=name,
            hint="save it as CSV in UTF-8, or as Parquet",
        ) from None


def _rows(lines: Iterator[tuple[int, str]], width: int, name: str) -> Iterator[tuple[int, list[str]]]:
    for line, text in lines:
        if not text.strip(", \t"):
            continue
        cells = _cells(text, name, line)
        if len(cells) != width:
            raise Malformed(
                f"a row has {len(cells)} cells, the header {width}",
                file=name,
                line=line,
                hint="give every row all columns, separated by commas",
            )
        yield line, cells


def _cells(text: str, name: str, line: int) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader((text,), strict=True))
    except csv.Error as error:
        raise Malformed(
            f"this is not CSV: {error}", file=name, line=line, hint="look for a stray quote"
        ) from None
