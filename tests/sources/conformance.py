"""What every endpoint of every source must pass, and how to register one.

To register, write `tests/sources/cases_<family>.py` with a list `CASES` of `Case`, one for each endpoint that
an adapter offers (and for each way in which it may ask). `test_conformance.py` finds it by its name:

```python
from sources.conformance import Case
from support.servers import Reply, Request

def serve(request: Request) -> Reply:                      # the provider at its best
    return Reply(body=b'{"price": "64500.00"}')

def make(url: str, limits: HttpLimits, clock: Clock):      # source and endpoint, asking that server
    source = KrakenSource("kraken", url=url, limits=limits, clock=clock)
    return source, source.quote

CASES = [
    Case(name="kraken quote", make=make, question=None, serve=serve,
         read=lambda quote: quote.price_usd_per_btc, expected=64500.0,
         mapped=frozenset({"$.volume"})),
]
```

* `make` must hand `limits` on to its HttpClient (or to its own limits: `total_s`, `read_s`, `max_bytes`).
* `read` takes from an answer what must be equal to `expected`.
* `requests` is how many requests one question costs; each of them is spoiled in every way in turn.
* A spoiled answer must end in a `SourceError`, or in the expected answer. Where nobody could tell it from a
  good one, put the name of its kind (they are the keys in `hostile.py`) into `plausible`, with the reason.
* In the good answer's JSON every field is made missing, null, of wrong type and renamed. Each change must be
  refused, unless `mapped` holds the field ("$.volume", in lists "$[*].volume") or that change of it
  ("$.fee: null"; the changes are missing, renamed, null and type): what is not used or optional stands there.
* `serve_line` instead of `serve` is for protocols of one JSON message a line over TCP; `make` then gets
  "127.0.0.1:port".
* `is_json=False` is for bodies that are not JSON.
* `secrets` are words that `make` uses and that no origin and no error may hold.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.servers import LoopbackServer, Reply, Request, Steps, http, lines
from wattshift.clock import Clock, ReplayClock
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import Endpoint, Source

Asked = tuple[Source, Endpoint[Any, Any]]
Make = Callable[[str, HttpLimits, Clock], Asked]
Spoil = Callable[[bytes], Steps]
"""Turns a good body, or a good line, into what goes over the wire instead."""

NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)
EASY = HttpLimits(
    connect_s=5.0, read_s=5.0, total_s=5.0, max_bytes=1 << 20, min_interval_s=0.0, max_attempts=1
)
"""Time enough on a busy machine."""
TIGHT = HttpLimits(
    connect_s=0.1, read_s=0.06, total_s=0.1, max_bytes=1 << 20, min_interval_s=0.0, max_attempts=1
)
"""For servers that are slow on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One endpoint of one adapter, and a server that answers it well."""

    name: str
    make: Make
    question: object
    read: Callable[[Any], object]
    expected: object
    serve: Callable[[Request], Reply] | None = None
    serve_line: Callable[[bytes], bytes] | None = None
    requests: int = 1
    is_json: bool = True
    plausible: frozenset[str] = frozenset()
    mapped: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = ()

    @property
    def lines(self) -> bool:
        """Whether it speaks lines instead of HTTP."""
        return self.serve_line is not None


@dataclass(slots=True)
class Exchange:
    """A server that answers well, but for one request that it spoils."""

    case: Case
    spoil: Spoil | None = None
    spoiled: int = -1
    requests: int = field(default=0)

    def respond(self, request: Request) -> Reply | Steps:
        assert self.case.serve is not None
        reply = self.case.serve(request)
        return self.spoil(reply.body) if self._is_spoiled() and self.spoil else reply

    def respond_line(self, line: bytes) -> Steps:
        assert self.case.serve_line is not None
        reply = self.case.serve_line(line)
        return self.spoil(reply.rstrip(b"\n")) if self._is_spoiled() and self.spoil else [reply]

    def _is_spoiled(self) -> bool:
        self.requests += 1
        return self.requests - 1 == self.spoiled

    @contextmanager
    def opened(self, limits: HttpLimits, clock: Clock) -> Iterator[Asked]:
        """The source under test, asking this server."""
        talk = lines(self.respond_line) if self.case.lines else http(self.respond)
        with LoopbackServer(talk) as server:
            asked = self.case.make(server.address if self.case.lines else server.url, limits, clock)
            try:
                yield asked
            finally:
                asked[0].close()


def replay() -> ReplayClock:
    """A clock that stands at `NOW`."""
    return ReplayClock(NOW)


def all_cases() -> list[Case]:
    """The cases of every family."""
    names = [path.stem for path in sorted(Path(__file__).parent.glob("cases_*.py"))]
    found = [case for name in names for case in importlib.import_module(f"sources.{name}").CASES]
    assert len({case.name for case in found}) == len(found) > 0
    return found
