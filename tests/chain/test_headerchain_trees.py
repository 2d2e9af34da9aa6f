"""Random trees against an oracle that knows nothing but lists and dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random

import pytest

from support.faults import scaled
from support.headers import FAR_S, REGTEST_GENESIS, START_S, Branch, double_sha256, easy, mine, seeded
from wattshift.chain.header import BlockHash, BlockHeader
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, REGTEST
from wattshift.chain.target import bits_to_work

TREES = scaled(8_000, 1_000_000)

mined = cache(mine)  # the trees share their lower branches
named = cache(double_sha256)


@dataclass
class Oracle:
    """Brute force: whenever something arrives, all that waits is tried until nothing joins any more."""

    arrived: list[bytes]
    works: dict[bytes, int]
    parents: dict[bytes, bytes] = field(default_factory=dict)
    waiting: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.tip,) = self.works

    def take(self, raw: bytes) -> None:
        name = named(raw)
        if raw in self.arrived or name in self.works:
            return
        self.arrived.append(raw)
        self.waiting.append(raw)
        joined = list(self.join())
        if joined:
            best = max(joined, key=lambda each: (self.works[named(each)], -self.arrived.index(each)))
            if self.works[named(best)] > self.works[self.tip]:
                self.tip = named(best)

    def join(self) -> Iterator[bytes]:
        ready = [each for each in self.waiting if each[4:36] in self.works]
        while ready:
            for raw in ready:
                self.waiting.remove(raw)
                self.parents[named(raw)] = raw[4:36]
                self.works[named(raw)] = self.works[raw[4:36]] + bits_to_work(BlockHeader.parse(raw).bits)
                yield raw
            ready = [each for each in self.waiting if each[4:36] in self.works]

    def best_chain(self) -> list[bytes]:
        line = [self.tip]
        while line[-1] in self.parents:
            line.append(self.parents[line[-1]])
        return line[::-1]

    def ends(self) -> set[bytes]:
        return set(self.works) - set(self.parents.values())


def random_tree(rng: Random, size: int) -> list[bytes]:
    """Headers of a tree on regtest; the small choice of salts makes for twins and shared stems."""
    blocks = [(REGTEST_GENESIS.hash, 0)]
    headers = []
    for _ in range(size):
        prev_hash, height = blocks[-1] if rng.random() < 0.6 else rng.choice(blocks)
        raw = mined(prev_hash, START_S + 600 * (height + 1), salt=rng.randrange(3))
        headers.append(raw)
        blocks.append((named(raw), height + 1))
    return headers


def arrivals(rng: Random, headers: list[bytes]) -> list[bytes]:
    """The headers in another order, some of them twice."""
    headers = headers + rng.choices(headers, k=rng.randrange(4))
    if rng.random() < 0.7:
        rng.shuffle(headers)
    return headers


def batches(rng: Random, headers: list[bytes]) -> Iterator[list[bytes]]:
    start = 0
    while start < len(headers):
        stop = start + rng.randint(1, 6)
        yield headers[start:stop]
        start = stop


def assert_agreement(chain: HeaderChain, oracle: Oracle) -> None:
    line = oracle.best_chain()
    assert (chain.tip.hash, chain.tip.work_hashes) == (oracle.tip, oracle.works[oracle.tip])
    assert [chain.point_at(height).hash for height in range(chain.height + 1)] == line
    assert chain.side_count == len(oracle.works) - len(line)
    assert chain.waiting_count == len(oracle.waiting)
    branches = chain.branches()
    assert {branch.tip.hash for branch in branches} == oracle.ends() - {oracle.tip}
    for branch in branches:
        assert branch.tip.work_hashes == oracle.works[branch.tip.hash] <= chain.tip.work_hashes
        assert branch.length == branch.tip.height - branch.fork_height > 0


def run_against_oracle(rng: Random, chain: HeaderChain, oracle: Oracle, headers: list[bytes]) -> int:
    """Feed both; how many reorgs there were."""
    reorgs = joined = 0
    for batch in batches(rng, headers):
        report = chain.extend(b"".join(batch), FAR_S)
        for raw in batch:
            oracle.take(raw)
        joined += report.new
        assert report.refused == ()
        assert report.after.hash == oracle.tip
        assert (report.reorg is not None) == (not chain.is_best(report.before.hash))
        reorgs += report.reorg is not None
    assert joined == len(oracle.works) - 1
    assert_agreement(chain, oracle)
    return reorgs


def test_random_trees_equal_the_oracle() -> None:
    rng = seeded(1)
    reorgs = waiting = ties = 0
    for _ in range(TREES):
        chain = HeaderChain(REGTEST)
        oracle = Oracle([], {REGTEST_GENESIS.hash: chain.tip.work_hashes})
        headers = arrivals(rng, random_tree(rng, rng.randint(1, 10)))
        if rng.random() < 0.1:
            del headers[0]  # whoever needs it waits for ever
        reorgs += run_against_oracle(rng, chain, oracle, headers)
        waiting += chain.waiting_count > 0
        ties += any(branch.tip.work_hashes == chain.tip.work_hashes for branch in chain.branches())
    assert min(reorgs, waiting, ties) > TREES // 40


EASY = easy(MAINNET, interval=4)


def uneven_tree(rng: Random) -> list[bytes]:
    """A slow branch of many cheap blocks and a fast one of fewer dear ones."""
    slow = Branch(EASY).grow(rng.randint(2, 6))
    fast = slow.fork(rng.randrange(slow.height)).grow(rng.randint(5, 9), spacing_s=150, salt=1)
    slow.grow(rng.randint(4, 9), spacing_s=1200, salt=2)
    return slow.headers[1:] + [raw for raw in fast.headers[1:] if raw not in slow.headers]


def test_work_decides_where_another_branch_is_higher() -> None:
    rng = seeded(2)
    outgrown = 0
    for _ in range(300):
        chain = HeaderChain(EASY)
        oracle = Oracle([], {EASY.genesis_hash: chain.tip.work_hashes})
        run_against_oracle(rng, chain, oracle, arrivals(rng, uneven_tree(rng)))
        outgrown += any(branch.tip.height > chain.height for branch in chain.branches())
    assert outgrown > 30


LONG = easy(MAINNET, interval=2016)


@pytest.fixture(scope="module")
def two_hundred() -> list[bytes]:
    stem = Branch(LONG).grow(100)
    side = stem.fork(60).grow(39, salt=1)
    return stem.grow(61).headers[1:] + side.headers[61:]


def test_500_permutations_of_200_headers_end_in_the_same_state(two_hundred: list[bytes]) -> None:
    rng = seeded(3)
    plain = HeaderChain(LONG)
    plain.extend(b"".join(two_hundred), FAR_S)
    expected = plain.state_hash()
    assert (plain.height, plain.side_count) == (161, 39)
    for _ in range(500):
        chain = HeaderChain(LONG)
        chain.extend(b"".join(rng.sample(two_hundred, 200)), FAR_S)
        assert (chain.state_hash(), chain.waiting_count) == (expected, 0)


def test_a_gap_never_becomes_a_hole(two_hundred: list[bytes]) -> None:
    rng = seeded(4)
    for _ in range(50):
        missing = rng.randrange(100)
        chain = HeaderChain(LONG)
        chain.extend(b"".join(rng.sample(two_hundred[:missing] + two_hundred[missing + 1 :], 199)), FAR_S)
        hashes = [chain.point_at(height).hash for height in range(chain.height + 1)]
        for height in range(1, chain.height + 1):
            assert chain.header_at(height).prev_hash == hashes[height - 1]
        assert BlockHash(named(two_hundred[missing])) not in chain
        assert chain.waiting_count > 0
        chain.extend(two_hundred[missing], FAR_S)
        assert (chain.height, chain.waiting_count) == (161, 0)
