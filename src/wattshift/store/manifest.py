"""The manifest of a series: which files hold it, and what their bytes must be. It proves itself, too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wattshift.errors import Corrupt, Missing, SchemaMismatch
from wattshift.store.files import sync_folder, write_durably

__all__ = ["HINT", "Partition", "load_manifest", "save_manifest"]

HINT = "rebuild the series from its sources, or restore the folder from a copy"

_NAME = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One Parquet file of a series.

    Args:
        file: its name.
        sha256: hash of its bytes.
        rows: number of its rows, corrections included.
    """

    file: str
    sha256: str
    rows: int

    def read(self, home: Path) -> bytes:
        """Its bytes, if they are those that were recorded.

        Raises:
            Missing: if the file is not there.
            Corrupt: if its bytes are others.
        """
        path = home / self.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Missing(f"{self.file} cannot be read: {error.strerror}", file=path, hint=HINT) from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise Corrupt(
                f"{self.file} is damaged",
                file=path,
                expected_sha256=self.sha256,
                found_sha256=found,
                hint=HINT,
            )
        return content


def load_manifest(home: Path, name: str) -> dict[str, Partition]:
    """The files of a table by month; none if nothing was ever kept of it.

    Raises:
        Missing: if there are files and no manifest.
        Corrupt: if it is not what was recorded.
        SchemaMismatch: if a newer version wrote it.
    """
    path = home / _NAME
    try:
        document = json.loads(path.read_bytes())
        body = document["manifest"]
        sound = document["sha256"] == _digest(body) and body["table"] == name
    except FileNotFoundError:
        if any(home.glob("*.parquet")):
            raise Missing("the manifest is not there, but files are", file=path, hint=HINT) from None
        return {}
    except OSError as error:
        raise Missing(f"the manifest cannot be read: {error.strerror}", file=path, hint=HINT) from error
    except (ValueError, LookupError, TypeError) as error:
        raise Corrupt("the manifest is damaged", file=path, hint=HINT) from error
    if not sound:
        raise Corrupt("the manifest is not what was recorded", file=path, hint=HINT)
    if body["format"] > _FORMAT:
        raise SchemaMismatch(
            "the series was written by a newer wattshift",
            file=path,
            found_version=body["format"],
            known_version=_FORMAT,
            hint="update wattshift; this version would not understand what it reads",
        )
    return {month: Partition(**entry) for month, entry in body["partitions"].items()}


def save_manifest(home: Path, name: str, partitions: Mapping[str, Partition]) -> None:
    """Commit: from here on these files are the series."""
    entries = {month: asdict(partition) for month, partition in sorted(partitions.items())}
    body = {"format": _FORMAT, "table": name, "partitions": entries}
    sync_folder(home)  # the names of the files must not come after that of the manifest
    document = {"sha256": _digest(body), "manifest": body}
    write_durably(home / _NAME, json.dumps(document, indent=1).encode())
    sync_folder(home)


def _digest(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
