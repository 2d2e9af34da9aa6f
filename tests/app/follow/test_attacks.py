"""What a liar, a slow clock or bad luck might make of an honest source, and of the follower's own state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.following import Liar, MemoryKeeper, Scripted, Virtual, connected, gone
from support.headers import Branch, double_sha256, easy, mine, seeded
from wattshift.app.follow.describing import describe
from wattshift.app.follow.trust import Standing, Trust, answered, offended
from wattshift.chain.header import HEADER_SIZE
from wattshift.chain.params import MAINNET
from wattshift.errors import BrokenLink
from wattshift.report.documents.following import FollowState
from wattshift.sources.port import Fetched, Heights

NETWORK = easy(MAINNET, interval=2016)
KNOWN, LENGTH = 20, 60
TRUE = Branch(NETWORK).grow(LENGTH)
HOUR_S = 3_600.0


def at(branch: Branch, height: int, late_s: float = 0.0) -> datetime:
    return datetime.fromtimestamp(branch.parsed[height].time_s, UTC) + timedelta(seconds=late_s)


def virtual(folder: Path, now_at: datetime) -> Virtual:
    keeper = MemoryKeeper(NETWORK, TRUE.raw()[: KNOWN * HEADER_SIZE])
    return Virtual(keeper, folder, now_at, rng=seeded(1))


def poison(height: int) -> bytes:
    """A child of a true block that meets bits of its own choice."""
    return mine(double_sha256(TRUE.headers[height]), TRUE.parsed[height].time_s + 600, 0x207FFFFE)


def test_orphans_that_a_liar_left_behind_convict_nobody_else(tmp_path: Path) -> None:
    world = virtual(tmp_path, at(TRUE, LENGTH, 600))

    def with_poison(_: Heights, headers: bytes) -> bytes:
        return headers[:HEADER_SIZE] + b"".join(poison(height) for height in range(25, 55, 3))

    liar = Liar("liar", TRUE.headers, max_headers=2_000, alter=with_poison)
    honest = Scripted("honest", TRUE.headers, max_headers=7, error=gone("honest"))
    follower = world.follower([connected(liar), connected(honest)])
    world.run(follower, 60.0)
    assert world.keeper.chain.waiting_count == 10
    honest.error = None
    world.run(follower, 300.0)
    assert follower.desks["liar"].trust.standing is Standing.QUARANTINED
    assert follower.desks["honest"].trust.standing is Standing.FRESH
    assert (world.keeper.chain.height, world.keeper.chain.waiting_count) == (LENGTH, 0)


def test_headers_ahead_of_a_slow_clock_are_asked_for_again_and_again_and_held_against_nobody(
    tmp_path: Path,
) -> None:
    world = virtual(tmp_path, at(TRUE, LENGTH, -3 * HOUR_S))
    follower = world.follower([connected(Scripted("honest", TRUE.headers, max_headers=100))])
    world.run(follower, 0.5 * HOUR_S)
    assert world.keeper.chain.height < LENGTH
    assert follower.desks["honest"].trust.offences == 0
    world.run(follower, HOUR_S)
    assert world.keeper.chain.height == LENGTH
    assert follower.desks["honest"].trust.standing is Standing.FRESH


def test_a_branch_for_which_there_is_no_room_is_held_against_nobody(tmp_path: Path) -> None:
    other = Branch(NETWORK).grow(LENGTH, salt=5)
    keeper = MemoryKeeper(NETWORK, TRUE.raw(), max_side=15)
    world = Virtual(keeper, tmp_path, at(TRUE, LENGTH, 600), rng=seeded(1))
    follower = world.follower([connected(Scripted("other", other.headers, max_headers=20))])
    world.run(follower, 300.0)
    assert follower.desks["other"].trust.offences == 0


class Boaster(Scripted):
    """Claims a tip, and has no headers to show for it."""

    def _fetch(self, asked: Heights | None) -> Fetched:
        if asked is not None:
            raise gone(self.name)
        return super()._fetch(asked)


def test_a_tip_that_is_only_claimed_makes_nobody_fresh(tmp_path: Path) -> None:
    world = virtual(tmp_path, at(TRUE, LENGTH, 600))
    follower = world.follower([connected(Boaster("boaster", TRUE.headers))])
    world.run(follower, 20.0)
    assert follower.desks["boaster"].trust.standing is Standing.UNREACHABLE
    assert describe(follower, None).state is not FollowState.FOLLOWING


def test_a_source_that_is_not_there_does_not_keep_the_follower_syncing(tmp_path: Path) -> None:
    world = virtual(tmp_path, at(TRUE, LENGTH, 600))
    world.latency_s = lambda _: 30.0
    boaster = Boaster("boaster", TRUE.headers)
    follower = world.follower([connected(boaster), connected(Scripted("honest", TRUE.headers[: KNOWN + 1]))])
    world.run(follower, 300.0)
    states = set()
    world.run(follower, 600.0, lambda: states.add(describe(follower, None).state))
    assert states == {FollowState.FOLLOWING}


def test_a_source_that_stops_proving_what_it_claims_is_not_relied_on(tmp_path: Path) -> None:
    world = virtual(tmp_path, at(TRUE, LENGTH, 600))
    boaster = Boaster("boaster", TRUE.headers[: KNOWN + 1])
    follower = world.follower([connected(boaster)])
    world.run(follower, 100.0)
    assert describe(follower, None).state is FollowState.FOLLOWING
    boaster.headers = TRUE.headers[: KNOWN + 2]
    world.run(follower, 600.0)
    assert describe(follower, None).state is FollowState.DEGRADED


def test_a_machine_that_slept_for_days_believes_its_clock_and_catches_up(tmp_path: Path) -> None:
    after = TRUE.fork(LENGTH).grow(800)
    world = virtual(tmp_path, at(TRUE, KNOWN, 300))
    source = Scripted("only", TRUE.headers[: KNOWN + 1], max_headers=2_000)
    follower = world.follower([connected(source)])
    world.run(follower, 60.0)
    world.jump_s = (at(after, after.height) - at(after, KNOWN)).total_seconds()  # the steady clock slept, too
    source.headers = after.headers
    world.run(follower, 600.0)
    assert world.keeper.chain.height == after.height
    assert follower.desks["only"].trust.offences == 0
    assert abs((follower.clock.now() - world.wall()).total_seconds()) < 1.0


def test_an_old_offence_is_forgiven() -> None:
    trust, now_at, terms = Trust(), at(TRUE, 0), []
    for month in range(4):
        now_s = month * 30 * 24 * HOUR_S
        trust = offended(trust, BrokenLink("wrong", hint="none"), now_at=now_at, now_s=now_s)
        terms.append(trust.next_s - now_s)
        trust = answered(trust, now_at)
    assert terms == [600.0] * 4


def test_one_failure_in_the_middle_does_not_end_a_single_run(tmp_path: Path) -> None:
    world = virtual(tmp_path, at(TRUE, LENGTH, 600))
    source = Scripted("source", TRUE.headers, max_headers=5)
    follower = world.follower([connected(source)])
    for _ in range(2):
        follower.tasks()[0].run()()
    source.error = gone("source")
    follower.tasks()[0].run()()
    source.error = None
    assert KNOWN < world.keeper.chain.height < LENGTH
    assert not follower.is_idle
    world.run(follower, 60.0)
    assert world.keeper.chain.height == LENGTH


def test_headers_whose_time_comes_tell_of_their_reorganisation(tmp_path: Path) -> None:
    rival = TRUE.fork(KNOWN - 1).grow(1, salt=3)
    rival.add(rival.parsed[-1].time_s + int(3 * HOUR_S), salt=3)
    world = virtual(tmp_path, at(TRUE, KNOWN))
    source = Scripted("rival", rival.headers)
    follower = world.follower([connected(source)])
    world.run(follower, 60.0)
    source.error = gone("rival")
    world.run(follower, 3 * HOUR_S)
    assert world.keeper.chain.tip.hash == rival.hash(rival.height)
    assert [body["depth"] for body in world.journal.of("reorg")] == [1]
