"""A follower in virtual time: sources that do what a test tells them, and clocks that it sets."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

from support.headers import double_sha256, seeded
from wattshift.app.follow.follower import Follower, World
from wattshift.app.follow.tasks import Settle
from wattshift.app.follow.wallclock import SteadyClock
from wattshift.chain.extension import Extension
from wattshift.chain.header import HEADER_SIZE, BlockHash
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import Network
from wattshift.config.follow import PollPace
from wattshift.errors import SourceError, Unavailable
from wattshift.provenance import FetchOrigin
from wattshift.sources.port import Endpoint, Fetched, HeaderBatch, Heights, TipClaim
from wattshift.sources.registry import Connected
from wattshift.sources.spec import SourceSpec
from wattshift.store.series import SeriesStore

__all__ = [
    "Liar",
    "MemoryKeeper",
    "Noted",
    "Scripted",
    "Virtual",
    "connected",
    "fetched",
    "gone",
    "served",
    "spec",
]

_TURN_S = 5.0


def fetched(name: str, upstream: str | None = None) -> Fetched:
    return Fetched.of(
        b"",
        source=name,
        upstream=upstream or name,
        url=f"test://{name}",
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@dataclass
class Scripted:
    """A source of headers that serves a list of them, or fails.

    Args:
        name: its name.
        headers: its best chain from `first` on; the test may exchange it at any time.
        first: height of the first of them.
        error: what it raises instead of an answer.
        claim: changes what it says of its tip.
        alter: changes the headers that it sends.
    """

    name: str
    headers: Sequence[bytes]
    first: int = 0
    max_headers: int = 10
    error: SourceError | None = None
    claim: Callable[[TipClaim], TipClaim] = lambda claim: claim
    alter: Callable[[Heights, bytes], bytes] = lambda _, headers: headers
    asked: list[Heights | None] = field(default_factory=list)

    @property
    def upstream(self) -> str:
        return self.name

    @property
    def tip(self) -> Endpoint[None, TipClaim]:
        return Endpoint(lambda _: self._fetch(None), lambda _, answer: self._tip(answer.origin))

    @property
    def headers_endpoint(self) -> Endpoint[Heights, HeaderBatch]:
        return Endpoint(self._fetch, self._batch)

    def close(self) -> None:
        pass

    def _fetch(self, asked: Heights | None) -> Fetched:
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        return fetched(self.name)

    def _tip(self, origin: FetchOrigin) -> TipClaim:
        height = self.first + len(self.headers) - 1
        return self.claim(TipClaim(height=height, block_hash=served(self.headers[-1]), origin=origin))

    def _batch(self, asked: Heights, answer: Fetched) -> HeaderBatch:
        start = max(0, asked.first - self.first)
        raw = b"".join(self.headers[start : start + asked.count])
        return HeaderBatch(first=asked.first, headers=self.alter(asked, raw), origin=answer.origin)


class Liar(Scripted):
    """A source that is scripted to lie; only its name for the reader differs."""


def served(header: bytes) -> BlockHash:
    """The hash by which a source names a block."""
    return double_sha256(header)


class _AsHeaderSource:
    """`Scripted` with the port's name for its endpoint of headers: a field has that name there."""

    def __init__(self, source: Scripted) -> None:
        self._source = source
        self.name, self.upstream, self.max_headers = source.name, source.upstream, source.max_headers
        self.tip, self.headers = source.tip, source.headers_endpoint

    def close(self) -> None:
        pass


def spec(name: str) -> SourceSpec:
    return SourceSpec(kind="core", address="test", name=name, options=MappingProxyType({}))


def connected(source: Scripted) -> Connected:
    """The source as the follower wants it."""
    face = _AsHeaderSource(source)
    return Connected(spec=spec(source.name), source=face, headers=face)


class MemoryKeeper:
    """Validates headers and keeps them in memory."""

    def __init__(self, network: Network, headers: bytes = b"", **options: Any) -> None:
        self.chain = HeaderChain(network, **options)
        self.taken = 0
        self.chain.extend(headers, 1 << 32)

    def take(self, headers: bytes, *, now: datetime, origin: FetchOrigin | None) -> Extension:
        assert origin is not None or not headers
        self.taken += len(headers) // HEADER_SIZE
        return self.chain.extend(headers, int(now.timestamp()))


@dataclass
class Noted:
    """A journal that a test can read."""

    entries: list[tuple[str, dict[str, Any], datetime]] = field(default_factory=list)

    def record(self, kind: str, *, known_at: datetime, body: bytes) -> None:
        self.entries.append((kind, json.loads(body), known_at))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for each, body, _ in self.entries if each == kind]


@dataclass
class Virtual:
    """Clocks, a keeper and a loop without threads.

    Args:
        keeper: keeps headers.
        folder: where series are kept.
        start_at: the wall clock at the start.
        latency_s: how long a question takes.
    """

    keeper: MemoryKeeper
    folder: Path
    start_at: datetime
    rng: Random = field(default_factory=lambda: seeded(0))
    latency_s: Callable[[Random], float] = lambda rng: rng.uniform(0.05, 3.0)
    mono_s: float = 0.0
    jump_s: float = 0.0
    journal: Noted = field(default_factory=Noted)
    turns: int = 0

    def wall(self) -> datetime:
        return self.start_at + timedelta(seconds=self.mono_s + self.jump_s)

    def follower(self, sources: Sequence[Connected], pace: PollPace | None = None) -> Follower:
        world = World(
            keeper=self.keeper,
            journal=self.journal,
            series=SeriesStore(self.folder),
            clock=SteadyClock(self.wall, lambda: self.mono_s),
            mono_s=lambda: self.mono_s,
            rng=self.rng,
        )
        return Follower(sources, pace or PollPace(), world)

    def run(
        self, follower: Follower, length_s: float, each_turn: Callable[[], object] = lambda: None
    ) -> None:
        """Let the follower follow for so long."""
        end_s, order = self.mono_s + length_s, count()
        under_way: list[tuple[float, int, Settle]] = []
        while self.mono_s < end_s:
            for task in follower.tasks():
                done_s = self.mono_s + self.latency_s(self.rng)
                heapq.heappush(under_way, (done_s, next(order), task.run()))
            next_s = min(follower.due_s, self.mono_s + _TURN_S, end_s)
            if under_way:
                next_s = min(next_s, under_way[0][0])
            self.mono_s = max(self.mono_s, next_s)
            while under_way and under_way[0][0] <= self.mono_s:
                heapq.heappop(under_way)[2]()
            follower.turn()
            self.turns += 1
            each_turn()
        for _, _, settle in sorted(under_way):  # nothing stays under way
            settle()


def gone(name: str) -> Unavailable:
    return Unavailable("the connection failed", source=name, hint="ask later")
