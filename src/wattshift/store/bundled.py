"""The bundled history: Parquet files beside a manifest of their hashes, spans, origins and licences.

A file is hashed before it is read; a missing or altered one is an error that names it.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import polars as pl

from wattshift import tables
from wattshift.errors import Corrupt, InputError, Missing
from wattshift.provenance import Freshness, Origin, freshness
from wattshift.store.shapes import SHAPES

__all__ = ["DATA_FOLDER", "BundledFile", "BundledStore"]

DATA_FOLDER = Path(__file__).resolve().parent.parent / "data"
_REINSTALL = "install wattshift again: the bundled data are part of the package"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledFile:
    """One entry of the manifest.

    Args:
        table: its name in `wattshift.tables`.
        file: file name.
        title: what it is, for people.
        sha256: hash of its bytes.
        rows: number of rows.
        span: first and last value of its axis (height, instant or day), or None where it has none.
        fresh_s: up to this age an input is fresh [s]; None where age means nothing.
        expired_s: beyond this age it is expired [s].
        sources: (name, licence) of each source.
        note: what a reader must know.
        caveat: what every figure read from it must say.
    """

    table: str
    file: str
    title: str
    sha256: str
    rows: int
    span: tuple[str, str] | None
    fresh_s: float | None
    expired_s: float | None
    sources: tuple[tuple[str, str], ...]
    note: str
    caveat: str = ""

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> BundledFile:
        """Read one entry of the manifest's JSON."""
        span = entry["span"]
        return cls(
            table=entry["table"],
            file=entry["file"],
            title=entry["title"],
            sha256=entry["sha256"],
            rows=entry["rows"],
            span=(str(span[0]), str(span[1])) if span else None,
            fresh_s=entry["fresh_s"],
            expired_s=entry["expired_s"],
            sources=tuple((source["name"], source["licence"]) for source in entry["sources"]),
            note=entry["note"],
        )

    @property
    def licences(self) -> tuple[str, ...]:
        """The licences under which its sources are kept, each once."""
        return tuple(dict.fromkeys(licence for _, licence in self.sources))

    def origin(self, *, as_of: datetime, newest_at: datetime | None, note: str = "") -> Origin:
        """The origin of a figure that was read from this file.

        Args:
            as_of: the instant of the figure.
            newest_at: the latest instant that the rows used describe; None where that is not known, which
                counts as expired unless age means nothing.
            note: what to say of its use; the file's caveat is added.
        """
        age_s = None if newest_at is None else (as_of - newest_at).total_seconds()
        return Origin(
            name=self.title,
            source="; ".join(name for name, _ in self.sources),
            licence=", ".join(self.licences),
            sha256=self.sha256,
            newest_at=newest_at,
            age_s=age_s,
            freshness=self._freshness(age_s),
            note="; ".join(filter(None, (note, self.caveat))),
        )

    def _freshness(self, age_s: float | None) -> Freshness:
        if self.fresh_s is None or self.expired_s is None:
            return Freshness.FRESH
        if age_s is None:
            return Freshness.EXPIRED
        return freshness(age_s, fresh_s=self.fresh_s, expired_s=self.expired_s)


class BundledStore:
    """Reads the bundled history.

    Args:
        folder: where the files and `manifest.json` lie.

    Raises:
        Missing: if the manifest or a file is not there.
        Corrupt: if a file's bytes are not those of the manifest.
    """

    def __init__(self, folder: Path = DATA_FOLDER) -> None:
        self.folder = folder

    @cached_property
    def files(self) -> Mapping[str, BundledFile]:
        """The manifest, by table."""
        path = self.folder / "manifest.json"
        try:
            entries = json.loads(self._bytes(path))["files"]
            read = [BundledFile.from_json(entry) for entry in entries]
        except (ValueError, LookupError, TypeError) as error:
            raise Corrupt("the manifest is damaged", file=path, hint=_REINSTALL) from error
        return MappingProxyType({entry.table: entry for entry in read})

    def file(self, name: str) -> BundledFile:
        """The manifest's entry of a table.

        Raises:
            InputError: if no file holds that table.
        """
        try:
            return self.files[name]
        except KeyError:
            raise InputError(
                f"no bundled file holds {name!r}", hint="`wattshift data` lists what is bundled"
            ) from None

    def read(self, name: str) -> pl.DataFrame:
        """All rows of a table, as the data dictionary describes them."""
        entry = self.file(name)
        path = self.folder / entry.file
        content = self._bytes(path)
        found = hashlib.sha256(content).hexdigest()
        if found != entry.sha256:
            raise Corrupt(
                f"{entry.file} is damaged: its bytes are not those that were shipped",
                file=path,
                expected_sha256=entry.sha256,
                found_sha256=found,
                hint=_REINSTALL,
            )
        return (
            SHAPES[name](pl.scan_parquet(io.BytesIO(content)))
            .select(list(tables.table(name).schema))
            .collect()
        )

    def as_known(self, at: datetime) -> Self:  # noqa: ARG002  # as `HistoryStore` has it
        """The history as it was known at an instant: this one, whose rows have one version each."""
        return self

    def read_checked(self, name: str) -> pl.DataFrame:
        """Like `read`, and proves the rows against the data dictionary (slower)."""
        entry = self.file(name)
        frame = tables.check(self.read(name), name, source=entry.file)
        if frame.height != entry.rows:
            raise Corrupt(
                f"{entry.file} has {frame.height} rows, not {entry.rows}", file=entry.file, hint=_REINSTALL
            )
        return frame

    @staticmethod
    def _bytes(path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise Missing(
                f"{path.name} cannot be read: {error.strerror}", file=path, hint=_REINSTALL
            ) from error
