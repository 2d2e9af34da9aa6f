"""Long runs as arrays give the same verdicts as the rules, header by header."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.headers import FAR_S, Branch, easy, seeded, unmined
from wattshift.chain import intake
from wattshift.chain.bulk import Proof, proven_prefix
from wattshift.chain.extension import Refusal
from wattshift.chain.faults import Fault
from wattshift.chain.header import BlockHash, BlockHeader
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, REGTEST, TESTNET3, TESTNET4, Network

NETWORKS = (
    easy(MAINNET, interval=2016),
    easy(MAINNET, interval=8),
    easy(TESTNET3, interval=8),
    easy(TESTNET4, interval=8),
    REGTEST,
)
NOW_S = 1_500_000_000
KINDS = ("sound", "unmined", "bits", "old", "future", "warp", "unlinked", "wild")


def one_by_one(chain: HeaderChain, raw: bytes, now_s: int) -> tuple[list[tuple[object, ...]], int]:
    """Feed single headers, for which arrays never pay; what was refused, and how many were new."""
    new = 0
    for start in range(0, len(raw), 80):
        report = chain.extend(raw[start : start + 80], now_s)
        new += report.new
        if report.refused:
            return verdicts(report.refused), new
    return [], new


def verdicts(refused: Sequence[Refusal]) -> list[tuple[object, ...]]:
    return [(each.fault, each.height, each.hash, str(each.error)) for each in refused]


def assert_equal(slow: HeaderChain, fast: HeaderChain) -> None:
    assert fast.state_hash() == slow.state_hash()
    assert fast.tip == slow.tip
    assert fast.waiting_count == slow.waiting_count
    for height in range(fast.height + 1):
        point = fast.point_at(height)
        assert point == slow.point_at(height) == fast.find(point.hash)


def spoilt(branch: Branch, kind: str, rng: Random) -> bytes:
    """A header on top of a branch that is wrong in one way, or in none."""
    newest = branch.parsed[-1]
    sound = branch.next(newest.time_s + 600)
    if kind == "unmined":
        return unmined(sound)
    if kind == "bits":
        return branch.next(newest.time_s + 600, bits=newest.bits - rng.choice((1, 1 << 8, 1 << 24)))
    if kind == "old":
        return branch.next(sorted(each.time_s for each in branch.parsed[-11:])[5] - rng.choice((0, 1, 9999)))
    if kind == "future":
        return branch.next(NOW_S + 7200 + rng.choice((0, 1, 99)))
    if kind == "warp":
        return branch.next(newest.time_s - rng.choice((599, 600, 601)))
    if kind == "unlinked":
        return branch.fork(branch.height - 2).next(newest.time_s)
    return sound if kind == "sound" else bytes(rng.choices(range(256), k=80))


def random_chain(network: Network, rng: Random, length: int) -> Branch:
    """Uneven times: late blocks, early ones, and ones that run backwards."""
    branch = Branch(network)
    while branch.height < length:
        times_s = sorted(each.time_s for each in branch.parsed[-11:])
        step_s = rng.choice((1, 300, 600, 600, 900, 1200, 1201, 2400, -500))
        time_s = max(branch.parsed[-1].time_s + step_s, times_s[len(times_s) // 2] + 1)
        branch.add(time_s)
    return branch


@settings(max_examples=250)
@given(st.sampled_from(NETWORKS), st.sampled_from(KINDS), st.integers(0, 2**32), st.integers(40, 150))
def test_a_run_is_judged_as_its_headers_one_by_one(
    network: Network, kind: str, seed: int, length: int
) -> None:
    rng = seeded(seed)
    branch = random_chain(network, rng, length)
    rest = branch.fork(length)
    bad = spoilt(branch, kind, rng)
    behind = b"".join(rest.grow(5).headers[-5:])
    raw = branch.raw() + bad + behind
    slow, fast = HeaderChain(network), HeaderChain(network)
    refused, new = one_by_one(slow, raw, NOW_S)
    report = fast.extend(raw, NOW_S)
    assert (verdicts(report.refused), report.new) == (refused, new)
    assert_equal(slow, fast)


@settings(max_examples=60)
@given(st.sampled_from(NETWORKS), st.integers(0, 2**32))
def test_runs_beside_the_tip_and_headers_that_wait_make_no_difference(network: Network, seed: int) -> None:
    rng = seeded(seed)
    main = random_chain(network, rng, 60)
    side = main.fork(rng.randint(11, 50)).grow(rng.randint(33, 60), salt=1)
    sprout = main.fork(rng.randint(12, 59)).grow(rng.randint(1, 8), salt=2)
    parts = [main.raw(), side.raw(), sprout.raw(sprout.height)]
    rng.shuffle(parts)
    slow, fast = HeaderChain(network), HeaderChain(network)
    for raw in parts:
        one_by_one(slow, raw, NOW_S)
        fast.extend(raw, NOW_S)
    assert_equal(slow, fast)


def test_arrays_do_the_work_of_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def spy(*args: object, **kwargs: object) -> Proof:
        proof = proven_prefix(*args, **kwargs)  # type: ignore[arg-type]  # passed through
        taken.append(proof.count)
        return proof

    monkeypatch.setattr(intake, "proven_prefix", spy)
    monkeypatch.setattr(intake, "_CHUNK", 256)
    branch = Branch(NETWORKS[0]).grow(1000)
    chain = HeaderChain(NETWORKS[0])
    assert chain.extend(branch.raw(), FAR_S).new == 1000
    assert sum(taken) == 1000 - 10  # the first ten have no full median
    assert len(taken) == 4


@pytest.mark.parametrize("height", [11, 12, 43, 44, 64, 100, 119])
def test_a_checkpoint_stops_a_run_where_it_stops_single_headers(height: int) -> None:
    branch = Branch(NETWORKS[1]).grow(120)
    points = {height: BlockHash(bytes(32)), 10: branch.hash(10)}
    slow = HeaderChain(NETWORKS[1], checkpoints=points)
    fast = HeaderChain(NETWORKS[1], checkpoints=points)
    refused, _ = one_by_one(slow, branch.raw(), FAR_S)
    assert verdicts(fast.extend(branch.raw(), FAR_S).refused) == refused
    assert [(fault, at) for fault, at, *_ in refused] == [(Fault.CHECKPOINT_MISMATCH, height)]
    assert fast.height == height - 1
    assert_equal(slow, fast)


def test_a_run_may_end_and_begin_anywhere() -> None:
    branch = random_chain(NETWORKS[1], seeded(5), 150)
    whole = HeaderChain(NETWORKS[1])
    whole.extend(branch.raw(), FAR_S)
    for cut in range(11, 118):
        chain = HeaderChain(NETWORKS[1])
        chain.extend(b"".join(branch.headers[1:cut]), FAR_S)
        chain.extend(branch.raw(cut), FAR_S)
        assert chain.state_hash() == whole.state_hash()
        assert chain.tip.work_hashes == whole.tip.work_hashes


def test_the_index_finds_every_header_after_runs_reorgs_and_single_ones() -> None:
    network = NETWORKS[0]
    main = Branch(network).grow(400)
    side = main.fork(100).grow(450, salt=1)
    chain = HeaderChain(network)
    for branch in (main, side, main.grow(300), side.grow(300, salt=1)):
        chain.extend(branch.raw(), FAR_S)
        chain.extend(branch.grow(1, salt=3).headers[-1], FAR_S)
        for height in range(branch.height + 1):
            assert chain.find(branch.hash(height)).height == height
            assert chain.header(branch.hash(height)) == BlockHeader.parse(branch.headers[height])
    assert BlockHash(side.hash(50)[:8] + bytes(24)) not in chain  # the same prefix, another hash
