"""The status file: the follower's document, written at every heartbeat, read by whoever asks how it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from wattshift.errors import Corrupt
from wattshift.report.documents.following import FollowState, SourcesDocument
from wattshift.report.jsontext import to_json
from wattshift.store.files import write_durably

__all__ = ["HEARTBEAT_S", "LOST_S", "read_status", "seen_from", "write_status"]

HEARTBEAT_S = 5.0
"""Time between two heartbeats [s]."""

LOST_S = 60.0
"""A follower that has not been heard of for so long is given up [s]."""

_MAX_BYTES = 4 << 20
_OVER = {FollowState.STOPPED, FollowState.LOST, FollowState.NONE}


def write_status(path: Path, document: SourcesDocument) -> None:
    """Put the status in place, whole.

    Raises:
        Unwritable: if the machine refuses; the last status stays.
    """
    write_durably(path, to_json(document, name="sources").encode())


def read_status(path: Path) -> SourcesDocument | None:
    """What the follower last said; None if there never was one.

    Raises:
        Corrupt: if the file makes no sense.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES)
        return TypeAdapter(SourcesDocument).validate_json(_without_schema(content))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, ValueError) as error:
        raise Corrupt(
            "the follower's status cannot be read",
            file=path,
            hint="remove the file: a running follower writes it anew within seconds",
        ) from error


def seen_from(document: SourcesDocument, now: datetime) -> SourcesDocument:
    """The same document, read at a later instant: with the ages of then, and honest about a silence."""
    sources = tuple(
        replace(
            row,
            age_s=None if row.answered_at is None else max(0.0, (now - row.answered_at).total_seconds()),
        )
        for row in document.sources
    )
    state = document.state
    if document.follower is not None and state not in _OVER:
        silent_s = (now - document.follower.heartbeat_at).total_seconds()
        state = FollowState.LOST if silent_s > LOST_S else state
    return replace(document, as_of=now, sources=sources, state=state)


def _without_schema(content: bytes) -> bytes:
    import json

    body = json.loads(content)
    if isinstance(body, dict):
        body.pop("schema", None)
    return json.dumps(body).encode()
