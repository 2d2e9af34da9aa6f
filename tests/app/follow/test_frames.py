from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from support.following import MemoryKeeper, Noted, Virtual, fetched, spec
from wattshift.app.follow.desk import Now
from wattshift.app.follow.follower import Follower
from wattshift.app.follow.frames import FramePursuit
from wattshift.app.follow.keeping import SeriesKeeper
from wattshift.app.follow.notices import Notices
from wattshift.app.follow.stuck import StuckFeeds
from wattshift.chain.params import MAINNET
from wattshift.clock import Window, format_instant
from wattshift.errors import Malformed, NoData
from wattshift.sources.port import Endpoint
from wattshift.sources.registry import Connected
from wattshift.store.series import SeriesStore
from wattshift.tables import TABLES

START = datetime(2026, 1, 19, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_revision_is_kept_though_a_clock_that_was_ahead_stamped_what_it_corrects(tmp_path: Path) -> None:
    def price(usd_per_mwh: float) -> pl.DataFrame:
        row = (START, 0.25, "ercot_rtm", "HB_HOUSTON", usd_per_mwh, "operator")
        return pl.DataFrame([row], schema=TABLES["grid_prices"].schema, orient="row")

    store = SeriesStore(tmp_path)
    SeriesKeeper(store).append("grid_prices", price(20.0), START + timedelta(days=365))
    revised = SeriesKeeper(store).append("grid_prices", price(21.0), START + HOUR)
    assert revised.conflicting == 1
    assert store.read("grid_prices")["price_usd_per_mwh"].to_list() == [21.0]


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
    wave: Callable[[datetime], float] = lambda at: at.hour / 10
    scale: Callable[[datetime], float] = lambda _: 1.0

    @property
    def rows(self) -> Endpoint[Window, pl.DataFrame]:
        return Endpoint(lambda _: fetched(self.name), lambda window, _: self._rows(window))

    def close(self) -> None:
        pass

    def _price(self, at: datetime) -> float:
        return self.scale(at) * (self.price + self.wave(at))

    def _rows(self, window: Window) -> pl.DataFrame:
        self.asked.append(window)
        hours = int((self.world.wall() - self.since) / HOUR)
        starts = [self.since + number * HOUR for number in range(hours)]
        starts = [each for each in starts if window.start_at <= each < window.end_at]
        if not starts:
            raise NoData("nothing there", hint="later")
        rows = [(each, 1.0, "market", "HUB", self._price(each), self.name) for each in starts]
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


class Asked:
    """The pursuit of an operator's prices without a follower around it, asked in steps of a chosen length."""

    def __init__(self, world: Virtual, operator: Operator) -> None:
        self.journal, self.world, self.operator = Noted(), world, operator
        self.stuck = StuckFeeds(Notices(self.journal))
        keeper = SeriesKeeper(SeriesStore(world.folder))
        self.pursuit = FramePursuit(operator, keeper, every_s=3_600.0, now=lambda: self.now, stuck=self.stuck)

    @property
    def now(self) -> Now:
        return Now(at=self.world.wall(), mono_s=self.world.mono_s)

    def run(self, hours: int, step_hours: int = 1) -> None:
        for _ in range(0, hours, step_hours):
            self.world.mono_s += step_hours * 3_600.0
            answer = self.pursuit.ask()()
            self.pursuit.hear(answer, self.now)


def scattered(at: datetime) -> float:
    return (at.timestamp() // 3_600 * 7_919) % 1_009 / 10


def test_prices_that_stand_still_are_named_until_they_move(tmp_path: Path) -> None:
    world = virtual(tmp_path)
    operator = Operator(world, START - timedelta(days=1), wave=scattered)
    asked = Asked(world, operator)
    asked.run(200, step_hours=20)
    assert list(asked.stuck.of("operator")) == []
    rests_at = world.wall()
    operator.wave = lambda at: 0.0 if at >= rests_at else scattered(at)
    asked.run(80, step_hours=4)
    (words,) = asked.stuck.of("operator")
    assert words.startswith(f"market HUB is stuck at 40.00 USD/MWh since {format_instant(rests_at)}")
    again = Asked(world, operator)
    assert list(again.stuck.of("operator")) == [words], "after a new start, too"
    moves_at = world.wall()
    operator.wave = lambda at: 0.0 if rests_at <= at < moves_at else scattered(at)
    asked.run(2)
    assert list(asked.stuck.of("operator")) == []
    assert [body["is_stuck"] for body in asked.journal.of("feed")] == [True, False]


def test_a_slip_that_comes_in_small_pieces_is_noticed_by_what_is_kept(tmp_path: Path) -> None:
    """USD/kWh, some hours at a time: too few to show a level by themselves."""
    world = virtual(tmp_path)
    operator = Operator(world, START - timedelta(days=1))
    asked = Asked(world, operator)
    asked.run(80 * 24, step_hours=20)
    slips_at = world.wall()
    operator.scale = lambda at: 0.001 if at >= slips_at else 1.0
    with pytest.raises(Malformed, match="the level jumps"):
        asked.run(10 * 24, step_hours=10)
    assert world.wall() > slips_at + 50 * HOUR, "not by the first pieces"


def test_what_is_repeated_is_not_compared_with_itself(tmp_path: Path) -> None:
    world = virtual(tmp_path)
    asked = Asked(world, Operator(world, START - timedelta(days=1)))
    asked.run(70 * 24, step_hours=24)
    asked.run(48)
    assert kept(world)[-1] == world.wall() - HOUR


def test_two_sources_that_disagree_do_not_correct_each_other_for_ever(tmp_path: Path) -> None:
    world = virtual(tmp_path)
    first = Operator(world, START - timedelta(days=1), price=40.0)
    second = Operator(world, START - timedelta(days=1), price=41.0, name="second")
    both = [Asked(world, first), Asked(world, second)]
    for _ in range(12):
        for asked in both:
            asked.run(1)
    table = SeriesStore(tmp_path).read("grid_prices")
    assert set(table["source"]) == {"operator", "second"}, "the second fills what the first has not yet"
    assert SeriesStore(tmp_path).verify("grid_prices") == table.height, "and nothing was corrected"
    first.price = 45.0
    both[0].run(1)
    ours = SeriesStore(tmp_path).read("grid_prices").filter(pl.col("source") == "operator")
    assert max(ours["price_usd_per_mwh"].to_list()) > 45.0, "a revision by whoever brought a row counts"
