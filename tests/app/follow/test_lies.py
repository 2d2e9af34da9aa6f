"""Sources that lie, one by one and all but one: work decides, and a lie is named (B1, B2, B3).

`make test-nightly` tries a thousand seeds for each number of sources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from support.faults import scaled
from support.following import Liar, MemoryKeeper, Scripted, Virtual, connected, served
from support.headers import Branch, easy, seeded, unmined
from wattshift.app.follow.describing import describe
from wattshift.app.follow.follower import Follower
from wattshift.app.follow.trust import Standing
from wattshift.chain.header import HEADER_SIZE, BlockHash
from wattshift.chain.params import MAINNET
from wattshift.report.documents.following import FollowState
from wattshift.sources.port import Heights, TipClaim

SEEDS = scaled(10, 1_000)
NETWORK = easy(MAINNET, interval=2016)
STRANGER = easy(replace(MAINNET, name="stranger"), interval=2016)
KNOWN = 20
LENGTH = 32
DONE_S = 900.0


@cache
def honest() -> Branch:
    return Branch(NETWORK).grow(LENGTH)


@cache
def poor(depth: int) -> Branch:
    """A valid branch that leaves the honest one below what is known and has less work."""
    return honest().fork(KNOWN - depth).grow(depth - 1, salt=depth)


@cache
def stranger() -> Branch:
    genesis = Branch(NETWORK).next(honest().parsed[0].time_s + 600, salt=7)
    return Branch(NETWORK, [genesis]).grow(LENGTH + 5, salt=7)


def noise(seed: int) -> BlockHash:
    return BlockHash(sha256(seed.to_bytes(8, "big")).digest())


def unmined_tip(name: str, rng: Random) -> Liar:
    place = rng.randrange(KNOWN + 1, LENGTH)
    headers = [*honest().headers[:place], unmined(honest().headers[place])]
    return Liar(name, headers)


def easy_bits(name: str, rng: Random) -> Liar:
    """A header that meets a target of its own choice."""
    fork = honest().fork(rng.randrange(KNOWN, LENGTH - 1))
    return Liar(name, [*fork.headers, fork.next(fork.parsed[-1].time_s + 600, bits=0x207FFFFE)])


def too_old(name: str, rng: Random) -> Liar:
    """A header older than the median of those before it."""
    fork = honest().fork(rng.randrange(KNOWN, LENGTH - 1))
    return Liar(name, [*fork.headers, fork.next(fork.parsed[-11].time_s - 1)])


def sky_high(name: str, rng: Random) -> Liar:
    """A claim that no header supports."""
    height, block_hash = rng.choice([LENGTH + 1, 1 << 20, (1 << 32) - 1]), noise(rng.getrandbits(60))

    def claim(true: TipClaim) -> TipClaim:
        return replace(true, height=height, block_hash=block_hash)

    return Liar(name, honest().headers[: KNOWN + 1], claim=claim)


def misplaced(name: str, rng: Random) -> Liar:
    """A true tip at a height that is not its own."""
    off = rng.choice([-3, -1, 1, 2, 1_000])
    return Liar(
        name, honest().headers[: KNOWN + 1], claim=lambda true: replace(true, height=true.height + off)
    )


def unlinked(name: str, rng: Random) -> Liar:
    """Headers of which one is missing."""
    gap = rng.randrange(KNOWN + 2, LENGTH)

    def alter(_: Heights, headers: bytes) -> bytes:
        out = honest().headers[gap]
        return headers.replace(out, honest().headers[gap - 2])

    return Liar(name, honest().headers, alter=alter, max_headers=2_000)


def other_chain(name: str, _: Random) -> Liar:
    return Liar(name, stranger().headers)


def empty(name: str, rng: Random) -> Liar:
    """A claim of a tip, and nothing to show for it."""
    block_hash = noise(rng.getrandbits(60))
    return Liar(
        name,
        honest().headers,
        claim=lambda true: replace(true, block_hash=block_hash),
        alter=lambda *_: b"",
    )


def impossible(name: str, _: Random) -> Liar:
    return Liar(
        name,
        honest().headers[: KNOWN + 1],
        claim=lambda true: replace(true, height=1 << 40, block_hash=noise(1)),
    )


def low_work(name: str, rng: Random) -> Liar:
    return Liar(name, poor(rng.randrange(3, 12)).headers)


def behind(name: str, rng: Random) -> Liar:
    """The truth of yesterday."""
    return Liar(name, honest().headers[: rng.randrange(KNOWN - 12, KNOWN - 2)])


PROVABLE: tuple[Callable[[str, Random], Liar], ...] = (
    unmined_tip,
    easy_bits,
    too_old,
    sky_high,
    misplaced,
    unlinked,
    other_chain,
    empty,
    impossible,
)
"""Lies that can be proved."""
LAGGARD: tuple[Callable[[str, Random], Liar], ...] = (low_work, behind)
"""Valid headers with no more work than the truth."""


def virtual(tmp_path: Path, rng: Random) -> Virtual:
    keeper = MemoryKeeper(NETWORK, honest().raw()[: KNOWN * HEADER_SIZE])
    assert keeper.chain.height == KNOWN
    start_at = datetime.fromtimestamp(honest().parsed[-1].time_s, UTC) + timedelta(minutes=10)
    return Virtual(keeper, tmp_path, start_at, rng=rng)


def cases() -> Iterator[tuple[int, int]]:
    for n_sources in range(2, 8):
        yield from ((n_sources, n_liars) for n_liars in sorted({1, n_sources - 1}))


def followed(tmp_path: Path, seed: int, n_honest: int, n_liars: int) -> tuple[Virtual, Follower, list[Liar]]:
    rng = seeded(seed)
    world = virtual(tmp_path, rng)
    truth = [
        Scripted(f"honest {number}", honest().headers, max_headers=rng.choice([1, 3, 10, 2_000]))
        for number in range(n_honest)
    ]
    # The tip of `unlinked` is true: if others bring its headers, it has come to tell the truth.
    lies = [lie for lie in PROVABLE + LAGGARD if n_honest or lie is not unlinked]
    liars = [rng.choice(lies)(f"liar {number}", rng) for number in range(n_liars)]
    sources: list[Scripted] = [*truth, *liars]
    rng.shuffle(sources)
    follower = world.follower([connected(each) for each in sources])
    world.run(follower, DONE_S)
    return world, follower, liars


@pytest.mark.parametrize(("n_sources", "n_liars"), list(cases()))
def test_one_honest_source_is_enough(tmp_path: Path, n_sources: int, n_liars: int) -> None:
    for seed in range(SEEDS):
        world, follower, liars = followed(tmp_path, seed, n_sources - n_liars, n_liars)
        chain = world.keeper.chain
        assert chain.headers(1, chain.height) == honest().raw(), seed
        for name, desk in follower.desks.items():
            if name.startswith("honest"):
                assert desk.trust.standing is Standing.FRESH, (seed, name, desk.trust)
            elif desk.trust.standing is Standing.FRESH:  # it has come to tell the truth
                assert follower.headers[name].dialogue.proved == chain.tip, (seed, name)
            else:
                assert desk.trust.why, (seed, name)
        told = {body["source"] for body in world.journal.of("source") if body["to"] != "fresh"}
        assert told <= {each.name for each in liars}, seed
        assert describe(follower, None).state is FollowState.FOLLOWING


@pytest.mark.parametrize("n_liars", range(1, 8))
def test_without_an_honest_source_the_tip_stands_still(tmp_path: Path, n_liars: int) -> None:
    for seed in range(SEEDS):
        world, follower, _ = followed(tmp_path, 1_000_000 + seed, 0, n_liars)
        height = world.keeper.chain.height
        # A liar may tell the truth up to its lie; never anything that is not true.
        assert height >= KNOWN
        assert world.keeper.chain.headers(1, height) == honest().raw()[: height * HEADER_SIZE], seed
        assert describe(follower, None).state is FollowState.DEGRADED, seed


@pytest.mark.parametrize("lie", PROVABLE, ids=lambda lie: lie.__name__)
def test_each_lie_ends_in_quarantine_with_its_reason(
    tmp_path: Path, lie: Callable[[str, Random], Liar]
) -> None:
    world = virtual(tmp_path, seeded(1))
    follower = world.follower([connected(lie("liar", seeded(2)))])
    world.run(follower, 120.0)
    trust = follower.desks["liar"].trust
    assert trust.standing is Standing.QUARANTINED
    assert any(sign in trust.why for sign in ("height ", "found ", "expected "))


@pytest.mark.parametrize(
    ("lie", "standing"), [(low_work, Standing.MINORITY), (behind, Standing.STALE)], ids=["low work", "behind"]
)
def test_less_work_is_no_lie(tmp_path: Path, lie: Callable[[str, Random], Liar], standing: Standing) -> None:
    world = virtual(tmp_path, seeded(1))
    follower = world.follower([connected(lie("laggard", seeded(2)))])
    world.run(follower, 200.0)
    assert follower.desks["laggard"].trust.standing is Standing.FRESH, "not before it had time"
    world.run(follower, 200.0)
    assert follower.desks["laggard"].trust.standing is standing
    assert world.keeper.chain.height == KNOWN


def test_a_minority_branch_is_named_by_its_first_block_and_left_when_its_source_returns(
    tmp_path: Path,
) -> None:
    world = virtual(tmp_path, seeded(1))
    minority = Scripted("minority", poor(5).headers)
    follower = world.follower([connected(minority), connected(Scripted("majority", honest().headers))])
    world.run(follower, 600.0)
    assert follower.desks["minority"].trust.why == f"on a minority branch since {KNOWN - 5 + 1}"
    minority.headers = honest().headers
    world.run(follower, 120.0)
    assert follower.desks["minority"].trust.standing is Standing.FRESH
    moves = [
        (body["from"], body["to"]) for body in world.journal.of("source") if body["source"] == "minority"
    ]
    assert moves == [("waiting", "fresh"), ("fresh", "minority"), ("minority", "fresh")]
    assert served(honest().headers[-1]) == world.keeper.chain.tip.hash
