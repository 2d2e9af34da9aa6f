"""What every source is: some endpoints, each a `fetch` that touches the world and a `parse` that is pure.

Nothing that a source claims is believed here. A claim carries its origin, and whoever uses it proves it:
headers by their own work, prices by the other venues, intervals by the clock.
`tests/sources/conformance.py` is what every endpoint of every source must pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Generic, Protocol, Self, TypeVar

import polars as pl

from wattshift.chain.header import BlockHash
from wattshift.clock import Window
from wattshift.provenance import FetchOrigin

__all__ = [
    "BlockFacts",
    "BlockRef",
    "CandleSource",
    "Endpoint",
    "FactSource",
    "Fetched",
    "FrameSource",
    "HeaderBatch",
    "HeaderSource",
    "Heights",
    "QuoteSource",
    "Source",
    "TipClaim",
    "TipWatch",
    "VenueQuote",
]

_Question = TypeVar("_Question")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Bytes as they came, and where from."""

    origin: FetchOrigin
    content: bytes

    @classmethod
    def of(cls, content: bytes, *, source: str, upstream: str, url: str, fetched_at: datetime) -> Self:
        """Bytes with their origin; `url` must hold no secret."""
        digest = sha256(content).hexdigest()
        origin = FetchOrigin(source=source, upstream=upstream, url=url, fetched_at=fetched_at, sha256=digest)
        return cls(origin=origin, content=content)


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[_Question, _Answer]):
    """One thing that a source can be asked.

    Args:
        fetch: asks the world; bounded in time and bytes. Raises only a `SourceError`.
        parse: reads what came, without touching anything. Raises only a `SourceError`.
    """

    fetch: Callable[[_Question], Fetched]
    parse: Callable[[_Question, Fetched], _Answer]

    def __call__(self, question: _Question) -> _Answer:
        """Ask and read.

        Raises:
            Unavailable, Rejected, Malformed, NoData: as fetching or reading failed.
        """
        return self.parse(question, self.fetch(question))


@dataclass(frozen=True, slots=True, kw_only=True)
class TipClaim:
    """Where a source says that its best chain ends.

    Args:
        height: its height, as claimed.
        block_hash: its hash, in internal order, as claimed.
    """

    height: int
    block_hash: BlockHash
    origin: FetchOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class Heights:
    """A stretch of a source's best chain: `count` blocks from `first` on."""

    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBatch:
    """Headers end to end, as a source says they stand on its best chain from height `first` on.

    Fewer than were asked for where its chain ends, none at all beyond its tip.
    """

    first: int
    headers: bytes
    origin: FetchOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRef:
    """A block to ask about: height and hash, in internal order."""

    height: int
    block_hash: BlockHash


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFacts:
    """What a source says of a block's body; nothing of it is proved by the header.

    Args:
        fee_sat: sum of the fees [sat]; None where the source does not say.
        subsidy_sat: new coins [sat]; None where the source does not say.
        pool: slug of the pool; None where the source does not say.
    """

    block: BlockRef
    fee_sat: int | None
    subsidy_sat: int | None
    pool: str | None
    origin: FetchOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueQuote:
    """The last price of a bitcoin at one venue [USD/BTC].

    Args:
        traded_at: when the venue says it was made; None where it does not say.
    """

    price_usd_per_btc: float
    traded_at: datetime | None
    origin: FetchOrigin


class Source(Protocol):
    """Whoever can be asked."""

    @property
    def name(self) -> str:
        """The name under which it is configured; unique."""
        ...

    @property
    def upstream(self) -> str:
        """Who stands behind it."""
        ...

    def close(self) -> None:
        """Let go of connections; a second call does nothing."""
        ...


class HeaderSource(Source, Protocol):
    """Serves a best chain of headers."""

    @property
    def max_headers(self) -> int:
        """Most headers that one question may ask for."""
        ...

    @property
    def tip(self) -> Endpoint[None, TipClaim]:
        """Where its best chain ends."""
        ...

    @property
    def headers(self) -> Endpoint[Heights, HeaderBatch]:
        """Headers of its best chain."""
        ...


class FactSource(Source, Protocol):
    """Knows what is in a block."""

    @property
    def facts(self) -> Endpoint[BlockRef, BlockFacts]:
        """Fees, subsidy and pool of a block; `NoData` where the source has pruned it or does not know it."""
        ...


class QuoteSource(Source, Protocol):
    """Tells what a bitcoin costs in dollars now."""

    @property
    def quote(self) -> Endpoint[None, VenueQuote]:
        """The last price."""
        ...


class CandleSource(Source, Protocol):
    """Tells what a bitcoin cost at the end of each day; a venue is a `QuoteSource` and this."""

    @property
    def candles(self) -> Endpoint[Window, pl.DataFrame]:
        """Closes of whole UTC days: a frame of `start`, `hours`, `close_usd_per_btc`."""
        ...


class FrameSource(Source, Protocol):
    """Publishes rows of a table of the data dictionary."""

    @property
    def table(self) -> str:
        """Which table."""
        ...

    @property
    def rows(self) -> Endpoint[Window, pl.DataFrame]:
        """Its rows whose time lies in a window."""
        ...


class TipWatch(Protocol):
    """Tells that a source has a new tip, sooner than asking would; a broken line raises a `SourceError`."""

    def wait(self, timeout_s: float) -> bool:
        """Whether a new tip was announced before the time was up [s]."""
        ...

    def close(self) -> None:
        """Let go of the line; a second call does nothing."""
        ...
