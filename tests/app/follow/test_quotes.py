from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from support.following import MemoryKeeper, Virtual, fetched, spec
from support.headers import seeded
from wattshift.app.follow.describing import describe
from wattshift.app.follow.follower import Follower
from wattshift.app.follow.rounds import ROUND_S
from wattshift.chain.params import MAINNET
from wattshift.clock import Window
from wattshift.config.follow import PollPace
from wattshift.errors import SourceError, Unavailable
from wattshift.sources.port import Endpoint, VenueQuote
from wattshift.sources.registry import Connected
from wattshift.store.series import SeriesStore
from wattshift.tables import TABLES

START = datetime(2026, 1, 19, 12, tzinfo=UTC)


@dataclass
class Market:
    """A venue that says what the test wants."""

    name: str
    world: Virtual
    price: float = 93_000.0
    upstream: str = ""
    error: SourceError | None = None
    closes: Mapping[datetime, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.upstream = self.upstream or self.name

    @property
    def quote(self) -> Endpoint[None, VenueQuote]:
        return Endpoint(lambda _: fetched(self.name, self.upstream), lambda *_: self._quote())

    @property
    def candles(self) -> Endpoint[Window, pl.DataFrame]:
        return Endpoint(lambda _: fetched(self.name), lambda *_: self._closes())

    def close(self) -> None:
        pass

    def _quote(self) -> VenueQuote:
        if self.error is not None:
            raise self.error

        origin = replace(fetched(self.name, self.upstream).origin, fetched_at=self.world.wall())
        return VenueQuote(price_usd_per_btc=self.price, traded_at=None, origin=origin)

    def _closes(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "start": list(self.closes),
                "hours": [24.0] * len(self.closes),
                "close_usd_per_btc": list(self.closes.values()),
            },
            schema={
                "start": pl.Datetime("us", "UTC"),
                "hours": pl.Float64,
                "close_usd_per_btc": pl.Float64,
            },
        )


@pytest.fixture
def world(tmp_path: Path) -> Virtual:
    return Virtual(MemoryKeeper(MAINNET), tmp_path, START, latency_s=lambda _: 0.5)


def follower_of(world: Virtual, markets: list[Market], quotes_s: float = 300.0) -> Follower:
    sources = [Connected(spec=spec(each.name), source=each, quotes=each, candles=each) for each in markets]
    return world.follower(sources, PollPace(quotes_s=quotes_s, candles_s=3_600.0))


def kept(world: Virtual, name: str) -> pl.DataFrame:
    return SeriesStore(world.folder).read(name)


def test_every_quote_is_kept_with_its_verdict_and_a_price_where_they_agree(world: Virtual) -> None:
    markets = [Market("a", world, 93_000.0), Market("b", world, 93_100.0), Market("c", world, 93_050.0)]
    markets.append(Market("glitch", world, 930_000.0))
    follower = follower_of(world, markets)
    world.run(follower, 700.0)
    quotes, prices = kept(world, "venue_quotes"), kept(world, "btc_usd_quotes")
    assert prices["price_usd_per_btc"].to_list() == [93_050.0] * 3
    assert prices["n_upstreams"].to_list() == [3] * 3
    assert quotes.group_by("source", "verdict").len().sort("source").rows() == [
        ("a", "used", 3),
        ("b", "used", 3),
        ("c", "used", 3),
        ("glitch", "outlier", 3),
    ]
    row = describe(follower, None).quote
    assert row is not None
    assert (row.price_usd_per_btc, row.n_upstreams) == (93_050.0, 3)


def test_names_with_one_upstream_are_one_witness(world: Virtual) -> None:
    markets = [Market(name, world, upstream="one") for name in "abc"]
    follower = follower_of(world, markets)
    world.run(follower, 60.0)
    assert kept(world, "btc_usd_quotes").is_empty()
    assert sorted(kept(world, "venue_quotes")["verdict"]) == ["duplicate_upstream"] * 2 + ["used"]
    assert any("distinct upstreams" in line for line in describe(follower, None).told)


def test_a_venue_that_is_down_holds_the_others_up_for_a_moment_only(world: Virtual) -> None:
    down = Unavailable("the connection failed", hint="later")
    markets = [*(Market(name, world) for name in "abc"), Market("down", world, error=down)]
    follower = follower_of(world, markets)
    world.run(follower, ROUND_S - 1)
    assert kept(world, "btc_usd_quotes").is_empty()
    world.run(follower, 10.0)
    assert kept(world, "btc_usd_quotes").height == 1
    assert follower.desks["down"].why == "the connection failed", "though its closes are there"


