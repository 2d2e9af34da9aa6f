from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.following import MemoryKeeper, Scripted, Virtual, connected, spec
from support.headers import Branch, easy
from wattshift.app.follow.wallclock import SteadyClock
from wattshift.chain.params import MAINNET
from wattshift.sources.registry import Connected

NOW = datetime(2026, 1, 19, tzinfo=UTC)
TIP = NOW - timedelta(minutes=5)
PAST = NOW - timedelta(minutes=65)


class Hands:
    """Both clocks of a machine."""

    def __init__(self) -> None:
        self.wall, self.mono_s = NOW, 100.0
        self.clock = SteadyClock(lambda: self.wall, lambda: self.mono_s)

    def pass_s(self, length_s: float, jump_s: float = 0.0) -> None:
        self.mono_s += length_s
        self.wall += timedelta(seconds=length_s + jump_s)

    def look(self) -> tuple[int | None, bool]:
        finding = self.clock.look(tip_at=TIP, median_past_at=PAST)
        return None if finding.jump_s is None else round(finding.jump_s), finding.is_followed


@given(steps=st.lists(st.tuples(st.floats(0.1, 50), st.floats(-30, 30)), max_size=50))
def test_drift_is_followed(steps: list[tuple[float, float]]) -> None:
    hands = Hands()
    for length_s, drift_s in steps:
        hands.pass_s(length_s, drift_s)
        hands.look()
        assert abs(hands.clock.now() - hands.wall) < timedelta(milliseconds=1)


@pytest.mark.parametrize("jump_s", [-3_600.0, 3_600.0, -86_400.0, 86_400.0, -1.7e9, 3.7e8])
def test_a_jump_against_two_servers_is_not_followed(jump_s: float) -> None:
    hands = Hands()
    hands.clock.hear("one", NOW)
    hands.clock.hear("two", NOW + timedelta(seconds=2))
    hands.pass_s(10.0, jump_s)
    assert hands.look() == (round(jump_s), False)
    assert hands.clock.now() == NOW + timedelta(seconds=10)
    hands.pass_s(10.0, -jump_s)
    assert hands.look() == (None, True)


@pytest.mark.parametrize("jump_s", [-3_600.0, 3_600.0, 86_400.0])
def test_a_jump_with_the_servers_is_followed(jump_s: float) -> None:
    hands = Hands()
    for server in ("one", "two"):
        hands.clock.hear(server, NOW + timedelta(seconds=jump_s))
    hands.pass_s(10.0, jump_s)
    assert hands.look() == (round(jump_s), True)
    assert abs(hands.clock.offset_s or 0.0) < 1.0


@pytest.mark.parametrize("others_s", [[9e8], [9e8, 0.0]])
def test_one_server_that_lies_or_has_fallen_silent_does_not_stop_the_clock(others_s: list[float]) -> None:
    hands = Hands()
    for number, ahead_s in enumerate([86_400.0, *[86_400.0] * (len(others_s) - 1), *others_s]):
        hands.clock.hear(str(number), NOW + timedelta(seconds=ahead_s))
    hands.pass_s(10.0, 86_400.0)
    assert hands.look() == (86_400, True)


@pytest.mark.parametrize(("due_s", "is_followed"), [(3_600.0, True), (300_000.0, False)])
def test_a_header_that_waits_for_its_time_speaks_for_a_clock_that_is_ahead(
    due_s: float, is_followed: bool
) -> None:
    hands = Hands()
    hands.pass_s(10.0, 200_000.0)
    due_at = NOW + timedelta(seconds=due_s)
    finding = hands.clock.look(tip_at=TIP, median_past_at=PAST, due_at=due_at)
    assert finding.is_followed is is_followed


@pytest.mark.parametrize(
    ("jump_s", "is_followed"), [(-1.7e9, False), (3.7e8, False), (-7_200.0, False), (1_800.0, True)]
)
def test_without_servers_the_newest_block_decides(jump_s: float, is_followed: bool) -> None:
    hands = Hands()
    hands.pass_s(10.0, jump_s)
    assert hands.look()[1] is is_followed


def test_a_pause_is_noticed_once() -> None:
    hands = Hands()
    hands.pass_s(600.0)
    assert hands.clock.look(tip_at=TIP, median_past_at=PAST).pause_s == 600.0
    hands.pass_s(5.0)
    assert hands.clock.look(tip_at=TIP, median_past_at=PAST).pause_s is None


