from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from support.following import MemoryKeeper, Virtual, fetched, spec
from wattshift.app.follow.follower import Follower
from wattshift.chain.params import MAINNET
from wattshift.clock import Window
from wattshift.errors import NoData
from wattshift.sources.port import Endpoint
from wattshift.sources.registry import Connected
from wattshift.store.series import SeriesStore
from wattshift.tables import TABLES

START = datetime(2026, 1, 19, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Operator:
    """Publishes an hourly price, from `since` until now."""

    world: Virtual
    since: datetime
    price: float = 40.0
    name: str = "operator"
    upstream: str = "operator"
    table: str = "grid_prices"
    asked: list[Window] = field(default_factory=list)

    @property
    def rows(self) -> Endpoint[Window, pl.DataFrame]:
        return Endpoint(lambda _: fetched(self.name), lambda window, _: self._rows(window))

    def close(self) -> None:
        pass

    def _rows(self, window: Window) -> pl.DataFrame:
        self.asked.append(window)
        hours = int((self.world.wall() - self.since) / HOUR)
        starts = [self.since + number * HOUR for number in range(hours)]
        starts = [each for each in starts if window.start_at <= each < window.end_at]
        if not starts:
            raise NoData("nothing there", hint="later")
        rows = [(each, 1.0, "market", "HUB", self.price + each.hour / 10, self.name) for each in starts]
        return pl.DataFrame(rows, schema=pl.Schema(TABLES[self.table].schema), orient="row")


def virtual(tmp_path: Path) -> Virtual:
    return Virtual(MemoryKeeper(MAINNET), tmp_path, START, latency_s=lambda _: 0.1)


def follower_of(world: Virtual, operator: Operator) -> Follower:
    return world.follower([Connected(spec=spec(operator.name), source=operator, frames=operator)])


def kept(world: Virtual) -> list[datetime]:
    return SeriesStore(world.folder).read("grid_prices")["start"].to_list()


def test_the_last_day_at_first_and_then_what_is_new(tmp_path: Path) -> None:
    world = virtual(tmp_path)
    operator = Operator(world, START - timedelta(days=30))
    world.run(follower_of(world, operator), 7_300.0)
    assert kept(world) == [START - timedelta(days=1) + number * HOUR for number in range(26)]
    assert operator.asked[0].length_s == 86_400.0
    assert max(each.length_s for each in operator.asked[1:]) <= 4 * 3_600


def test_after_a_week_without_a_follower_no_gap_is_left(tmp_path: Path) -> None:
    world = virtual(tmp_path)
    operator = Operator(world, START - timedelta(days=30))
    world.run(follower_of(world, operator), 60.0)
    world.mono_s += 7 * 86_400.0
    world.run(follower_of(world, operator), 600.0)
    starts = kept(world)
    assert starts == [starts[0] + number * HOUR for number in range(len(starts))]
    assert len(starts) == 8 * 24


def test_rows_in_another_unit_are_refused_as_a_whole(tmp_path: Path) -> None:
    world = virtual(tmp_path)
    operator = Operator(world, START - timedelta(days=30))
    follower = follower_of(world, operator)
    world.run(follower, 60.0)
    before = kept(world)
    operator.price = 1e6
    world.run(follower, 2 * 3_600.0)
    assert kept(world) == before
    assert follower.desks["operator"].failures > 0
    assert "lies outside" in follower.desks["operator"].trust.why


def test_nothing_published_is_no_failure(tmp_path: Path) -> None:
    world = virtual(tmp_path)
    follower = follower_of(world, Operator(world, START + timedelta(days=9)))
    world.run(follower, 60.0)
    assert follower.desks["operator"].failures == 0