def test_a_price_that_cannot_be_is_held_against_its_venue(world: Virtual) -> None:
    markets = [*(Market(name, world) for name in "abc"), Market("sat", world, 9.3e12)]
    follower = follower_of(world, markets)
    world.run(follower, 60.0)
    assert "sat" not in kept(world, "venue_quotes")["source"].to_list()
    assert follower.desks["sat"].failures > 0
    assert kept(world, "btc_usd_quotes")["price_usd_per_btc"].to_list() == [93_000.0]


def test_the_last_accepted_price_outlives_the_process(world: Virtual) -> None:
    """A jump is not believed at first sight, not even by a follower that has just been started."""
    markets = [Market(name, world) for name in "abc"]
    world.run(follower_of(world, markets), 60.0)
    for market in markets:
        market.price = 60_000.0
    world.run(follower_of(world, markets), 60.0)
    assert kept(world, "btc_usd_quotes")["price_usd_per_btc"].to_list() == [93_000.0]


def test_daily_closes_are_kept_once_where_three_upstreams_agree(world: Virtual) -> None:
    midnight = datetime(2026, 1, 17, tzinfo=UTC)
    days = {midnight: 91_000.0, midnight + timedelta(days=1): 92_000.0}
    markets = [Market(name, world, closes=days) for name in "abc"]
    markets[0].closes = {midnight: 91_010.0}
    follower = follower_of(world, markets)
    world.run(follower, 60.0)
    assert kept(world, "btc_usd_daily").rows() == [(midnight, 24.0, 91_000.0, "a+b+c", "median_of_venues")]
    markets[0].closes = days
    world.run(follower, 3_700.0)
    assert kept(world, "btc_usd_daily")["close_usd_per_btc"].to_list() == [91_000.0, 92_000.0]


def test_what_is_left_of_a_round_counts_when_the_follower_ends(world: Virtual) -> None:
    down = Unavailable("the connection failed", hint="later")
    follower = follower_of(world, [*(Market(n, world) for n in "abc"), Market("down", world, error=down)])
    world.run(follower, 5.0)
    follower.finish()
    assert kept(world, "btc_usd_quotes").height == 1


def test_a_venue_that_stands_still_is_named_and_left_out_and_taken_back(world: Virtual) -> None:
    """Its number lies among the others, so that only its standing still gives it away (F4)."""
    rng = seeded(3)

    def some_price() -> float:
        return round(93_000.0 + rng.uniform(-50, 50), 2)

    before = [
        (START - timedelta(minutes=5 * n), "still", "still", some_price(), "used", "test://still", "0" * 64)
        for n in range(200, 0, -1)
    ]
    said = pl.DataFrame(before, schema=pl.Schema(TABLES["venue_quotes"].schema), orient="row")
    SeriesStore(world.folder).append("venue_quotes", said, known_at=START)
    markets = [Market(name, world) for name in "abc"]
    still = Market("still", world)
    follower = follower_of(world, [*markets, still], quotes_s=30.0)

    def run(polls: int) -> None:
        for _ in range(polls):
            for market in markets:
                market.price = some_price()
            world.run(follower, 30.0)

    run(55)
    verdicts = kept(world, "venue_quotes").filter(pl.col("source") == "still")["verdict"]
    assert (verdicts[-50], verdicts[-1]) == ("used", "stuck")
    assert kept(world, "btc_usd_quotes")["n_upstreams"][-1] == 3
    row = next(row for row in describe(follower, None).sources if row.name == "still")
    assert row.state == "stuck"
    assert "price is stuck at" in row.why
    assert [body["is_stuck"] for body in world.journal.of("feed")] == [True]
    still.price = 93_001.0
    run(3)
    assert kept(world, "btc_usd_quotes")["n_upstreams"][-1] == 4
    assert [body["is_stuck"] for body in world.journal.of("feed")] == [True, False]
    assert {row.state for row in describe(follower, None).sources} == {"fresh"}


def test_a_price_in_another_unit_is_held_against_what_was_accepted(world: Virtual) -> None:
    """A tenth of the price lies within the band of those years, and far below what was agreed on."""
    markets = [Market(name, world) for name in "abc"]
    follower = follower_of(world, markets)
    world.run(follower, 12 * 300.0)
    markets[0].price = 9_300.0
    world.run(follower, 400.0)
    assert 9_300.0 not in kept(world, "venue_quotes")["price_usd_per_btc"].to_list()
    assert follower.desks["a"].failures > 0