# The follower as a whole


def day(tmp_path: Path, disturb: Callable[[Virtual], None]) -> tuple[Virtual, Counter[int]]:
    """A day of two hours' polls, with one disturbance; how often each 30-second slot saw a question."""
    network = easy(MAINNET, interval=2016)
    trunk = Branch(network).grow(12)
    start_at = datetime.fromtimestamp(trunk.parsed[-1].time_s, UTC) + timedelta(minutes=1)
    world = Virtual(MemoryKeeper(network, trunk.raw()), tmp_path, start_at, latency_s=lambda _: 0.0)
    source = Scripted("source", trunk.headers)
    follower = world.follower([connected(source)])
    asked: Counter[int] = Counter()
    seen = 0

    def watch() -> None:
        nonlocal seen
        asked[int(world.mono_s // 30)] += len(source.asked) - seen
        seen = len(source.asked)

    world.run(follower, 600.0, watch)
    disturb(world)
    world.run(follower, 600.0, watch)
    return world, asked


def jump(length_s: float) -> Callable[[Virtual], None]:
    def disturb(world: Virtual) -> None:
        world.jump_s += length_s

    return disturb


@pytest.mark.parametrize("jump_s", [-3_600.0, 3_600.0, -86_400.0, 86_400.0, -1.3e9, 8.5e8])
def test_no_poll_is_doubled_or_skipped_when_the_clock_jumps(tmp_path: Path, jump_s: float) -> None:
    _, calm = day(tmp_path, lambda _: None)
    world, jumped = day(tmp_path, jump(jump_s))
    assert jumped == calm
    told: list[dict[str, Any]] = world.journal.of("clock")
    assert [each["jump_s"] for each in told] == [round(jump_s)]


def test_at_no_minute_of_a_day_does_a_jump_double_or_skip_a_poll(tmp_path: Path) -> None:
    """A jump at each of 288 ticks of five minutes, there and back (D1)."""
    network = easy(MAINNET, interval=2016)
    trunk = Branch(network).grow(12)
    start_at = datetime.fromtimestamp(trunk.parsed[-1].time_s, UTC) + timedelta(minutes=1)
    world = Virtual(MemoryKeeper(network, trunk.raw()), tmp_path, start_at, latency_s=lambda _: 0.0)
    source = Scripted("source", trunk.headers)
    follower = world.follower([connected(source)])
    jumps_s = [3_600.0, -3_600.0, 86_400.0, -86_400.0, -1.3e9, 8.5e8]
    for tick in range(288):
        world.jump_s = jumps_s[tick // 2 % 6] if tick % 2 == 0 else 0.0
        world.run(follower, 300.0)
    polls = len(source.asked)
    assert polls == 288 * 300 // 30, "0 doubled, 0 skipped"


def test_a_pause_of_ten_minutes_is_told_and_polls_go_on_once(tmp_path: Path) -> None:
    """A process that stood still does not make up for what it missed (D3)."""

    def pause(world: Virtual) -> None:
        world.mono_s += 600.0

    world, asked = day(tmp_path, pause)
    assert [each["pause_s"] for each in world.journal.of("pause")] == [600]
    assert max(asked.values()) == 1


def test_the_date_of_an_answer_counts_only_when_it_comes(tmp_path: Path) -> None:
    """The same Date is seen at each turn until the next answer: it grows no older by that."""

    class Dated:
        """A source whose server told the time once."""

        name = upstream = "dated"

        def __init__(self, its_at: datetime) -> None:
            self.server_date_at = its_at

        def close(self) -> None:
            pass

    network = easy(MAINNET, interval=2016)
    trunk = Branch(network).grow(12)
    start_at = datetime.fromtimestamp(trunk.parsed[-1].time_s, UTC) + timedelta(minutes=1)
    world = Virtual(MemoryKeeper(network, trunk.raw()), tmp_path, start_at)
    sources = [Connected(spec=spec(name), source=Dated(start_at + timedelta(seconds=1))) for name in "ab"]
    follower = world.follower(sources)
    follower.turn()
    world.run(follower, 3_600.0)
    assert follower.clock.offset_s == pytest.approx(1.0)
