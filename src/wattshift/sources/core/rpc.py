"""JSON-RPC to a Bitcoin node, always in batches: a batch is answered with status 200 whatever is in it.

Reads version 1.0 (`result` and `error` side by side) and 2.0 (one of them), in any order.
Source: Bitcoin Core, `doc/JSON-RPC-interface.md`, `rpc/protocol.h`.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wattshift.errors import NoData, Rejected, SourceError, Unavailable
from wattshift.sources.http.client import HttpClient
from wattshift.sources.port import Fetched
from wattshift.sources.strictjson import Json

__all__ = ["Call", "Credentials", "Rpc", "read_batch"]

_MAX_COOKIE_BYTES = 1_024
_PRUNED = re.compile("pruned|pruning|undo data|not available|not fully downloaded", re.IGNORECASE)
_ANY_TEXT = re.compile(".*", re.DOTALL)
_ABSENT = frozenset({-5, -8})
_WARMING_UP = -28
_MISC_ERROR = -1
_UNKNOWN_METHOD = -32601
_NO_ENTRY = frozenset({401, 403})
_LET_IN = (
    "name the node's cookie file (cookie=~/.bitcoin/.cookie), or its rpcuser and where the password lies"
    " (user=..., password_file=... or password_env=...); a node elsewhere must also permit this machine"
    " (rpcallowip)"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One question of a batch."""

    method: str
    params: tuple[object, ...] = ()


class Credentials:
    """How to get in: by the cookie file that the node writes anew at each start, or by a user and password.

    Args:
        cookie_file: the node's `.cookie`; read at every question.
        user: `rpcuser`, where there is no cookie file.
        password: `rpcpassword`.
    """

    def __init__(
        self, *, cookie_file: Path | None = None, user: str | None = None, password: str | None = None
    ) -> None:
        self._cookie_file = cookie_file
        self._pair = None if user is None else f"{user}:{password or ''}".encode()

    def headers(self, source: str) -> Mapping[str, str]:
        """The header that lets us in; none where nothing is configured.

        Raises:
            Unavailable: if the cookie file cannot be read.
        """
        pair = self._pair if self._cookie_file is None else _cookie(self._cookie_file, source)
        return {} if pair is None else {"Authorization": f"Basic {b64encode(pair).decode('ascii')}"}


def _cookie(path: Path, source: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_COOKIE_BYTES).strip()
    except OSError as error:
        raise Unavailable(
            f"the node's cookie file cannot be read: {error.strerror}",
            source=source,
            file=path,
            hint="start the node; let this user read the file (rpccookieperms), or give user and password",
        ) from error


@dataclass(frozen=True, slots=True)
class Rpc:
    """A node's JSON-RPC server.

    Args:
        url: its address.
        client: asks it.
        credentials: let us in.
        source: the name under which the node is configured.
    """

    url: str
    client: HttpClient
    credentials: Credentials
    source: str

    def ask(self, calls: Sequence[Call]) -> Fetched:
        """Ask everything at once; each call's id is its place in the batch.

        Raises:
            SourceError: if there is no answer as a whole; faults of single calls stay in it.
        """
        batch = [
            {"jsonrpc": "2.0", "id": place, "method": call.method, "params": call.params}
            for place, call in enumerate(calls)
        ]
        try:
            return self.client.post(
                self.url,
                content=json.dumps(batch, separators=(",", ":")).encode("ascii"),
                content_type="application/json",
                headers=self.credentials.headers(self.source),
            )
        except Rejected as error:
            if error.context.get("status") not in _NO_ENTRY:
                raise
            raise Rejected("the node does not let us in", **error.context, hint=_LET_IN) from error


def read_batch(fetched: Fetched, calls: int) -> list[Json | SourceError]:
    """The result or the fault of each call, in the order in which they were asked.

    Args:
        fetched: the answer to a batch.
        calls: how many calls were in it.

    Raises:
        Malformed: if it is no batch, or its ids are not 0, 1, 2 ... once each.
        SourceError: if the node refuses the batch as a whole.
    """
    whole = Json.read(fetched)
    if isinstance(whole.value, dict) and whole.get("error") is not None:
        raise _fault(whole["error"])
    items = whole.items()
    if len(items) != calls:
        raise whole.malformed("there are not as many answers as questions", questions=calls)
    outcomes: dict[int, Json | SourceError] = {}
    for item in items:
        place = item["id"].integer(0, calls - 1)
        if place in outcomes:
            raise item.malformed("two answers to one question", id=place)
        error = item.get("error")
        outcomes[place] = item["result"] if error is None else _fault(error)
    return [outcomes[place] for place in range(calls)]


def _fault(error: Json) -> SourceError:
    """What the node's error code means for us."""
    code = error["code"].integer(-(2**31), 2**31)
    said = _printable(error["message"].text(_ANY_TEXT))
    context = {"source": error.origin.source, "url": error.origin.url, "code": code, "said": said}
    if code == _WARMING_UP:
        return Unavailable("the node is still starting", **context, hint="wait: it loads its block index")
    if code in _ABSENT:
        return NoData("the node has no such block", **context, hint="ask again when the node has caught up")
    if code == _MISC_ERROR and _PRUNED.search(said):
        return NoData(
            "the node no longer has that block's data",
            **context,
            hint="ask a node that keeps all blocks (prune=0), or another source of facts",
        )
    if code == _UNKNOWN_METHOD:
        return Rejected("the node does not know the question", **context, hint="use a newer node")
    return Rejected("the node refuses the question", **context, hint="see the node's debug.log")


def _printable(text: str) -> str:
    return "".join(each for each in text[:120] if each.isprintable())
